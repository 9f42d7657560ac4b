import * as fs from "node:fs";
import { basename, dirname, join, resolve } from "node:path";

import type { Env } from "./settings.ts";
import type { Around } from "./tool_call.ts";

/** What the guard may look at on this machine while it reads a call: text files, and what git says of a repository. */

/** A script that is longer is not read, and what cannot be read is not harmless. */
const FILE_BYTES_MAX = 256 * 1024;
/** A repository on a dead disk must not hold up the answer. */
const GIT_MS = 1000;
/** The questions that change nothing and start nothing that a repository has configured. */
const QUESTIONS = ["config", "symbolic-ref", "rev-parse", "for-each-ref", "remote", "merge-base", "branch", "ls-files"];

export function aroundOf(cwd: string, env: Env): Omit<Around, "worktree" | "protected_branches"> {
  return { cwd, env, readFile: textFile, namesIn, git: questions(env), realPath };
}

/** A directory of more names is no place of scripts. */
const NAMES_MAX = 1000;

function namesIn(path: string): string[] {
  try {
    return fs.readdirSync(path).slice(0, NAMES_MAX).sort();
  } catch {
    return [];
  }
}

/** Nothing changes while a call is looked at, so each question is asked once: it costs 3 ms. */
function questions(env: Env): Around["git"] {
  const answers = new Map<string, string | null>();
  return (args, at) => {
    const key = [at, ...args].join("\0");
    const known = answers.get(key);
    if (known !== undefined) return known;
    const answer = git(args, at, env);
    answers.set(key, answer);
    return answer;
  };
}

/** The text of a plain file. It never waits: a pipe or a device under a script's name would hold the guard for ever. */
function textFile(path: string): string | null {
  let file: number | undefined;
  try {
    file = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
    const status = fs.fstatSync(file);
    if (!status.isFile() || status.size > FILE_BYTES_MAX) return null;
    const text = status.size > 0 ? fs.readFileSync(file, "utf8") : unsized(file);
    return text === null || text.includes("\0") ? null : text;
  } catch {
    return null;
  } finally {
    if (file !== undefined) fs.closeSync(file);
  }
}

/** What a file holds that says that it is empty: those of /proc do, and some of them go on for gigabytes. */
function unsized(file: number): string | null {
  const bytes = Buffer.allocUnsafe(FILE_BYTES_MAX + 1);
  for (let length = 0; ;) {
    const size = fs.readSync(file, bytes, length, bytes.length - length, null);
    if (size === 0) return bytes.toString("utf8", 0, length);
    length += size;
    if (length === bytes.length) return null;
  }
}

/** Where a path leads after its links. What is not there yet keeps its words behind the part that is. */
function realPath(path: string): string | null {
  for (let at = path, rest = ""; ;) {
    try {
      return join(fs.realpathSync(at), rest);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      const next = code === "ENOENT" ? linkedTo(at) : undefined;
      // A link to nowhere: what is written through it is made where it points to.
      if (next !== undefined && next !== at) at = next;
      else if (dirname(at) === at || (code !== "ENOENT" && code !== "ENOTDIR" && code !== "EACCES")) return null;
      else [at, rest] = [dirname(at), join(basename(at), rest)];
    }
  }
}

function linkedTo(path: string): string | undefined {
  try {
    return resolve(dirname(path), fs.readlinkSync(path));
  } catch {
    return undefined;
  }
}

function git(args: readonly string[], cwd: string, env: Env): string | null {
  if (!QUESTIONS.includes(args[0] ?? "")) return null;
  const { spawnSync } = process.getBuiltinModule("node:child_process");
  const quiet = { ...env, GIT_OPTIONAL_LOCKS: "0", GIT_TERMINAL_PROMPT: "0", LC_ALL: "C" };
  const { status, stdout } = spawnSync("git", args, {
    cwd,
    env: quiet,
    encoding: "utf8",
    timeout: GIT_MS,
    stdio: ["ignore", "pipe", "ignore"],
  });
  return status === 0 ? stdout.trimEnd() : null;
}

/** The nearest directory upwards that is a git worktree: a clone, or one of its linked worktrees. */
export function worktreeOf(cwd: string): string | undefined {
  for (let at = cwd; ; at = dirname(at)) {
    if (fs.existsSync(join(at, ".git"))) return at;
    if (dirname(at) === at) return undefined;
  }
}
