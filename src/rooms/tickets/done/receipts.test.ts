import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sqlError, testWorld } from "../../../../test/harness.ts";
import { DELIVERABLE, doneYard, work_proof } from "./done.fixture.ts";

const world = await testWorld();
const { operator, say, refused, sql, asApplication } = world;
const { alice, file, finish, show, stages, told, drift } = await doneYard(world);
const runner = await world.seat("runner", "service");
const give = (id: string, stage: string, token = operator) =>
  say(token, "ticket.receipt", { id, stage, evidence: `${stage} as seen` });
const refusal = async (id: string, stage: string, token = operator) =>
  (await refused(token, "ticket.receipt", { id, stage, evidence: "seen" })).code;

describe("a receipt", () => {
  it("is given for each stage by itself, with its instant, its giver and its evidence", async () => {
    const id = await finish({ work_proof });
    await give(id, "merged", alice);
    await give(id, "deployed", runner);
    await give(id, "observed");
    const { receipts, state } = await show(id);
    assert.deepEqual(
      receipts.map(({ stage, by, evidence }: any) => [stage, by, evidence]),
      [
        ["code_complete", "Alice", work_proof],
        ["merged", "Alice", "merged as seen"],
        ["deployed", "runner", "deployed as seen"],
        ["observed", "operator", "observed as seen"],
      ],
    );
    assert.equal(state, "done", "a stage is no state");
    assert.deepEqual(
      (await told(id)).slice(-3).map(({ kind, data }) => [kind, data.receipts]),
      [
        ["ticket.receipt_given", ["merged"]],
        ["ticket.receipt_given", ["deployed"]],
        ["ticket.receipt_given", ["observed"]],
      ],
    );
  });

  it("says nothing of the others: a ticket is deployed before it is merged, or before it is done", async () => {
    const id = await file();
    await give(id, "deployed");
    assert.deepEqual(await stages(id), ["deployed"]);
  });

  it("of what was observed needs that it was deployed", async () => {
    assert.equal(await refusal(await finish({ work_proof }), "observed"), "receipt.early");
  });

  it("is there once; a second one is told of the first", async () => {
    const id = await finish({ work_proof });
    await give(id, "merged");
    assert.equal(await refusal(id, "merged"), "receipt.given");
    const row = "(tenant_id, ticket_id, stage, round, at, by_id) values (1, $1, 'merged', 9, now(), 1)";
    const error = await sqlError(asApplication(`insert into tickets.receipts ${row}`, [id]));
    assert.match(error.message, /one_receipt_for_each_stage/);
  });

  it("of what is served is given by those who look, not by who did it", async () => {
    const id = await finish({ work_proof });
    for (const stage of ["deployed", "observed"]) assert.equal(await refusal(id, stage, alice), "receipt.not_yours");
    assert.equal(await refusal("CMB-9999", "merged"), "ticket.unknown");
    assert.equal(await refusal(id, "code_complete"), "input.invalid");
  });

  it("is taken back by an amendment, what was observed with what was deployed, and given again", async () => {
    const id = await finish({ work_proof });
    const withdraw = (stage: string) => ({ id, stage, reason: "it was rolled back" });
    await give(id, "deployed");
    await give(id, "observed");
    const { withdrawn } = await say(operator, "ticket.withdraw_receipt", withdraw("deployed"));
    assert.deepEqual(withdrawn, ["deployed", "observed"]);
    assert.deepEqual(await stages(id), ["code_complete"]);
    assert.equal((await refused(operator, "ticket.withdraw_receipt", withdraw("deployed"))).code, "receipt.none");
    assert.equal((await refused(alice, "ticket.withdraw_receipt", withdraw("merged"))).code, "role.forbidden");
    await give(id, "deployed");
    assert.deepEqual(await stages(id), ["code_complete", "deployed"]);
    const kept = await sql("select round, withdrawn_reason from tickets.receipts where ticket_id = $1 and stage = $2", [
      ...[id, "deployed"],
    ]);
    assert.deepEqual(kept.map(({ round, withdrawn_reason }) => [round, withdrawn_reason]).sort(), [
      [1, "it was rolled back"],
      [2, null],
    ]);
  });

  it("of an earlier round is worth nothing: a reopened ticket has none, and nothing of it is verified", async () => {
    const id = await finish({ work_proof, deliverable: DELIVERABLE });
    await give(id, "merged");
    const { fencing_token } = await say(runner, "deliverable.begin", { id });
    await say(operator, "ticket.reopen", { id, reason: "it was not done" });
    const shown = await show(id);
    assert.deepEqual([shown.receipts, shown.verification], [[], null]);
    const late = await refused(runner, "deliverable.settle", { id, fencing_token, outcome: "verified" });
    assert.equal(late.code, "lease.lost");
    const { claim_token } = await say(alice, "ticket.claim", { id });
    await say(alice, "ticket.finish", { id, claim_token, work_proof });
    assert.deepEqual(await stages(id), ["code_complete"]);
  });

  it("is never removed or rewritten by the application", async () => {
    const id = await finish({ work_proof });
    for (const edit of ["delete from tickets.receipts", "update tickets.receipts set evidence = 'x'"])
      assert.equal((await sqlError(asApplication(`${edit} where ticket_id = $1`, [id]))).code, "42501");
  });
});

it("drift names a receipt that was slipped in, and none after all this", async () => {
  const id = await finish({ work_proof });
  await sql(
    `insert into tickets.receipts (tenant_id, ticket_id, stage, round, at, by_id)
     values (1, $1, 'deployed', 1, now(), 1)`,
    [id],
  );
  const found = await drift();
  await sql("delete from tickets.receipts where ticket_id = $1 and stage = 'deployed'", [id]);
  assert.deepEqual(found, [{ id, field: "receipts", ledger: "code_complete", table: "code_complete deployed" }]);
  assert.deepEqual(await drift(), []);
});
