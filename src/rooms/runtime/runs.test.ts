import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { sqlError, testWorld } from "../../../test/harness.ts";

const world = await testWorld();
const { operator } = world;
const SEAT = "CLAUDE-CLI-BOX-ORA-01";
let token = await world.seat(SEAT);
await world.seat("CLAUDE-CLI-BOX-ORA-03");

/** Of the hour in which the tests run; what they define is not to fall due by itself meanwhile. */
const minute = new Date().getUTCMinutes();

const define = (name: string, input: object = {}) =>
  world.say(operator, "schedule.define", {
    name,
    pattern: `${(minute + 30) % 60} * * * *`,
    prompt: `read ${name}.md`,
    seat: SEAT,
    ...input,
  });
const arm = (name: string) => world.say(operator, "schedule.arm", { name });
/** Lets the database's clock stand so long after the instant at which the schedules are due. */
const late = (names: string[], seconds: number) =>
  world.sql(
    `update runtime.schedules set next_at = now() - make_interval(secs => $2)
     where name = any ($1)`,
    [names, seconds],
  );
const fire = async () => (await world.say(operator, "schedule.fire")).fired;
const take = () => world.say(token, "schedule.take");
const settle = (run: string, outcome = "useful") => world.say(token, "schedule.settle", { run, outcome });
const runs = async (name: string) => (await world.ask(operator, "schedule.runs", { name })).runs;
const one = async (name: string) =>
  (await world.ask(operator, "schedule.list")).schedules.find((row: { name: string }) => row.name === name);

describe("two schedules that fall due together", () => {
  test("J42: are two runs with a prompt each, and a session takes the second after the first", async () => {
    for (const name of ["evidence-health", "shepherd"]) {
      await define(name);
      await arm(name);
    }
    await late(["evidence-health", "shepherd"], 0);
    assert.equal(await fire(), 2);
    assert.equal(await fire(), 0, "once each");
    const first = await take();
    assert.deepEqual([first.run, first.prompt, first.waiting], ["evidence-health@1", "read evidence-health.md", 1]);
    const refusal = await world.refused(token, "schedule.take");
    assert.deepEqual([refusal.code, refusal.facts.run], ["run.unsettled", first.run]);
    await settle(first.run);
    const second = await take();
    assert.deepEqual([second.run, second.prompt, second.waiting], ["shepherd@1", "read shepherd.md", 0]);
    await settle(second.run);
    assert.equal((await take()).run, null);
  });

  test("J42: cannot be one run or one turn, whatever a program writes", async () => {
    await late(["evidence-health", "shepherd"], 1);
    await fire();
    const both = await sqlError(
      world.sql(`update runtime.runs set taken_by = gen_random_uuid(), taken_at = now() where taken_at is null`),
    );
    assert.equal(both.constraint, "one_prompt_a_run");
    const twice = await sqlError(
      world.sql(
        `insert into runtime.runs (tenant_id, schedule, number, cadence, due_at, fired_at, missed, seat_id)
         select tenant_id, schedule, 900, cadence, due_at, fired_at, 0, seat_id from runtime.runs
         where schedule = 'shepherd' and taken_at is not null limit 1`,
      ),
    );
    assert.equal(twice.constraint, "one_run_for_an_instant");
    for (let taken = await take(); taken.run !== null; taken = await take()) await settle(taken.run);
  });

  test("on two nodes whose clocks say it at once fire once each", async () => {
    await late(["evidence-health", "shepherd"], 1);
    const fired = await Promise.all(Array.from({ length: 12 }, fire));
    assert.equal(Math.max(...fired), 2);
    assert.deepEqual([(await runs("shepherd")).length, (await runs("evidence-health")).length], [3, 3]);
    for (let taken = await take(); taken.run !== null; taken = await take()) await settle(taken.run);
  });
});

describe("after an outage", () => {
  test("each schedule has exactly one run, which says for how many instants it stands", async () => {
    await define("often", { pattern: `${(minute + 3) % 5}-59/5 * * * *` });
    await arm("often");
    const [{ instants }] = await world.sql(`update runtime.schedules
      set next_at = date_trunc('hour', now()) - interval '3 hours' where name = 'often'
      returning floor(extract(epoch from now() - next_at) / 300)::int as instants`);
    assert.equal(await fire(), 1);
    assert.equal(await fire(), 0);
    const [run] = await runs("often");
    assert.ok(Math.abs(run.missed - instants) <= 1, `${run.missed} of ${instants}`);
    assert.ok(Date.parse((await one("often")).next_at) > Date.now() - 1000);
  });

  test("of many schedules a saying fires some and the next the others, so that nobody waits long", async () => {
    const names = Array.from({ length: 5 }, (_, n) => `dense-${n}`);
    const hour = new Date().getUTCHours();
    const hours = Array.from({ length: 24 }, (_, n) => n).filter((n) => n !== hour && n !== (hour + 1) % 24);
    for (const name of names) {
      await define(name, { pattern: `* ${hours.join()} * * *`, seat: "CLAUDE-CLI-BOX-ORA-03" });
      await arm(name);
    }
    await late(names, 86_400);
    const fired = [await fire(), await fire(), await fire(), await fire()];
    assert.deepEqual(fired, [2, 2, 1, 0]);
    for (const name of names) {
      const all = await runs(name);
      assert.deepEqual([all.length, all[0].missed], [1, 1_000]);
      await world.say(operator, "schedule.disarm", { name, reason: "test" });
    }
  });

  test("of the seat, what it has not taken does not pile up", async () => {
    const before = (await runs("often"))[0].missed;
    await late(["often"], 1);
    assert.equal(await fire(), 0);
    const all = await runs("often");
    assert.deepEqual([all.length, all[0].missed], [1, before + 1]);
    const taken = await take();
    assert.equal(taken.missed, before + 1);
    await settle(taken.run);
  });
});

describe("a run", () => {
  test("is its session's alone; when that ends it is lost, and the next session is told the next prompt", async () => {
    await late(["shepherd"], 0);
    await fire();
    const { run } = await take();
    const other = await world.seat("CLAUDE-CLI-BOX-ORA-02");
    assert.equal((await world.refused(other, "schedule.settle", { run, outcome: "zero" })).code, "run.lost");
    token = (await world.say(operator, "seat.adopt", { name: SEAT, replace: true })).token;
    assert.equal((await world.refused(token, "schedule.settle", { run, outcome: "zero" })).code, "run.lost");
    await late(["shepherd"], 0);
    await fire();
    const next = await take();
    assert.notEqual(next.run, run);
    const [, lost] = await runs("shepherd");
    assert.deepEqual([lost.run, lost.outcome], [run, "lost"]);
    await settle(next.run);
    assert.equal((await world.refused(token, "schedule.settle", { run: next.run, outcome: "zero" })).code, "run.lost");
  });

  test("of a schedule that was disarmed waits until it is armed again", async () => {
    await late(["shepherd"], 0);
    await fire();
    await world.say(operator, "schedule.disarm", { name: "shepherd", reason: "its protocol is rewritten" });
    assert.equal((await take()).run, null);
    assert.equal((await one("shepherd")).next_at, null);
    await arm("shepherd");
    const { run } = await take();
    assert.equal(run, (await runs("shepherd"))[0].run);
    await settle(run);
  });

  test("is taken by who holds a seat", async () => {
    assert.equal((await world.refused(operator, "schedule.take")).code, "seat.not_adopted");
  });

  test("leaves an entry for each step", async () => {
    const { entries } = await world.ask(operator, "feed.read", { about: "shepherd", limit: 1000 });
    const kinds = new Set(entries.map(({ kind }: { kind: string }) => kind.replace("schedule.", "")));
    for (const kind of ["defined", "armed", "fired", "taken", "settled", "disarmed"]) assert.ok(kinds.has(kind), kind);
    assert.equal((await world.ask(operator, "ledger.verify")).whole, true);
  });
});
