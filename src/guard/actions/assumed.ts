import type { Invocation, Word } from "../shell/index.ts";
import type { Around } from "../tool_call.ts";
import { either } from "./either.ts";

/**
 * Values that the shell's text alone does not tell, but that everybody knows: a fresh temporary directory, the branch
 * that is checked out, the top of the repository. Without them, every `rm -rf "$T"` of a `mktemp -d` would be stopped.
 */
type Assumed = (word: Word, around: Around) => string | null;

const temporary = new RegExp(
  String.raw`^mktemp(\s+(-[dqut]+|--directory|--quiet|--tmpdir|-t\s+[\w.-]+|--suffix=[\w.-]+` +
    String.raw`|\/tmp\/[\w.-]+|"?\$\{?TMPDIR(:-\/tmp)?\}?"?\/[\w.-]+))*$`,
);
const branch = either(
  /^git (branch --show-current|rev-parse --abbrev-ref HEAD)(\s+2>\/dev\/null)?$/,
  /^git (symbolic-ref (--short |-q )*HEAD|name-rev --name-only HEAD)(\s+2>\/dev\/null)?$/,
);
const top = /^git rev-parse --show-toplevel(\s+2>\/dev\/null)?$/;

function valueOf(command: string, around: Around): string | null {
  const bare = command.trim().replace(/\s+/g, " ");
  if (temporary.test(bare)) return "/tmp/mktemp";
  if (branch.test(bare)) return "HEAD";
  return top.test(bare) ? around.worktree : null;
}

const substitution = String.raw`\$\(([^()\x60]*)\)|\x60([^\x60]*)\x60`;

/** What a text says of its own variables: only one that is set once, and by such a command, is known. */
export function assumptions(text: string): Assumed {
  const variables = new Map<string, string>();
  for (const [, name, , dollar, back] of text.matchAll(
    new RegExp(String.raw`\b([A-Za-z_]\w*)=("?)(?:${substitution})\2(?=[\s;&|)]|$)`, "g"),
  ))
    variables.set(name!, dollar ?? back!);
  for (const name of [...variables.keys()]) {
    const set = new RegExp(
      String.raw`\b${name}(\+?=|\[)|\$\{${name}:?=` +
        String.raw`|\b(read|for|select|unset|mapfile|readarray|printf -v|getopts)\b[^;\n]*\b${name}\b`,
      "g",
    );
    if ([...text.matchAll(set)].length !== 1) variables.delete(name);
  }
  return (word, around) => {
    let isKnown = true;
    const made = unquoted(word.text).replace(
      new RegExp(String.raw`${substitution}|\$\{?([A-Za-z_]\w*)\}?`, "g"),
      (_, dollar, back, name) => {
        const command = dollar ?? back ?? variables.get(name);
        const value = command === undefined ? null : valueOf(command, around);
        if (value === null) isKnown = false;
        return value ?? "";
      },
    );
    return isKnown && made !== "" && !/[$\x60…]/.test(made) ? made : null;
  };
}

const unquoted = (text: string) => text.replaceAll('"', "");

/** A glob's pattern stands for the files that it would name. */
const isGlob = (text: string) => /[*?[]/.test(text) && !/[$\x60…{}]/.test(text);

export function withAssumed(invocation: Invocation, assumed: Assumed, around: Around): Invocation {
  const known = (word: Word): Word => {
    if (word.value !== null) return word;
    const value = isGlob(word.text) ? unquoted(word.text) : assumed(word, around);
    return value === null ? word : { ...word, value };
  };
  const [program, ...args] = invocation.argv;
  const cwd = invocation.cwd;
  return {
    ...invocation,
    argv: program === undefined ? [] : [program, ...args.map(known)],
    writes: invocation.writes.map(known),
    cwd,
  };
}
