import { join } from "node:path";
import { jsonAt, jsonConnected, jsonDisconnected, type JsonEdit } from "../json_file.ts";
import { read, type TomlEdit, tomlConnected, tomlDisconnected, tomlString } from "../toml_file.ts";
import { type TurnEvent, turnEvents } from "../../../guard/hook_command.ts";
import { type Cli, hookAmong, hookPiece, type Setting, turnPieces } from "./cli.ts";

const NAME = "codex";
/** In seconds; a hook that Codex cuts off lets the call pass, so the guard gives up long before. */
const TIMEOUT_SECONDS = 30;
const AT = ["hooks", "PreToolUse"];
const TURNS = { "session-start": "SessionStart", stop: "Stop", "subagent-start": "SubagentStart" } as const;

/** Where Codex keeps its configuration; it has to be there before Codex starts. */
export function codexHome({ env }: Pick<Setting, "env">): string {
  return env.CODEX_HOME || join(env.HOME || "/", ".codex");
}

const directoryOf = (setting: Setting): string =>
  setting.scope === "project" ? join(setting.project, ".codex") : codexHome(setting);

const requirementsOf = ({ managed_root }: Setting): string =>
  join(managed_root || "/", "etc", "codex", "requirements.toml");

const hookFile = (setting: Setting): string =>
  setting.scope === "managed" ? requirementsOf(setting) : join(directoryOf(setting), "hooks.json");

function hooks(setting: Setting, turns = setting.turns): JsonEdit {
  const value = { hooks: [{ type: "command", command: setting.hook, timeout: TIMEOUT_SECONDS }] };
  const ofTurns = turnPieces(NAME, TURNS, (event) => ({
    hooks: [{ type: "command", command: setting.turn_hook(event), timeout: TIMEOUT_SECONDS }],
  }));
  const guard = hookPiece(NAME, AT, value);
  return { path: hookFile(setting), what: "the hooks", pieces: [guard, ...(turns ? ofTurns : [])] };
}

function mcp(setting: Setting): TomlEdit {
  const block = `[mcp_servers.longwatch]\ncommand = ${tomlString(setting.launcher)}\nargs = ["mcp"]`;
  return { path: join(directoryOf(setting), "config.toml"), what: "the tools (MCP)", keys: [], block };
}

/** What the administrator requires: hooks that no flag switches off, and ours among them. */
function requirements(setting: Setting): TomlEdit {
  const table = (name: string, command: string) => [
    `[[hooks.${name}]]`,
    `[[hooks.${name}.hooks]]`,
    'type = "command"',
    `command = ${tomlString(command)}`,
    `timeout = ${TIMEOUT_SECONDS}`,
  ];
  const ofTurns = turnEvents.flatMap((event: TurnEvent) => table(TURNS[event], setting.turn_hook(event)));
  const block = [...table("PreToolUse", setting.hook), ...(setting.turns ? ofTurns : [])].join("\n");
  const keys = [{ table: "features", key: "hooks", value: true }];
  return { path: requirementsOf(setting), what: "the hooks", keys, block };
}

export const codex: Cli = {
  provider: "CODEX",
  scopes: ["project", "user", "managed"],
  connected(setting) {
    if (setting.scope === "managed") return [tomlConnected(requirements(setting))];
    return [jsonConnected(hooks(setting)), ...(setting.mcp ? [tomlConnected(mcp(setting))] : [])];
  },
  disconnected(setting) {
    if (setting.scope === "managed") return [tomlDisconnected(requirements(setting))];
    return [jsonDisconnected(hooks(setting, true)), tomlDisconnected(mcp(setting))];
  },
  hookFile,
  hookIn: (path, text) =>
    path.endsWith(".toml")
      ? hookAmong((read(path, text).hooks as { PreToolUse?: unknown } | undefined)?.PreToolUse, NAME)
      : hookAmong(jsonAt(path, text, AT), NAME),
  stop: { hook_event_name: TURNS.stop, stop_hook_active: false },
  sample: (command, cwd) => ({
    session_id: "longwatch-self-test",
    turn_id: "longwatch-self-test",
    transcript_path: "/dev/null",
    cwd,
    hook_event_name: "PreToolUse",
    model: "longwatch",
    permission_mode: "default",
    tool_name: "Bash",
    tool_input: { command },
    tool_use_id: "call_longwatch",
  }),
  strength: (scope) => ({
    dodges: [
      { way: "--dangerously-bypass-approvals-and-sandbox", works: false },
      { way: "--disable hooks", works: scope !== "managed" },
      { way: "--ignore-user-config, another CODEX_HOME", works: scope !== "managed" },
      { way: "a session that is started in another directory", works: scope === "project" },
      { way: "another program, such as a plain shell", works: true },
    ],
    stronger:
      scope === "managed"
        ? "`longwatch connect git` in the receiving repository guards what no agent's program can."
        : "--scope managed, said by the machine's administrator, survives all of Codex's own flags.",
  }),
  notes: ({ scope }) =>
    scope === "managed" ? ["MCP is not written for the whole machine: connect each project for it."] : [],
};
