import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { blocksRead } from "../../../test/blocks.ts";
import { testWorld } from "../../../test/harness.ts";

const world = await testWorld();
const { operator, say, sql } = world;
const leader = await world.seat("CLAUDE-DESKTOP-Studio-CAMBER-01", "strategist");
const SEAT = "CODEX-CLI-Studio-CAMBER-02";
const worker = await world.seat(SEAT);
await say(operator, "namespace.define", { prefix: "WRK", format: "WRK-NNNN", lane: "CAMBER" });

const deploy = { action: "deploy", resource_type: "environment", resource_id: "production" };
const spend = {
  action: "spend",
  action_properties: { text: "buy a runner" },
  resource_type: "account",
  resource_id: "hosting",
  resource_properties: { production: true },
};
const push = { action: "push", resource_type: "branch", resource_id: "main" };
const aftermath = async (...decision: number[]) =>
  (await world.ask(operator, "policy.aftermath", { decision })).denials as any[];
const nothing = {
  ...{ tickets: [], approval: null, approval_state: null, escalation: null, escalation_closed: false },
  allowed_by: null,
};

describe("what became of denials", () => {
  it("is nothing before anybody took one up, and nothing is said of what is no denial", async () => {
    const { id } = await say(leader, "policy.decide", deploy);
    const { id: allowed, decision } = await say(leader, "policy.decide", {
      ...{ action: "direct", resource_type: "seat", resource_id: SEAT },
    });
    assert.equal(decision, true);
    assert.deepEqual(await aftermath(id, allowed, id, id + 1000), [{ decision: id, ...nothing }]);
  });

  it("is the tickets that it was dispatched as, with their states now", async () => {
    const { id: decision } = await say(leader, "policy.decide", deploy);
    const { id } = await say(leader, "ticket.dispatch", { decision, to: SEAT });
    const told = (state: string) => [{ decision, ...nothing, tickets: [{ id, state, verdict: null }] }];
    assert.deepEqual(await aftermath(decision), told("awaiting_claim"));
    const { claim_token } = await say(worker, "ticket.claim", { id });
    assert.deepEqual(await aftermath(decision), told("in_progress"));
    await say(worker, "ticket.release", { id, claim_token, reason: "for the next test" });
  });

  it("is its approval, and that the same act of the same seat was allowed then", async () => {
    await say(worker, "ticket.claim", { lane: "CAMBER" });
    const { id: first, protocol } = await say(worker, "policy.decide", spend);
    const { approval } = protocol;
    const waits = { ...nothing, approval, approval_state: "pending" };
    assert.deepEqual(await aftermath(first), [{ decision: first, ...waits }]);
    await say(operator, "approval.decide", { id: approval, verdict: "grant", reason: "The night run is late." });
    const granted = { ...waits, approval_state: "granted" };
    assert.deepEqual(await aftermath(first), [{ decision: first, ...granted }]);
    // The approval is for these words; the act that it was not asked for waits for its own.
    const other = await say(worker, "policy.decide", { ...spend, resource_id: "mail" });
    const { id: allowed_by, decision } = await say(worker, "policy.decide", spend);
    assert.equal(decision, true);
    const [last, ...rest] = await aftermath(first, other.id);
    assert.deepEqual([last.decision, last.allowed_by], [other.id, null], "another thing was not allowed by it");
    assert.deepEqual(rest, [{ decision: first, ...granted, allowed_by }]);
  });

  it("is its escalation, until a person closes it", async () => {
    await say(operator, "seat.retire", { seat: SEAT });
    const { id, protocol } = await say(leader, "policy.decide", deploy);
    const escalation = protocol.escalation as number;
    assert.ok(escalation > 0);
    assert.deepEqual(await aftermath(id), [{ decision: id, ...nothing, escalation }]);
    await say(operator, "escalation.close", { id: escalation, note: "Seats were started." });
    assert.deepEqual(await aftermath(id), [{ decision: id, ...nothing, escalation, escalation_closed: true }]);
  });

  it("is for those who read decisions, a page at a time", async () => {
    const other = await world.seat("CODEX-CLI-Studio-CAMBER-07");
    await assert.rejects(world.ask(other, "policy.aftermath", { decision: [1] }), { kind: "denied" });
    const many = Array.from({ length: 101 }, (_, at) => at + 1);
    for (const decision of [[], many]) {
      await assert.rejects(world.ask(operator, "policy.aftermath", { decision }), { code: "input.invalid" });
    }
  });

  it("costs the same to ask, however much was decided and dispatched since", async () => {
    const another = "CODEX-CLI-Studio-CAMBER-08";
    const seat = await world.seat(another);
    const ids: number[] = [];
    for (let at = 0; at < 20; at++) ids.push((await say(seat, "policy.decide", push)).id);
    await say(operator, "ticket.file", { namespace: "WRK", title: "The seat's work" });
    await say(seat, "ticket.claim", { lane: "CAMBER" });
    const allowed = await say(seat, "policy.decide", { ...push, resource_id: "other" });
    assert.equal(allowed.decision, true);
    const more = (count: number) =>
      sql(
        `insert into policy.decisions (tenant_id, id, at, asked_by, subject_id, subject, action, resource_type,
           resource_id, effect, rung, rules, errors, reasons, protocol, input, policy_digest, state_version)
         select d.tenant_id, (select max(id) from policy.decisions) + n, d.at, d.asked_by, d.subject_id, d.subject,
           d.action, d.resource_type, d.resource_id, d.effect, d.rung, d.rules, d.errors, d.reasons, d.protocol,
           d.input, d.policy_digest, d.state_version
         from policy.decisions d, generate_series(1, $2) n where d.id = $1`,
        [allowed.id, count],
      );
    const values = { decisions: `'{${ids}}'`, tickets_max: "10", later_max: "50" };
    const blocks = () => blocksRead(world, "delegation", "aftermath_of", values);
    await more(300);
    await sql("analyze policy.decisions");
    const few = await blocks();
    await more(20_000);
    await sql(`insert into delegation.dispatches (tenant_id, ticket_id, attempt, by_id, diagnosis, dispatched_at,
        superseded_at)
      select 1, id, n, filed_by, 'grown', now(), now() from (select * from tickets.tickets limit 1) t,
        generate_series(2, 5000) n`);
    await sql("vacuum analyze policy.decisions");
    await sql("vacuum analyze delegation.dispatches");
    const many = await blocks();
    // An index of 20,000 is a level deeper, for each of its looks.
    assert.ok(many <= few * 2 + 20, `${few}, then ${many}`);
  });
});
