import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { testWorld } from "../../../test/harness.ts";

const world = await testWorld();
const { operator } = world;
const leader = await world.seat("CLAUDE-DESKTOP-Studio-CAMBER-01", "strategist");
const SEAT = "CODEX-CLI-Studio-CAMBER-02";
const worker = await world.seat(SEAT);
await world.say(operator, "namespace.define", { prefix: "WRK", format: "WRK-NNNN", lane: "CAMBER" });

const act = { action: "deploy", resource_type: "environment", resource_id: "production" };
const trace = (decision: number) => world.ask(operator, "dispatch.trace", { decision });

describe("what became of a denial", () => {
  it("is nothing before somebody dispatched it, and of a decision that nobody made", async () => {
    const { id } = await world.say(leader, "policy.decide", act);
    assert.deepEqual(await trace(id), { tickets: [] });
    assert.deepEqual(await trace(id + 1000), { tickets: [] });
  });

  it("is the ticket that it was dispatched as, with its state now", async () => {
    const { id: decision } = await world.say(leader, "policy.decide", act);
    const { id } = await world.say(leader, "ticket.dispatch", { decision, to: SEAT });
    const [told, ...rest] = (await trace(decision)).tickets;
    assert.deepEqual(rest, []);
    const by = "CLAUDE-DESKTOP-Studio-CAMBER-01";
    const { dispatched_at, ...facts } = told;
    assert.ok(Date.parse(dispatched_at) <= Date.now());
    assert.deepEqual(facts, {
      ...{ id, to: SEAT, by, state: "awaiting_claim", verdict: null },
      title: "deploy production",
    });
    await world.say(worker, "ticket.claim", { id });
    assert.equal((await trace(decision)).tickets[0].state, "in_progress");
  });

  it("is for those who read decisions", async () => {
    await assert.rejects(world.ask(worker, "dispatch.trace", { decision: 1 }), { kind: "denied" });
  });
});
