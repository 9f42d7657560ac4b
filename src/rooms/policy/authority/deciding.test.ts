import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { testWorld } from "../../../../test/harness.ts";

/** What the ladder, an approval and a consent mean to policy.decide under the policy that ships. */
const world = await testWorld();
const { operator, say, ask, refused } = world;
const worker = await world.seat("CODEX-CLI-BOX-WEB-01");
const strategist = await world.seat("CLAUDE-STRAT", "strategist");
await say(operator, "namespace.define", { prefix: "CMB", format: "CMB-NNNN", lane: "web" });
await say(operator, "ticket.file", { namespace: "CMB", title: "Clean up" });
await say(worker, "ticket.claim", { id: "CMB-0001", lease_seconds: 3600 });

let things = 0;
const act = (action: string, more: object = {}) => {
  const input = { action, resource_type: "database", resource_id: `thing-${++things}`, ...more };
  const resource_properties = { production: true };
  return (context: object = {}) => say(worker, "policy.decide", { ...input, resource_properties, context });
};

describe("an implementer with its claim", () => {
  it("is stopped on L1 with the approval's number, and let through once when a strategist grants it", async () => {
    const migrate = act("migrate");
    const { decision, protocol, rung } = await migrate();
    assert.deepEqual([decision, protocol.via, rung], [false, "approval", "L1"]);
    assert.equal((await migrate()).protocol.approval, protocol.approval);
    assert.equal((await ask(worker, "approval.show", { id: protocol.approval })).state, "pending");
    await say(strategist, "approval.decide", { id: protocol.approval, verdict: "grant", reason: "rehearsed" });
    const passed = await migrate();
    assert.equal(passed.decision, true);
    assert.equal((await ask(worker, "approval.show", { id: protocol.approval })).used_by, passed.id);
    assert.equal((await migrate()).decision, false);
  });

  it("is stopped on L2 until the operator's manifest grants it, whatever the thing is called", async () => {
    const erase = act("delete", { resource_id: "/srv/ü/".repeat(280) });
    const { decision, protocol } = await erase();
    assert.deepEqual([decision, protocol.via], [false, "consent"]);
    const { id } = await say(strategist, "manifest.open");
    await say(operator, "manifest.decide", { id, grant: [protocol.approval], reason: "it is a copy" });
    assert.equal((await erase()).decision, true);
    assert.equal((await erase()).decision, false);
  });

  it("may change the guard once when the operator grants the request, and then no more", async () => {
    const change = act("reconfigure_guard", { resource_type: "guard" });
    const { decision, protocol } = await change();
    assert.deepEqual([decision, protocol.via], [false, "consent"]);
    const verdict = { id: protocol.approval, verdict: "grant", reason: "the hook moves" };
    assert.equal((await refused(strategist, "approval.decide", verdict)).kind, "denied");
    await say(operator, "approval.decide", verdict);
    assert.equal((await change()).decision, true);
    assert.equal((await change()).decision, false);
  });

  it("passes with the operator's own words, quoted or not, and is refused with a paraphrase of them", async () => {
    const erase = act("delete", { resource_id: "staging" });
    const thing = { action: "delete", resource_type: "database", resource_id: "staging" };
    const subject = "CODEX-CLI-BOX-WEB-01";
    const words = "Yes, delete staging, nothing else.";
    const { id } = await say(operator, "consent.give", { words, subject, ...thing, single_use: false });
    assert.equal((await erase()).decision, true);
    const quoted = await erase({ consent_words: words });
    assert.equal(quoted.decision, true);
    const input = { ...thing, context: { consent_words: "delete staging" } };
    const { code } = await refused(worker, "policy.decide", input);
    assert.equal(code, "consent.paraphrased");
    const { consents } = await ask(operator, "consent.list");
    assert.deepEqual([consents[0].id, consents[0].used_by.at(-1)], [id, quoted.id]);
  });

  it("uses nothing up where it is denied for another reason", async () => {
    const erase = act("delete", { resource_id: "orders" });
    const { id } = await say(operator, "consent.give", {
      words: "Yes, delete the orders.",
      subject: "CLAUDE-STRAT",
      action: "delete",
      resource_type: "database",
      resource_id: "orders",
    });
    const input = { action: "delete", resource_type: "database", resource_id: "orders" };
    assert.equal((await say(strategist, "policy.decide", input)).decision, false, "strategists delegate");
    assert.equal((await erase()).decision, false, "it was said of another");
    const { consents } = await ask(operator, "consent.list", { state: "live", subject: "CLAUDE-STRAT" });
    assert.deepEqual([consents[0].id, consents[0].used_by], [id, []]);
  });
});
