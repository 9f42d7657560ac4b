import { existsSync } from "node:fs";
import { join } from "node:path";
import { Refusal } from "../../../kernel/refusal.ts";
import type { Edit } from "../edits.ts";
import { type Dialect, jsonConnected, jsonDisconnected, type JsonEdit } from "../json_file.ts";
import { type Cli, isOurHook, type Setting } from "./cli.ts";

const NAME = "opencode";
const dialect: Dialect = { comments: true, trailing_commas: true };
/** The line of our plugin that holds the hook's command line. */
const HOOK = /^const hook = (".*");$/m;

function directoryOf({ project, scope, env }: Setting): string {
  if (scope === "project") return project;
  return join(env.XDG_CONFIG_HOME || join(env.HOME || "/", ".config"), NAME);
}

const pluginFile = (setting: Setting): string =>
  join(directoryOf(setting), ...(setting.scope === "project" ? [".opencode"] : []), "plugin", "longwatch.js");

/**
 * OpenCode has plugins in the place of hooks. Ours hands each tool call to the same program that the others call, and
 * throws when it is denied; so does whatever goes wrong, since a plugin that only fails lets the call pass.
 */
function pluginOf(hook: string): string {
  return `// Written by \`longwatch connect opencode\`; \`longwatch disconnect opencode\` removes it.
import { spawnSync } from "node:child_process";

const hook = ${JSON.stringify(hook)};

export const Longwatch = async ({ directory }) => ({
  "tool.execute.before": async ({ tool, sessionID, callID }, { args }) => {
    const call = { session_id: sessionID, call_id: callID, cwd: directory, tool_name: tool, tool_input: args };
    const asked = spawnSync("/bin/sh", ["-c", hook], {
      cwd: directory,
      input: JSON.stringify(call),
      encoding: "utf8",
      timeout: 30_000,
    });
    if (asked.status !== 0) throw new Error(asked.stderr?.trim() || "Longwatch could not look at this call.");
  },
});
`;
}

function plugin(setting: Setting): Edit {
  const path = pluginFile(setting);
  const change = (before: string | null) => {
    if (before === null || HOOK.test(before)) return pluginOf(setting.hook);
    throw new Refusal("conflict", "connect.taken", `${path} is a plugin of somebody else.`, {
      hint: "Nothing was changed. Give that plugin another name, then say it again.",
    });
  };
  return { path, what: "the hook, as a plugin", change };
}

function withoutPlugin(setting: Setting): Edit {
  const change = (before: string | null) => (before !== null && HOOK.test(before) ? null : before);
  return { path: pluginFile(setting), what: "the hook, as a plugin", change };
}

function mcp(setting: Setting): JsonEdit {
  const file = ["opencode.jsonc", "opencode.json"].map((name) => join(directoryOf(setting), name));
  const value = { type: "local", command: [setting.launcher, "mcp"] };
  const pieces = [{ kind: "set", at: ["mcp", "longwatch"], value } as const];
  return { path: file.find((path) => existsSync(path)) ?? file[1]!, what: "the tools (MCP)", pieces, dialect };
}

export const opencode: Cli = {
  provider: "OPENCODE",
  scopes: ["project", "user"],
  connected: (setting) => [plugin(setting), ...(setting.mcp ? [jsonConnected(mcp(setting))] : [])],
  disconnected: (setting) => [withoutPlugin(setting), jsonDisconnected(mcp(setting))],
  hookFile: pluginFile,
  hookIn: (_, text) => {
    const written = HOOK.exec(text)?.[1];
    const hook = written === undefined ? undefined : JSON.parse(written);
    return isOurHook(hook, NAME) ? hook : undefined;
  },
  sample: (command, cwd) => ({
    session_id: "longwatch-self-test",
    call_id: "call_longwatch",
    cwd,
    tool_name: "bash",
    tool_input: { command, description: "Longwatch tries its own hook" },
  }),
  strength: (scope) => ({
    dodges: [
      { way: '"permission" settings that allow everything', works: false },
      { way: "a start that leaves plugins out", works: true },
      { way: "another XDG_CONFIG_HOME", works: scope === "user" },
      { way: "a session that is started in another directory", works: scope === "project" },
      { way: "another program, such as a plain shell", works: true },
    ],
    stronger:
      "OpenCode has no settings of the machine. `longwatch connect git` in the receiving repository is stronger.",
  }),
  notes: () => ["OpenCode may take a minute the first time: it fetches what it needs for plugins."],
};
