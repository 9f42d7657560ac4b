import assert from "node:assert/strict";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { testServer } from "../../../test/harness.ts";
import { guard } from "../../guard/guard.ts";
import { settingsPath, writeSettings } from "../../guard/settings.ts";

/** The guard and the real decision point: what a seat's agent is told, and what the record says afterwards. */
const world = await testServer();
const { operator, url } = world;
const project = fs.mkdtempSync(join(tmpdir(), "longwatch-decided-"));
fs.mkdirSync(join(project, ".git"));
after(() => fs.rmSync(project, { recursive: true, force: true }));

const LEADER = "CLAUDE-CLI-BOX-STRAT-01";
const IDLE = "CODEX-CLI-BOX-CAMBER-02";
const leader = await world.seat(LEADER, "strategist");
const implementer = await world.seat(IDLE);
await world.say(operator, "namespace.define", { prefix: "CMB", format: "CMB-NNNN", lane: "CAMBER" });

const headless = { CLAUDE_CODE_ENTRYPOINT: "sdk-cli", HOME: project };

function settle(token: string, more: object = {}): void {
  const path = settingsPath("project", { project, env: {} });
  // What is tested here is the answer, on a machine that may be busy with other tests.
  writeSettings(path, { version: 1, url, token, protected_branches: [], wait_seconds: 60, ...more });
}

function call(command: string, more: object = {}) {
  const said = {
    cwd: project,
    hook_event_name: "PreToolUse",
    tool_name: "Bash",
    tool_input: { command },
    tool_use_id: "toolu_1",
    ...more,
  };
  return guard("claude", Buffer.from(JSON.stringify(said)), { env: headless });
}

async function newest() {
  const [{ id }] = await world.sql("select max(id)::int as id from policy.decisions");
  return (await world.ask(operator, "policy.decisions", { id })).decisions[0];
}

const passed = { code: 0, stdout: "", stderr: "" };
const DEPLOY = "vercel deploy --prod";

describe("With the real decision point", () => {
  test("a leader's deploy is refused with the idle seat and the command that dispatches it", async () => {
    settle(leader);
    const { code, stdout, stderr } = await call(DEPLOY);
    assert.deepEqual([code, stdout], [2, ""]);
    assert.match(stderr, new RegExp(`1\\. ${IDLE} \\(implementer, lane CAMBER, idle for`));
    assert.match(stderr, new RegExp(`longwatch ticket dispatch --decision \\d+ --to ${IDLE}`));
    assert.ok(stderr.length <= 1500);
  });

  test("the decision is on record with what was found and where, and without the token", async () => {
    settle(leader);
    await call(DEPLOY, { tool_use_id: "toolu_recorded" });
    const recorded = await newest();
    const { input } = recorded;
    assert.equal(input.subject.id, LEADER);
    assert.equal(input.action.name, "deploy");
    assert.equal(input.action.properties.text, DEPLOY);
    assert.equal(input.context.call_id, "toolu_recorded");
    assert.doesNotMatch(JSON.stringify(recorded), new RegExp(leader));
  });

  test("an implementer is told to claim first, and passes with the claim", async () => {
    settle(implementer);
    assert.match((await call(DEPLOY)).stderr, /longwatch ticket claim --lane CAMBER/);
    await world.say(operator, "ticket.file", { namespace: "CMB", title: "Ship the cards" });
    await world.say(implementer, "ticket.claim", { lane: "CAMBER" });
    assert.deepEqual(await call(DEPLOY), passed);
    assert.deepEqual(await call("git push origin main && vercel deploy --prod"), passed, "both are asked at once");
  });

  test("a sub-agent that nobody registered does nothing that is protected", async () => {
    settle(implementer);
    const { code, stderr } = await call(DEPLOY, { agent_id: "a1b2", agent_type: "general-purpose" });
    assert.equal(code, 2);
    assert.match(stderr, /Scope stage/);
    assert.equal((await newest()).input.subject.id, `${IDLE}/general-purpose-a1b2`);
  });

  test("a run that waits for a person is stopped, resumed after the grant, and hears a rejection", async () => {
    settle(implementer, { approvals: "defer" });
    const outside = { tool_name: "Write", tool_input: { file_path: "/srv/notes.txt", content: "x" } };
    const write = () => call("", outside);
    const stopped = await write();
    assert.match(stopped.stdout, /"permissionDecision":"defer"/, stopped.stderr);
    assert.deepEqual(await write(), stopped, "nobody has decided yet");
    const approval = Number(/approval (\d+)/.exec(stopped.stdout)![1]);
    await world.say(operator, "approval.decide", { id: approval, verdict: "grant", reason: "the notes are ours" });
    assert.deepEqual(await write(), passed);
    const again = Number(/approval (\d+)/.exec((await write()).stdout)![1]);
    assert.notEqual(again, approval, "a grant is used once");
    await world.say(operator, "approval.decide", { id: again, verdict: "reject", reason: "once is enough" });
    const { code, stderr } = await write();
    assert.equal(code, 2);
    assert.match(stderr, /rejected: once is enough/);
  });

  test("a token that was revoked denies what is protected and says so", async () => {
    const revoked = await world.seat("CODEX-CLI-BOX-CAMBER-09");
    await world.say(operator, "token.revoke", { name: "CODEX-CLI-BOX-CAMBER-09" });
    settle(revoked);
    const { code, stderr } = await call(DEPLOY);
    assert.equal(code, 2);
    assert.match(stderr, /token is unknown to the server, revoked or expired/);
    assert.deepEqual(await call("npm test"), passed);
  });
});
