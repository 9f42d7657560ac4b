import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { surroundings } from "../../../test/surroundings.ts";
import { testServer } from "../../../test/harness.ts";
import { settingsPath, writeSettings } from "../../guard/settings.ts";

const server = await testServer();
const { operator, say } = server;
await say(operator, "namespace.define", { prefix: "CMB", format: "CMB-NNNN", lane: "CAMBER" });
const directory = mkdtempSync(join(tmpdir(), "longwatch-turn-hook-"));
after(() => rmSync(directory, { recursive: true, force: true }));
/** The program alone, as `longwatch turn-hook` runs it: the whole command line takes half a second to load. */
const PROGRAM = `
  const { main } = await import(${JSON.stringify(new URL("turn_hook.ts", import.meta.url).href)});
  const { env, stdout, stderr } = process;
  const told = { stdout: (text) => stdout.write(text), stderr: (text) => stderr.write(text) };
  process.exitCode = await main(process.argv.slice(1), { env, cwd: process.cwd(), ...told });`;

let projects = 0;
/** A project that is connected as a seat of its own lane. */
async function project(more: object = {}) {
  const seat = `CLAUDE-CLI-BOX-TURN${++projects}-01`;
  const token = await server.seat(seat);
  const cwd = join(directory, `project-${projects}`);
  mkdirSync(cwd);
  const path = settingsPath("project", { project: cwd, env: {} });
  writeSettings(path, { version: 1, url: server.url, token, seat, protected_branches: [], ...more });
  const file = async () =>
    (await say(token, "ticket.file", { namespace: "CMB", title: "Left", lane: `TURN${projects}` })).id as string;
  return { seat, token, cwd, file };
}

/** Runs a hook as its CLI does; what it printed comes back read. */
async function hook(cli: string, event: string, said: object | string, words: string[] = []) {
  const input = typeof said === "string" ? said : JSON.stringify(said);
  const env = surroundings({ HOME: directory });
  const argv = ["--disable-warning=ExperimentalWarning", "--input-type=module", "-e", PROGRAM, "--"];
  const child = spawn(process.execPath, [...argv, cli, event, ...words], { cwd: directory, env });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (text) => (stdout += text));
  child.stderr.on("data", (text) => (stderr += text));
  child.stdin.end(input);
  const code = await new Promise((done) => child.on("close", done));
  return { code, stdout, stderr, answer: stdout === "" ? null : JSON.parse(stdout) };
}

describe("The hooks of a turn", () => {
  test("J15: a stop beside an own follow-on is answered in the CLI's words, with reason and command", async () => {
    for (const [cli, decision] of [
      ["claude", "block"],
      ["codex", "block"],
      ["gemini", "deny"],
    ] as const) {
      const { cwd, token, file } = await project();
      const id = await file();
      const stop = (stop_hook_active?: boolean) => hook(cli, "stop", { cwd, stop_hook_active });
      const { code, answer } = await stop(false);
      assert.deepEqual([code, answer.decision], [0, decision]);
      assert.match(answer.reason, new RegExp(`${id} “Left” .*Claim it now: longwatch ticket claim --id ${id}`, "s"));
      await say(token, "ticket.claim", { id });
      assert.deepEqual(await stop(true), { code: 0, stdout: "", stderr: "", answer: null });
    }
  });

  test("a model that was turned around three times is let go, and the person is told", async () => {
    const { cwd, file } = await project();
    const id = await file();
    for (const active of [false, true, true])
      assert.equal((await hook("claude", "stop", { cwd, stop_hook_active: active })).answer.decision, "block");
    const { code, answer } = await hook("claude", "stop", { cwd, stop_hook_active: true });
    assert.deepEqual([code, Object.keys(answer)], [0, ["systemMessage"]]);
    assert.match(answer.systemMessage, new RegExp(`although ${id} lies there unclaimed`));
  });

  test("a session that begins is handed its brief, with what is warm", async () => {
    const { cwd, seat, file } = await project();
    const id = await file();
    const { answer } = await hook("gemini", "session-start", { cwd, source: "startup" });
    const { hookEventName, additionalContext } = answer.hookSpecificOutput;
    assert.equal(hookEventName, "SessionStart");
    assert.match(additionalContext, new RegExp(`${seat}[^]*longwatch ticket claim --id ${id}`));
  });

  test("J38: a sub-agent is told its name below its parent's, even without a server", async () => {
    const { cwd, seat } = await project({ url: "http://127.0.0.1:1" });
    const said = { cwd, agent_type: "general purpose", agent_id: "a1b2" };
    const { answer } = await hook("claude", "subagent-start", said);
    assert.equal(answer.hookSpecificOutput.hookEventName, "SubagentStart");
    assert.match(answer.hookSpecificOutput.additionalContext, new RegExp(`${seat}/general-purpose-a1b2\\.`));
    assert.match(
      (await hook("codex", "subagent-start", { cwd })).answer.hookSpecificOutput.additionalContext,
      /\/sub-agent\./,
    );
  });

  test("whoever cannot be asked holds nobody up, and it is said why", async () => {
    const hung = createServer(() => {});
    await new Promise<void>((done) => hung.listen(0, "127.0.0.1", done));
    after(() => (hung.closeAllConnections(), hung.close()));
    const slow = `http://127.0.0.1:${(hung.address() as AddressInfo).port}`;
    for (const [more, why] of [
      [{ url: "http://127.0.0.1:1" }, /127\.0\.0\.1:1/],
      [{ url: slow, wait_seconds: 0.2 }, /the turn ends without a look.*gave no answer within 0\.2 s/],
      [{ token: "lw_wrong" }, /token is unknown/],
      [{ token: operator }, /holds no seat/],
    ] as const) {
      const { cwd } = await project(more);
      for (const event of ["stop", "session-start"]) {
        const { code, answer } = await hook("claude", event, { cwd, stop_hook_active: false });
        assert.deepEqual([code, Object.keys(answer)], [0, ["systemMessage"]], event);
        if (event === "stop") assert.match(answer.systemMessage, why);
      }
    }
  });

  test("where nobody is connected there is nothing to say, whatever the CLI says", async () => {
    for (const said of [{ cwd: directory }, "", "{", "[]", "null"])
      assert.deepEqual(await hook("claude", "stop", said), { code: 0, stdout: "", stderr: "", answer: null });
  });

  test("a hook that is written wrongly says how it is written, and lets go", async () => {
    for (const [cli, event, words] of [
      ["opencode", "stop", []],
      ["claude", "leave", []],
      ["claude", "stop", ["--settings"]],
      ["claude", "stop", ["--verbose", "x"]],
    ] as const) {
      const { code, stderr } = await hook(cli, event, "{}", [...words]);
      assert.equal(code, 1);
      assert.match(stderr, /usage: longwatch turn-hook/);
    }
  });
});
