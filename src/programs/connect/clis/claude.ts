import { join } from "node:path";
import { jsonAt, jsonConnected, jsonDisconnected, type JsonEdit } from "../json_file.ts";
import { type Cli, hookAmong, hookPiece, type Scope, type Setting, turnPieces } from "./cli.ts";

const NAME = "claude";
/** The guard gives up long before; Claude takes a hook that is cut off for one that failed. */
const TIMEOUT_SECONDS = 30;
const AT = ["hooks", "PreToolUse"];
const TURNS = { "session-start": "SessionStart", stop: "Stop", "subagent-start": "SubagentStart" } as const;

function homeOf({ env }: Setting): string {
  return env.CLAUDE_CONFIG_DIR || join(env.HOME || "/", ".claude");
}

function hookFile(setting: Setting): string {
  const files: Record<Scope, () => string> = {
    project: () => join(setting.project, ".claude", "settings.json"),
    user: () => join(homeOf(setting), "settings.json"),
    managed: () => join(setting.managed_root || "/", "etc", "claude-code", "managed-settings.json"),
  };
  return files[setting.scope]();
}

/** Servers of a user stand in another file than his settings, which lies beside the directory when it is the usual. */
function mcpFile(setting: Setting): string {
  const { project, scope, env } = setting;
  if (scope === "project") return join(project, ".mcp.json");
  return env.CLAUDE_CONFIG_DIR ? join(env.CLAUDE_CONFIG_DIR, ".claude.json") : join(env.HOME || "/", ".claude.json");
}

function edits(setting: Setting, turns = setting.turns): { hooks: JsonEdit; mcp: JsonEdit | null } {
  const hook = { type: "command", command: setting.hook, timeout: TIMEOUT_SECONDS, onFailure: "block" };
  const value = { matcher: "*", hooks: [hook] };
  const group = hookPiece(NAME, AT, value);
  const ofTurns = turnPieces(NAME, TURNS, (event) => ({
    hooks: [{ type: "command", command: setting.turn_hook(event), timeout: TIMEOUT_SECONDS }],
  }));
  const hooks = { path: hookFile(setting), what: "the hooks", pieces: [group, ...(turns ? ofTurns : [])] };
  if (setting.scope === "managed") return { hooks, mcp: null };
  const server = { type: "stdio", command: setting.launcher, args: ["mcp"] };
  const member = { kind: "set", at: ["mcpServers", "longwatch"], value: server } as const;
  return { hooks, mcp: { path: mcpFile(setting), what: "the tools (MCP)", pieces: [member] } };
}

export const claude: Cli = {
  provider: "CLAUDE",
  scopes: ["project", "user", "managed"],
  connected(setting) {
    const { hooks, mcp } = edits(setting);
    return [hooks, ...(mcp && setting.mcp ? [mcp] : [])].map(jsonConnected);
  },
  disconnected(setting) {
    const { hooks, mcp } = edits(setting, true);
    return [hooks, ...(mcp ? [mcp] : [])].map(jsonDisconnected);
  },
  hookFile,
  hookIn: (path, text) => {
    if (jsonAt(path, text, ["disableAllHooks"]) === true) return undefined;
    return hookAmong(jsonAt(path, text, AT), NAME);
  },
  stop: { hook_event_name: TURNS.stop, stop_hook_active: false },
  sample: (command, cwd) => ({
    session_id: "longwatch-self-test",
    transcript_path: "/dev/null",
    cwd,
    permission_mode: "default",
    hook_event_name: "PreToolUse",
    tool_name: "Bash",
    tool_input: { command, description: "Longwatch tries its own hook" },
    tool_use_id: "toolu_longwatch",
  }),
  strength: (scope) => ({
    dodges: [
      { way: "--dangerously-skip-permissions, --permission-mode bypassPermissions", works: false },
      { way: "--bare, --safe-mode", works: scope !== "managed" },
      { way: '"disableAllHooks" in settings, or --settings with it', works: scope !== "managed" },
      { way: "another CLAUDE_CONFIG_DIR", works: scope === "user" },
      { way: "a session that is started in another directory", works: scope === "project" },
      { way: "another program, such as a plain shell", works: true },
    ],
    stronger:
      scope === "managed"
        ? "`longwatch connect git` in the receiving repository guards what no agent's program can."
        : "--scope managed, said by the machine's administrator, survives all of Claude's own flags.",
  }),
  notes: ({ scope, mcp }) => [
    ...(scope === "project" && mcp ? ["Claude asks once whether it may use the project's MCP server: say yes."] : []),
    ...(scope === "managed"
      ? ["MCP is not written for the whole machine: a managed list would shut out every other server."]
      : []),
    "Claude Code before 2.1.329 ignores onFailure; there a hook that is killed lets the call pass.",
  ],
};
