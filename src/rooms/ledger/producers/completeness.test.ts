import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sqlError, testWorld } from "../../../../test/harness.ts";
import { CompletenessFold } from "./completeness.ts";

const world = await testWorld();
const seat = await world.seat("CLAUDE-CLI-BOX-WEB-01");

describe("PostgreSQL itself", () => {
  it("holds the numbers' form, and lets nobody change or remove what was told", async () => {
    await world.say(seat, "producer.open", { name: "hook-sql" });
    await world.say(seat, "telemetry.drop", { producer: "hook-sql", epoch: 1, first: 2, last: 2, reason: "x" });
    const [{ principal_id }] = await world.sql("select principal_id from ledger.producers where name = 'hook-sql'");
    const insert = (numbers: string, outcome = "recorded", reason: string | null = null) => {
      const row = [principal_id, numbers, outcome, reason];
      const into = "insert into ledger.productions values (1, 'hook-sql', 1, $1, $2, $3, $4, '')";
      return sqlError(world.asApplication(into, row));
    };
    for (const numbers of ["empty", "[0,1]", "[1,)", "(,1]", "[1,9007199254740992]"])
      assert.equal((await insert(numbers)).constraint, "production_numbers", numbers);
    assert.equal((await insert("[1,1]", "dropped")).constraint, "reason_iff_dropped");
    assert.equal((await insert("[1,1]", "recorded", "x")).constraint, "reason_iff_dropped");
    assert.equal((await insert("[1,1]", "lost")).constraint, "production_outcome");
    assert.equal((await insert("[1,3]")).constraint, "productions_disjoint");
    for (const table of ["productions", "producers"])
      for (const change of [
        `update ledger.${table} set epoch = 9`,
        `delete from ledger.${table}`,
        `truncate ledger.${table} cascade`,
      ]) {
        assert.equal((await sqlError(world.asApplication(change))).code, "42501", change);
        assert.equal((await sqlError(world.sql(change))).code, "LW002", change);
      }
  });
});

describe("The fold", () => {
  const said = (kind: string, data: object) => ({ seq: 1, kind, data: data as Record<string, unknown> });

  it("names entries that the tables could not hold: an overlap, and numbers that are none", () => {
    const fold = new CompletenessFold();
    const one = { producer: "p", epoch: 1 };
    fold.add(said("telemetry.recorded", { ...one, first: 1, events: [{}, {}] }));
    fold.add(said("telemetry.dropped", { ...one, first: 2, last: 3, reason: "x" }));
    fold.add(said("telemetry.dropped", { ...one, first: "2", last: 3, reason: "x" }));
    fold.add(said("telemetry.recorded", { ...one, first: 5, events: [] }));
    fold.add(said("ticket.filed", {}));
    assert.deepEqual(
      fold.faults.map(({ reason }) => reason),
      ["its numbers 2 to 3 overlap what was told before", "its numbers are not a range", "its numbers are not a range"],
    );
    assert.deepEqual(
      fold.report().producers.map(({ recorded, dropped, last }) => [recorded, dropped, last]),
      [[2, {}, 2]],
    );
  });

  it("gives the same whatever order the ranges come in, and what a set of numbers gives", () => {
    for (let round = 0; round < 200; round++) {
      const fold = new CompletenessFold();
      const known = new Set<number>();
      for (let n = 0; n < 30; n++) {
        const first = 1 + Math.floor(Math.random() * 60);
        const last = first + Math.floor(Math.random() * 4);
        const before = fold.faults.length;
        fold.add(said("telemetry.dropped", { producer: "p", epoch: 1, first, last, reason: "x" }));
        const numbers = Array.from({ length: last - first + 1 }, (_, offset) => first + offset);
        const isFree = numbers.every((number) => !known.has(number));
        assert.equal(fold.faults.length === before, isFree);
        if (isFree) for (const number of numbers) known.add(number);
      }
      const last = Math.max(...known);
      const missing = Array.from({ length: last }, (_, index) => index + 1).filter((number) => !known.has(number));
      const [epoch] = fold.report().producers;
      assert.deepEqual([epoch!.last, epoch!.missing, epoch!.dropped], [last, missing.length, { x: known.size }]);
      const listed = epoch!.gaps.flatMap((gap) =>
        Array.from({ length: gap.last - gap.first + 1 }, (_, n) => gap.first + n),
      );
      assert.deepEqual(listed, missing);
    }
  });
});
