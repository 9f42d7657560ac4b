import { execFileSync } from "node:child_process";
import type { Env } from "../../guard/settings.ts";
import { ticketsNamed } from "../../guard/vocabulary.ts";
import type { Move } from "./refs.ts";

/** Reads a repository as the hook finds it: with git's own variables, so that objects in quarantine are seen, too. */
export type Repository = { git(...words: string[]): string; succeeds(...words: string[]): boolean };

/** More history than this in one push is not read; such a push is refused and said in parts. */
const COMMITS_MAX = 5000;
const OUTPUT_BYTES_MAX = 64 << 20;

export function repositoryAt(cwd: string, env: Env): Repository {
  const options = { cwd, env, encoding: "utf8", stdio: "pipe", maxBuffer: OUTPUT_BYTES_MAX } as const;
  const git = (...words: string[]) => execFileSync("git", words, options).trimEnd();
  const succeeds = (...words: string[]) => {
    try {
      git(...words);
      return true;
    } catch {
      return false;
    }
  };
  return { git, succeeds };
}

export type Commit = { oid: string; parents: string[]; message: string };

/**
 * The commits that are new to a ref; for a ref that is new itself, those that no `known` ref has (`--all`, or those of
 * one remote). A commit that another branch has already lands on this one all the same.
 */
export function broughtIn({ git }: Repository, { to, from }: Move, known: string): Commit[] {
  if (to === null) return [];
  const words = ["rev-list", "--parents", `--max-count=${COMMITS_MAX + 1}`, to, "--not", from ?? known, "--"];
  const listed = git(...words)
    .split("\n")
    .filter(Boolean);
  if (listed.length > COMMITS_MAX) throw new Error(`it brings in more than ${COMMITS_MAX} commits; push it in parts`);
  return listed.map((line) => {
    const [oid, ...parents] = line.split(" ");
    return { oid: oid!, parents, message: git("show", "--no-patch", "--format=%B", oid!) };
  });
}

/**
 * The tickets that the commits name, and the commits that name none. A merge that is exactly what git makes of its
 * parents by itself holds nothing of its own, and need not name any; one that holds more must.
 */
export function ticketsOf(
  repository: Repository,
  commits: readonly Commit[],
  prefixes: readonly string[],
): { tickets: string[]; unnamed: Commit[] } {
  const tickets = new Set<string>();
  const unnamed: Commit[] = [];
  for (const commit of commits) {
    const named = ticketsNamed(commit.message, prefixes, "plainly");
    for (const ticket of named) tickets.add(ticket);
    if (named.length === 0 && !isPlainMerge(repository, commit)) unnamed.push(commit);
  }
  return { tickets: [...tickets].sort(), unnamed };
}

function isPlainMerge({ git, succeeds }: Repository, { oid, parents }: Commit): boolean {
  if (parents.length !== 2) return false;
  const merge = ["merge-tree", "--write-tree", ...parents];
  return succeeds(...merge) && git(...merge).split("\n")[0] === git("rev-parse", `${oid}^{tree}`);
}

/** Whether a move takes commits away that were there. */
export function losesCommits({ succeeds }: Repository, { from, to }: Move): boolean {
  return from !== null && to !== null && !succeeds("merge-base", "--is-ancestor", from, to);
}
