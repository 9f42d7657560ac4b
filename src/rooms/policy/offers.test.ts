import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fc } from "../../../test/cases.ts";
import { evaluate, type Prepared, prepare } from "./engine.ts";
import { propertiesOf } from "./facts.ts";
import { HOLD_SECONDS, OFFERS_MAX, Roster } from "./offers.ts";
import { shipped } from "./shipped.ts";

/** Offers against a slow and simple count over all seats, for any roster. */

const AT = new Date("2026-04-16T17:41:23Z");
const ago = (seconds: number) => new Date(AT.getTime() - seconds * 1000);
const ASKER = { id: 1, lane: "CAMBER", decision: 7 };
const LOWEST = { rung: "L0", approved: false, consented: false };
const deploy = {
  action: { name: "deploy", properties: {} },
  resource: { type: "environment", id: "production", properties: { production: true } },
  context: {},
};

const policy = prepare(shipped);
/** The shipped policy, and a rule against one seat by its name: facts alone do not tell who may. */
const against = prepare({
  ...shipped,
  rules: [
    {
      name: "not-this-one",
      effect: "forbid",
      cedar: `forbid (principal == Seat::"SEAT-03", action, resource);`,
      reason: "Not this one.",
      protocol: shipped.unmatched.protocol,
    },
    ...shipped.rules,
  ],
});

const seat = fc.record({
  role: fc.constantFrom("implementer", "implementer", "strategist", "auditor"),
  lane: fc.constantFrom("CAMBER", "HEARTWOOD", null),
  claims: fc.uniqueArray(fc.constantFrom("A-1", "A-2"), { maxLength: 2 }),
  given: fc.integer({ min: 0, max: 2 }),
  adopted: fc.integer({ min: 0, max: 40 * 60 }),
  output: fc.option(fc.integer({ min: 0, max: 40 * 60 }), { nil: null }),
  heard: fc.integer({ min: 0, max: 130 }),
  status: fc.constantFrom("idle", "idle", "busy"),
  held: fc.option(fc.record({ by: fc.constantFrom(1, 2), seconds: fc.integer({ min: 1, max: 60 }) }), { nil: null }),
});

type Seat = typeof seat extends fc.Arbitrary<infer One> ? One : never;

const rowOf = ({ held, ...one }: Seat, index: number) => ({
  id: 10 + index,
  name: `SEAT-${String(index).padStart(2, "0")}`,
  kind: "seat",
  role: one.role,
  lane: one.lane,
  scope: null,
  stands_in_for: [],
  claims: one.claims,
  given: one.given,
  incarnation: "00000000-0000-4000-8000-000000000000",
  adopted_at: ago(one.adopted),
  retired_at: null,
  heard_at: ago(one.heard),
  output_at: one.output === null ? null : ago(one.output),
  status: one.status,
  held_by: held?.by ?? null,
  held_until: held ? new Date(AT.getTime() + held.seconds * 1000) : null,
});
type Row = ReturnType<typeof rowOf>;

/** The rule of the document, seat by seat. */
function expected(rows: readonly Row[], prepared: Prepared) {
  const since = (row: Row) => Math.floor((AT.getTime() - Math.max(+row.adopted_at, +(row.output_at ?? 0))) / 1000);
  const isFree = (row: Row) => row.status === "idle" && AT.getTime() - +row.heard_at <= 120_000;
  const isDormant = (row: Row) =>
    Math.min(AT.getTime() - +row.adopted_at, row.output_at ? AT.getTime() - +row.output_at : Infinity) > 1_800_000;
  const may = (row: Row) => {
    const properties = propertiesOf({
      ...row,
      state: isDormant(row) ? "dormant" : "idle",
      claims: [...row.claims, "the dispatched ticket"],
    });
    const subject = { type: "seat", id: row.name, properties };
    return evaluate(prepared, { ...deploy, subject, context: { standing: LOWEST } }).effect === "allow";
  };
  const able = rows
    .filter((row) => isFree(row) && may(row))
    .sort(
      (a, b) =>
        Number(b.lane === ASKER.lane) - Number(a.lane === ASKER.lane) ||
        a.claims.length + a.given - b.claims.length - b.given ||
        Number(isDormant(a)) - Number(isDormant(b)) ||
        since(b) - since(a) ||
        a.id - b.id,
    );
  const isOurs = (row: Row) => row.held_by === null || row.held_by === ASKER.id;
  return { able, free: able.filter(isOurs), held: able.filter((row) => !isOurs(row)) };
}

for (const [name, prepared] of Object.entries({ "the shipped policy": policy, "a policy with names": against }))
  describe(`Under ${name}, for any roster,`, () => {
    const forAny = (check: (rows: Row[]) => void) =>
      fc.assert(
        fc.property(fc.array(seat, { maxLength: 12 }), (seats) => check(seats.map(rowOf))),
        { numRuns: 150 },
      );

    test("the best five are offered: none better is left out (POL-COMPLETE), each may (POL-ROUNDTRIP)", () => {
      forAny((rows) => {
        const { offers } = new Roster(rows, AT, prepared).offer(ASKER, deploy, () => LOWEST);
        assert.deepEqual(
          offers.map((offer) => offer.seat.name),
          expected(rows, prepared)
            .free.slice(0, OFFERS_MAX)
            .map((row) => row.name),
        );
      });
    });

    test("the first offered is held for the asker, and no other asker is offered it", () => {
      forAny((rows) => {
        const roster = new Roster(rows, AT, prepared);
        const { offers } = roster.offer(ASKER, deploy, () => LOWEST);
        assert.deepEqual(
          offers.map(({ held_until }) => held_until?.getTime() ?? null),
          offers.map((_, index) => (index === 0 ? AT.getTime() + HOLD_SECONDS * 1000 : null)),
        );
        const other = { ...ASKER, id: 2, decision: 8 };
        const others = roster.offer(other, deploy, () => LOWEST).offers.map((offer) => offer.seat.id);
        if (offers[0]) assert.ok(!others.includes(offers[0].seat.id));
        const again = roster.offer({ ...ASKER, decision: 9 }, deploy, () => LOWEST).offers;
        assert.equal(again[0]?.seat.id, offers[0]?.seat.id, "who asks again keeps the seat");
      });
    });

    test("no offer means that all who may are held, with the first free instant, or that nobody may", () => {
      forAny((rows) => {
        const { offers, free_at } = new Roster(rows, AT, prepared).offer(ASKER, deploy, () => LOWEST);
        const { able, held } = expected(rows, prepared);
        if (offers.length > 0) return assert.equal(free_at, null);
        const first = held.length === 0 ? null : Math.min(...held.map((row) => +row.held_until!));
        assert.deepEqual([free_at?.getTime() ?? null, able.length], [first, held.length]);
      });
    });
  });

test("An asker that is idle itself is not offered to itself", () => {
  const rows = [0, 1].map((index) =>
    rowOf(
      {
        role: "implementer",
        lane: null,
        claims: [],
        given: 0,
        adopted: 60,
        output: null,
        heard: 0,
        status: "idle",
        held: null,
      },
      index,
    ),
  );
  const { offers } = new Roster(rows, AT, policy).offer({ ...ASKER, id: 10 }, deploy, () => LOWEST);
  assert.deepEqual(
    offers.map((offer) => offer.seat.id),
    [11],
  );
});
