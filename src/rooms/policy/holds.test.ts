import assert from "node:assert/strict";
import { test } from "node:test";
import { testWorld } from "../../../test/harness.ts";
import { releaseHolds } from "./holds.ts";
import { readRoster, Roster } from "./offers.ts";
import { activePolicy } from "./versions.ts";

test("A seat held and released in one millisecond is not promised to another before he can hold it", async () => {
  const world = await testWorld();
  const leader = await world.seat("CLAUDE-CLI-BOX-WEB-01", "strategist");
  await world.seat("CODEX-CLI-BOX-WEB-01");
  const deploy = { action: "deploy", resource_type: "environment", resource_id: "production" };
  await world.say(leader, "policy.decide", deploy);
  const [{ seat_id, asker_id, held_at }] = await world.sql("select * from policy.holds");
  const tx = await world.database.begin(world.home_tenant_id, "read write");
  releaseHolds(tx, Number(asker_id), [Number(seat_id)], held_at);
  const roster = new Roster(await readRoster(tx), held_at, await activePolicy(tx));
  const act = {
    action: { name: "deploy", properties: {} },
    resource: { type: "environment", id: "production", properties: { production: true } },
    context: {},
  };
  const lowest = { rung: "L0", approved: false, consented: false };
  const other = { id: Number(asker_id) + 1_000, lane: null, decision: 1 };
  const { offers, free_at } = roster.offer(other, act, () => lowest);
  // What is offered can be taken; what cannot be taken yet is free at an instant.
  assert.equal(offers.length === 0, free_at !== null);
  roster.sendHolds(tx);
  await tx.commit();
});
