import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { testWorld } from "../../../../test/harness.ts";
import { doneYard, work_proof } from "../done/done.fixture.ts";
import { spoolOn } from "../provisional/spool.fixture.ts";

const world = await testWorld();
const { operator, say, refused, sql } = world;
const { alice, bob, file, finish, show, told, drift } = await doneYard(world);
const reason = "a restored table";
const repair = (id: string) => say(operator, "ticket.repair", { id, reason });
const set = (id: string, what: string) => sql(`update tickets.tickets set ${what} where id = $1`, [id]);

describe("a repair", () => {
  it("makes the tables say what the ledger says, and tells what was there before", async () => {
    const id = await file({ title: "Cards", lane: "WEB", priority: 1, surface_key: "WEB:cards:list", owner: "Alice" });
    await set(id, "title = 'Forged', lane = 'X', priority = 4, surface_key = null, owner_id = null, state = 'parked'");
    const before = await drift();
    assert.deepEqual(
      before.map(({ field }: { field: string }) => field),
      ["state", "title", "lane", "priority", "owner", "surface_key"],
    );
    assert.deepEqual(await repair(id), { id, repaired: before, left: [] });
    const { title, lane, priority, owner, surface_key, state } = await show(id);
    assert.deepEqual(
      [title, lane, priority, owner, surface_key, state],
      [...["Cards", "WEB", 1, "Alice", "WEB:cards:list", "awaiting_claim"]],
    );
    const { kind, data } = (await told(id)).at(-1)!;
    assert.deepEqual([kind, data.reason, data.repaired], ["ticket.repaired", reason, before]);
    assert.deepEqual(await drift(), []);
    assert.deepEqual(await repair(id), { id, repaired: [], left: [] }, "it changes nothing twice");
    assert.equal((await told(id)).length, 2);
  });

  it("gives a claim back that the table lost: its holder claims anew and gets its token", async () => {
    const id = await file();
    const { claim_token } = await say(alice, "ticket.claim", { id });
    await set(
      id,
      "state = 'awaiting_claim', claimed_by = null, claim_token = null, claimed_at = null, lease_expires_at = null",
    );
    await repair(id);
    assert.deepEqual([(await show(id)).state, (await show(id)).holder], ["in_progress", "Alice"]);
    const again = await say(alice, "ticket.claim", { id });
    assert.notEqual(again.claim_token, claim_token);
    await say(alice, "ticket.finish", { id, claim_token: again.claim_token, work_proof });
  });

  it("takes a claim away that no entry tells of, and counts what waits anew", async () => {
    const id = await file();
    const waiting = await file({ blocked_by: [id] });
    await set(
      id,
      `state = 'in_progress', claimed_by = 1, claim_token = gen_random_uuid(), claimed_at = now(),
       lease_expires_at = now() + interval '1 hour'`,
    );
    await repair(id);
    assert.equal((await show(id)).state, "awaiting_claim");
    await set(id, "state = 'done', closed_at = now()");
    await sql("update tickets.tickets set open_blockers = 0 where id = $1", [waiting]);
    await repair(id);
    assert.equal((await refused(alice, "ticket.claim", { id: waiting })).code, "ticket.waits");
  });

  it("takes and gives receipts and triggers as the ledger has them", async () => {
    const id = await finish({ work_proof });
    await sql(
      "update tickets.receipts set withdrawn_at = now(), withdrawn_by = 1, withdrawn_reason = 'x' where ticket_id = $1",
      [id],
    );
    await sql(
      `insert into tickets.receipts (tenant_id, ticket_id, stage, round, at, by_id)
       values (1, $1, 'observed', 1, now(), 1)`,
      [id],
    );
    await repair(id);
    assert.deepEqual(
      (await show(id)).receipts.map(({ stage }: { stage: string }) => stage),
      ["code_complete"],
    );
    const later = await file({ opens_when: `ticket ${id} is parked` });
    await sql("update tickets.triggers set words = 'date 2999-01-01T00:00:00Z' where ticket_id = $1", [later]);
    const plain = await file();
    await sql(
      `insert into tickets.triggers (tenant_id, ticket_id, words, kind, at)
       values (1, $1, 'date 2999-01-01', 'date', '2999-01-01')`,
      [plain],
    );
    for (const one of [later, plain]) await repair(one);
    assert.deepEqual(
      [(await show(later)).opens_when, (await show(plain)).opens_when],
      [`ticket ${id} is parked`, null],
    );
    assert.deepEqual(await drift(), []);
  });

  it("cancels a ticket that was slipped in, so that the ledger knows it from then on", async () => {
    await sql(
      `insert into tickets.tickets (tenant_id, id, state, priority, namespace, lane, title, filed_by, filed_at)
       values (1, 'CMB-0777', 'awaiting_claim', 2, 'CMB', 'CMB', 'Smuggled', 1, now())`,
    );
    assert.deepEqual(await drift(), [{ id: "CMB-0777", field: "ticket", ledger: null, table: "is there" }]);
    await repair("CMB-0777");
    assert.deepEqual([(await show("CMB-0777")).state, await drift()], ["cancelled", []]);
  });

  it("writes a ticket anew that the tables have lost", async () => {
    const id = await file({ title: "Lost", body: "words", labels: ["a", "b"], type: "bug", priority: 0 });
    await sql("delete from tickets.tickets where id = $1", [id]);
    assert.deepEqual(await drift(), [{ id, field: "ticket", ledger: "is there", table: null }]);
    await repair(id);
    const { title, body, labels, type, priority, filer, state } = await show(id);
    assert.deepEqual(
      [title, body, labels, type, priority, filer, state],
      [...["Lost", "words", ["a", "b"], "bug", 0, "Alice", "awaiting_claim"]],
    );
    assert.deepEqual(await drift(), []);
  });

  it("gives no surface to a second holder, and says so; it mends the rest", async () => {
    const surface_key = "WEB:cards:mended";
    const [lost, second] = [await file({ surface_key, title: "First" }), await file({ surface_key })];
    await say(alice, "ticket.claim", { id: lost });
    await set(
      lost,
      `state = 'awaiting_claim', claimed_by = null, claim_token = null, claimed_at = null, lease_expires_at = null,
       title = 'Forged'`,
    );
    const { claim_token } = await say(bob, "ticket.claim", { id: second });
    const { repaired, left } = await repair(lost);
    assert.deepEqual([repaired.map(({ field }: { field: string }) => field), left], [["title"], ["state", "holder"]]);
    await say(bob, "ticket.finish", { id: second, claim_token, work_proof });
    assert.deepEqual((await repair(lost)).left, []);
    assert.equal((await show(lost)).holder, "Alice");
    await set(lost, "surface_key = null");
    const third = await file({ surface_key });
    const { claim_token: other } = await say(bob, "ticket.claim", { id: third });
    assert.deepEqual((await repair(lost)).left, ["surface_key"]);
    await say(bob, "ticket.finish", { id: third, claim_token: other, work_proof });
    await repair(lost);
    assert.deepEqual(await drift(), []);
  });

  it("does not say that a provisional id is mended which it cannot give back", async () => {
    const spool = spoolOn(world, alice);
    spool.file("CMB-9001~aaaaa", { namespace: "CMB", title: "Cut off" });
    await spool.handIn();
    await say(operator, "spool.settle", { early: true });
    const [{ id }] = (await spool.outcomes()).outcomes;
    await sql("alter table tickets.spooled disable trigger user");
    await sql("update tickets.spooled set outcome = 'posted' where final_id = $1", [id]);
    const before = (await told(id)).length;
    assert.deepEqual(await repair(id), { id, repaired: [], left: ["provisional"] });
    assert.equal((await told(id)).length, before, "what was not mended is not told as mended");
    await sql("update tickets.spooled set outcome = 'amended' where final_id = $1", [id]);
    assert.deepEqual(await drift(), []);
  });

  it("says what it cannot mend, and is for those who keep the server", async () => {
    const id = await file();
    const { claim_token } = await say(alice, "ticket.claim", { id });
    const deliverable = "path: src/x.ts; branch: x; sha: 1a2b3c4; verify: npm test";
    await say(alice, "ticket.finish", { id, claim_token, work_proof, deliverable });
    await sql("delete from tickets.deliverables where ticket_id = $1", [id]);
    assert.deepEqual((await repair(id)).left, ["verification"]);
    assert.equal((await drift()).length, 1, "and it stays listed");
    assert.equal((await refused(alice, "ticket.repair", { id, reason })).code, "role.forbidden");
    assert.equal((await refused(operator, "ticket.repair", { id: "CMB-9999", reason })).code, "ticket.unknown");
  });
});
