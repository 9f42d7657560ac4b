import { ticketsNamed } from "../../guard/vocabulary.ts";
import type { Repository } from "../git_hook/commits.ts";

/** Somebody who named a ticket in a repository, with the first commit that shows it. */
export type Naming = { actor: string; ticket: string; at: string; title: string; evidence: string };

/** More commits than this are not read; they are said to be more. */
const COMMITS_MAX = 50_000;
/** A commit may say which seat made it, where many seats commit under one author's name. */
const SEAT_TRAILER = "Longwatch-Seat";

/** A page of history, so that what git answers at once stays below what is read of it. */
const COMMITS_A_READ = 5_000;
/** A number that is longer is nobody's ticket. */
const TICKET_CHARACTERS_MAX = 200;

// What a commit says can hold every byte but this one: nobody forges a record, or breaks one, by what he writes.
const NUL = "\0";
const FIELDS = [
  "%H",
  "%P",
  "%aN",
  "%at",
  "%s",
  "%B",
  `%(trailers:key=${SEAT_TRAILER},valueonly,unfold,separator=%x2C)`,
];
const LOG = ["-c", "log.showSignature=false", "log", "-z", "--encoding=UTF-8", `--format=${FIELDS.join("%x00")}`];
/** What somebody set aside, or wrote beside commits, is no work under a ticket. */
const EVERY_REF = ["--exclude=refs/stash", "--exclude=refs/notes/*", "--all"];

type Commit = { sha: string; parents: string[]; actor: string; at: string; title: string; message: string };

export type Read = { namings: Naming[]; commits: number; branches: number; more: boolean };

/**
 * Reads who names which tickets: in the messages of commits, and in the names of branches, of which those count that
 * have commits of their own. A merge is not its merger's work: what it brings in is read instead. Each actor and ticket
 * once, by the oldest commit.
 */
export function namingsIn(
  repository: Repository,
  prefixes: readonly string[],
  { since, base }: { since: string | undefined; base: string | null },
): Read {
  const window = since === undefined ? [] : [`--since=${since}`];
  const all = commitsOf(repository, [...EVERY_REF, ...window]);
  const named = (words: string, written: "plainly" | "anyhow") =>
    ticketsNamed(words, prefixes, written).filter(({ length }) => length <= TICKET_CHARACTERS_MAX);
  const namings = all
    .filter(isWork)
    .flatMap((commit) => named(commit.message, "plainly").map((ticket) => naming(commit, ticket, null)));
  const open = base === null ? [] : branchesOf(repository, [`--no-merged=${base}`]);
  const telling = open.filter(({ name }) => named(name, "anyhow").length > 0);
  if (telling.length > 0) {
    const own = commitsOf(repository, ["--branches", "--remotes", "--not", base!, ...window]);
    const bySha = new Map(own.map((commit) => [commit.sha, commit]));
    for (const { name, tip } of telling)
      for (const commit of behind(tip, bySha).filter(isWork))
        for (const ticket of named(name, "anyhow")) namings.push(naming(commit, ticket, name));
  }
  const first = new Map<string, Naming>();
  for (const one of namings) {
    const key = JSON.stringify([one.actor, one.ticket]);
    const known = first.get(key);
    if (!known || Date.parse(one.at) < Date.parse(known.at)) first.set(key, one);
  }
  const found = [...first.values()].sort((a, b) => compared(a.ticket, b.ticket) || compared(a.actor, b.actor));
  const branches = branchesOf(repository, []).length;
  return { namings: found, commits: all.length, branches, more: all.length === COMMITS_MAX };
}

/** What a merge brings in is not its merger's work. */
const isWork = ({ parents }: Commit) => parents.length < 2;

/** A commit of these and those of its ancestors that are of these. */
function behind(tip: string, commits: ReadonlyMap<string, Commit>): Commit[] {
  const seen = new Set([tip]);
  // The set grows while it is gone through.
  for (const sha of seen) for (const parent of commits.get(sha)?.parents ?? []) seen.add(parent);
  return [...seen].flatMap((sha) => commits.get(sha) ?? []);
}

const compared = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

function naming({ sha, actor, at, title }: Commit, ticket: string, branch: string | null): Naming {
  const where = branch === null ? "" : ` on ${branch}`;
  const evidence = cut(`commit ${sha.slice(0, 12)}${where}`, 500);
  return { actor, ticket, at, title: cut(title, 500) || sha, evidence };
}

/** Git's words as the ledger holds them: in one line, and no half of a character at the end. */
const cut = (words: string, characters: number) =>
  words.replace(/\s+/g, " ").trim().slice(0, characters).toWellFormed().trimEnd();

function commitsOf({ git }: Repository, words: readonly string[]): Commit[] {
  const commits: Commit[] = [];
  while (commits.length < COMMITS_MAX) {
    const page = [`--skip=${commits.length}`, `--max-count=${COMMITS_A_READ}`];
    const fields = git(...LOG, ...words, ...page, "--").split(NUL);
    for (let at = 0; at + FIELDS.length <= fields.length; at += FIELDS.length)
      commits.push(commitOf(fields.slice(at, at + FIELDS.length)));
    if (commits.length % COMMITS_A_READ !== 0 || fields.length < FIELDS.length) break;
  }
  return commits;
}

function commitOf(fields: readonly string[]): Commit {
  const [sha, parents, author, seconds, title, message, seat] = fields.map((field) => field.trim()) as Seven;
  const actor = cut(seat.split(",")[0]!, 300) || cut(author, 300) || "nobody";
  const names = parents.split(" ").filter(Boolean);
  return { sha, parents: names, actor, at: instantOf(Number(seconds)), title, message };
}

type Seven = [string, string, string, string, string, string, string];

/** The last second that four digits of a year can say. */
const SECONDS_MAX = Date.UTC(10_000, 0) / 1000 - 1;

/** Authors say when they committed, and need not tell the truth. */
function instantOf(seconds: number): string {
  return new Date(Math.min(Math.max(seconds || 0, 0), SECONDS_MAX) * 1000).toISOString();
}

type Branch = { name: string; tip: string };

/** By their tips, never by their names, which may begin like an option; without those that only point at another. */
function branchesOf({ git }: Repository, words: readonly string[]): Branch[] {
  const format = "--format=%(refname)%00%(objectname)%00%(symref)";
  return git("for-each-ref", format, ...words, "refs/heads", "refs/remotes")
    .split("\n")
    .map((line) => line.split(NUL))
    .filter((fields) => fields.length === 3 && fields[2] === "")
    .map(([ref, tip]) => ({ name: ref!.replace(/^refs\/(heads|remotes)\//, ""), tip: tip! }));
}

/**
 * What everything is merged into: what was said, or what the remote says, or the branch of the usual name, or where we
 * stand. Null in a repository without a commit. Throws an Error for what was said and is no commit.
 */
export function baseOf({ git, succeeds }: Repository, said: string | undefined): string | null {
  const look = (ref: string) => ["rev-parse", "--verify", "--quiet", "--end-of-options", `${ref}^{commit}`];
  const usual = ["refs/remotes/origin/HEAD", "refs/heads/main", "refs/heads/master", "HEAD"];
  const ref = (said === undefined ? usual : [said]).find((one) => succeeds(...look(one)));
  if (ref !== undefined) return git(...look(ref));
  if (said === undefined) return null;
  throw new Error(`--base: ${said} is no commit of this repository.`);
}
