import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { testWorld } from "../../../../test/harness.ts";
import { doneYard, work_proof } from "../done/done.fixture.ts";
import { parseCondition, wordsOf } from "./condition.ts";

const world = await testWorld();
const { operator, say, refused, ask, sql } = world;
const { alice, file, finish, show, told, drift } = await doneYard(world);
const reason = "because";
const tick = async (): Promise<string[]> => {
  // What the clock says every five seconds.
  const said = await world.door.sayInside(world.home_tenant_id, "longwatch", "ticket.trigger", {});
  return (said.output as { opened: string[] }).opened;
};
const when = (opens_when: string, more: object = {}) => file({ opens_when, ...more });

describe("a conditional ticket", () => {
  it("J23: opens itself when the ticket that it names is in the state, and says what opened it", async () => {
    const target = await file();
    const id = await when(`ticket  ${target} is done`);
    assert.deepEqual(
      [(await show(id)).state, (await show(id)).opens_when],
      ["conditional", `ticket ${target} is done`],
    );
    assert.equal((await refused(alice, "ticket.claim", { id })).code, "ticket.conditional");
    assert.deepEqual(await tick(), []);
    const { claim_token } = await say(alice, "ticket.claim", { id: target });
    await say(alice, "ticket.finish", { id: target, claim_token, work_proof });
    assert.deepEqual(await tick(), [id]);
    const { kind, data } = (await told(id)).at(-1)!;
    assert.deepEqual([kind, data.because], ["ticket.triggered", `ticket ${target} is done`]);
    assert.equal((await say(alice, "ticket.claim", { id })).id, id);
    assert.deepEqual(await tick(), []);
  });

  it("opens itself when a ticket has a receipt, and not for one that was taken back", async () => {
    const target = await finish({ work_proof });
    const id = await when(`ticket ${target} has deployed`);
    await say(operator, "ticket.receipt", { id: target, stage: "deployed", evidence: "served" });
    await say(operator, "ticket.withdraw_receipt", { id: target, stage: "deployed", reason });
    assert.deepEqual(await tick(), []);
    await say(operator, "ticket.receipt", { id: target, stage: "deployed", evidence: "served again" });
    assert.deepEqual(await tick(), [id]);
  });

  it("opens itself when a namespace holds enough tickets in a state, or few enough", async () => {
    await say(operator, "namespace.define", { prefix: "CNT", format: "CNT-NNNN" });
    const many = await when("namespace CNT has at least 2 done");
    const few = await when("namespace CNT has at most 0 awaiting_claim");
    const one = await file({ namespace: "CNT" });
    const two = await file({ namespace: "CNT" });
    assert.deepEqual(await tick(), []);
    for (const id of [one, two]) {
      const { claim_token } = await say(alice, "ticket.claim", { id });
      await say(alice, "ticket.finish", { id, claim_token, work_proof });
      assert.deepEqual(await tick(), id === one ? [] : [many, few].sort());
    }
  });

  it("opens itself when its day has come", async () => {
    const past = await when("date 2026-01-01");
    await when("date 2999-12-31T23:59:59Z");
    assert.deepEqual(await tick(), [past]);
  });

  it("that was moved by hand does not open later", async () => {
    const target = await finish({ work_proof });
    const ids = [await when(`ticket ${target} is done`), await when("date 2026-01-01"), await when("date 2026-01-01")];
    await say(alice, "ticket.park", { id: ids[0], reason });
    await say(alice, "ticket.cancel", { id: ids[1], reason });
    await say(operator, "ticket.reopen", { id: ids[2], reason });
    assert.deepEqual(await tick(), []);
    assert.deepEqual(await Promise.all(ids.map(async (id) => (await show(id)).state)), [
      "parked",
      "cancelled",
      "awaiting_claim",
    ]);
  });

  it("fills a reservation too, and knows its target by any of its names", async () => {
    const old = { alias: "gt-1", namespace: "CMB", title: "Old", state: "done", filed_at: "2026-01-01T00:00:00Z" };
    const { id: target } = await say(operator, "ticket.import", old);
    const { id } = await say(alice, "ticket.reserve", { namespace: "CMB", title: "Later" });
    await say(alice, "ticket.file", { reservation: id, title: "Later", opens_when: "ticket gt-1 is done" });
    assert.deepEqual(
      [(await show(id)).state, (await show(id)).opens_when],
      ["conditional", `ticket ${target} is done`],
    );
    assert.deepEqual(await tick(), [id]);
  });

  it("whose condition cannot be looked up is refused with the forms, and takes no number", async () => {
    const numbers = async () => (await ask(operator, "namespace.list")).namespaces[0].numbers_given;
    const before = await numbers();
    const refusal = async (opens_when: string) =>
      await refused(alice, "ticket.file", { namespace: "CMB", title: "x", opens_when });
    for (const words of [
      "when it rains",
      "ticket CMB-0001 is finished",
      "date 2026-02-30",
      "date 0000-01-01",
      "select 1",
      "",
    ]) {
      const { code, fields } = await refusal(words);
      assert.deepEqual([code, fields[0]!.field], ["input.invalid", "opens_when"], words);
      assert.match(fields[0]!.message, /has at least 10 done/);
    }
    assert.equal((await refusal("ticket CMB-9999 is done")).code, "ticket.unknown");
    assert.equal((await refusal("namespace NONE has at least 1 done")).code, "namespace.unknown");
    assert.equal(await numbers(), before);
  });

  it("that is filed in the batch in which its trigger is true is told as filed first, and as opened then", async () => {
    const [id] = await Promise.all([when("date 2026-01-01"), tick()]);
    await tick();
    assert.deepEqual(
      (await told(id!)).map(({ kind }) => kind),
      ["ticket.filed", "ticket.triggered"],
    );
    assert.deepEqual(await drift(), []);
  });

  it("is opened by the clock alone: no seat says when", async () => {
    assert.equal((await refused(alice, "ticket.trigger")).code, "role.forbidden");
  });
});

describe("a condition", () => {
  it("is the same in its own words", () => {
    for (const words of [
      "ticket CMB-0001 is in_progress",
      "ticket CMB-0001 has code_complete",
      "namespace CMB has at most 0 blocked",
      "date 2026-05-01T12:30:00Z",
    ])
      assert.equal(wordsOf(parseCondition(words)!), words);
    assert.equal(wordsOf(parseCondition("date 2026-05-01")!), "date 2026-05-01T00:00:00Z");
    for (const words of ["namespace CMB has at least 10001 done", "date 2026-13-01", "ticket A is done and B"])
      assert.equal(parseCondition(words), null, words);
  });
});

it("after all this the ledger and the tables agree, and drift names a trigger that was slipped in", async () => {
  assert.deepEqual(await drift(), []);
  const id = await file();
  await sql(
    `insert into tickets.triggers (tenant_id, ticket_id, words, kind, at)
     values (1, $1, 'date 2999-01-01', 'date', '2999-01-01')`,
    [id],
  );
  assert.deepEqual(await drift(), [{ id, field: "opens_when", ledger: null, table: "date 2999-01-01" }]);
});
