import { type Cli, cwdOf, mcpCall, objectOf, shellCall, textOf, unknownTool } from "./cli.ts";
import { patchedPaths } from "./codex.ts";

/** Its own tools with a mark in their names; every other name with one is that of an MCP server and its tool. */
const OWN = ["apply_patch", "plan_enter", "plan_exit", "invalid_tool"];
const READERS = ["read", "grep", "glob", "list", "ls", "lsp"];

/** OpenCode, through the plugin that `longwatch connect opencode` writes: it has no event but this one. */
export const opencode: Cli = {
  project: () => undefined,

  hear(said) {
    const name = textOf(said, "tool_name");
    const input = objectOf(said, "tool_input");
    const cwd = cwdOf(said);
    const call_id = typeof said.call_id === "string" ? said.call_id : undefined;
    const call = () => {
      if (name === "bash") return shellCall(input, "command", cwd, input.workdir);
      if (name === "patch" || name === "apply_patch")
        return { kind: "write", paths: patchedPaths(input, cwd), cwd } as const;
      if (READERS.includes(name)) return { kind: "other", name, cwd } as const;
      if (name.includes("_") && !OWN.includes(name)) return mcpCall(name, "_", undefined, input, cwd);
      return unknownTool(name, input, cwd);
    };
    return { event: "tool", call: call(), cwd, call_id };
  },
};
