import type { Call } from "./call.ts";

/**
 * A command as a line of a table: `kubectl set image|env +--all !--dry-run`. The program (`a|b` for several), the words
 * that must come in this order (`*` is any word, `**` any number of them, `$` says that no more may come), flags that
 * must (`+`) or must not (`!`) be among its words.
 */
type Pattern = {
  programs: readonly string[];
  words: readonly (ReadonlySet<string> | "*" | "**")[];
  ends: boolean;
  /** The program runs a script that the words name. */
  isScript: boolean;
  needs: readonly string[][];
  excludes: readonly string[][];
};

export function patternOf(line: string): Pattern {
  const [programs, ...rest] = line.trim().split(/\s+/);
  const flags = (sign: string) => rest.filter((word) => word.startsWith(sign)).map((word) => word.slice(1).split("|"));
  return {
    programs: programs!.split("|"),
    words: rest
      .filter((word) => !/^([+!]|\$$)/.test(word))
      .map((word) => (word === "*" || word === "**" ? word : new Set(word.split("|")))),
    ends: rest.includes("$"),
    isScript: /\s\S+\.py\s/.test(line),
    needs: flags("+"),
    excludes: flags("!"),
  };
}

type Match = {
  certain: boolean;
  /** The words after those of the pattern, options among them. */ rest: (string | null)[];
};

/**
 * Whether a call is of the pattern. A word right after an option may be that option's value, so it may be passed over:
 * no list of each program's options is needed, and none can go stale. A word that is not known may be the one that is
 * looked for; then the match is uncertain.
 */
export function match(pattern: Pattern, call: Call): Match | undefined {
  let at = 0;
  let certain = true;
  let isMet = false;
  let after_option = false;
  let index = 0;
  let isAnywhere = false;
  for (; index < call.args.length && at < pattern.words.length; index++) {
    const arg = call.args[index]!;
    if (arg !== null && arg.startsWith("-") && arg.length > 1) {
      after_option = !arg.includes("=");
      continue;
    }
    if (pattern.words[at] === "**") {
      isAnywhere = true;
      at++;
    }
    const wanted = pattern.words[at]!;
    if (arg === null) {
      certain = false;
      at++;
    } else if (wanted === "*" || (wanted !== "**" && wanted.has(arg))) {
      isMet ||= wanted !== "*";
      at++;
    } else if (!after_option && !isAnywhere && !arg.startsWith("+")) return undefined;
    after_option = false;
  }
  // A word that is not known may be several, so that it stands for all that is still looked for.
  if (at < pattern.words.length && certain) return undefined;
  // `xargs python -m black`: words that nobody knows are no `setup.py upload`.
  if (!certain && !isMet && pattern.isScript) return undefined;
  const rest = call.args.slice(index);
  if (pattern.ends && rest.some((arg) => arg === null || !arg.startsWith("-"))) return undefined;
  if (pattern.needs.some((flags) => !hasFlag(call, flags, true))) return undefined;
  if (pattern.excludes.some((flags) => hasFlag(call, flags))) return undefined;
  return { certain, rest };
}

const negative = /^(false|none|no|0|off)$/i;

/** Whether a flag is there and means yes: `--dry-run=none`, `--dry-run false` and a later `--no-dry-run` mean no. */
export function hasFlag(call: Call, flags: readonly string[], isAnywhere = false): boolean {
  let set = false;
  for (const [index, arg] of call.args.entries()) {
    if (arg === null) continue;
    // What stands behind a bare `--` may belong to somebody else, so that it excuses nothing.
    if (arg === "--" && !isAnywhere) break;
    for (const flag of flags) {
      if (arg === flag) set = !(flag.startsWith("--") && negative.test(call.args[index + 1] ?? ""));
      else if (arg.startsWith(`${flag}=`)) set = !negative.test(arg.slice(flag.length + 1));
      else if (flag.startsWith("--") && arg === `--no-${flag.slice(2)}`) set = false;
    }
  }
  return set;
}

/** The table by program, so that a call looks at its own lines only. */
export function tableOf<T>(rows: readonly (readonly [string, T])[]): Map<string, { pattern: Pattern; value: T }[]> {
  const table = new Map<string, { pattern: Pattern; value: T }[]>();
  for (const [line, value] of rows) {
    const pattern = patternOf(line);
    for (const program of pattern.programs) {
      const own = table.get(program) ?? [];
      own.push({ pattern, value });
      table.set(program, own);
    }
  }
  return table;
}

const helpless = new Set(
  "psql mysql mysqladmin mongosh mongo redis-cli cqlsh rsync ssh scp aws curl clickhouse-client".split(" "),
);

/** Whether the program would only tell how it is used. */
export function asksForHelp(call: Call): boolean {
  const words = call.args;
  if (hasFlag(call, ["--help", "-help"])) return true;
  if (words.length === 1 && /^(-v|-V|--version|version|help|-h)$/.test(words[0] ?? "")) return true;
  if (words.at(-1) === "-h" && !helpless.has(call.name)) return true;
  return words[0] === "help" || (call.name === "aws" && words.at(-1) === "help");
}
