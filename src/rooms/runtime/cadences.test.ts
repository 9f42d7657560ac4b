import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { sqlError, testWorld } from "../../../test/harness.ts";
import { nextOf } from "./schedule.ts";

const world = await testWorld();
const { operator } = world;
const SEAT = "CLAUDE-CLI-BOX-ORA-01";
const token = await world.seat(SEAT);
const [FAST, MIDDLE, SLOW] = ["*/5 * * * *", "*/30 * * * *", "0 */6 * * *"];

const define = (input: object) => world.say(token, "schedule.define", { prompt: "read PROTOCOL.md", ...input });
const invalid = async (input: object) => {
  const { code, fields } = await world.refused(token, "schedule.define", { name: "bad", prompt: "x", ...input });
  assert.equal(code, "input.invalid");
  return fields.map(({ field }) => field);
};
const history = async (name: string) => (await world.ask(operator, "schedule.cadences", { name })).cadences;
const patternOf = async (name: string) =>
  (await world.ask(operator, "schedule.list")).schedules.find((row: { name: string }) => row.name === name).pattern;
let minutes = 0;
/** Lets a schedule fall due, be taken, and come to something. */
async function live(name: string, outcome: string): Promise<{ cadence: string | null }> {
  await world.sql(
    `update runtime.schedules set next_at = date_trunc('minute', now()) - interval '2 days' + make_interval(mins => $2)
     where name = $1`,
    [name, ++minutes],
  );
  await world.say(operator, "schedule.fire");
  const { run } = await world.say(token, "schedule.take");
  return world.say(token, "schedule.settle", { run, outcome });
}

describe("a cadence", () => {
  test("J44: that is swapped has its own id, and the history holds the old one, the new one and why", async () => {
    assert.equal((await define({ name: "scan", pattern: MIDDLE })).cadence, "scan#1");
    await world.say(token, "schedule.arm", { name: "scan" });
    const swapped = await world.say(token, "schedule.swap", { name: "scan", pattern: FAST, reason: "an incident" });
    assert.deepEqual([swapped.was, swapped.cadence], ["scan#1", "scan#2"]);
    const [now, before] = await history("scan");
    assert.deepEqual(
      [now.cadence, now.was, now.pattern, now.reason, now.ended_at, now.by],
      ["scan#2", "scan#1", FAST, "an incident", null, SEAT],
    );
    assert.deepEqual([before.cadence, before.pattern, before.ended_at], ["scan#1", MIDDLE, now.begun_at]);
    const { entries } = await world.ask(operator, "feed.read", { about: "scan" });
    const { was, cadence, pattern_was, pattern } = entries.at(-1).data;
    assert.deepEqual([was, cadence, pattern_was, pattern], ["scan#1", "scan#2", MIDDLE, FAST]);
    // It would fall due by itself while the next ones run.
    await world.say(token, "schedule.disarm", { name: "scan", reason: "test" });
  });

  test("that is swapped while an instant of it is due and not fired yet loses no run", async () => {
    await define({ name: "behind", pattern: MIDDLE });
    await world.say(token, "schedule.arm", { name: "behind" });
    await world.sql("update runtime.schedules set next_at = now() - interval '10 minutes' where name = 'behind'");
    await world.say(token, "schedule.swap", { name: "behind", pattern: SLOW, reason: "it may be slower" });
    assert.equal((await world.say(operator, "schedule.fire")).fired, 1);
    const { run } = await world.say(token, "schedule.take");
    assert.equal(run, "behind@1");
    await world.say(token, "schedule.settle", { run, outcome: "useful" });
    assert.equal((await world.say(operator, "schedule.fire")).fired, 0);
    await world.say(token, "schedule.disarm", { name: "behind", reason: "test" });
  });

  test("J44: leaves no history out, whatever a program writes", async () => {
    const insert = (number: number, replaces: number | null) =>
      world.sql(
        `insert into runtime.cadences
           (tenant_id, schedule, number, pattern, timezone, replaces, reason, begun_by, begun_at)
         select tenant_id, 'scan', $1, '* * * * *', 'UTC', $2, 'x', begun_by, now() from runtime.cadences limit 1`,
        [number, replaces],
      );
    assert.equal((await sqlError(insert(3, 2))).constraint, "one_cadence_stands");
    assert.equal((await sqlError(insert(4, 2))).constraint, "cadences_follow");
    assert.equal((await sqlError(insert(3, null))).constraint, "cadences_follow");
  });

  test("slows down after four runs in a row that came to nothing, and speeds up after one incident", async () => {
    await define({ name: "tuned", pattern: FAST, paces: [FAST, MIDDLE, SLOW] });
    await world.say(token, "schedule.arm", { name: "tuned" });
    for (const outcome of ["zero", "zero", "zero", "useful", "zero", "zero", "zero"])
      assert.equal((await live("tuned", outcome)).cadence, null, outcome);
    assert.equal((await live("tuned", "zero")).cadence, "tuned#2");
    assert.equal(await patternOf("tuned"), MIDDLE);
    for (let run = 1; run < 4; run++) assert.equal((await live("tuned", "zero")).cadence, null, "counted anew");
    assert.equal((await live("tuned", "zero")).cadence, "tuned#3");
    assert.equal(await patternOf("tuned"), SLOW);
    assert.equal((await live("tuned", "incident")).cadence, "tuned#4");
    assert.equal(await patternOf("tuned"), FAST);
    assert.equal((await live("tuned", "incident")).cadence, null, "it goes no faster");
  });

  test("that somebody chose outside its paces is left as it is", async () => {
    await world.say(token, "schedule.swap", { name: "tuned", pattern: "7 * * * *", reason: "by hand" });
    for (let run = 0; run < 5; run++) assert.equal((await live("tuned", "zero")).cadence, null);
    assert.equal((await live("tuned", "incident")).cadence, null);
  });

  test("is its seat's and the keepers' to change", async () => {
    const other = await world.seat("CODEX-CLI-BOX-ORA-02");
    for (const [command, input] of [
      ["schedule.swap", { name: "scan", pattern: SLOW, reason: "x" }],
      ["schedule.arm", { name: "scan" }],
      ["schedule.disarm", { name: "scan", reason: "x" }],
      ["schedule.define", { name: "mine", pattern: SLOW, prompt: "x", seat: SEAT }],
    ] as const)
      assert.equal((await world.refused(other, command, input)).code, "schedule.not_yours", command);
  });
});

describe("a pattern", () => {
  test("that cannot be read, never fires, fires too often or is a date is refused by its field", async () => {
    for (const pattern of ["nonsense", "0 0 30 2 *", "* * * * * *", "0,10 0 * * * *", "2026-12-01T00:00:00", "1 2 3"])
      assert.deepEqual(await invalid({ pattern }), ["pattern"], pattern);
    assert.deepEqual(await invalid({ pattern: FAST, timezone: "Mars/Base" }), ["timezone"]);
    assert.deepEqual(await invalid({ pattern: FAST, paces: [FAST, "x"] }), ["paces"]);
    for (const paces of [[SLOW], [SLOW, FAST], [FAST, FAST], [FAST, "*/5 * * * 1", MIDDLE]])
      assert.deepEqual(await invalid({ pattern: FAST, paces }), ["paces"], paces.join());
    assert.deepEqual(await invalid({ pattern: FAST, name: "Not So" }), ["name"]);
    assert.equal(
      (await world.refused(operator, "schedule.define", { name: "x", pattern: FAST, prompt: "x" })).code,
      "seat.not_a_seat",
    );
    assert.equal(
      (await world.refused(token, "schedule.define", { name: "scan", pattern: FAST, prompt: "x" })).code,
      "schedule.exists",
    );
    assert.equal(
      (await world.refused(token, "schedule.swap", { name: "none", pattern: FAST, reason: "x" })).code,
      "schedule.unknown",
    );
  });

  test("fires once on the nights on which clocks are put forward and back", () => {
    const berlin = (pattern: string, after: string) => nextOf(pattern, "Europe/Berlin", new Date(after))!.toISOString();
    // 2:30 is not there on 29 March 2026, and is there twice on 25 October.
    const spring = berlin("30 2 * * *", "2026-03-28T12:00:00Z");
    assert.equal(spring.slice(0, 10), "2026-03-29");
    assert.equal(berlin("30 2 * * *", spring).slice(0, 10), "2026-03-30");
    const autumn = berlin("30 2 * * *", "2026-10-24T12:00:00Z");
    assert.equal(berlin("30 2 * * *", autumn).slice(0, 10), "2026-10-26");
    assert.equal(berlin("@daily", "2026-07-01T12:00:00Z"), "2026-07-01T22:00:00.000Z");
  });
});
