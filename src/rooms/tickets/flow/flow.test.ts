import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { testWorld } from "../../../../test/harness.ts";

const world = await testWorld();
const { operator, say, ask } = world;
await say(operator, "namespace.define", { prefix: "WEB", format: "WEB-NNNN", lane: "web" });
await say(operator, "namespace.define", { prefix: "API", format: "API-NNNN", lane: "api" });
const worker = await world.seat("CLAUDE-CLI-BOX-WEB-01");
const file = async (namespace: string) => (await say(operator, "ticket.file", { namespace, title: "Work" })).id;
const filedAgo = (id: string, ago: string) =>
  world.sql("update tickets.tickets set filed_at = now() - $2::interval where id = $1", [id, ago]);
const endedAgo = (id: string, ago: string) =>
  world.sql("update tickets.tickets set closed_at = now() - $2::interval where id = $1", [id, ago]);

const old = await file("WEB");
await filedAgo(old, "30 days");
const [done, cancelled, blocked] = [await file("WEB"), await file("WEB"), await file("API")];
await filedAgo(done, "40 hours");
const { claim_token } = await say(worker, "ticket.claim", { id: done });
await say(worker, "ticket.finish", { id: done, claim_token, work_proof: "commit 1a2b3c4" });
await endedAgo(done, "3 hours");
await say(operator, "ticket.cancel", { id: cancelled, reason: "not needed" });
await say(operator, "ticket.block", { id: blocked, reason: "waits" });

describe("ticket.flow", () => {
  type Slice = { from: string; filed: number; done: number; cancelled: number };
  const sums = (slices: Slice[]) =>
    (["filed", "done", "cancelled"] as const).map((what) => slices.reduce((sum, one) => sum + one[what], 0));

  it("counts by slices what was filed and what ended, and what was open before", async () => {
    const { from, until, slice_seconds, open_before, open_now, slices } = await ask(operator, "ticket.flow", {});
    assert.deepEqual([slices.length, slice_seconds, slices[0].from], [48, 1800, from]);
    assert.ok(Date.parse(until) - Date.parse(slices.at(-1).from) < 1_800_000, "the last slice goes on");
    assert.deepEqual(sums(slices), [2, 1, 1]);
    assert.deepEqual(
      [open_before, open_now],
      [2, 2],
      "one of 30 days and one that was done since; one ended, one came",
    );
    const [at] = slices.filter((one: Slice) => one.done === 1);
    const hours_ago = (Date.parse(until) - Date.parse(at.from)) / 3_600_000;
    assert.ok(hours_ago >= 3 && hours_ago < 4);
  });

  it("looks back as far as it is asked, and at one lane if it is asked to", async () => {
    const month = await ask(operator, "ticket.flow", { hours: 48 });
    assert.deepEqual([sums(month.slices), month.open_before], [[3, 1, 1], 1]);
    const api = await ask(operator, "ticket.flow", { lane: "api" });
    assert.deepEqual([sums(api.slices), api.open_before, api.open_now], [[1, 0, 0], 0, 1]);
  });
});

describe("queue.ages", () => {
  it("counts what is open by lane and age, and what has ended nowhere", async () => {
    const { bounds_seconds, lanes, lanes_left_out } = await ask(operator, "queue.ages", {});
    assert.equal(bounds_seconds.length, 5);
    assert.equal(lanes_left_out, 0);
    const told = lanes.map(({ oldest_at: _, ...lane }: { oldest_at: string }) => lane);
    assert.deepEqual(told, [
      { lane: "api", open: 1, claimable: 0, active: 0, waiting: 1, ages: [1, 0, 0, 0, 0, 0] },
      { lane: "web", open: 1, claimable: 1, active: 0, waiting: 0, ages: [0, 0, 0, 0, 0, 1] },
    ]);
    const days = (Date.now() - Date.parse(lanes[1].oldest_at)) / 86_400_000;
    assert.ok(Math.abs(days - 30) < 0.1);
  });

  it("costs nothing for what has ended: every part has its index", async () => {
    await world.sql(`insert into tickets.tickets (tenant_id, id, state, priority, namespace, lane, title, filed_by,
      filed_at, closed_at) select 1, 'WEB-' || n, 'done', 2, 'WEB', 'web', 'Old', filed_by, '2020-01-01', '2020-02-01'
      from tickets.tickets t, generate_series(10000, 14000) n where t.id = '${old}'`);
    await world.sql("analyze tickets.tickets");
    const plan = (where: string) => world.sql(`explain select count(*) from tickets.tickets where ${where}`);
    for (const [where, index] of [
      ["tenant_id = 1 and filed_at >= now() - interval '1 day'", "tickets_filed"],
      ["tenant_id = 1 and closed_at >= now() - interval '1 day'", "tickets_ended"],
      ["tenant_id = 1 and state = 'awaiting_claim' and open_blockers = 0", "tickets_claimable"],
    ] as const)
      assert.match(JSON.stringify(await plan(where)), new RegExp(index));
  });
});
