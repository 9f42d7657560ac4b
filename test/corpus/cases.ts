import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ToolCall } from "../../src/guard/tool_call.ts";
import { actionNames, type ActionName } from "../../src/guard/vocabulary.ts";

/**
 * The corpus is text, so that everybody can read and extend it: a case a line, `    | ` before the further lines of the
 * same case, `# ` before a group's title, `@cwd ` before the directory that the next cases start in. A bypass begins
 * with the action that it hides. `write:`, `mcp:` and `other:` are calls of tools that are no shell.
 */
export type Case = { group: string; line: string; expected: ActionName | undefined; call: ToolCall };

const directory = fileURLToPath(new URL("./", import.meta.url));
export const HOME = "/srv/home";
export const WORKTREE = "/srv/shop";

export const bypasses = (): Case[] => read("bypasses");
export const harmless = (): Case[] => read("harmless");

function read(kind: "bypasses" | "harmless"): Case[] {
  const files = readdirSync(join(directory, kind)).sort();
  return files.flatMap((file) => casesOf(readFileSync(join(directory, kind, file), "utf8"), kind === "bypasses", file));
}

function casesOf(text: string, isBypass: boolean, file: string): Case[] {
  const cases: Case[] = [];
  let group = file;
  let cwd = WORKTREE;
  const blocks = text.replace(/\n {4}\| ?/g, "\u0000").split("\n");
  for (const block of blocks) {
    const line = block.replaceAll("\u0000", "\n");
    if (line === "") continue;
    if (/^# [A-Z]/.test(line) && !line.includes("\n") && !/^# git/.test(line)) {
      group = line.slice(2);
      cwd = WORKTREE;
    } else if (line.startsWith("@cwd ")) cwd = line.slice(5);
    else if (isBypass) {
      const [, action, command] = /^(\w+) {2,}(.*)$/s.exec(line) ?? [];
      if (!actionNames.includes(action as ActionName)) throw new Error(`${file}: no action begins "${line}"`);
      cases.push({ group, line: command!, expected: action as ActionName, call: callOf(command!, cwd) });
    } else cases.push({ group, line, expected: undefined, call: callOf(line, cwd) });
  }
  return cases;
}

function callOf(line: string, cwd: string): ToolCall {
  const [, kind, rest] = /^(write|other|mcp):\s*(.*)$/s.exec(line) ?? [];
  if (kind === "write") return { kind, paths: rest!.split(", "), cwd };
  if (kind === "other") return { kind, name: rest!, cwd };
  if (kind === undefined) return { kind: "shell", command: line, cwd };
  const [, server, tool, input] = /^(\S+) (\S+) (.*)$/s.exec(rest!)!;
  return { kind: "mcp", server: server!, tool: tool!, input: JSON.parse(input!), cwd };
}
