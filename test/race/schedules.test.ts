import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { pino } from "pino";
import { derivedPassword } from "../../src/database/migrate.ts";
import { openWorld } from "../../src/world.ts";
import { long, type TestWorld, testWorld } from "../harness.ts";
import { armUnseen, countThenPost, lookThenFire, swapUnfenced, takeUnfenced } from "./schedule_mutants.ts";

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

/** CADENCE-HISTORY: however many change the pattern at once, each change names the one before, and one stands. */
async function swapsFollow(world: TestWorld, swap: (call: number) => Promise<unknown>): Promise<void> {
  await Promise.all(Array.from({ length: CALLS }, (_, call) => swap(call)));
  const [torn] = await world.sql(`select count(*)::int from (
    select number, replaces, begun_at, row_number() over w as place, lag(number) over w as before,
      lag(ended_at) over w as ended, lead(number) over w as next, ended_at
    from runtime.cadences where schedule = '${NAMES[0]}' window w as (order by number, begun_at)
  ) c where number <> place or replaces is distinct from before or ended <> begun_at
    or (next is null) <> (ended_at is null)`);
  assert.equal(torn.count, 0, "the history of its cadences is torn");
}

/** ARMED-SEEN: of many loops that write and are armed in one clean tree at once, one is. */
async function armsOne(world: TestWorld, arm: (call: number) => Promise<unknown>): Promise<void> {
  await Promise.all(Array.from({ length: CALLS }, (_, call) => arm(call)));
  const [{ count }] = await world.sql(
    "select count(*)::int from runtime.schedules where git_writes and armed_at is not null",
  );
  assert.equal(count, 1, "two loops write into one tree");
}

const PLACE = { machine: "box", worktree: "/srv/tree", head: "1c7fe50da91073e872888391451cf0e42bba3ff4" };
const writers = async (world: TestWorld) => {
  const names = Array.from({ length: CALLS }, (_, call) => `writer-${call}`);
  for (const name of names)
    await world.say(world.operator, "schedule.define", {
      ...{ name, pattern: "*/5 * * * *", prompt: name, seat: SEAT, git_writes: true },
    });
  return names;
};

/** POSTS-BOUNDED: in one tick four narratives of a coordinator are posts, and each of the rest is held. */
async function postsBounded(world: TestWorld, post: (call: number) => Promise<unknown>): Promise<void> {
  await Promise.all(Array.from({ length: CALLS }, (_, call) => post(call)));
  const [{ posted, held }] = await world.sql(
    `select (select count(*)::int from ledger.entries where kind = 'post.appended') as posted,
       (select count(*)::int from runtime.held_posts) as held`,
  );
  assert.deepEqual([posted, held], [4, CALLS - 4], "the budget of a tick is not kept");
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

  it("keep one history of their cadences when many change them at once", async () => {
    for (let round = 0; round < rounds; round++)
      await swapsFollow(ours, (call) => {
        const change = { name: NAMES[0], pattern: `${(round + call) % 60} * * * *`, reason: `${round}.${call}` };
        return doors[call % 2]!.say(operator, "schedule.swap", change);
      });
    const [{ count }] = await ours.sql(`select count(*)::int from runtime.cadences where schedule = '${NAMES[0]}'`);
    assert.equal(count, 1 + rounds * CALLS, "every change is a cadence of its own");
  });

  it("let one loop write into a working tree when many are armed there at once", async () => {
    const names = await writers(ours);
    for (let round = 0; round < rounds; round++) {
      const arm = (call: number) => doors[call % 2]!.say(operator, "schedule.arm", { name: names[call], ...PLACE });
      const refusals: string[] = [];
      await armsOne(ours, (call) => arm(call).catch(({ code }) => refusals.push(code)));
      assert.deepEqual(new Set(refusals), new Set(["worktree.occupied"]));
      const [{ name }] = await ours.sql("select name from runtime.schedules where git_writes and armed_at is not null");
      await say(operator, "schedule.disarm", { name, reason: "next round" });
    }
  });

  it("have four posts of a coordinator in a tick, and hold the rest, at whichever node it posts", async () => {
    const coordinator = await ours.seat("ORA-OPS", "coordinator");
    await postsBounded(ours, (call) => doors[call % 2]!.say(coordinator, "post.append", { subject: `post ${call}` }));
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

  it("on one who looks which cadence stands and then begins the next", async () => {
    const world = await yard();
    const swap = await swapUnfenced(world, CALLS, NAMES[0]!);
    await assert.rejects(swapsFollow(world, swap), /torn/);
  });

  it("on one who looks whether the tree is free and then arms", async () => {
    const world = await yard();
    const arm = await armUnseen(world, CALLS, await writers(world), PLACE);
    await assert.rejects(armsOne(world, arm), /one tree/);
  });

  it("on a coordinator's posts that are counted first and posted then", async () => {
    const world = await yard();
    const post = await countThenPost(world, CALLS, await world.seat("ORA-OPS", "coordinator"));
    await assert.rejects(postsBounded(world, post), /budget/);
  });
});
