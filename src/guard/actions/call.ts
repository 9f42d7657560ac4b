import { basename, isAbsolute, join, normalize } from "node:path";
import { type Invocation, shown } from "../shell/index.ts";
import type { Around } from "../tool_call.ts";
import type { ActionName, Found, Resource, ResourceType } from "../vocabulary.ts";
import { redact } from "./redaction.ts";

/** An invocation as the classification looks at it: the program by its plain name, the words that are known. */
export type Call = {
  /** The program's name without its directory and ending; "" where it is not known. */
  name: string;
  /** Null: not known, and perhaps several words. */
  args: readonly (string | null)[];
  /** The same words as the source has them. */
  texts: readonly string[];
  program: string | null;
  cwd: string | null;
  env: ReadonlyMap<string, string | null>;
  files: Invocation["files"];
  stdin: string | null | undefined;
  writes: readonly { value: string | null; text: string }[];
  via: readonly string[];
  text: string;
  /** False for what was found by its words alone, in a place that could not be read. */
  certain: boolean;
};

/** What the readers of one tool call share. */
export type Scene = {
  around: Around;
  /** The command as the agent wrote it; "" for a call of another tool. */
  whole: string;
  /** What earlier commands of the same call have changed: a branch that was checked out, a git setting. */
  branches: Map<string, readonly string[]>;
  configs: Map<string, string>;
  depth: number;
  /** The texts that were read, by where they stood, with how deep, and what was found: nothing until then. */
  texts: Map<string, { depth: number; founds: Found[] }>;
  /** Finds what a text that would run as a shell command does. */
  shell(text: string, from: Call): Found[];
  /** Finds what words that would run as a command do. */
  run(words: readonly (string | null)[], from: Call, certain?: boolean): Found[];
};

export type Reader = (call: Call, scene: Scene) => Found[];

export function callOf(invocation: Invocation): Call {
  const [first, ...rest] = invocation.argv;
  const program = first?.value ?? null;
  return {
    name: nameOf(program),
    program,
    args: rest.map(({ value }) => value),
    texts: rest.map(({ text }) => text),
    cwd: invocation.cwd,
    env: invocation.env,
    files: invocation.files,
    stdin: invocation.stdin,
    writes: invocation.writes,
    via: invocation.via,
    text: invocation.text,
    certain: true,
  };
}

/** The same call with other words, as a wrapper would start it. */
export function calling(words: readonly (string | null)[], from: Call, change: Partial<Call> = {}): Call {
  const [program = null, ...args] = words;
  const texts = args.map((arg) => arg ?? "…");
  return { ...from, name: nameOf(program), program, args, texts, writes: [], ...change };
}

/** Packages whose program has another name. */
const packages: Readonly<Record<string, string>> = {
  "netlify-cli": "netlify",
  "firebase-tools": "firebase",
  "@railway/cli": "railway",
  "@changesets/cli": "changeset",
  "@aws-amplify/cli": "amplify",
  "@cloudflare/wrangler": "wrangler",
  "@azure/static-web-apps-cli": "swa",
  "@shopify/cli": "shopify",
  "@google/clasp": "clasp",
  "isomorphic-git": "isogit",
  "@sanity/cli": "sanity",
  "@expo/cli": "expo",
  "@anthropic-ai/claude-code": "claude",
  "@openai/codex": "codex",
  "@google/gemini-cli": "gemini",
};

/** `/usr/bin/git`, `git.exe`, `git-push`'s `git push`, `vercel@latest`: the name that the tables know. */
function nameOf(program: string | null): string {
  if (program === null) return "";
  const scoped = entry(packages, program.replace(/(?<=.)@[\w.^~*-]+$/, ""));
  if (scoped !== undefined) return scoped;
  const bare = basename(program)
    .replace(/(?<=.)@[\w.^~*-]+$/, "")
    .replace(/\.(exe|cmd|bat|ps1)$/i, "");
  return /^(python|node|pip|ruby|perl|php|lua)[\d.]+$/.test(bare) ? bare.replace(/[\d.]+$/, "") : bare;
}

/** What a table says of a name that somebody else has chosen: `constructor` is no entry of it. */
export const entry = <T>(table: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(table, name) ? table[name] : undefined;

/** Words that are known, for looking whether one is there. */
export const known = (call: Call): string[] => call.args.filter((arg) => arg !== null);

/** The value of an option in any of its spellings: `--x v`, `--x=v`, `-xv` for a single letter. */
export function optionOf(call: Call, ...names: string[]): string | null | undefined {
  for (const [index, arg] of call.args.entries()) {
    if (arg === null) continue;
    for (const name of names) {
      if (arg === name) return index + 1 < call.args.length ? call.args[index + 1] : undefined;
      if (name.startsWith("--") && arg.startsWith(`${name}=`)) return arg.slice(name.length + 1);
      if (/^-\w$/.test(name) && arg.startsWith(name) && !arg.startsWith("--")) return arg.slice(2).replace(/^=/, "");
    }
  }
  return undefined;
}

/** The words that are no options and no options' values, where `valued` lists the options that take the next word. */
export function positionals(call: Call, valued: ReadonlySet<string> = new Set()): (string | null)[] {
  const found: (string | null)[] = [];
  for (let index = 0; index < call.args.length; index++) {
    const arg = call.args[index]!;
    if (arg === "--") return [...found, ...call.args.slice(index + 1)];
    if (arg !== null && arg.startsWith("-") && arg !== "-") {
      if (valued.has(arg)) index++;
    } else found.push(arg);
  }
  return found;
}

/** Whether a single letter is among the short options: `-rf` has `r`. */
export const hasLetter = (call: Call, letter: string) =>
  known(call).some((arg) => /^-[A-Za-z]+$/.test(arg) && arg.includes(letter));

export function found(call: Call, action: ActionName, resource: Resource, because: string, certain = true): Found {
  return { action, resource, certain: certain && call.certain, text: redact(call.text), because: redact(because) };
}

export const resource = (
  type: ResourceType,
  id: string | null,
  production = true,
  more: Record<string, string | number | boolean | string[]> = {},
): Resource => ({ type, id: redact(id ?? "unknown") || "unknown", properties: { production, ...more } });

/** A path as the machine would see it; null where it is not known. */
export function absolute(path: string | null, call: Call, around: Around): string | null {
  if (path === null) return null;
  const home = call.env.get("HOME") ?? around.env.HOME;
  const expanded = path.replace(/^~(?=\/|$)/, home ?? "~");
  if (isAbsolute(expanded)) return normalize(expanded);
  // Somebody else's home, wherever that is.
  if (/^~[\w.-]+(\/|$)/.test(expanded)) return normalize(`/${expanded}`);
  return call.cwd === null ? null : normalize(join(call.cwd, expanded));
}

/** A file's text as the call will find it: what the command itself wrote before comes first. */
export function fileText(path: string | null, call: Call, { around }: Scene): string | null {
  const whole = absolute(path, call, around);
  if (whole === null) return null;
  const own = call.files.get(whole);
  return own === undefined ? around.readFile(whole) : shown(own);
}
