import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type CliName, clis } from "./index.ts";

/** The hooks' JSON as the CLIs say it (Claude Code 2.1.329, Codex 0.169.0, Gemini CLI 0.61.0), but for the ids. */
const claude = (tool_name: string, tool_input: object, more: object = {}) => ({
  session_id: "s",
  transcript_path: "/t",
  cwd: "/w",
  prompt_id: "p",
  permission_mode: "default",
  effort: { level: "medium" },
  hook_event_name: "PreToolUse",
  tool_name,
  tool_input,
  tool_use_id: "toolu_1",
  ...more,
});
const codex = (tool_name: string, tool_input: object, more: object = {}) => ({
  session_id: "s",
  turn_id: "t",
  transcript_path: "/t",
  cwd: "/w",
  hook_event_name: "PreToolUse",
  model: "gpt-5.5-codex",
  permission_mode: "bypassPermissions",
  tool_name,
  tool_input,
  tool_use_id: "call_1",
  ...more,
});
const gemini = (tool_name: string, tool_input: object, more: object = {}) => ({
  session_id: "s",
  transcript_path: "/t",
  cwd: "/w",
  hook_event_name: "BeforeTool",
  timestamp: "2026-11-20T10:00:00Z",
  tool_name,
  tool_input,
  ...more,
});
const opencode = (tool_name: string, tool_input: object, more: object = {}) => ({
  session_id: "s",
  call_id: "c",
  cwd: "/w",
  tool_name,
  tool_input,
  ...more,
});
const says = { claude, codex, gemini, opencode };

function call(name: CliName, said: object) {
  const heard = clis[name].hear(said as never, {});
  assert.equal(heard.event, "tool");
  return (heard as Extract<typeof heard, { event: "tool" }>).call;
}

const patch = `*** Begin Patch
*** Update File: src/a.ts
*** Move to: /etc/b.ts
@@
-*** Add File: not a heading, since it is a removed line
+x
*** Add File: new file.ts
+*** Delete File: nor this
*** Delete File: ../old.ts
*** End Patch`;
const patched = { kind: "write", paths: ["/w/src/a.ts", "/etc/b.ts", "/w/new file.ts", "/old.ts"], cwd: "/w" };
const shell = (command: string, cwd = "/w") => ({ kind: "shell", command, cwd });
const write = (...paths: string[]) => ({ kind: "write", paths, cwd: "/w" });
const mcp = (server: string, tool: string, input: object) => ({ kind: "mcp", server, tool, input, cwd: "/w" });
const other = (name: string) => ({ kind: "other", name, cwd: "/w" });

describe("A tool call is understood from", () => {
  const cases: [CliName, string, object, object, object?][] = [
    ["claude", "Bash", { command: "vercel deploy --prod", description: "…" }, shell("vercel deploy --prod")],
    ["claude", "Write", { file_path: "/etc/x", content: "…" }, write("/etc/x")],
    ["claude", "Edit", { file_path: "/w/a", old_string: "a", new_string: "b" }, write("/w/a")],
    ["claude", "MultiEdit", { file_path: "/w/a", edits: [] }, write("/w/a")],
    ["claude", "NotebookEdit", { notebook_path: "/w/a.ipynb", new_source: "" }, write("/w/a.ipynb")],
    ["claude", "Read", { file_path: "/etc/passwd" }, other("Read")],
    ["claude", "Task", { subagent_type: "general-purpose", prompt: "git push" }, other("Task")],
    ["claude", "WebFetch", { url: "https://example.org", prompt: "…" }, other("WebFetch")],
    ["claude", "Monitor", { command: "git push", description: "…" }, shell("git push")],
    ["claude", "Tomorrow", { filePath: "/etc/x" }, write("/etc/x")],
    ["claude", "mcp__fleet__request_approval", { a: 1 }, mcp("fleet", "request_approval", { a: 1 })],
    [
      "claude",
      "mcp__plugin_a__b__deploy",
      {},
      mcp("plugin_a__b", "deploy", {}),
      { mcp_server: { name: "plugin_a__b", source: "plugin" } },
    ],
    ["codex", "Bash", { command: "git push" }, shell("git push")],
    ["codex", "Bash", { command: "git push", workdir: "sub" }, shell("git push", "/w/sub")],
    [
      "codex",
      "shell",
      { command: ["bash", "-lc", "git push; echo 'x'"] },
      shell("bash -lc 'git push; echo '\\''x'\\'''"),
    ],
    ["codex", "write_stdin", { session_id: 1, chars: "git push\n" }, shell("git push\n")],
    ["codex", "apply_patch", { command: patch }, patched],
    ["codex", "mcp__fleet__deploy", {}, mcp("fleet", "deploy", {})],
    ["codex", "update_plan", { plan: [] }, other("update_plan")],
    ["gemini", "run_shell_command", { command: "git push" }, shell("git push")],
    ["gemini", "run_shell_command", { command: "git push", dir_path: "sub" }, shell("git push", "/w/sub")],
    ["gemini", "write_file", { file_path: "/etc/x", content: "" }, write("/etc/x")],
    ["gemini", "replace", { file_path: "/w/a", old_string: "" }, write("/w/a")],
    ["gemini", "read_file", { file_path: "/etc/x" }, other("read_file")],
    ["gemini", "mcp_fleet_request_approval", {}, mcp("fleet", "request_approval", {})],
    ["gemini", "mcp_my_fleet_deploy", {}, mcp("my_fleet", "deploy", {}), { mcp_context: { server_name: "my_fleet" } }],
    ["opencode", "bash", { command: "git push", description: "…" }, shell("git push")],
    ["opencode", "edit", { filePath: "/etc/x" }, write("/etc/x")],
    ["opencode", "apply_patch", { patchText: patch }, patched],
    ["opencode", "fleet_deploy", { to: "prod" }, mcp("fleet", "deploy", { to: "prod" })],
    ["opencode", "read", { filePath: "/etc/x" }, other("read")],
  ];
  for (const [name, tool, input, expected, more] of cases)
    test(`${name}: ${tool} ${JSON.stringify(input).slice(0, 60)}`, () => {
      assert.deepEqual(call(name, says[name](tool, input, more)), expected);
    });
});

for (const name of ["claude", "codex", "gemini", "opencode"] as const)
  describe(`What cannot be understood from ${name} is not taken for harmless:`, () => {
    const whole = says[name]("Bash", { command: "ls" }) as Record<string, unknown>;
    const missing = ["hook_event_name", "tool_name", "tool_input", "cwd"].filter((field) => field in whole);
    for (const field of missing)
      for (const [what, value] of [
        ["is missing", undefined],
        ["is null", null],
        ["is a number", 7],
        ["is a list", ["Bash"]],
      ] as const)
        test(`${field} ${what}`, () => {
          assert.throws(() => clis[name].hear({ ...whole, [field]: value }, {}), new RegExp(field));
        });

    test("a command that is none, and a directory that is not one", () => {
      const tool = name === "gemini" ? "run_shell_command" : name === "opencode" ? "bash" : "Bash";
      assert.throws(() => clis[name].hear(says[name](tool, { command: 7 }), {}), /command is not a text/);
      assert.throws(() => clis[name].hear(says[name](tool, {}), {}), /command is missing/);
      assert.throws(() => clis[name].hear({ ...whole, cwd: "here" }, {}), /cwd is not a path from the root/);
    });
  });

test("a patch's line that names a file counts with any space before it, as Codex takes it", () => {
  const text = "*** Begin Patch\n*** Add File: a\n+x\n   *** Update File: .codex/config.toml\n@@\n*** End Patch";
  const heard = call("codex", codex("apply_patch", { command: text }));
  assert.deepEqual((heard as { paths?: string[] }).paths, ["/w/a", "/w/.codex/config.toml"]);
});

test("what is typed into a running shell has to be a whole line, or a single key", () => {
  const typed = (chars: string) => call("codex", codex("write_stdin", { session_id: 1, chars })).kind;
  for (const key of ["", "y", "\n", "\u0003", "\u001b[A"]) assert.equal(typed(key), "other", JSON.stringify(key));
  assert.equal(typed("git push origin main\n"), "shell");
  for (const part of ["git pu", "git pu\\\n", "git pux\u007fsh\n", "g"])
    assert.throws(() => typed(part), /whole line/, JSON.stringify(part));
});

test("a patch that names no file is not understood", () => {
  assert.throws(() => call("codex", codex("apply_patch", { command: "*** Begin Patch" })), /names no file/);
  assert.throws(() => call("codex", codex("apply_patch", { command: 7 })), /not a text/);
});

test("what nobody can forbid any more passes, whatever it is", () => {
  for (const hook_event_name of ["PostToolUse", "SessionStart", "Stop", "AnEventOfNextYear"]) {
    for (const name of ["claude", "codex", "gemini"] as const)
      assert.deepEqual(clis[name].hear({ hook_event_name }, {}), { event: "other" });
  }
});

test("a sub-agent of Claude is named below its seat, in letters that a name may have", () => {
  const heard = (more: object) => clis.claude.hear(claude("Bash", { command: "ls" }, more), {});
  assert.equal((heard({}) as { agent?: string }).agent, undefined);
  const agent = (more: object) => (heard(more) as { agent?: string }).agent;
  assert.equal(agent({ agent_id: "a1b2", agent_type: "general-purpose" }), "general-purpose-a1b2");
  assert.equal(agent({ agent_id: "../x y/é", agent_type: "my:plugin" }), "my-plugin-x-y");
  assert.equal(agent({ agent_id: "x".repeat(200) })!.length, 60);
  assert.equal(agent({ agent_id: "../..", agent_type: "" }), "sub-agent");
});

test("only Claude waits for a person, and only where nobody sits before it", () => {
  const { wait } = clis.claude;
  const headless = { CLAUDE_CODE_ENTRYPOINT: "sdk-cli" };
  assert.deepEqual(JSON.parse(wait!(headless, "toolu_1", "why")!.stdout), {
    hookSpecificOutput: {
      hookEventName: "PreToolUse",
      permissionDecision: "defer",
      permissionDecisionReason: "why",
    },
  });
  assert.equal(wait!({ CLAUDE_CODE_ENTRYPOINT: "cli" }, "toolu_1", "why"), undefined);
  assert.equal(wait!({}, "toolu_1", "why"), undefined);
  assert.equal(wait!(headless, undefined, "why"), undefined);
  assert.ok(!("wait" in clis.codex) && !("wait" in clis.gemini) && !("wait" in clis.opencode));
});
