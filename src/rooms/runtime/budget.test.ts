import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { testWorld } from "../../../test/harness.ts";

const world = await testWorld();
const { operator } = world;
const NAME = "ORA-OPS";
const shepherd = await world.seat(NAME, "coordinator");
const other = await world.seat("Alice");
await world.say(operator, "namespace.define", { prefix: "CMB", format: "CMB-NNNN" });

const post = (subject: string, input: object = {}, token = shepherd) =>
  world.say(token, "post.append", { subject, ...input });
const posts = async (): Promise<{ actor: string; subject: string | null; data: any }[]> =>
  (await world.ask(operator, "feed.read", { posts: true, limit: 1000 })).entries;
const subjects = async () => (await posts()).map(({ data }) => data.subject as string);
const pass = () => world.sql("update runtime.ticks set began_at = began_at - interval '301 seconds'");
const heldEvents = async () => {
  const { entries } = await world.ask(operator, "feed.read", { limit: 1000 });
  return entries.filter(({ kind }: { kind: string }) => kind === "post.held").length;
};

describe("a coordinator above its post budget", () => {
  test("J43: has what comes after the fourth post of a tick posted as one when the tick is over", async () => {
    for (const subject of ["nudge", "maintenance", "judgement", "report"])
      assert.deepEqual((await post(subject)).warnings, []);
    for (const n of [5, 6, 7]) assert.match((await post(`post ${n}`, { body: `words ${n}` })).warnings[0], /held/);
    assert.deepEqual(await subjects(), ["nudge", "maintenance", "judgement", "report"]);
    assert.equal(await heldEvents(), 3);
    assert.equal((await world.say(operator, "schedule.fire")).merged, 0, "the tick is not over");
    await pass();
    assert.equal((await world.say(operator, "schedule.fire")).merged, 1);
    const merged = (await posts()).at(-1)!;
    assert.equal(merged.actor, NAME);
    assert.equal(merged.data.subject, `3 posts of ${NAME} above its budget, as one`);
    for (const n of [5, 6, 7]) assert.match(merged.data.body, new RegExp(`post ${n}\nwords ${n}`));
    assert.equal((await world.say(operator, "schedule.fire")).merged, 0, "once");
  });

  test("J43: has it posted in its own name before its first post of the next tick", async () => {
    await pass();
    for (let n = 1; n <= 6; n++) await post(`second tick ${n}`);
    await pass();
    await post("third tick");
    const [merged, next] = (await posts()).slice(-2);
    assert.deepEqual([merged!.actor, merged!.data.merged, next!.data.subject], [NAME, 2, "third tick"]);
    assert.deepEqual(await world.sql("select * from runtime.held_posts"), []);
  });

  test("J43: has it posted when the run that was its tick is settled", async () => {
    await world.say(operator, "schedule.define", { name: "loop", pattern: "*/5 * * * *", prompt: "tend", seat: NAME });
    await world.say(operator, "schedule.arm", { name: "loop" });
    await world.sql("update runtime.schedules set next_at = date_trunc('second', now())");
    await world.say(operator, "schedule.fire");
    const { run } = await world.say(shepherd, "schedule.take");
    for (let n = 1; n <= 5; n++) await post(`run ${n}`);
    assert.equal((await world.say(shepherd, "schedule.settle", { run, outcome: "useful" })).merged, 1);
    assert.equal((await posts()).at(-1)!.data.merged, 1);
    assert.deepEqual((await post("after the run")).warnings, []);
  });

  test("posts emergencies, corrections, personal words and what moves a ticket at once", async () => {
    await pass();
    for (let n = 1; n <= 5; n++) await post(`busy ${n}`);
    const before = await heldEvents();
    const [first] = (await world.ask(operator, "feed.read", { posts: true, limit: 1000 })).entries;
    await post("EMERGENCY: production is down");
    await post("a correction", { amends: first.seq });
    await post("about a person", { personal: true });
    await post("{{ITEM_ID}}: new", { kind: "actionable", reserve: "CMB" });
    assert.equal(await heldEvents(), before);
    assert.ok((await subjects()).includes("EMERGENCY: production is down"));
  });

  test("is refused a ticket that is not there as ever, and loses nothing that is held", async () => {
    assert.equal(
      (await world.refused(shepherd, "post.append", { subject: "x", item: "CMB-9999" })).code,
      "ticket.unknown",
    );
    await pass();
    assert.equal(
      (await world.refused(shepherd, "post.append", { subject: "x", item: "CMB-9999" })).code,
      "ticket.unknown",
    );
    const [{ count }] = await world.sql("select count(*)::int from runtime.held_posts");
    assert.equal(count, 1);
    await post("about it", { item: "CMB-0001" });
    assert.equal((await posts()).at(-2)!.data.merged, 1);
  });

  test("in many posts at once keeps each of them, in order, in posts that an entry holds", async () => {
    await pass();
    const said = Array.from({ length: 30 }, (_, n) => post(`flood ${n}`, { body: "x".repeat(2_500) }));
    await Promise.all(said);
    await pass();
    await world.say(operator, "schedule.fire");
    const all = (await posts()).map(({ data }) => `${data.subject}\n${data.body ?? ""}`).join("\n");
    for (let n = 0; n < 30; n++) assert.equal(all.match(new RegExp(`flood ${n}\n`, "g"))?.length, 1, `flood ${n}`);
  });

  test("is a coordinator: others post as they like", async () => {
    for (let n = 1; n <= 8; n++) assert.deepEqual((await post(`of Alice ${n}`, {}, other)).warnings, []);
  });
});
