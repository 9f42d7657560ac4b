import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fc } from "../../../../test/cases.ts";
import { testWorld } from "../../../../test/harness.ts";
import { type Check, coverageOf } from "./coverage.ts";

/** By the definition: each entry's newest check, entry by entry. */
function naive(checks: readonly Check[], entries: number) {
  const newest = new Map<number, number>();
  for (const { after, upto, at } of checks)
    for (let seq = after + 1; seq <= Math.min(upto, entries); seq++)
      newest.set(seq, Math.max(newest.get(seq) ?? 0, at.getTime()));
  const oldest = [...newest.values()].reduce((least, at) => Math.min(least, at), Infinity);
  return { covered: newest.size, oldest: newest.size === 0 ? null : new Date(oldest) };
}

describe("AUD-COVER: the coverage", () => {
  it("is what a set of entries says, whatever the checks overlap", () => {
    const check = fc.record({ after: fc.nat(40), length: fc.nat(20), minute: fc.nat(30) });
    fc.assert(
      fc.property(fc.array(check, { maxLength: 25 }), fc.nat(50), (drawn, entries) => {
        const checks = drawn.map(({ after, length, minute }) => ({
          after,
          upto: after + length,
          at: new Date(Date.UTC(2026, 0, 1, 0, minute)),
        }));
        assert.deepEqual(coverageOf(checks, entries), naive(checks, entries));
      }),
      { numRuns: 2_000 },
    );
  });

  it("is what a set says of slices that go round a ledger that grows", () => {
    const round = fc.record({ slice: fc.integer({ min: 1, max: 9 }), grown: fc.array(fc.nat(4), { maxLength: 30 }) });
    fc.assert(
      fc.property(round, ({ slice, grown }) => {
        const checks: Check[] = [];
        let [entries, after] = [5, 0];
        for (const [minute, more] of grown.entries()) {
          entries += more;
          if (after >= entries) after = 0;
          const upto = Math.min(entries, after + slice);
          checks.push({ after, upto, at: new Date(Date.UTC(2026, 0, 1, 0, minute)) });
          after = upto;
          assert.deepEqual(coverageOf(checks, entries), naive(checks, entries));
        }
      }),
    );
  });
});

describe("ledger.coverage", async () => {
  const world = await testWorld();
  for (let n = 0; n < 40; n++) await world.say(world.operator, "post.append", { subject: `post ${n}` });
  const record = (after: number, upto: number, more: object = {}) =>
    world.door.sayInside(1, "longwatch", "ledger.record_verification", { after, upto, whole: false, ...more });
  const age = (hours: number) => world.sql(`update ledger.verifications set at = at - interval '${hours} hours'`);

  it("counts the checks of the last 24 hours, each entry once, and no part of an older one", async () => {
    await record(0, 35);
    await age(20);
    await record(10, 12);
    await record(30, 38);
    await age(5);
    await record(20, 31);
    const rows = await world.sql("select after, upto, at from ledger.verifications order by id");
    const { entries, covered, oldest, last_whole_at } = await world.ask(world.operator, "ledger.coverage");
    // The first is 25 hours old.
    const counted = naive(rows.slice(1), entries);
    assert.equal(counted.covered, 2 + 18);
    assert.equal(covered, counted.covered / entries);
    assert.equal(oldest, counted.oldest!.toISOString());
    assert.equal(last_whole_at, null);
  });

  it("has no memory of what a check of the whole took the place of, and does not grow for ever", async () => {
    const { seq } = await world.ask(world.operator, "ledger.head");
    await record(0, seq, { whole: true });
    assert.equal((await world.sql("select from ledger.verifications")).length, 1);
    const { covered, oldest, last_whole_at, broken } = await world.ask(world.operator, "ledger.coverage");
    assert.deepEqual({ covered, oldest, broken }, { covered: 1, oldest: last_whole_at, broken: null });
    await age(30);
    await record(0, 5);
    await age(30);
    await record(5, 10);
    const kept = await world.sql("select after, upto, whole from ledger.verifications order by id");
    assert.deepEqual(kept, [
      { after: 0, upto: seq, whole: true },
      { after: 0, upto: 5, whole: false },
      { after: 5, upto: 10, whole: false },
    ]);
    await record(0, 4, { whole: true, first_broken: 5, reason: "its hash" });
    await record(10, 12);
    const later = await world.sql("select after, upto, whole from ledger.verifications order by id");
    assert.deepEqual(later.slice(0, 2), [
      { after: 5, upto: 10, whole: false },
      { after: 0, upto: 4, whole: true },
    ]);
  });

  it("tells a broken entry once in the ledger, and again after it was whole", async () => {
    const told = async () =>
      (await world.sql("select leaf from ledger.entries where kind = 'ledger.found_broken' order by seq")).map(
        ({ leaf }) => JSON.parse(leaf).data,
      );
    const finding = { whole: true, first_broken: 5, first_broken_max: 9, reason: "its hash" };
    await record(0, 4, finding);
    await record(4, 4, { ...finding, whole: false, first_broken: 6 });
    assert.deepEqual(await told(), [{ first_broken: 5, first_broken_max: 5, reason: "its hash" }]);
    const { broken } = await world.ask(world.operator, "ledger.coverage");
    assert.deepEqual({ first: broken.first_broken, reason: broken.reason }, { first: 5, reason: "its hash" });
    // An earlier one is news; the same after a check that found nothing is news too.
    await record(0, 1, { ...finding, first_broken: 2 });
    await record(0, 40, { whole: true });
    assert.equal((await world.ask(world.operator, "ledger.coverage")).broken, null);
    await record(0, 4, finding);
    assert.deepEqual(
      (await told()).map((one) => one.first_broken),
      [5, 2, 5],
    );
  });

  it("is recorded by the server alone, and in ranges that are ranges", async () => {
    const steward = await world.seat("CLAUDE-CLI-HOST-STEWARD-01", "steward");
    const refusal = await world.refused(steward, "ledger.record_verification", { after: 0, upto: 1, whole: true });
    assert.equal(refusal.code, "service.only");
    for (const [input, field] of [
      [{ after: 3, upto: 2 }, "upto"],
      [{ after: 1, upto: 2, whole: true }, "after"],
      [{ after: 0, upto: 2, first_broken: 3 }, "first_broken"],
      [{ after: 0, upto: 2, first_broken: 3, first_broken_max: 2, reason: "x" }, "first_broken"],
    ] as const)
      await assert.rejects(record(0, 0, input), ({ code, fields }) => {
        assert.deepEqual([code, fields[0].field], ["input.invalid", field]);
        return true;
      });
  });
});
