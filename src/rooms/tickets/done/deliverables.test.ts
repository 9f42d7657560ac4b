import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { testWorld } from "../../../../test/harness.ts";
import { DELIVERABLE, doneYard, work_proof } from "./done.fixture.ts";

const world = await testWorld();
const { say, refused, ask, sql } = world;
const { alice, bob, file, finish, show, stages, told, drift } = await doneYard(world);
const runner = await world.seat("runner", "service");
const other = await world.seat("other-runner", "service");
const delivered = (more: object = {}, input: object = {}) =>
  finish({ work_proof, deliverable: DELIVERABLE, ...more }, input);
const begin = (id?: string, token = runner) => say(token, "deliverable.begin", { id });
const settle = (id: string, fencing_token: string, outcome: string, more: object = {}, token = runner) =>
  say(token, "deliverable.settle", { id, fencing_token, outcome, ...more });
const verification = async (id: string) => (await show(id)).verification;
const expire = (id: string) =>
  sql("update tickets.deliverables set lease_expires_at = now() - interval '1 s' where ticket_id = $1", [id]);
const UNSAID = "deliverable.unreasoned";
const reason = "npm test: no such file src/x.ts";

describe("a deliverable", () => {
  it("J20: makes a DONE that is unverified until a runner settled it", async () => {
    const id = await delivered();
    assert.deepEqual(await verification(id), { state: "unverified", reason: null });
    const { fencing_token, attempt, ...taken } = await begin(id);
    assert.deepEqual(
      [taken.path, taken.branch, taken.sha, taken.verify, attempt],
      ["src/x.ts", "codex/x", "1a2b3c4", "npm test", 1],
    );
    assert.equal((await verification(id)).state, "verifying");
    assert.equal((await settle(id, fencing_token, "verified")).state, "done");
    assert.deepEqual(await verification(id), { state: "verified", reason: null });
    assert.equal((await refused(runner, "deliverable.begin", { id })).code, "deliverable.settled");
  });

  it("J20: that fails puts its ticket back into the queue with the reason, without its receipts", async () => {
    const id = await delivered({ merge: "1a2b3c4" });
    const waiting = await file({ blocked_by: [id] });
    const { fencing_token } = await begin(id);
    assert.equal((await refused(runner, "deliverable.settle", { id, fencing_token, outcome: "failed" })).code, UNSAID);
    assert.equal((await settle(id, fencing_token, "failed", { reason })).state, "awaiting_claim");
    const shown = await show(id);
    assert.deepEqual([shown.state, shown.closed_at, shown.receipts], ["awaiting_claim", null, []]);
    assert.deepEqual(shown.verification, { state: "failed", reason });
    const { kind, data } = (await told(id)).at(-1)!;
    assert.deepEqual([kind, data.withdrawn, data.reason], ["ticket.refuted", ["code_complete", "merged"], reason]);
    assert.equal((await show(waiting)).open_blockers, 1, "what waits for it waits again");
    const { claim_token } = await say(bob, "ticket.claim", { id });
    await say(bob, "ticket.finish", { id, claim_token, work_proof });
    assert.equal(await verification(id), null, "the next finish says its own proofs");
    assert.deepEqual(await stages(id), ["code_complete"]);
  });

  it("that the runner could not judge waits again, behind what nobody tried", async () => {
    const [id, next] = [await delivered(), await delivered()];
    const { fencing_token } = await begin(id);
    await settle(id, fencing_token, "undecided", { reason: "the remote did not answer" });
    assert.equal((await show(id)).state, "done");
    const order = (await ask(runner, "deliverable.list")).deliverables.map((one: any) => one.id);
    assert.deepEqual(order.slice(-2), [next, id]);
    for (const one of order) await settle(one, (await begin()).fencing_token, "verified");
    assert.equal((await refused(runner, "deliverable.begin", {})).code, "deliverable.none");
  });

  it("is verified by one runner at a time; one that was lost is fenced when another took over", async () => {
    const id = await delivered();
    const first = await begin(id);
    const held = await refused(other, "deliverable.begin", { id });
    assert.deepEqual([held.code, held.facts.runner], ["deliverable.held", "runner"]);
    assert.equal((await refused(other, "deliverable.begin", {})).code, "deliverable.none");
    await expire(id);
    const second = await begin(id, other);
    assert.equal(second.attempt, 2);
    const late = { id, fencing_token: first.fencing_token, outcome: "failed", reason };
    assert.deepEqual((await refused(runner, "deliverable.settle", late)).facts.runner, "other-runner");
    const stolen = { id, fencing_token: second.fencing_token, outcome: "verified" };
    assert.equal((await refused(runner, "deliverable.settle", stolen)).code, "lease.lost", "a token is not handed on");
    await settle(id, second.fencing_token, "verified", {}, other);
    const twice = await refused(other, "deliverable.settle", { ...stolen, outcome: "failed", reason });
    assert.equal(twice.code, "lease.lost");
    assert.equal((await verification(id)).state, "verified");
  });

  it("J20: is not verified by the seat that said it, but by another, by the operator or by a program", async () => {
    const id = await delivered();
    assert.equal((await refused(alice, "deliverable.begin", { id })).code, "deliverable.own");
    assert.equal((await refused(alice, "deliverable.begin", {})).code, "deliverable.none");
    const { fencing_token } = await begin(id, bob);
    await settle(id, fencing_token, "verified", {}, bob);
    const plain = await finish({ work_proof });
    assert.equal((await refused(runner, "deliverable.begin", { id: plain })).code, "deliverable.none");
  });

  it("J24: that the runner found no consumer of is not done without an activation", async () => {
    const unused = ["src/audit.ts", "table audits"];
    const id = await delivered();
    assert.equal((await settle(id, (await begin(id)).fencing_token, "verified", { unused })).outcome, "failed");
    assert.match((await verification(id)).reason, /Nothing uses src\/audit\.ts, table audits/);
    const planned = await delivered({ activation: "planned - see issue 9" });
    const said = await settle(planned, (await begin(planned)).fencing_token, "verified", { unused });
    assert.equal(said.outcome, "verified");
  });
});

it("after all this the ledger and the tables agree", async () => {
  assert.deepEqual(await drift(), []);
});
