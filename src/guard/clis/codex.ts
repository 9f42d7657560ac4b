import { resolve } from "node:path";
import type { ToolCall } from "../tool_call.ts";
import { type Cli, cwdOf, mcpCall, objectOf, type Said, shellCall, textOf, Unclear, unknownTool } from "./cli.ts";

const MCP = "mcp__";
/** The lines of a patch that name a file. Codex takes them with any space before them. */
const PATCHED = /^\s*\*\*\* *(?:Add File|Update File|Delete File|Move to): *(.+)$/gim;

/** Codex CLI: PreToolUse; it calls its own shell tool Bash here. */
export const codex: Cli = {
  project: () => undefined,

  hear(said) {
    if (textOf(said, "hook_event_name") !== "PreToolUse") return { event: "other" };
    const name = textOf(said, "tool_name");
    const input = objectOf(said, "tool_input");
    const cwd = cwdOf(said);
    const call_id = typeof said.tool_use_id === "string" ? said.tool_use_id : undefined;
    const call = () => {
      if (name === "Bash") return shellCall(input, "command", cwd, input.workdir);
      if (name === "apply_patch") return { kind: "write", paths: patchedPaths(input, cwd), cwd } as const;
      if (name.startsWith(MCP)) return mcpCall(name.slice(MCP.length), "__", undefined, input, cwd);
      // What is typed into a shell that runs already, runs there.
      if (name === "write_stdin" && typeof input.chars === "string") return typed(input, cwd);
      return unknownTool(name, input, cwd);
    };
    return { event: "tool", call: call(), cwd, call_id };
  },
};

/** A key that answers a question, or moves in a menu. */
const KEYS = /^(?:[\s\x00-\x1f]|\x1b\[?[A-Z0-9;~]*|[yYnNqQ])*$/;

/**
 * What is typed into a shell that runs already, runs there. Half a line now and its end later would be two harmless
 * texts, so a line has to come whole and without corrections.
 */
function typed(input: Said, cwd: string): ToolCall {
  const chars = textOf(input, "chars");
  if (KEYS.test(chars)) return { kind: "other", name: "write_stdin", cwd };
  if (!/[\r\n]$/.test(chars) || /\\[\r\n]+$/.test(chars) || /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/.test(chars))
    throw new Unclear("what is typed is not a whole line; end it with a line feed, and type no control characters");
  return { kind: "shell", command: chars.replaceAll("\r", "\n"), cwd };
}

/** The files that a patch changes. One without any is no patch that we can read. */
export function patchedPaths(input: Said, cwd: string): string[] {
  const text = ["command", "input", "patch", "patchText"].map((field) => input[field]).find(Boolean);
  const whole = Array.isArray(text) ? text.join("\n") : text;
  if (typeof whole !== "string") throw new Unclear("the patch is not a text");
  const paths = [...whole.matchAll(PATCHED)].map(([, path]) => resolve(cwd, path!.trim()));
  if (paths.length === 0) throw new Unclear("the patch names no file");
  return paths;
}
