import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { computingTime } from "../../../test/computing.ts";
import { sqlError, testWorld } from "../../../test/harness.ts";
import { MARKERS, readMarkers } from "../tickets/index.ts";
import { narrativeWarnings } from "./narrative.ts";

const world = await testWorld();
const { operator } = world;
const alice = await world.seat("Alice");
await world.say(operator, "namespace.define", { prefix: "CMB", format: "CMB-NNNN" });

const file = async (input: object = {}): Promise<string> =>
  (await world.say(alice, "ticket.file", { namespace: "CMB", title: "Work", ...input })).id;
const post = (input: object, token = alice) => world.say(token, "post.append", input);
const stateOf = async (id: string) => (await world.ask(operator, "ticket.show", { id })).state;
type Entry = { seq: number; kind: string; subject: string; actor: string; data: any };
const posts = async (about: string): Promise<Entry[]> =>
  (await world.ask(operator, "feed.read", { about, posts: true, limit: 1000 })).entries;

describe("a narrative", () => {
  it("J12: that says a blocker is cleared moves nothing and says so, with the command that would", async () => {
    const id = await file();
    await world.say(alice, "ticket.block", { id, reason: "the key" });
    for (const subject of [
      "prerequisite satisfied",
      "The blocker is cleared",
      "unblocked now",
      "No longer blocked",
      "The blocker is now resolved",
      "Blockers cleared, go ahead",
      "All prerequisites have been met",
    ]) {
      const { warnings, state } = await post({ subject, item: id });
      assert.equal(state, null);
      assert.match(warnings[0] ?? "", /moved nothing.*ticket\.unblock/, subject);
      const command = /longwatch ticket unblock --id (\S+) --reason/.exec(warnings[0]!);
      assert.equal(command![1], id, "filled in, to be said as it stands");
    }
    const { warnings } = await post({ subject: `The prerequisite of ${id} is satisfied`, body: "CMB-9999 waits too" });
    assert.match(warnings[0]!, new RegExp(`unblock --id ${id} `), "a ticket that the words name is found as well");
    assert.doesNotMatch(warnings[0]!, /CMB-9999/);
    assert.equal(await stateOf(id), "blocked");
    assert.equal((await posts(id))[0]!.data.warnings.length, 1, "the entry keeps the warning");
  });

  it("that adopts a decision moves nothing and says so", async () => {
    for (const body of ["RESPONSES: [ACK] ADOPT", "We adopt this.", "Decision: adopted"])
      assert.match((await post({ subject: "Pitch 12", body })).warnings[0] ?? "", /moved nothing.*ticket\.file/, body);
    for (const verdict of ["ADOPT_FOR_DOCTRINE_ONLY", "ADOPT_FOR_ESSAY", "DEFER", "INFORM"])
      assert.deepEqual(
        (await post({ subject: "Pitch 12", body: `RESPONSES: [ACK] ${verdict}` })).warnings,
        [],
        verdict,
      );
  });

  it("that only tells is not warned about", () => {
    for (const told of [
      "Deployed the adapter",
      "The adoption of seats is described in the guide",
      "It blocks on I/O",
      "3 blocks read",
    ])
      assert.deepEqual(narrativeWarnings({ subject: told, body: "" }), [], told);
  });

  it("moves nothing, whatever state and markers it names", async () => {
    const id = await file();
    const answer = await post({ subject: "x", item: id, state: "DONE", body: `ITEM: ${id}\nSTATE: DONE` });
    assert.deepEqual([answer.state, answer.claim_token], [null, null]);
    assert.equal(await stateOf(id), "awaiting_claim");
  });

  it("about a ticket that is not there is refused", async () => {
    assert.equal(
      (await world.refused(alice, "post.append", { subject: "x", item: "CMB-9999" })).code,
      "ticket.unknown",
    );
  });
});

describe("the markers of a post", () => {
  it("of origins A2 are all read, in order, and kept with the entry", async () => {
    const body = MARKERS.map((marker, n) => `${marker}: value ${n}`).join("\n");
    assert.deepEqual(
      readMarkers(body),
      MARKERS.map((marker, n) => ({ marker, value: `value ${n}` })),
    );
    const id = await file();
    await post({ subject: "x", item: id, body });
    assert.deepEqual((await posts(id))[0]!.data.markers, readMarkers(body));
  });

  it("stand at the start of a line, may repeat, and survive other systems' line ends", () => {
    const body =
      "prose with ITEM: inside\r\n  ABSORB: FLT-1297 -> DONE\r\nABSORB: CMB-394205 -> AWAITING_CLAIM\nITEMS: no\nWHY:";
    assert.deepEqual(readMarkers(body), [
      { marker: "ABSORB", value: "FLT-1297 -> DONE" },
      { marker: "ABSORB", value: "CMB-394205 -> AWAITING_CLAIM" },
      { marker: "WHY", value: "" },
    ]);
  });

  it("are read from the longest body in linear time", () => {
    const took = computingTime(() => {
      for (const body of ["ITEM".repeat(15_000), " ".repeat(60_000), `${" ".repeat(59_000)}x`, "\n".repeat(60_000)])
        readMarkers(body);
      for (const body of ["blocker ".repeat(7_500), "prerequisite is ".repeat(3_750)])
        narrativeWarnings({ subject: "", body });
    });
    assert.ok(took < 500, `${took} ms`);
  });
});

describe("a post", () => {
  it("is amended by another post and never edited", async () => {
    const { seq } = (await world.door.say(alice, "post.append", { subject: "The sky is gren" })) as { seq: number };
    await post({ subject: "green, I meant", amends: seq });
    for (const statement of [
      "update ledger.entries set kind = 'x'",
      "delete from ledger.entries",
      "truncate ledger.entries",
    ]) {
      assert.equal((await sqlError(world.sql(statement))).code, "LW002", statement);
      assert.equal((await sqlError(world.asApplication(statement))).code, "42501", statement);
    }
    for (const name of world.door.operations.keys())
      assert.doesNotMatch(name, /^(post|feed)\.(edit|update|change|delete|remove)/);
    const { entries } = await world.ask(operator, "feed.read", { after: seq - 1, limit: 2 });
    assert.deepEqual(
      entries.map(({ data }: Entry) => [data.subject, data.amends]),
      [
        ["The sky is gren", undefined],
        ["green, I meant", seq],
      ],
    );
  });

  it("amends posts only: an entry of another kind, a later one and another tenant's are refused", async () => {
    const { seq } = (await world.door.say(alice, "ticket.file", { namespace: "CMB", title: "no post" })) as {
      seq: number;
    };
    const opened = await world.say(operator, "tenant.open", { name: "second" });
    const own = (await world.door.say(alice, "post.append", { subject: "here" })) as { seq: number };
    for (const [token, amends] of [
      [alice, seq],
      [alice, 1_000_000],
      [opened.token, own.seq],
    ] as const)
      assert.equal((await world.refused(token, "post.append", { subject: "x", amends })).code, "post.unknown");
    assert.equal((await world.refused(alice, "post.append", { subject: "x", amends: 0 })).code, "input.invalid");
  });

  it("by those who only watch is refused", async () => {
    const witness = await world.seat("Witness", "witness");
    assert.equal((await world.refused(witness, "post.append", { subject: "x" })).code, "role.forbidden");
  });

  it("is read among the newest, however much else has happened since", async () => {
    const { seq } = (await world.door.say(alice, "post.append", { subject: "still here" })) as { seq: number };
    const quiet = await file();
    await Promise.all(Array.from({ length: 60 }, () => file()));
    const { entries } = await world.ask(operator, "feed.read", { posts: true, limit: 5 });
    assert.deepEqual([entries.length, entries.at(-1).seq], [5, seq]);
    for (let n = 0; n < 12; n++) await post({ subject: `word ${n}`, item: quiet });
    const about = await world.ask(operator, "feed.read", { about: quiet, limit: 3 });
    assert.deepEqual(
      about.entries.map(({ data }: Entry) => data.subject),
      ["word 9", "word 10", "word 11"],
    );
    const page = await world.ask(operator, "feed.read", { about: quiet, posts: true, after: 0, limit: 3 });
    assert.deepEqual(
      page.entries.map(({ data }: Entry) => data.subject),
      ["word 0", "word 1", "word 2"],
    );
  });
});

describe("an imported post", () => {
  const old = {
    author: "CLAUDE-CLI-MacBook-Air-CAMBER-01",
    said_at: "2026-04-15T03:51:49+00:00",
    subject: "An old word",
  };
  const bring = (input: object) => world.say(operator, "post.import", { ...old, ...input });

  it("keeps its author and time, moves nothing, and comes in once, also when it comes twice at once", async () => {
    const item = await file();
    const body = `ITEM: ${item}\nSTATE: DONE`;
    const twice = await Promise.all([bring({ source_ref: "p1", item, body }), bring({ source_ref: "p1", item, body })]);
    assert.deepEqual(
      twice.map(({ imported }) => imported),
      [true, false],
    );
    assert.equal((await bring({ source_ref: "p1", item, body })).imported, false);
    const [entry, ...others] = await posts(item);
    assert.deepEqual([entry!.data.author, entry!.data.said_at, others], [old.author, old.said_at, []]);
    assert.equal(await stateOf(item), "awaiting_claim");
  });

  it("with other content under the same name is refused", async () => {
    await bring({ source_ref: "p2" });
    assert.equal(
      (await world.refused(operator, "post.import", { ...old, source_ref: "p2", subject: "Else" })).code,
      "import.contradicts",
    );
    assert.equal(
      (await world.refused(operator, "post.import", { ...old, source_ref: "p3", item: "gt-1" })).code,
      "ticket.unknown",
    );
    assert.equal((await world.refused(alice, "post.import", { ...old, source_ref: "p3" })).code, "role.forbidden");
  });

  it("can be amended like any other", async () => {
    const { seq } = (await world.door.say(operator, "post.import", { ...old, source_ref: "p4" })) as { seq: number };
    await post({ subject: "was wrong even then", amends: seq });
  });
});

it("after all this the tables and the ledger agree", async () => {
  const { differences, found } = await world.ask(operator, "ticket.drift");
  assert.equal(differences, 0, JSON.stringify(found));
  assert.equal((await world.ask(operator, "ledger.verify")).whole, true);
});
