import { resolve } from "node:path";
import { shellWord } from "../../shell_words.ts";
import type { Env } from "../settings.ts";
import type { ToolCall } from "../tool_call.ts";

/** What a hook was told: a tool call that waits for its answer, or something that nobody can forbid. */
export type Heard =
  | {
      event: "tool";
      call: ToolCall;
      /** Where the session is, which a call may leave for a moment. */
      cwd: string;
      /** The CLI's own number of this call; Claude says the same one again when it resumes. */
      call_id?: string | undefined;
      /** The sub-agent that makes the call, as an addition to its seat's name. */
      agent?: string | undefined;
    }
  | { event: "other" };

/** What the program leaves behind: exit code 0 lets the call happen, 2 forbids it in every CLI. */
export type Answer = { code: 0 | 2; stdout: string; stderr: string };

export type Cli = {
  /** The directory that the CLI was started in, where it tells. */
  project(env: Env): string | undefined;
  /** Reads the hook's JSON. Throws Unclear when it cannot tell what is about to happen. */
  hear(said: Said, env: Env): Heard;
  /** Stops the run until a person has decided, where this CLI can be resumed. */
  wait?(env: Env, call_id: string | undefined, why: string): Answer | undefined;
};

export type Said = Readonly<Record<string, unknown>>;

/** A hook call that could be anything; it is refused. */
export class Unclear extends Error {}

/** A text that has to be there. */
export function textOf(said: Said, field: string): string {
  const value = said[field];
  if (typeof value !== "string") throw new Unclear(`${field} is ${value === undefined ? "missing" : "not a text"}`);
  return value;
}

/** An object that has to be there. */
export function objectOf(said: Said, field: string): Said {
  const value = said[field];
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new Unclear(`${field} is ${value === undefined ? "missing" : "not an object"}`);
  return value as Said;
}

/** Where the call happens. Without it a relative path could be any. */
export function cwdOf(said: Said): string {
  const cwd = textOf(said, "cwd");
  if (!cwd.startsWith("/")) throw new Unclear("cwd is not a path from the root");
  return cwd;
}

/** A command, as a line or as a list of words that are to be taken as they stand. */
export function shellCall(input: Said, field: string, cwd: string, elsewhere?: unknown): ToolCall {
  const value = input[field];
  const isList = Array.isArray(value) && value.every((one) => typeof one === "string");
  const command = isList ? value.map(shellWord).join(" ") : textOf(input, field);
  return { kind: "shell", command, cwd: typeof elsewhere === "string" ? resolve(cwd, elsewhere) : cwd };
}

/** The fields by which tools of any maker name the file that they change. */
const PATH_FIELDS = ["file_path", "filePath", "notebook_path", "absolute_path"];
/** The fields in which they have a command line. */
const COMMAND_FIELDS = ["command", "cmd", "script"];

/**
 * A tool that we do not know by name. One that takes a command runs it, and one that takes a file may write it; a tool
 * with neither can do nothing that is protected.
 */
export function unknownTool(name: string, input: Said, cwd: string): ToolCall {
  const isCommand = (value: unknown) =>
    typeof value === "string" || (Array.isArray(value) && value.every((one) => typeof one === "string"));
  const command = COMMAND_FIELDS.find((field) => isCommand(input[field]));
  if (command !== undefined) return shellCall(input, command, cwd, input.workdir);
  const paths = PATH_FIELDS.flatMap((field) => (typeof input[field] === "string" ? [input[field]] : []));
  return paths.length > 0 ? { kind: "write", paths, cwd } : { kind: "other", name, cwd };
}

/** A tool of an MCP server, whose name and server's name a CLI has joined with a mark between them. */
export function mcpCall(joined: string, mark: string, server: unknown, input: Said, cwd: string): ToolCall {
  const given = typeof server === "string" ? server : undefined;
  const known = given !== undefined && joined.startsWith(given + mark);
  const at = known ? given.length : joined.indexOf(mark);
  const name = at < 0 ? (given ?? "") : joined.slice(0, at);
  return { kind: "mcp", server: name, tool: at < 0 ? joined : joined.slice(at + mark.length), input, cwd };
}

/** The answer that every version of every CLI obeys: standard error reaches the model. */
export function denied(reason: string): Answer {
  return { code: 2, stdout: "", stderr: `${reason}\n` };
}

export const allowed: Answer = { code: 0, stdout: "", stderr: "" };
