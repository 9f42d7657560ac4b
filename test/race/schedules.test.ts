import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { pino } from "pino";
import { derivedPassword } from "../../src/database/migrate.ts";
import { openWorld } from "../../src/world.ts";
import { long, type TestWorld, testWorld } from "../harness.ts";
import { lookThenFire, takeUnfenced } from "./schedule_mutants.ts";

const rounds = long ? 60 : 6;
const CALLS = 16;
const NAMES = ["evidence-health", "shepherd"];
const SEAT = "CLAUDE-CLI-BOX-ORA-01";

/** A world with two nodes, and two armed schedules that wake one seat. */
async function yard() {
  const world = await testWorld();
  const { admin, operator, say } = world;
  const applicationPassword = derivedPassword(admin.password as string);
  const node = await openWorld({ admin, applicationPassword, log: pino({ level: "silent" }) });
  after(async () => {
    await node.door.close();
    await node.database.end();
  });
  const token = await world.seat(SEAT);
  for (const name of NAMES) {
    await say(operator, "schedule.define", { name, pattern: "13,43 * * * *", prompt: name, seat: SEAT });
    await say(operator, "schedule.arm", { name });
  }
  return { ...world, doors: [world.door, node.door] as const, token };
}

const fallDue = (world: TestWorld) => world.sql("update runtime.schedules set next_at = now()");

/** RUN-ONCE: of many clocks that look at one instant, one makes its run. */
async function firesOnce(world: TestWorld, fire: (call: number) => Promise<unknown>): Promise<void> {
  await fallDue(world);
  const [{ at }] = await world.sql("select min(next_at) as at from runtime.schedules");
  await Promise.all(Array.from({ length: CALLS }, (_, call) => fire(call)));
  const made = await world.sql("select schedule, count(*)::int from runtime.runs where due_at = $1 group by 1", [at]);
  const counts = made.map(({ count }) => count);
  assert.deepEqual(counts, [1, 1], "an instant has not one run of each schedule");
}

/** RUN-ONE-PROMPT: however often a session takes at once, it is at one run. */
async function takesOne(world: TestWorld, take: (call: number) => Promise<unknown>): Promise<void> {
  await Promise.all(Array.from({ length: CALLS }, (_, call) => take(call)));
  const [{ count }] = await world.sql(
    "select count(*)::int from runtime.runs where taken_at is not null and settled_at is null",
  );
  assert.equal(count, 1, "two prompts became one turn");
}

describe("schedules over two nodes", async () => {
  const ours = await yard();
  const { doors, token, operator, say } = ours;

  it(`fire an instant once and give a session one prompt, ${rounds} times over`, async () => {
    for (let round = 0; round < rounds; round++) {
      await firesOnce(ours, (call) => doors[call % 2]!.say(operator, "schedule.fire", {}, {}));
      await takesOne(ours, (call) => doors[call % 2]!.say(token, "schedule.take", {}, {}).catch(() => {}));
      for (;;) {
        const [row] = await ours.sql(
          "select schedule, number from runtime.runs where taken_at is not null and settled_at is null",
        );
        if (!row) break;
        await say(token, "schedule.settle", { run: `${row.schedule}@${row.number}`, outcome: "useful" });
        await say(token, "schedule.take");
      }
    }
    assert.equal((await ours.ask(operator, "ledger.verify")).whole, true);
  });
});

describe("the checks turn red", () => {
  it("on a clock that looks first and fires then", async () => {
    const world = await yard();
    const fire = await lookThenFire(world, CALLS);
    await assert.rejects(firesOnce(world, fire), /not one run/);
  });

  it("on a session that takes whatever waits", async () => {
    const world = await yard();
    await fallDue(world);
    await world.say(world.operator, "schedule.fire");
    const take = await takeUnfenced(world, CALLS);
    await assert.rejects(takesOne(world, take), /two prompts/);
  });
});
