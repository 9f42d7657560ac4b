import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { testWorld } from "../../../test/harness.ts";
import type { Presence } from "./presence.ts";
import { type Stretch, stretchesOf } from "./timeline.ts";

describe("a seat's history", () => {
  const at = (minute: number) => new Date(Date.UTC(2026, 10, 21, 12, minute)).toISOString();
  const heard = (minute: number): Presence => ({
    ...{ retired_at: null, incarnation: "x", adopted_at: new Date(at(0)), heard_at: new Date(at(minute)) },
    ...{ output_at: null, status: "idle" },
  });
  const change = (seq: number, minute: number, kind: string, data: object = {}) => ({
    ...{ seq, at: at(minute), kind: `seat.${kind}` },
    data: data as Record<string, unknown>,
  });
  const told = (stretches: Stretch[]) =>
    stretches.map(({ state, from, until, entry }) => `${state} ${from.slice(14, 16)}-${until.slice(14, 16)} ${entry}`);
  const adopted = change(1, 0, "adopted");
  const busy = change(2, 10, "changed", { from: "idle", to: "busy" });

  it("is what its session said, each stretch with the entry that says so", () => {
    const blocked = change(3, 20, "changed", { from: "busy", to: "blocked" });
    assert.deepEqual(told(stretchesOf([adopted, busy, blocked], heard(29), new Date(at(30)))), [
      ...["idle 00-10 1", "busy 10-20 2", "blocked 20-30 3"],
    ]);
  });

  it("has a silence where a later beat, or the next session, tells that nobody was heard", () => {
    const again = change(3, 30, "heard_again", { heard_at: at(15) });
    assert.deepEqual(told(stretchesOf([adopted, busy, again], heard(40), new Date(at(40)))), [
      ...["idle 00-10 1", "busy 10-17 2", "dead 17-30 3", "busy 30-40 3"],
    ]);
    const replaced = [change(3, 30, "replaced", { heard_at: at(15) }), change(4, 30, "adopted")];
    assert.deepEqual(told(stretchesOf([adopted, busy, ...replaced], heard(40), new Date(at(40)))), [
      ...["idle 00-10 1", "busy 10-17 2", "dead 17-30 3", "idle 30-40 4"],
    ]);
  });

  it("ends in a silence that no entry tells of yet, and in nothing once it is retired", () => {
    assert.deepEqual(told(stretchesOf([adopted, busy], heard(20), new Date(at(40)))), [
      ...["idle 00-10 1", "busy 10-22 2", "dead 22-40 null"],
    ]);
    const retired = { ...heard(20), retired_at: new Date(at(30)), incarnation: null };
    const end = change(3, 30, "retired", { heard_at: at(20) });
    assert.deepEqual(told(stretchesOf([adopted, busy, end], retired, new Date(at(40)))), [
      ...["idle 00-10 1", "busy 10-22 2", "dead 22-30 3"],
    ]);
  });
});

describe("seat.timeline", async () => {
  const world = await testWorld();
  const { operator, say, ask } = world;
  const lanes = async (input: object = {}) => (await ask(operator, "seat.timeline", input)).seats;

  it("tells of the seats that somebody took, by name and by lane, a page at a time", async () => {
    const token = await world.seat("CLAUDE-CLI-BOX-ALPHA-01");
    await world.seat("CLAUDE-CLI-BOX-BETA-01");
    await say(operator, "seat.import", { name: "nobody.sat.here" });
    await say(token, "seat.beat", { status: "busy" });
    const { seats, next, from, until } = await ask(operator, "seat.timeline", { limit: 1 });
    assert.equal(Date.parse(until) - Date.parse(from), 8 * 3_600_000);
    assert.deepEqual([seats[0].name, seats[0].state, next], ["CLAUDE-CLI-BOX-ALPHA-01", "busy", seats[0].name]);
    const states = (seat: { stretches: Stretch[] }) => seat.stretches.map(({ state }) => state);
    assert.deepEqual(states(seats[0]), ["idle", "busy"]);
    const { entries } = await ask(operator, "feed.read", { about: seats[0].name });
    const changed = entries.find(({ kind }: { kind: string }) => kind === "seat.changed");
    assert.equal(seats[0].stretches[1].entry, changed.seq);
    const rest = await ask(operator, "seat.timeline", { after: next });
    assert.deepEqual(
      [rest.seats.map(({ name }: { name: string }) => name), rest.next],
      [...[["CLAUDE-CLI-BOX-BETA-01"], null]],
    );
    assert.equal((await lanes({ lane: "BETA" })).length, 1);
    await say(operator, "seat.retire", { seat: "CLAUDE-CLI-BOX-BETA-01" });
    assert.equal((await lanes({ lane: "BETA" })).length, 0);
    const [gone] = await lanes({ lane: "BETA", retired: true });
    assert.deepEqual([gone.state, states(gone)], ["retired", ["idle"]]);
  });

  it("knows of a silence from the beat that ends it, which is recorded once", async () => {
    const token = await world.seat("CLAUDE-CLI-BOX-GAMMA-01");
    const silent = "update seats.principals set heard_at = now() - interval '10 minutes' where name = $1";
    await world.sql(silent, ["CLAUDE-CLI-BOX-GAMMA-01"]);
    assert.deepEqual(
      (await lanes({ lane: "GAMMA" })).map(({ state, stretches }: any) => [state, stretches.at(-1).state]),
      [["dead", "dead"]],
    );
    await Promise.all([1, 2].map(() => say(token, "seat.beat", { status: "busy" })));
    const { entries } = await ask(operator, "feed.read", { about: "CLAUDE-CLI-BOX-GAMMA-01" });
    const kinds = entries.map(({ kind }: { kind: string }) => kind);
    assert.deepEqual(kinds.slice(-2), ["seat.heard_again", "seat.changed"]);
    assert.equal(kinds.filter((kind: string) => kind === "seat.heard_again").length, 1);
    const [lane] = await lanes({ lane: "GAMMA" });
    assert.deepEqual([lane.state, lane.stretches.at(-1).state], ["busy", "busy"]);
  });

  it("reads an index that has only the entries it needs", async () => {
    await world.sql("analyze ledger.entries");
    await world.sql("set enable_seqscan = off");
    const plan = await world.sql(
      `explain select e.leaf from ledger.entries e where e.tenant_id = 1 and e.subject = 'x'
       and e.kind in ('seat.adopted', 'seat.replaced', 'seat.changed', 'seat.heard_again', 'seat.retired')
       order by e.seq desc limit 10`,
    );
    assert.match(JSON.stringify(plan), /entries_of_presence/);
  });
});
