import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Entry, entryOf } from "../../src/rooms/ledger/index.ts";
import { fc } from "../cases.ts";
import { long, testWorld } from "../harness.ts";
import { DoctrineStory, gatesKnown } from "./doctrine_story.ts";
import { sayingOver } from "./walking.ts";

/**
 * Every command about records, in any order, many at once over two nodes, with surveys in between: the ledger tells a
 * story that one command after the other could have made, and the tables say the same.
 */

const world = await testWorld();
const { operator, say, sql } = world;
const over = sayingOver(world);
const roles: Record<string, string> = { Ann: "implementer", Sam: "strategist", operator: "operator" };
const seats = Object.keys(roles).filter((name) => name !== "operator");
const tokens = [...(await Promise.all(seats.map((name) => world.seat(name, roles[name])))), operator];
await say(operator, "namespace.define", { prefix: "ORA", format: "ORA-N" });

const by = fc.nat(tokens.length - 1);
/** One of the newest records. */
const on = fc.nat(4);
const level = fc.constantFrom("M0", "M1", "M2", "M3", "M4");
const kind = <K extends string>(name: K) => fc.constant(name);
/** How a rule is held. A post is what the walk leaves anyway. */
const HELD = {
  text: { mode: "text", mechanisms: [] },
  warn: { mode: "warn", mechanisms: ["event:post.appended"] },
  reject: { mode: "reject", mechanisms: ["refusal:lease.lost"], sunset_on: "9000-01-01" },
};
/** The gate that falls when its mechanism is taken away. */
const RUNS = "M2: mechanism_runs";
const mode = fc.constantFrom(...(Object.keys(HELD) as (keyof typeof HELD)[]));
const act = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      ...{ kind: kind("file"), by, mode, evidence: fc.nat(2), adopts: fc.boolean() },
      gates: fc.oneof(fc.subarray([...gatesKnown]), fc.constantFrom([], [RUNS])),
      ends: fc.oneof(on, fc.constant(undefined), fc.constant(undefined)),
      amends: fc.oneof(on, fc.constant(undefined), fc.constant(undefined)),
      /** Posts break it. */
      fragile: fc.nat(3).map((n) => n === 0),
    }),
  },
  { weight: 8, arbitrary: fc.record({ kind: fc.constantFrom("observe", "violate", "bypass", "review"), by, on }) },
  { weight: 6, arbitrary: fc.record({ kind: kind("enforce"), by, on, mode }) },
  { weight: 5, arbitrary: fc.record({ kind: kind("promote"), by, on, to: fc.option(level) }) },
  { weight: 4, arbitrary: fc.record({ kind: kind("demote"), by, on, to: level }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom("post", "close", "close"), by }) },
  { weight: 5, arbitrary: fc.record({ kind: kind("survey") }) },
);
type Act = typeof act extends fc.Arbitrary<infer One> ? One : never;

/** A walk without these would be about little. */
const ESSENTIAL = ["filed", "observed", "violated", "enforced", "proposed", "promoted", "taken_back", "review_opened"];
const evidence = "it was seen";
const reason = "because of that";

/** One fleet's walk, with records of its own. */
class Walk {
  #records: string[] = [];
  #reviews: string[] = [];

  #said(by: number | "longwatch", name: string, input: object): Promise<any> {
    return over(by === "longwatch" ? by : { token: tokens[by]! }, name, input);
  }

  async begin(): Promise<void> {
    await this.#file({ by: 1, mode: "text", evidence: 1, gates: [gatesKnown[0]!] });
  }

  async do(one: Act): Promise<void> {
    const id = "on" in one ? this.#at(one.on) : "";
    switch (one.kind) {
      case "file":
        return this.#file(one);
      case "observe":
      case "violate":
        return void (await this.#said(one.by, `doctrine.${one.kind}`, { id, evidence }));
      case "bypass":
        return void (await this.#said(one.by, "doctrine.bypass", { id, reason, entry: 1 }));
      case "review":
        return void (await this.#said(one.by, "doctrine.review", { id, note: reason }));
      case "enforce":
        return void (await this.#said(one.by, "doctrine.enforce", { id, reason, sunset_on: null, ...HELD[one.mode] }));
      case "promote": {
        const to = one.to === null ? {} : { to: one.to };
        return void (await this.#said(one.by, "doctrine.promote", { id, reason, ...to }));
      }
      case "demote":
        return void (await this.#said(one.by, "doctrine.demote", { id, to: one.to, reason }));
      case "post":
        return void (await this.#said(one.by, "post.append", { subject: "Said" }));
      case "close": {
        // Whoever ends a review's ticket has looked.
        const ticket = this.#reviews.shift();
        return void (ticket && (await this.#said(one.by, "ticket.cancel", { id: ticket, reason })));
      }
      case "survey":
        return this.survey();
    }
  }

  async survey(): Promise<void> {
    const surveyed = await this.#said("longwatch", "doctrine.survey", {});
    // On a busy machine it may have waited for too long.
    if (surveyed !== null) this.#reviews.push(...surveyed.reviews);
  }

  async #file(one: Partial<Extract<Act, { kind: "file" }>> & { by: number; mode: keyof typeof HELD }): Promise<void> {
    const { by, mode, evidence: seen = 0, gates = [], adopts = false, ends, amends, fragile } = one;
    const filed = await this.#said(by, "doctrine.file", {
      ...{ type: "doctrine", title: "A rule", rule: "Do.", activation_test: "Now?", ...HELD[mode], gates },
      ...{ evidence: Array.from({ length: seen }, () => evidence), adopts: adopts && roles[by] !== "implementer" },
      ...(ends === undefined ? {} : { supersedes: [this.#at(ends)] }),
      ...(amends === undefined ? {} : { amends: [this.#at(amends)] }),
      ...(fragile ? { violated_by: ["post.appended"], review_triggers: ["not no_violation window=P7D"] } : {}),
    });
    if (filed !== null) this.#records.push(filed.id);
  }

  #at(n: number): string {
    return this.#records.at(-1 - (n % this.#records.length))!;
  }
}

it("records of every kind, many at once, come to a story that one after the other could have made", async () => {
  const told = new Set<string>();
  const waves = fc.array(fc.array(act, { minLength: 8, maxLength: 24 }), { minLength: 8, maxLength: 12 });
  const walks = fc.asyncProperty(waves, async (waves) => {
    const walk = new Walk();
    await walk.begin();
    for (const wave of waves) await Promise.all(wave.map((one) => walk.do(one)));
    // What was seen behind the last look is looked at by one more.
    await walk.survey();
    const leaves = await sql("select leaf from ledger.entries order by seq");
    const entries = leaves.map(({ leaf }) => entryOf(leaf));
    for (const { kind } of entries) told.add(kind);
    const { records, faults } = new DoctrineStory(entries, roles);
    assert.deepEqual(faults, []);
    const rows = [...records].map(([id, { gates: _, adopts: __, ...one }]) => ({ id, ...one }));
    assert.deepEqual(await sql(ROWS), rows);
  });
  // Making a failure smaller takes minutes: the long form does.
  await fc.assert(walks, { numRuns: long ? 50 : 6, endOnFailure: !long, includeErrorInReport: true });
  assert.deepEqual(
    ESSENTIAL.filter((kind) => !told.has(`doctrine.${kind}`)),
    [],
    "these were never told",
  );
});

const ROWS = `
  select r.id, r.maturity, r.proposed, r.held_down, r.observations, r.mode, r.mechanisms, r.superseded_by,
    (select count(*)::integer from doctrine.sightings v where v.record_id = r.id and kind = 'violation') as violations,
    (select count(*)::integer from doctrine.bypasses b where b.record_id = r.id) as bypasses,
    (select ticket_id from doctrine.reviews v where v.record_id = r.id and v.settled_at is null) as review
  from doctrine.records r where not r.shipped order by r.id`;

describe("a story of records", () => {
  const entry = (kind: string, id: string, actor: string, data: object = {}) =>
    ({ seq: 0, kind: `doctrine.${kind}`, subject: id, actor, data: { id, ...data } }) as unknown as Entry;
  const [A, B, C] = ["ORA-2026-0001", "ORA-2026-0002", "ORA-2026-0003"] as const;
  const filed = (id: string, more: object = {}, actor = "Sam") =>
    entry("filed", id, actor, { mode: "text", mechanisms: [], ...more });
  const seen = { gates: [gatesKnown[0]!], evidence };
  const by = (who: string, was: string, maturity: string) => ({ by: who, was, maturity });
  const opened = entry("review_opened", A, "longwatch", { ticket: "ORA-1" });
  const faults = (...entries: Entry[]) =>
    new DoctrineStory(entries, roles).faults.map((fault) => fault.replace(/^\S+ \S+ \S+: /, ""));

  it("without a fault has none", () => {
    const levels = [
      entry("proposed", A, "longwatch", by("gate", "M0", "M1")),
      entry("promoted", A, "Sam", by("person", "M0", "M1")),
    ];
    const reviews = [opened, entry("reviewed", A, "Sam", { ticket: "ORA-1" }), opened];
    const history = [filed(B, { supersedes: [A] }), entry("review_lapsed", A, "longwatch", { ticket: "ORA-1" })];
    assert.deepEqual(faults(filed(A, seen), ...levels, ...reviews, ...history), []);
  });

  it("has each fault by itself", () => {
    assert.deepEqual(faults(filed(A), filed(C)), [`${A} was the one before`]);
    const twice = [filed(A), filed(B, { supersedes: [A] }), filed(C, { supersedes: [A] })];
    assert.deepEqual(faults(...twice), [`${A} was superseded before`]);
    const late = [filed(A), filed(B, { supersedes: [A] }), entry("observed", A, "Ann", { observations: 1 })];
    assert.deepEqual(faults(...late), [`it was superseded by ${B}`]);
    assert.deepEqual(faults(filed(A, { mode: "warn" }, "Ann")), ["Ann makes or ends no hard rule"]);
    assert.deepEqual(faults(filed(A), entry("observed", A, "Ann", { observations: 2 })), ["it is observation 1"]);
    assert.deepEqual(faults(filed(A), entry("bypassed", A, "Ann")), ["it is held as text"]);
    const enforced = { mode: "warn", mechanisms: [], was: { mode: "warn" } };
    assert.deepEqual(faults(filed(A), entry("enforced", A, "Sam", enforced)), ["it was held as text"]);
    assert.deepEqual(faults(filed(A), opened, opened), ["ORA-1 is open"]);
    assert.deepEqual(faults(filed(A), entry("reviewed", A, "Sam", { ticket: "ORA-1" })), ["null is open"]);
    const given = entry("promoted", A, "Ann", by("person", "M0", "M1"));
    assert.deepEqual(faults(filed(A, seen), given), ["Ann gives no level"]);
    const early = entry("promoted", A, "Sam", by("person", "M0", "M1"));
    assert.deepEqual(faults(filed(A, { gates: seen.gates }), early), ["its gates allow M0", "its gates allow M0"]);
    assert.deepEqual(faults(filed(A, seen)), ["proposed is null, not 1"]);
    assert.deepEqual(faults(filed(A, { ...seen, adopts: true })), ["it would take M1"]);
  });
});
