import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sqlError, testWorld } from "../../../../test/harness.ts";
import { CompletenessFold } from "./completeness.ts";
import { entryOf } from "../entries.ts";
import { EVENTS_BYTES_MAX } from "./productions.ts";

const world = await testWorld();
const { operator } = world;
const seat = await world.seat("CLAUDE-CLI-BOX-WEB-01");
const other = await world.seat("CLAUDE-CLI-BOX-WEB-02");
const events = (...texts: string[]) => texts.map((one) => ({ kind: "hook.ran", data: { text: one } }));
const open = (name: string, more: object = {}, token = seat) => world.say(token, "producer.open", { name, ...more });
const record = (producer: string, epoch: number, first: number, texts: string[], token = seat) =>
  world.say(token, "telemetry.record", { producer, epoch, first, events: events(...texts) });
const drop = (producer: string, epoch: number, first: number, last: number, reason = "buffer_full", token = seat) =>
  world.say(token, "telemetry.drop", { producer, epoch, first, last, reason });
const completeness = (producer?: string) => world.ask(operator, "ledger.completeness", { producer });

/** The fold over what is stored, by nothing but the leaves. */
async function folded() {
  const fold = new CompletenessFold();
  const rows = await world.sql("select leaf from ledger.entries where tenant_id = 1 order by seq");
  for (const { leaf } of rows) fold.add(entryOf(leaf));
  return { report: fold.report(), faults: fold.faults };
}

async function agrees() {
  const { report, faults } = await folded();
  const { producers, whole } = await completeness();
  assert.deepEqual(faults, []);
  assert.equal(whole, report.whole);
  const byName = (a: any, b: any) => (a.producer === b.producer ? a.epoch - b.epoch : a.producer < b.producer ? -1 : 1);
  const told = producers.map(({ first_gap, ...rest }: any) => {
    assert.equal(first_gap, rest.gaps[0]?.first ?? null);
    return rest;
  });
  assert.deepEqual(told.sort(byName), report.producers);
}

const subjects = async (name: string) =>
  (await world.sql("select kind from ledger.entries where tenant_id = 1 and subject = $1 order by seq", [name])).map(
    ({ kind }) => kind,
  );

describe("A producer", () => {
  it("tells what it recorded and what it lost, and the two leave no gap", async () => {
    assert.deepEqual(await open("hook-a"), { producer: "hook-a", epoch: 1, crashed: 0 });
    await record("hook-a", 1, 1, ["one", "two"]);
    await drop("hook-a", 1, 3, 7);
    await drop("hook-a", 1, 8, 8, "oversized");
    await record("hook-a", 1, 9, ["three"]);
    const { whole, producers } = await completeness("hook-a");
    assert.equal(whole, true);
    assert.deepEqual(producers, [
      {
        producer: "hook-a",
        epoch: 1,
        recorded: 3,
        dropped: { buffer_full: 5, oversized: 1 },
        last: 9,
        missing: 0,
        first_gap: null,
        gaps: [],
        whole: true,
      },
    ]);
    const told = ["producer.opened", "telemetry.recorded", "telemetry.dropped", "telemetry.dropped"];
    assert.deepEqual(await subjects("hook-a"), [...told, "telemetry.recorded"]);
    await agrees();
  });

  it("that leaves out a number is not whole until the number is told of, however late", async () => {
    await open("hook-b");
    await record("hook-b", 1, 4, ["four"]);
    await record("hook-b", 1, 7, ["seven"]);
    const gaps = [
      { first: 1, last: 3 },
      { first: 5, last: 6 },
    ];
    const broken = await completeness("hook-b");
    assert.deepEqual([broken.whole, broken.producers[0].gaps, broken.producers[0].missing], [false, gaps, 5]);
    assert.deepEqual(
      (await folded()).report.gaps,
      gaps.map((gap) => ({ producer: "hook-b", epoch: 1, ...gap })),
    );
    await agrees();
    await open("hook-b");
    await record("hook-b", 1, 5, ["five", "six"]);
    await drop("hook-b", 1, 1, 3);
    assert.equal((await completeness("hook-b")).whole, true);
    await agrees();
  });

  it("that crashed has the numbers that it gave out and never told recorded as lost at its next start", async () => {
    await open("hook-c");
    await record("hook-c", 1, 2, ["two"]);
    await record("hook-c", 1, 5, ["five", "six"]);
    assert.deepEqual(await open("hook-c", { previous_last: 9 }), { producer: "hook-c", epoch: 2, crashed: 6 });
    const [first] = (await completeness("hook-c")).producers;
    assert.deepEqual([first.recorded, first.dropped, first.last, first.whole], [3, { crashed: 6 }, 9, true]);
    // A spool that turns up behind that is told that its numbers are gone.
    const late = await world.refused(seat, "telemetry.record", {
      producer: "hook-c",
      epoch: 1,
      first: 7,
      events: events("seven"),
    });
    assert.deepEqual(late.facts, { overlaps: [{ first: 7, last: 9, outcome: "dropped" }] });
    assert.deepEqual(await open("hook-c", { previous_last: 0 }), { producer: "hook-c", epoch: 3, crashed: 0 });
    await agrees();
  });

  it("is refused an end of an epoch that it never had", async () => {
    assert.equal(
      (await world.refused(seat, "producer.open", { name: "hook-d", previous_last: 4 })).code,
      "epoch.unknown",
    );
    await open("hook-d");
    const refusal = await world.refused(seat, "producer.open", { name: "hook-d", previous_last: 4, previous_epoch: 2 });
    assert.equal(refusal.code, "epoch.unknown");
    assert.equal((await open("hook-d", { previous_last: 4, previous_epoch: 1 })).crashed, 4);
    await agrees();
  });

  it("is its principal's alone, and a server's name is a server's", async () => {
    await open("hook-e");
    assert.equal((await world.refused(other, "producer.open", { name: "hook-e" })).code, "producer.held");
    for (const [token, epoch] of [
      [other, 1],
      [seat, 2],
    ] as const) {
      const said = { producer: "hook-e", epoch, first: 1, events: events("x") };
      assert.equal((await world.refused(token, "telemetry.record", said)).code, "epoch.unknown");
    }
    assert.equal((await world.refused(operator, "producer.open", { name: "node/1" })).code, "producer.held");
    const [{ id }] = await world.sql("select id from seats.principals where name = 'CLAUDE-CLI-BOX-WEB-02'");
    const foreign = `insert into ledger.productions values (1, 'hook-e', 1, ${id}, '[1,1]', 'recorded', null, '')`;
    assert.equal((await sqlError(world.asApplication(foreign))).constraint, "production_of_its_producer");
    const next = (epoch: number, before: number | null) =>
      sqlError(
        world.asApplication(
          `insert into ledger.producers (tenant_id, name, epoch, before, principal_id)
            values (1, 'hook-e', $1, $2, $3)`,
          [epoch, before, id],
        ),
      );
    assert.equal((await next(2, 1)).constraint, "producer_keeps_its_principal");
    assert.equal((await next(2, null)).constraint, "before_is_one_less");
    assert.equal((await next(3, 2)).constraint, "producer_keeps_its_principal");
  });
});

describe("Numbers", () => {
  it("that are told of twice are refused with what they overlap, unless the words are the same", async () => {
    await open("hook-f");
    await record("hook-f", 1, 1, ["a", "b", "c"]);
    await drop("hook-f", 1, 4, 6);
    const said = { producer: "hook-f", epoch: 1, first: 3, events: events("c", "d") };
    const refusal = await world.refused(seat, "telemetry.record", said);
    assert.equal(refusal.code, "production.overlaps");
    assert.deepEqual(refusal.facts.overlaps, [
      { first: 1, last: 3, outcome: "recorded" },
      { first: 4, last: 6, outcome: "dropped" },
    ]);
    const before = await subjects("hook-f");
    assert.deepEqual(await record("hook-f", 1, 1, ["a", "b", "c"]), {
      producer: "hook-f",
      epoch: 1,
      first: 1,
      last: 3,
    });
    await drop("hook-f", 1, 4, 6);
    assert.deepEqual(await subjects("hook-f"), before, "a repeat left nothing new");
    const others = [
      ["telemetry.record", { producer: "hook-f", epoch: 1, first: 1, events: events("a", "b", "x") }],
      ["telemetry.drop", { producer: "hook-f", epoch: 1, first: 4, last: 6, reason: "oversized" }],
      ["telemetry.drop", { producer: "hook-f", epoch: 1, first: 1, last: 3, reason: "buffer_full" }],
    ] as const;
    for (const [name, input] of others)
      assert.equal((await world.refused(seat, name, input)).code, "production.overlaps");
    await agrees();
  });

  it("that meet in one batch are judged one by one, in their order", async () => {
    await open("hook-g");
    const outcomes = await Promise.all(
      [
        record("hook-g", 1, 1, ["a", "b"]),
        record("hook-g", 1, 1, ["a", "b"]),
        record("hook-g", 1, 2, ["b"]),
        record("hook-g", 1, 3, ["c"]),
      ].map((one) =>
        one.then(
          (told) => told.last,
          (refusal) => refusal.code,
        ),
      ),
    );
    assert.deepEqual(outcomes, [2, 2, "production.overlaps", 3]);
    assert.deepEqual(await subjects("hook-g"), ["producer.opened", "telemetry.recorded", "telemetry.recorded"]);
    await agrees();
  });

  it("go up to 2^53 - 1 and are counted exactly there", async () => {
    await open("hook-h");
    const max = Number.MAX_SAFE_INTEGER;
    await drop("hook-h", 1, 1, max - 3);
    await record("hook-h", 1, max - 1_000, ["x"]).catch((refusal) => assert.equal(refusal.code, "production.overlaps"));
    await drop("hook-h", 1, max, max);
    const [epoch] = (await completeness("hook-h")).producers;
    assert.deepEqual(
      [epoch.dropped, epoch.last, epoch.gaps],
      [{ buffer_full: max - 2 }, max, [{ first: max - 2, last: max - 1 }]],
    );
    await agrees();
    await drop("hook-h", 1, max - 2, max - 1);
    assert.equal((await completeness("hook-h")).whole, true);
    const above = await world.refused(seat, "telemetry.drop", {
      producer: "hook-h",
      epoch: 1,
      first: 1,
      last: 2 ** 53,
      reason: "x",
    });
    assert.deepEqual([above.code, above.fields[0]!.field], ["input.invalid", "last"]);
    const back = await world.refused(seat, "telemetry.drop", {
      producer: "hook-h",
      epoch: 1,
      first: 5,
      last: 4,
      reason: "x",
    });
    assert.deepEqual([back.code, back.fields[0]!.field], ["input.invalid", "last"]);
  });
});

describe("An event that no entry can hold", () => {
  const cases: [string, unknown, string][] = [
    ["a NUL", { text: "a\0b" }, "events.1.data"],
    ["a NUL in a name", { "a\0b": 1 }, "events.1.data"],
    ["a lone surrogate", { deep: [{ text: "\ud800" }] }, "events.1.data"],
    ["1E400", JSON.parse('{"count": 1E400}'), "events.1.data"],
    ["nesting without end", JSON.parse(`{"a": ${"[".repeat(500)}${"]".repeat(500)}}`), "events.1.data"],
  ];
  for (const [what, data, field] of cases)
    it(`because of ${what} is refused by its field, and its numbers stay open until they are told of`, async () => {
      const producer = `hook-${what.replaceAll(/[^A-Za-z0-9]/g, "-")}`;
      await open(producer);
      const said = { producer, epoch: 1, first: 1, events: [...events("fine"), { kind: "x", data }] };
      const refusal = await world.refused(seat, "telemetry.record", said);
      assert.deepEqual([refusal.code, refusal.fields[0]!.field], ["input.invalid", field]);
      await record(producer, 1, 1, ["fine"]);
      await drop(producer, 1, 2, 2, "unencodable");
      await record(producer, 1, 3, ["after it"]);
      assert.equal((await completeness(producer)).whole, true);
    });

  it("because it is too long is refused with the limit, alone in its batch", async () => {
    await open("hook-long");
    const fits = EVENTS_BYTES_MAX - '[{"data":{"text":""},"kind":"hook.ran"}]'.length;
    const outcomes = await Promise.allSettled([
      record("hook-long", 1, 1, ["x".repeat(fits)]),
      record("hook-long", 1, 2, ["x".repeat(fits + 1)]),
      record("hook-long", 1, 3, ["\u001f".repeat(Math.floor(fits / 6))]),
    ]);
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ["fulfilled", "rejected", "fulfilled"],
    );
    assert.equal((outcomes[1] as PromiseRejectedResult).reason.code, "entry.oversized");
    await drop("hook-long", 1, 2, 2, "oversized");
    await agrees();
  });
});
