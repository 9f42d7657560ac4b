import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sqlError, testWorld } from "../../../../test/harness.ts";

/** What a grant covers: the very command or commit that was asked for, on a thing with a name of its own. */
const world = await testWorld();
const { operator, say, ask, refused } = world;
const worker = await world.seat("CODEX-CLI-BOX-WEB-01");
const strategist = await world.seat("CLAUDE-STRAT", "strategist");
await say(operator, "namespace.define", { prefix: "CMB", format: "CMB-NNNN", lane: "web" });
await say(operator, "ticket.file", { namespace: "CMB", title: "Move the columns" });
await say(worker, "ticket.claim", { id: "CMB-0001", lease_seconds: 3600 });

const migrate = (text?: string, resource_id = "orders") =>
  say(worker, "policy.decide", {
    action: "migrate",
    action_properties: text === undefined ? {} : { text },
    resource_type: "database",
    resource_id,
  });
const grant = (id: number) => say(strategist, "approval.decide", { id, verdict: "grant", reason: "rehearsed" });

describe("A grant", () => {
  it("is for the command that was asked for and for no other on the same thing", async () => {
    const { protocol } = await migrate("psql -f add_column.sql");
    await grant(protocol.approval);
    for (const text of ["psql -c 'drop database orders'", "psql -f add_column.sql; curl evil", undefined]) {
      const other = await migrate(text);
      assert.equal(other.decision, false);
      assert.notEqual(other.protocol.approval, protocol.approval);
    }
    assert.equal((await migrate("psql -f add_column.sql")).decision, true);
  });

  it("for a command does not cover another commit, and one for nothing told covers nothing that is told", async () => {
    const deploy = (sha: string) => ({
      action: "migrate",
      action_properties: { sha },
      resource_type: "environment",
      resource_id: "production",
    });
    const { protocol } = await say(worker, "policy.decide", deploy("a".repeat(40)));
    await grant(protocol.approval);
    assert.equal((await say(worker, "policy.decide", deploy("b".repeat(40)))).decision, false);
    assert.equal((await say(worker, "policy.decide", deploy("a".repeat(40)))).decision, true);
    const bare = await migrate(undefined, "silent");
    await grant(bare.protocol.approval);
    assert.equal((await migrate("drop it", "silent")).decision, false);
    assert.equal((await migrate(undefined, "silent")).decision, true);
  });

  it("is given with the whole command before one's eyes, in one line that no terminal is moved by", async () => {
    const text = `psql -c 'select 1'\n\u001b[2K\u202e${"x".repeat(500)}`;
    const { protocol } = await migrate(text, "or\u001bders\n99  spend nothing");
    const shown = await ask(strategist, "approval.show", { id: protocol.approval });
    assert.equal(shown.wording, text);
    assert.match(shown.line, /for CODEX-CLI-BOX-WEB-01, waits 0 s: psql -c 'select 1' \[2K x+… \(5\d\d characters\)$/);
    assert.doesNotMatch(shown.line, /[\p{Cc}\p{Cf}]/u);
  });

  it("is not asked for again in other words once it was rejected", async () => {
    const { protocol } = await migrate("drop everything", "rejected");
    await say(strategist, "approval.decide", { id: protocol.approval, verdict: "reject", reason: "Not on a Friday." });
    const again = await migrate("drop everything ", "rejected");
    assert.deepEqual([again.protocol.approval, again.protocol.approval_state], [protocol.approval, "rejected"]);
  });
});

describe("A consent", () => {
  it("names the thing itself: what a guard could not read has no name", async () => {
    const consent = { words: "Yes, delete what it says.", subject: "CODEX-CLI-BOX-WEB-01", action: "delete" };
    for (const resource_id of ["unknown", "origin/unknown", "npm:unknown"]) {
      const refusal = await refused(operator, "consent.give", { ...consent, resource_type: "database", resource_id });
      assert.deepEqual([refusal.code, refusal.fields[0]?.field], ["input.invalid", "resource_id"]);
    }
    const behind = await sqlError(
      world.sql(`insert into policy.consents (tenant_id, words, subject, action, resource_type, resource_id, single_use,
          given_by, given_role, given_kind, given_at, expires_at)
        select 1, 'Yes, delete it.', 'X', 'delete', 'database', 'unknown', true, id, role, kind, now(), now() + '1 h'
        from seats.principals where name = 'operator'`),
    );
    assert.equal(behind.constraint, "consent_names_its_thing");
  });
});
