import { ticketsNamed } from "../../guard/vocabulary.ts";
import type { Repository } from "../git_hook/commits.ts";

/** Somebody who named a ticket in a repository, with the first commit that shows it. */
export type Naming = { actor: string; ticket: string; at: string; title: string; evidence: string };

/** More commits than this are not read; they are said to be more. */
const COMMITS_MAX = 50_000;
/** A commit may say which seat made it, where many seats commit under one author's name. */
const SEAT_TRAILER = "Longwatch-Seat";

const FIELD = "\x1f";
const RECORD = "\x1e";
const FORMAT = ["%H", "%aN", "%aI", "%s", "%B", `%(trailers:key=${SEAT_TRAILER},valueonly,separator=%x2C)`]
  .join("%x1f")
  .concat("%x1e");

type Commit = { sha: string; actor: string; at: string; title: string; message: string };

export type Read = { namings: Naming[]; commits: number; branches: number; more: boolean };

/**
 * Reads who names which tickets: in the messages of commits, and in the names of branches, of which those count that
 * have commits of their own. Each actor and ticket once, by the oldest commit.
 */
export function namingsIn(
  repository: Repository,
  prefixes: readonly string[],
  { since, base }: { since: string | undefined; base: string },
): Read {
  const window = since === undefined ? [] : [`--since=${since}`];
  const all = commitsOf(repository, ["--all", ...window, `--max-count=${COMMITS_MAX}`]);
  const namings = all.flatMap((commit) =>
    ticketsNamed(commit.message, prefixes, "plainly").map((ticket) => naming(commit, ticket, null)),
  );
  const branches = branchesOf(repository);
  for (const branch of branches)
    for (const ticket of ticketsNamed(branch, prefixes, "anyhow"))
      for (const commit of commitsOf(repository, [branch, "--not", base, ...window]))
        namings.push(naming(commit, ticket, branch));
  const first = new Map<string, Naming>();
  for (const one of namings) {
    const key = JSON.stringify([one.actor, one.ticket]);
    const known = first.get(key);
    if (!known || Date.parse(one.at) < Date.parse(known.at)) first.set(key, one);
  }
  const found = [...first.values()].sort((a, b) => (a.ticket === b.ticket ? (a.actor < b.actor ? -1 : 1) : 0));
  found.sort((a, b) => (a.ticket < b.ticket ? -1 : a.ticket > b.ticket ? 1 : 0));
  return { namings: found, commits: all.length, branches: branches.length, more: all.length === COMMITS_MAX };
}

function naming({ sha, actor, at, title }: Commit, ticket: string, branch: string | null): Naming {
  const where = branch === null ? "" : ` on ${branch}`;
  return {
    actor,
    ticket,
    at,
    title: title.slice(0, 500) || sha,
    evidence: `commit ${sha.slice(0, 12)}${where}`.slice(0, 500),
  };
}

function commitsOf({ git }: Repository, words: readonly string[]): Commit[] {
  return git("log", `--format=${FORMAT}`, ...words, "--")
    .split(RECORD)
    .map((record) => record.trimStart().split(FIELD))
    .filter((fields) => fields.length === 6)
    .map(([sha, author, at, title, message, seat]) => {
      const actor = (seat!.split(",")[0]!.trim() || author!.trim() || "nobody").slice(0, 300);
      return { sha: sha!, actor, at: at!, title: title!.trim(), message: message! };
    });
}

function branchesOf({ git }: Repository): string[] {
  return git("for-each-ref", "--format=%(refname:short)", "refs/heads", "refs/remotes")
    .split("\n")
    .filter((name) => name !== "" && !name.endsWith("/HEAD"));
}

/** What everything is merged into: what the remote says, or the branch of the usual name, or where we stand. */
export function baseOf({ succeeds }: Repository): string {
  const usual = ["refs/remotes/origin/HEAD", "refs/heads/main", "refs/heads/master"];
  return usual.find((ref) => succeeds("rev-parse", "--verify", "--quiet", `${ref}^{commit}`)) ?? "HEAD";
}
