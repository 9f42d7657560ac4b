import { type Cli, cwdOf, mcpCall, objectOf, shellCall, textOf, unknownTool } from "./cli.ts";

const MCP = "mcp_";
/** Tools that take a path and only read it. */
const READERS = ["read_file", "read_many_files", "list_directory", "glob", "search_file_content", "grep_search"];

/** Gemini CLI: BeforeTool. It takes whatever stands on standard output for JSON, so nothing does. */
export const gemini: Cli = {
  project: ({ GEMINI_PROJECT_DIR }) => GEMINI_PROJECT_DIR,

  hear(said) {
    if (textOf(said, "hook_event_name") !== "BeforeTool") return { event: "other" };
    const name = textOf(said, "tool_name");
    const input = objectOf(said, "tool_input");
    const cwd = cwdOf(said);
    const { server_name } = (said.mcp_context ?? {}) as { server_name?: unknown };
    const call = () => {
      if (name === "run_shell_command") return shellCall(input, "command", cwd, input.dir_path ?? input.directory);
      if (name.startsWith(MCP)) return mcpCall(name.slice(MCP.length), "_", server_name, input, cwd);
      if (READERS.includes(name)) return { kind: "other", name, cwd } as const;
      return unknownTool(name, input, cwd);
    };
    return { event: "tool", call: call(), cwd };
  },
};
