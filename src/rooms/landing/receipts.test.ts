import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { testWorld } from "../../../test/harness.ts";
import { landingYard, sha, TOPOLOGY } from "./landing.fixture.ts";

/** What deploys and rollbacks in odd orders leave of the tickets' receipts: what production has, and no more. */

const world = await testWorld();
const { operator, say, ask } = world;
const eu = await landingYard(world, "eu", "CODEX-CLI-BOX-EU-01");
const us = await landingYard(world, "us", "CODEX-CLI-BOX-US-01");
const staging = await landingYard(world, "staging", "CODEX-CLI-BOX-STAGING-01");
await say(operator, "environment.define", { environment: "staging", ...TOPOLOGY, production: false });
const stages = async (id: string): Promise<string[]> =>
  (await ask(operator, "ticket.show", { id })).receipts.map(({ stage }: { stage: string }) => stage);
const DEPLOYED = ["deployed", "observed"];
/** Goes back by a rollback that lands. */
const back = async ({ environment, owner }: typeof eu, to?: string) => {
  const held = await say(owner, "deploy.begin", { environment, rollback: true, ...(to && { sha: to }) });
  const fence = { deploy: held.deploy, fencing_token: held.fencing_token };
  await say(owner, "deploy.report", { ...fence, stage: "deploy" });
  await say(owner, "deploy.settle", { ...fence, outcome: "landed", served_release: held.sha });
};

describe("a rollback takes the receipts back of", () => {
  it("the tickets whose releases it takes out of service, and of no other", async () => {
    const [first, second, third] = [await eu.claimed(), await eu.claimed(), await eu.claimed()];
    await eu.land({ ticket: first });
    const good = await eu.land({ ticket: second });
    await eu.land({ ticket: third });
    await eu.land({ ticket: third });
    await back(eu, good.sha);
    assert.deepEqual([await stages(first), await stages(second), await stages(third)], [DEPLOYED, DEPLOYED, []]);
  });

  it("no ticket that an earlier release of its own still serves", async () => {
    const ticket = await eu.claimed();
    await eu.land({ ticket });
    await eu.land({ ticket, sha: sha("a mistake") });
    await back(eu);
    assert.deepEqual(await stages(ticket), DEPLOYED, "its first release is what is served");
    await back(eu);
    assert.deepEqual(await stages(ticket), []);
    await eu.land({ ticket, sha: sha("mended") });
    assert.deepEqual(await stages(ticket), DEPLOYED, "and it has them again when it lands again");
  });

  it("no ticket that another production environment has", async () => {
    const [before, ticket] = [await us.claimed(), await eu.claimed()];
    await us.land({ ticket: before });
    await eu.land({ ticket });
    await say(eu.owner, "ticket.release", { ...(await claimOf(ticket)) });
    await say(us.owner, "ticket.claim", { id: ticket, lease_seconds: 3600 });
    await us.land({ ticket });
    await back(us);
    assert.deepEqual(await stages(ticket), DEPLOYED, "eu serves it");
    await back(eu);
    assert.deepEqual(await stages(ticket), []);
  });

  it("no ticket where nobody lives with the release", async () => {
    const [before, ticket] = [await staging.claimed(), await eu.claimed()];
    await staging.land({ ticket: before });
    await eu.land({ ticket });
    await say(eu.owner, "ticket.release", { ...(await claimOf(ticket)) });
    await say(staging.owner, "ticket.claim", { id: ticket, lease_seconds: 3600 });
    await staging.land({ ticket });
    assert.deepEqual(await stages(before), []);
    await back(staging);
    assert.deepEqual(await stages(ticket), DEPLOYED);
  });
});

async function claimOf(id: string): Promise<object> {
  const [row] = await world.sql("select claim_token from tickets.tickets where id = $1", [id]);
  return { id, claim_token: row.claim_token, reason: "handed on" };
}

it("after all this the ledger and the tables agree", async () => {
  assert.deepEqual((await ask(operator, "landing.drift")).found, []);
  assert.deepEqual((await ask(operator, "ticket.drift")).found, []);
});
