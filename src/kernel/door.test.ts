import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { z } from "zod";
import { testWorld } from "../../test/harness.ts";
import { anotherDoor, codeOf, tally } from "./door.fixture.ts";
import { batchCommand, command, type Event, instant, type Operation, query, type World } from "./operation.ts";
import { Refusal } from "./refusal.ts";
import { parseStatements } from "./sql.ts";

const [write] = parseStatements(
  `-- name: write
  insert into feed.imports (tenant_id, source_ref, digest)
  select :tenant_id, ref, '' from unnest(:refs::text[]) w (ref)`,
  "probe",
);

/** Commands that write a row named `ref`, and then misbehave as their name says. */
function probe(verb: string, end: (world: World) => { output: Record<string, never>; events: Event[] }): Operation {
  return command({
    name: `probe.${verb}`,
    summary: "A probe.",
    input: z.object({ ref: z.string() }),
    output: z.object({}),
    may: ["operator"],
    events: ["probe.done"],
    refuses: ["probe.refused"],
    async run(world, { input }) {
      world.db.send(write!, { refs: [input.ref] });
      return end(world);
    },
  });
}

const done: Event = { kind: "probe.done", subject: null, data: {} };
const batched = batchCommand({
  name: "probe.batch",
  summary: "Writes the refs of all calls by one statement.",
  input: z.object({ ref: z.string() }),
  output: z.object({ ref: z.string() }),
  may: ["operator"],
  events: ["probe.done"],
  refuses: [],
  async run({ db }, calls) {
    db.send(write!, { refs: calls.map(({ input }) => input.ref) });
    return calls.map(({ input }) => ({ output: { ref: input.ref }, events: [{ ...done, subject: input.ref }] }));
  },
});
const extra = [
  batched,
  probe("undeclared", () => ({ output: {}, events: [done, { ...done, kind: "probe.hidden" }] })),
  probe("recording", ({ record }) => {
    record({ ...done, kind: "probe.hidden" });
    return { output: {}, events: [done] };
  }),
  probe("silent", () => ({ output: {}, events: [] })),
  probe("thrown", () => {
    throw new TypeError("a bug");
  }),
  probe("unwritable", () => ({ output: {}, events: [{ ...done, data: { half: "\ud800" } }] })),
  probe("refused", () => {
    throw new Refusal("conflict", "probe.refused", "The probe refuses.");
  }),
];

const world = await testWorld();
const logged: string[] = [];
const { door } = anotherDoor(world, { extra, log: (_, name) => logged.push(name) });
const written = async () =>
  (await world.sql("select source_ref as ref from feed.imports order by 1")).map(({ ref }) => ref);
const headSeq = async () => (await world.sql("select seq from ledger.heads where tenant_id = 1"))[0].seq as number;

/** The entries that `act` leaves. */
async function leaves(act: () => Promise<unknown>) {
  const before = await headSeq();
  await act();
  return (await world.ask(world.operator, "feed.read", { after: before, limit: 1000 })).entries;
}

describe("each of a batch", () => {
  it("is accepted or refused by itself: of 64 at once the bad half is refused, the good half stands", async () => {
    const subjects = Array.from({ length: 64 }, (_, n) => `half-${n}`);
    const outcomes = subjects.map((subject, n) =>
      world.door.say(world.operator, "post.append", n % 2 ? { subject, item: "NO-1" } : { subject }),
    );
    const settled = await Promise.allSettled(outcomes);
    for (const [n, outcome] of settled.entries()) {
      if (n % 2) assert.equal(outcome.status === "rejected" && outcome.reason.code, "ticket.unknown");
      else {
        assert.ok(outcome.status === "fulfilled");
        const [entry] = (await world.ask(world.operator, "feed.read", { after: outcome.value.seq! - 1, limit: 1 }))
          .entries;
        assert.equal(entry.data.subject, subjects[n], "its number is of its own entry");
      }
    }
  });

  it("stands when one among them makes an entry that is too large", async () => {
    const body = (n: number) => (n === 31 ? "ü".repeat(40_000) : "fits");
    const says = (n: number) => {
      const post = { subject: `large-${n}`, body: body(n) };
      return codeOf(world.door.say(world.operator, "post.append", post, { key: `large-${n}` }));
    };
    const entries = await leaves(async () => {
      const codes = await Promise.all(Array.from({ length: 64 }, (_, n) => says(n)));
      assert.deepEqual(tally(codes), { accepted: 63, "entry.oversized": 1 });
    });
    assert.deepEqual(tally(entries.map(({ kind }: { kind: string }) => kind)), {
      "post.appended": 63,
      "command.refused": 1,
    });
  });

  it("stands when one among them breaks the SQL statement that all share", async () => {
    await door.say(world.operator, "probe.batch", { ref: "batch-7" });
    const outcomes = await Promise.allSettled(
      Array.from({ length: 64 }, (_, n) => door.say(world.operator, "probe.batch", { ref: `batch-${n}` })),
    );
    for (const [n, outcome] of outcomes.entries()) {
      if (n === 7) assert.equal(outcome.status === "rejected" && outcome.reason.code, "kernel.bug");
      else assert.deepEqual(outcome.status === "fulfilled" && outcome.value.output, { ref: `batch-${n}` });
    }
    assert.equal((await written()).filter((ref) => ref.startsWith("batch-")).length, 64);
    assert.equal((await world.sql("select from ledger.entries where kind = 'probe.done'")).length, 64);
    assert.ok(logged.includes("probe.batch"), "the bug is logged");
  });
});

describe("the ledger", () => {
  it("keeps a refused command: its own writes are undone, and its entry says why", async () => {
    const entries = await leaves(async () => {
      assert.equal(await codeOf(door.say(world.operator, "probe.refused", { ref: "undone" })), "probe.refused");
    });
    assert.equal(entries.length, 1);
    const [{ kind, actor, command, data }] = entries;
    assert.deepEqual(
      [kind, actor, command, data.code],
      ["command.refused", "operator", "probe.refused", "probe.refused"],
    );
    assert.ok(!(await written()).includes("undone"));
  });

  it("keeps a denied command and a denied query", async () => {
    const seat = await world.seat("Witness-01", "witness");
    const sealed: Operation = { ...world.door.operations.get("seat.whoami")!, name: "probe.sealed", may: ["operator"] };
    const strictDoor = anotherDoor(world, { extra: [sealed] }).door;
    const entries = await leaves(async () => {
      assert.equal(await codeOf(world.door.say(seat, "seat.retire", { seat: "Witness-01" })), "role.forbidden");
      assert.equal(await codeOf(strictDoor.ask(seat, "probe.sealed", {})), "role.forbidden");
    });
    const told = entries.map(({ kind, actor, command }: Record<string, string>) => [kind, actor, command]);
    assert.deepEqual(told, [
      ["command.denied", "Witness-01", "seat.retire"],
      ["command.denied", "Witness-01", "probe.sealed"],
    ]);
  });

  it("keeps nothing of what is malformed, unknown, or said by nobody", async () => {
    const entries = await leaves(async () => {
      const { door, operator } = world;
      assert.equal(await codeOf(door.say(operator, "post.append", {})), "input.invalid");
      assert.equal(await codeOf(door.say(operator, "post.append", { subject: "x", extra: 1 })), "input.invalid");
      for (const subject of ["a\0b", "\ud800"])
        assert.equal(await codeOf(door.say(operator, "post.append", { subject })), "input.invalid");
      assert.equal(await codeOf(door.say(operator, "post.burn", {})), "operation.unknown");
      assert.equal(await codeOf(door.say(operator, "feed.read", {})), "operation.unknown");
      assert.equal(await codeOf(door.say("lw_nobody", "post.append", { subject: "x" })), "token.unknown");
    });
    assert.deepEqual(entries, []);
  });
});

it("a refusal that its operation does not list turns tests red, and is answered as it is elsewhere", async () => {
  const unlisted = () => Promise.reject(new Refusal("conflict", "probe.unlisted", "The probe refuses."));
  const of = {
    summary: "A probe.",
    input: z.object({}),
    output: z.object({}),
    may: ["operator" as const],
    refuses: [],
  };
  const probes = [
    command({ ...of, name: "probe.commands", events: ["probe.done"], run: unlisted }),
    query({ ...of, name: "probe.asks", read: unlisted }),
  ];
  for (const strict of [true, false]) {
    const { door } = anotherDoor(world, { extra: probes, strict });
    const told = strict ? /probe\.unlisted, which it does not list$/ : { code: "probe.unlisted" };
    await assert.rejects(door.say(world.operator, "probe.commands", {}), told);
    await assert.rejects(door.ask(world.operator, "probe.asks", {}), told);
  }
});

it("an instant that is let in is one that PostgreSQL reads", async () => {
  const years = ["0000-12-31", "0001-01-01", "2026-01-01", "9999-12-31"];
  const times = ["00:00:00", "23:59:59", `12:00:00.${"9".repeat(39)}`, `12:00:00.${"9".repeat(150)}`];
  const offsets = ["Z", "-23:59", "-15:59", "-12:00", "+14:00", "+16:00"];
  const all = years.flatMap((year) => times.flatMap((time) => offsets.map((offset) => `${year}T${time}${offset}`)));
  const held = all.filter((one) => instant().safeParse(one).success);
  assert.ok(held.includes("0001-01-01T00:00:00Z") && held.includes("9999-12-31T23:59:59Z"), String(held));
  await world.sql("select unnest($1::timestamptz[])", [held]);
});

describe("a refusal", () => {
  it("whose message is cut through a character, or cites half of one, stays the refusal that it is", async () => {
    for (const odd of ["x".repeat(999) + "\u{1f4a5}".repeat(9), "\ud800"]) {
      const failing = probe("citing", () => {
        throw new Refusal("conflict", "probe.refused", odd);
      });
      const citing = anotherDoor(world, { extra: [...extra, failing] }).door;
      assert.equal(await codeOf(citing.say(world.operator, "probe.citing", { ref: "cited" })), "probe.refused");
    }
  });
});

describe("a bug of ours", () => {
  for (const verb of ["undeclared", "recording", "silent", "thrown", "unwritable"])
    it(`(${verb}) commits nothing, is answered as internal, logged, and leaves an entry`, async () => {
      const entries = await leaves(async () => {
        const error = await door.say(world.operator, `probe.${verb}`, { ref: verb }).catch((refusal) => refusal);
        assert.deepEqual([error.kind, error.code], ["internal", "kernel.bug"]);
        assert.ok(error.cause instanceof Error);
      });
      assert.deepEqual(
        entries.map(({ kind, command }: Record<string, string>) => [kind, command]),
        [["command.failed", `probe.${verb}`]],
      );
      assert.ok(!(await written()).includes(verb));
      assert.ok(logged.includes(`probe.${verb}`));
    });

  it("in a query is answered in the same words, and leaves no entry", async () => {
    const failing = query({
      ...{ name: "probe.asked", summary: "A probe.", input: z.object({}), output: z.object({}), may: ["operator"] },
      refuses: [],
      read: () => Promise.reject(new TypeError("a bug")),
    });
    const asked = anotherDoor(world, { extra: [...extra, failing], log: (_, name) => logged.push(name) }).door;
    const entries = await leaves(async () => {
      const of = (answer: Promise<unknown>) => answer.catch(({ code, message, hint }) => ({ code, message, hint }));
      const inQuery = await of(asked.ask(world.operator, "probe.asked", {}));
      assert.deepEqual(inQuery, await of(asked.say(world.operator, "probe.thrown", { ref: "asked" })));
    });
    assert.deepEqual(
      entries.map(({ command }: Record<string, string>) => command),
      ["probe.thrown"],
    );
    assert.ok(logged.includes("probe.asked"));
  });
});
