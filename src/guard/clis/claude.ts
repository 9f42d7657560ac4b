import { type Cli, cwdOf, mcpCall, objectOf, shellCall, textOf, unknownTool } from "./cli.ts";

/** Tools that take a path and only read it. */
const READERS = ["Read", "Grep", "Glob", "LS", "LSP", "NotebookRead"];
const MCP = "mcp__";
/** How Claude says that a person sits before it; in every other way of starting it, nobody does. */
const INTERACTIVE = "cli";

const AGENT_CHARACTERS_MAX = 60;

/** Claude Code: PreToolUse, once for each tool call. */
export const claude: Cli = {
  project: ({ CLAUDE_PROJECT_DIR }) => CLAUDE_PROJECT_DIR,

  hear(said) {
    if (textOf(said, "hook_event_name") !== "PreToolUse") return { event: "other" };
    const name = textOf(said, "tool_name");
    const input = objectOf(said, "tool_input");
    const cwd = cwdOf(said);
    const call_id = typeof said.tool_use_id === "string" ? said.tool_use_id : undefined;
    const agent = agentOf(said.agent_type, said.agent_id);
    const server = (said.mcp_server as { name?: unknown } | undefined)?.name;
    const call = () => {
      if (name === "Bash") return shellCall(input, "command", cwd);
      if (name.startsWith(MCP)) return mcpCall(name.slice(MCP.length), "__", server, input, cwd);
      if (READERS.includes(name)) return { kind: "other", name, cwd } as const;
      return unknownTool(name, input, cwd);
    };
    return { event: "tool", call: call(), cwd, call_id, agent };
  },

  wait(env, call_id, why) {
    if (call_id === undefined || (env.CLAUDE_CODE_ENTRYPOINT ?? INTERACTIVE) === INTERACTIVE) return undefined;
    const hookSpecificOutput = {
      hookEventName: "PreToolUse",
      permissionDecision: "defer",
      permissionDecisionReason: why,
    };
    return { code: 0, stdout: `${JSON.stringify({ hookSpecificOutput })}\n`, stderr: "" };
  },
};

/** A sub-agent's name below its seat, in the letters and the length that the server takes. */
export function agentOf(...given: unknown[]): string | undefined {
  const said = given.filter((part) => typeof part === "string" && part !== "") as string[];
  if (said.length === 0) return undefined;
  const parts = said.map((part) => part.replaceAll(/[^A-Za-z0-9]+/g, "-").replaceAll(/^-+|-+$/g, ""));
  return parts.filter(Boolean).join("-").slice(0, AGENT_CHARACTERS_MAX) || "sub-agent";
}
