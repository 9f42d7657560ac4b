import { join } from "node:path";
import { type Dialect, jsonAt, jsonConnected, jsonDisconnected, type JsonEdit, type Piece } from "../json_file.ts";
import { type Cli, hookAmong, hookPiece, type Scope, type Setting, turnPieces } from "./cli.ts";

const NAME = "gemini";
/** Gemini counts in milliseconds. */
const TIMEOUT_MILLISECONDS = 30_000;
const AT = ["hooks", "BeforeTool"];
/** It has no event for a sub-agent that begins. */
const TURNS = { "session-start": "SessionStart", stop: "AfterAgent" } as const;
const dialect: Dialect = { comments: true, trailing_commas: false };

function hookFile({ project, scope, env, managed_root }: Setting): string {
  const home = env.GEMINI_CLI_HOME || env.HOME || "/";
  const files: Record<Scope, string> = {
    project: join(project, ".gemini", "settings.json"),
    user: join(home, ".gemini", "settings.json"),
    managed: join(managed_root || "/", "etc", "gemini-cli", "settings.json"),
  };
  return files[scope];
}

function edit(setting: Setting, { mcp, turns }: Pick<Setting, "mcp" | "turns">): JsonEdit {
  const hook = { type: "command", name: "longwatch", command: setting.hook, timeout: TIMEOUT_MILLISECONDS };
  const value = { matcher: ".*", hooks: [hook] };
  const server = { command: setting.launcher, args: ["mcp"], trust: true };
  const pieces: Piece[] = [hookPiece(NAME, AT, value)];
  const ofTurns = turnPieces(NAME, TURNS, (event) => ({
    hooks: [{ ...hook, command: setting.turn_hook(event) }],
  }));
  if (turns) pieces.push(...ofTurns);
  const what = mcp && setting.scope !== "managed" ? "the hooks and the tools (MCP)" : "the hooks";
  if (mcp && setting.scope !== "managed") pieces.push({ kind: "set", at: ["mcpServers", "longwatch"], value: server });
  return {
    path: hookFile(setting),
    what,
    pieces,
    dialect,
  };
}

export const gemini: Cli = {
  provider: "GEMINI",
  scopes: ["project", "user", "managed"],
  connected: (setting) => [jsonConnected(edit(setting, setting))],
  disconnected: (setting) => [jsonDisconnected(edit(setting, { mcp: true, turns: true }))],
  hookFile,
  hookIn: (path, text) => hookAmong(jsonAt(path, text, AT, dialect), NAME),
  stop: { hook_event_name: TURNS.stop, stop_hook_active: false },
  sample: (command, cwd) => ({
    session_id: "longwatch-self-test",
    transcript_path: "/dev/null",
    cwd,
    hook_event_name: "BeforeTool",
    timestamp: "2026-11-21T00:00:00.000Z",
    tool_name: "run_shell_command",
    tool_input: { command, description: "Longwatch tries its own hook" },
  }),
  strength: (scope) => ({
    dodges: [
      { way: "--approval-mode yolo", works: false },
      { way: "hooks that are disabled in settings", works: scope !== "managed" },
      { way: "a GEMINI_CLI_SYSTEM_SETTINGS_PATH that names another file", works: scope === "managed" },
      { way: "another GEMINI_CLI_HOME", works: scope === "user" },
      { way: "a session that is started in another directory", works: scope === "project" },
      { way: "another program, such as a plain shell", works: true },
    ],
    stronger:
      scope === "managed"
        ? "`longwatch connect git` in the receiving repository guards what no agent's program can."
        : "--scope managed, said by the machine's administrator, survives Gemini's own flags.",
  }),
  notes: ({ scope }) => [
    ...(scope === "project" ? ["Gemini reads a folder's settings only when the folder is trusted."] : []),
    ...(scope === "managed" ? ["MCP is not written for the whole machine: connect each project for it."] : []),
  ],
};
