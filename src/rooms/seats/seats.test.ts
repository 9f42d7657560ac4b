import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { testWorld } from "../../../test/harness.ts";
import type { Refusal } from "../../kernel/refusal.ts";
import { nameForms } from "./names.ts";
import { DORMANT_SECONDS, HEARD_SECONDS, type Presence, presenceOf, STUCK_SECONDS } from "./presence.ts";

const world = await testWorld();

describe("a seat's name", () => {
  const long = "CLAUDE-CLI-MacBook-Air-CAMBER-01";

  it("is found in its long, short and hashed forms, and every form means the same seat", async () => {
    const adopted = await world.say(world.operator, "seat.adopt", { name: long });
    assert.equal(adopted.lane, "CAMBER");
    assert.equal(adopted.names.length, 4);
    assert.match(adopted.names[3], /^CAMBER-[a-z]{4}$/);
    for (const name of adopted.names)
      assert.equal((await world.ask(world.operator, "seat.find", { name })).name, long, name);
  });

  it("that is short and means two seats is refused with both candidates, and the whole names still work", async () => {
    const other = "CODEX-DESKTOP-Studio-CAMBER-01";
    await world.seat(other);
    const find = world.ask(world.operator, "seat.find", { name: "CAMBER-01" });
    const refusal: Refusal = await find.catch((error) => error);
    assert.equal(refusal.code, "seat.ambiguous");
    assert.deepEqual((refusal.facts.candidates as string[]).sort(), [long, other]);
    for (const name of [long, other]) assert.equal((await world.ask(world.operator, "seat.find", { name })).name, name);
    assert.equal((await world.ask(world.operator, "seat.find", { name: "CODEX-DESKTOP-CAMBER-01" })).name, other);
  });

  it("that is one seat's own and another's short form means the seat that bears it", async () => {
    await world.seat("CAMBER-01");
    assert.equal((await world.ask(world.operator, "seat.find", { name: "CAMBER-01" })).name, "CAMBER-01");
  });

  it("from an import finds the seat by its old names too", async () => {
    const imported = { name: "gastown.crew.max", alias: ["max@old"] };
    assert.equal((await world.say(world.operator, "seat.import", imported)).imported, true);
    assert.equal((await world.say(world.operator, "seat.import", imported)).imported, false);
    for (const name of ["max@old", "crew.max", "max"])
      assert.equal((await world.ask(world.operator, "seat.find", { name })).name, "gastown.crew.max");
  });

  it("has four forms when it is long, and as many tails as a path has parts otherwise", () => {
    assert.equal(nameForms("CODEX-CLI-m-1-ORA-112").find(({ form }) => form === "short")!.name, "ORA-112");
    assert.deepEqual(
      nameForms("a.b.c").map(({ name }) => name),
      ["a.b.c", "b.c", "c"],
    );
    assert.deepEqual(
      nameForms("plain").map(({ name }) => name),
      ["plain"],
    );
  });

  it("with a slash, a control character or nothing in it is not a seat's", async () => {
    for (const name of ["PARENT/child", "a\u0000", "a\nb", "", " x", "x".repeat(121)])
      assert.equal((await world.refused(world.operator, "seat.adopt", { name })).code, "input.invalid", name);
  });
});

describe("an adoption", () => {
  it("J40: of a seat that another session holds is told and refused, though neither has posted", async () => {
    const first = await world.say(world.operator, "seat.adopt", { name: "Taken" });
    const refusal = await world.refused(world.operator, "seat.adopt", { name: "Taken" });
    assert.equal(refusal.code, "seat.held");
    assert.equal(refusal.facts.holder, "Taken");
    assert.equal(refusal.facts.incarnation, first.incarnation);
    assert.equal((await world.ask(first.token, "seat.whoami")).incarnation, first.incarnation);
  });

  it("of one free seat by sixteen sessions at once seats exactly one", async () => {
    const adopt = () => world.say(world.operator, "seat.adopt", { name: "Wanted" });
    const outcomes = await Promise.allSettled(Array.from({ length: 16 }, adopt));
    assert.equal(outcomes.filter(({ status }) => status === "fulfilled").length, 1);
    for (const outcome of outcomes) if (outcome.status === "rejected") assert.equal(outcome.reason.code, "seat.held");
  });

  it("that replaces ends the old session at once, for commands and for queries", async () => {
    const old = await world.seat("Replaced");
    await world.say(old, "seat.beat", { status: "busy" });
    await world.ask(old, "seat.whoami");
    const fresh = await world.say(world.operator, "seat.adopt", { name: "Replaced", replace: true });
    assert.equal((await world.refused(old, "seat.beat", {})).code, "token.unknown");
    await assert.rejects(world.door.ask(old, "seat.whoami", {}), { code: "token.unknown" });
    await assert.rejects(world.door.identify(old), { code: "token.unknown" });
    assert.equal((await world.ask(fresh.token, "seat.whoami")).incarnation, fresh.incarnation);
  });

  it("of a seat that was silent past its time succeeds, and within it does not", async () => {
    const old = await world.seat("Silent");
    const silent = (seconds: number) =>
      world.sql(
        "update seats.principals set heard_at = clock_timestamp() - make_interval(secs => $1) where name = 'Silent'",
        [seconds],
      );
    await silent(HEARD_SECONDS / 2);
    assert.equal((await world.refused(world.operator, "seat.adopt", { name: "Silent" })).code, "seat.held");
    await silent(HEARD_SECONDS + 1);
    await world.seat("Silent");
    assert.equal((await world.refused(old, "seat.beat", {})).code, "token.unknown");
  });

  it("of a person or of a service is refused as such", async () => {
    for (const name of ["operator", "longwatch"])
      assert.equal(
        (await world.refused(world.operator, "seat.adopt", { name, replace: true })).code,
        "seat.not_a_seat",
      );
  });

  it("is for those who set up a fleet", async () => {
    const token = await world.seat("Implementer");
    assert.equal((await world.refused(token, "seat.adopt", { name: "Mine" })).code, "role.forbidden");
  });

  it("makes nobody an operator or a steward but by an operator's word", async () => {
    for (const own of ["coordinator", "steward"]) {
      const token = await world.seat(`Keeper-${own}`, own);
      for (const role of ["operator", "steward"])
        assert.equal((await world.refused(token, "seat.adopt", { name: "Mine", role })).code, "role.forbidden");
      const input = { name: `Keeper-${own}`, role: "operator", replace: true };
      assert.equal((await world.refused(token, "seat.adopt", input)).code, "role.forbidden");
      assert.equal((await world.say(token, "seat.adopt", { name: `Seated-by-${own}` })).role, "implementer");
    }
  });
});

describe("presence", () => {
  const now = new Date("2026-11-21T12:00:00Z");
  const ago = (seconds: number) => new Date(now.getTime() - seconds * 1000);
  const seat = (more: Partial<Presence> & { status?: string }): Presence => ({
    ...{ retired_at: null, incarnation: "x", adopted_at: ago(1e6), heard_at: now, output_at: now, status: "idle" },
    ...more,
  });
  const cases: [string, Partial<Presence>, string][] = [
    ["nobody sits on it", { incarnation: null, adopted_at: null, heard_at: null }, "unadopted"],
    ["it was retired while it was busy", { retired_at: now, status: "busy" }, "retired"],
    ["it was heard just in time", { heard_at: ago(HEARD_SECONDS) }, "idle"],
    ["it was heard a moment too long ago", { heard_at: ago(HEARD_SECONDS + 0.001) }, "dead"],
    ["it was never heard", { heard_at: null }, "dead"],
    ["it is silent and was blocked", { heard_at: ago(HEARD_SECONDS + 1), status: "blocked" }, "dead"],
    ["it waits for a person, however long", { status: "blocked", output_at: ago(1e6) }, "blocked"],
    ["it is busy with output just in time", { status: "busy", output_at: ago(STUCK_SECONDS) }, "busy"],
    ["it is busy without output", { status: "busy", output_at: ago(STUCK_SECONDS + 0.001) }, "stuck"],
    ["it is busy, new, and has no output yet", { status: "busy", output_at: null, adopted_at: ago(60) }, "busy"],
    ["it is idle with output just in time", { output_at: ago(DORMANT_SECONDS) }, "idle"],
    ["it is idle and does no useful work, but is heard", { output_at: ago(DORMANT_SECONDS + 0.001) }, "dormant"],
    ["it is idle and new", { output_at: null, adopted_at: ago(DORMANT_SECONDS) }, "idle"],
  ];
  for (const [when, facts, state] of cases)
    it(`is ${state} when ${when}`, () => {
      assert.equal(presenceOf(seat(facts), now), state);
    });

  it("of a seat is not prolonged by a session that was replaced (MON-FENCE)", async () => {
    await world.seat("Fenced");
    const [{ id, incarnation }] = await world.sql("select id, incarnation from seats.principals where name = 'Fenced'");
    await world.say(world.operator, "seat.adopt", { name: "Fenced", replace: true });
    await world.sql("update seats.principals set heard_at = 'epoch' where name = 'Fenced'");
    // Behind the door too: the statement itself is fenced, whatever the door let through.
    const { statements } = await import("../../kernel/sql.ts");
    const { beat } = statements("seats", "beat");
    const tx = await world.database.begin(world.home_tenant_id, "read write");
    const changed = await tx.all(beat, { ids: [id], incarnations: [incarnation], statuses: ["busy"], outputs: [true] });
    await tx.commit();
    assert.deepEqual(changed, []);
    const [{ dead }] = await world.sql("select heard_at = 'epoch' as dead from seats.principals where name = 'Fenced'");
    assert.equal(dead, true);
  });

  it("keeps the output that one of two beats told of when both travel together, and tells of one change", async () => {
    const beats = [
      { output: true, status: "busy" },
      { output: false, status: "busy" },
    ];
    for (const [name, pair] of [
      ["Twice-A", beats],
      ["Twice-B", beats.toReversed()],
    ] as const) {
      const token = await world.seat(name);
      await Promise.all(pair.map((beat) => world.say(token, "seat.beat", beat)));
      const [{ output_at }] = await world.sql("select output_at from seats.principals where name = $1", [name]);
      assert.notEqual(output_at, null, name);
      const { entries } = await world.ask(world.operator, "feed.read", { about: name });
      assert.equal(entries.filter(({ kind }: { kind: string }) => kind === "seat.changed").length, 1, name);
    }
  });
});
