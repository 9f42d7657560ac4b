import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { describe, it } from "node:test";
import { anotherDoor, codeOf, tally } from "../../src/kernel/door.fixture.ts";
import { CompletenessFold } from "../../src/rooms/ledger/producers/completeness.ts";
import { entryOf } from "../../src/rooms/ledger/entries.ts";
import { long, testWorld } from "../harness.ts";
import { atOnce, WRITERS, writersPool } from "./mutants.ts";

/** AUD-COMPLETE under attack: no number of a producer is told of twice, whoever writes at once. */

const ROUNDS = long ? 40 : 8;
/** So narrow that writers meet in every round. */
const NUMBERS = 40;
const world = await testWorld();
const token = await world.seat("CLAUDE-CLI-BOX-WEB-01");
const open = (name: string) => world.say(token, "producer.open", { name });

function anyRange(): [first: number, last: number] {
  const first = randomInt(1, NUMBERS);
  return [first, first + randomInt(0, 6)];
}

type Row = { first: number; last: number };

/** "AUD-COMPLETE" for each pair of neighbours that share a number. */
function overlapFaults(rows: readonly Row[]): string[] {
  const inOrder = rows.toSorted((a, b) => a.first - b.first);
  return inOrder.flatMap((row, index) => (row.first <= (inOrder[index - 1]?.last ?? 0) ? ["AUD-COMPLETE"] : []));
}

const rowsOf = async (table: string, producer: string): Promise<Row[]> =>
  (
    await world.sql(
      `select lower(numbers)::integer as first, upper(numbers)::integer - 1 as last from ${table} where producer = $1`,
      [producer],
    )
  ).map(({ first, last }) => ({ first, last }));

describe("Many connections that tell of overlapping numbers of one producer", () => {
  const pool = writersPool(world);

  it("past the door are kept apart by the constraint productions_disjoint, without any lock", async () => {
    await open("raced");
    const [{ principal_id }] = await world.sql("select principal_id from ledger.producers where name = 'raced'");
    const outcomes: unknown[] = [];
    for (let round = 0; round < ROUNDS; round++)
      outcomes.push(
        ...(await atOnce(pool, async (client) => {
          const [first, last] = anyRange();
          const values = `(1, 'raced', 1, ${principal_id}, '[${first},${last}]', 'recorded', null, '')`;
          await client.query(`insert into ledger.productions values ${values}`);
        })),
      );
    const errors = outcomes.filter((outcome) => outcome !== null) as { code: string; constraint?: string }[];
    assert.ok(errors.length > 0 && errors.length < outcomes.length, "some met, and some came in");
    // Those who wait for each other in a circle are told so; one of them goes on.
    for (const { code, constraint } of errors)
      if (code !== "40P01") assert.deepEqual([code, constraint], ["23P01", "productions_disjoint"]);
    assert.ok(errors.some(({ code }) => code === "23P01"));
    assert.deepEqual(overlapFaults(await rowsOf("ledger.productions", "raced")), []);
  });

  it("through the doors of several servers are refused by name, and entries and table agree", async () => {
    await open("said");
    const doors = [world.door, anotherDoor(world).door, anotherDoor(world).door];
    const says = Array.from({ length: ROUNDS * WRITERS }, (_, n) => {
      const [first, last] = anyRange();
      const [name, more] =
        n % 3 === 0
          ? ["telemetry.drop", { last, reason: "buffer_full" }]
          : ["telemetry.record", { events: Array.from({ length: last - first + 1 }, () => ({ kind: `hook-${n}` })) }];
      return codeOf(
        doors[n % 3]!.say(token, name as string, { producer: "said", epoch: 1, first, ...(more as object) }),
      );
    });
    const { accepted, "production.overlaps": met, ...strange } = tally(await Promise.all(says));
    assert.deepEqual(strange, {});
    assert.ok(accepted! > 0 && met! > 0);
    assert.deepEqual(overlapFaults(await rowsOf("ledger.productions", "said")), []);
    const fold = new CompletenessFold();
    for (const { leaf } of await world.sql("select leaf from ledger.entries where subject = 'said' order by seq"))
      fold.add(entryOf(leaf));
    assert.deepEqual(fold.faults, []);
    const { producers } = await world.ask(world.operator, "ledger.completeness", { producer: "said" });
    const [{ first_gap: _, ...told }] = producers;
    assert.deepEqual([told], fold.report().producers);
  });

  it("that look first and then insert, without the constraint, are found out by the same check", async () => {
    await world.sql("create table bare_productions (producer text, numbers int8range)");
    await world.sql("grant select, insert on bare_productions to longwatch_app");
    const found = new Set<string>();
    for (let round = 0; round < 25 && found.size === 0; round++) {
      await atOnce(pool, async (client) => {
        const numbers = `[${anyRange().join()}]`;
        const look = "select from bare_productions where producer = 'mutant' and numbers && $1::int8range";
        if ((await client.query(look, [numbers])).rows.length > 0) return;
        await client.query("insert into bare_productions values ('mutant', $1)", [numbers]);
      });
      for (const fault of overlapFaults(await rowsOf("bare_productions", "mutant"))) found.add(fault);
    }
    assert.deepEqual([...found], ["AUD-COMPLETE"]);
  });
});
