import canonicalize from "canonicalize";
import { parse, TomlError } from "smol-toml";
import { Refusal } from "../../kernel/refusal.ts";
import { type Edit, malformed } from "./edits.ts";

/**
 * What we put into a TOML file: tables of our own at its end, and lines below headers that stand there already. No
 * library edits TOML in place without touching what is around, so text is put beside text, and both the old and the
 * new are parsed: when anything but ours differs, nothing is written. Each line of ours says so at its end, since a
 * program that rewrites the file may put its own between them.
 */
export type TomlEdit = {
  path: string;
  what: string;
  /** Keys of tables that others have keys in, too: `features.hooks`. One that is there with our value is left alone. */
  keys: readonly { table: string; key: string; value: string | boolean }[];
  /** Tables of our own. */
  block: string;
};

const HEAD = "# `longwatch disconnect` takes these lines out.";
const OURS = " # Longwatch";

export function tomlConnected({ path, what, keys, block }: TomlEdit): Edit {
  return {
    path,
    what,
    change(before) {
      const old = before ?? "";
      const theirs = withoutOurs(old);
      const values = read(path, theirs) as Record<string, Record<string, unknown> | undefined>;
      let text = theirs;
      const open = new Map<string, string[]>();
      for (const { table, key, value } of keys) {
        const is = values[table]?.[key];
        if (is === value) continue;
        if (is !== undefined)
          throw taken(path, `${table}.${key} is ${JSON.stringify(is)} and would have to be ${value}`);
        const line = `${key} = ${JSON.stringify(value)}`;
        const header = headerOf(text, table);
        if (header) text = `${text.slice(0, header)}\n${line}${OURS}${text.slice(header)}`;
        else open.set(table, [...(open.get(table) ?? []), line]);
      }
      const tables = [...open].map(([table, lines]) => [`[${table}]`, ...lines].join("\n"));
      const ours = [HEAD, ...tables, block.trim()].join("\n").replaceAll(/$/gm, OURS);
      const wanted = `${text}${text === "" || text.endsWith("\n") ? "" : "\n"}${ours}\n`;
      mustAddOnly(path, values, text, wanted, [...tables, block].join("\n"));
      // The same lines in another place say the same.
      return sameLines(oursIn(old), oursIn(wanted)) ? old : wanted;
    },
  };
}

export function tomlDisconnected({ path, what }: Pick<TomlEdit, "path" | "what">): Edit {
  return {
    path,
    what,
    change(before) {
      if (before === null) return null;
      const text = withoutOurs(before);
      read(path, text);
      return text;
    },
  };
}

/** What a file says; a refusal with its line where it is no TOML. */
export function read(path: string, text: string): Record<string, unknown> {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [why] = error.message.replace(/^Invalid TOML document: /, "").split("\n");
    throw malformed(path, error.line, why!);
  }
}

/** A string as TOML writes it. */
export const tomlString = (text: string): string => JSON.stringify(text).replaceAll("\x7f", "\\u007f");

const isOurs = (line: string): boolean => line.trimEnd().endsWith(OURS);
const oursIn = (text: string): string[] => text.split("\n").filter(isOurs);
const sameLines = (one: string[], other: string[]): boolean => one.sort().join("\n") === other.sort().join("\n");

/** Whether a file has lines of ours. */
export const hasOurs = (text: string): boolean => oursIn(text).length > 0;

function withoutOurs(text: string): string {
  const lines = text.split("\n");
  return lines.filter((line) => !isOurs(line)).join("\n");
}

/** Where the line `[table]` ends; undefined where there is none. */
function headerOf(text: string, table: string): number | undefined {
  const found = new RegExp(`^[ \\t]*\\[[ \\t]*${table}[ \\t]*\\][^\\n\\r]*`, "m").exec(text);
  return found ? found.index + found[0].length : undefined;
}

/** Parses what was made, and holds it against what it should be. */
function mustAddOnly(path: string, before: object, text: string, after: string, added: string): void {
  let is: string;
  let wanted: string;
  try {
    is = same(parse(after));
    wanted = same(merged(merged({}, parse(text)), parse(added)));
  } catch {
    throw taken(path, "its tables cannot be joined with ours");
  }
  // The lines below headers are the only thing that `text` has more than there was.
  if (is !== wanted || !contains(parse(after), before))
    throw taken(path, "what is there and ours would not both stand");
}

const same = (value: unknown): string => canonicalize(JSON.parse(JSON.stringify(value)))!;

const isTable = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);

function merged(into: Record<string, unknown>, from: Record<string, unknown>): Record<string, unknown> {
  const all: Record<string, unknown> = { ...into };
  for (const [key, value] of Object.entries(from)) {
    const is = all[key];
    if (isTable(is) && isTable(value)) all[key] = merged(is, value);
    else if (Array.isArray(is) && Array.isArray(value)) all[key] = [...is, ...value];
    else if (is === undefined) all[key] = value;
    else throw new Error(`${key} stands there twice`);
  }
  return all;
}

/** Whether everything of one value is in the other; a list of the other may go on. */
function contains(whole: unknown, part: unknown): boolean {
  if (isTable(part)) return isTable(whole) && Object.entries(part).every(([key, value]) => contains(whole[key], value));
  if (Array.isArray(part)) return Array.isArray(whole) && part.every((value, at) => contains(whole[at], value));
  return same([whole]) === same([part]);
}

function taken(path: string, why: string): Refusal {
  return new Refusal("conflict", "connect.taken", `${path}: ${why}.`, {
    hint: "Nothing was changed. Take that out of the file, or leave MCP out with --no-mcp, then say it again.",
    facts: { path },
  });
}
