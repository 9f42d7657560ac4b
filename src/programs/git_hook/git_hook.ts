import { Client } from "../../client/client.ts";
import { isProtectedName } from "../../guard/actions/branches.ts";
import { denial, undecided } from "../../guard/answer.ts";
import { ask } from "../../guard/ask.ts";
import { unsettled } from "../../guard/guard.ts";
import { type Env, type Settings, settingsFor } from "../../guard/settings.ts";
import type { ActionName, Found } from "../../guard/vocabulary.ts";
import { broughtIn, type Commit, losesCommits, type Repository, repositoryAt, ticketsOf } from "./commits.ts";
import { type Move, pushedMoves, receivedMoves } from "./refs.ts";

const USAGE = `usage: longwatch git-hook <pre-push|pre-commit|pre-receive>

Git calls it; longwatch connect git writes it into the hooks. It refuses what lands on a protected branch without a
ticket that the pusher holds, and lets everything else pass without a question.

Who asks: the seat of this directory's settings. pre-receive asks for the seat in LONGWATCH_SEAT, which the receiving
side sets for each key or account, with the settings of the receiving repository.
`;

export type Around = {
  env: Env;
  cwd: string;
  stdin: AsyncIterable<Buffer | string>;
  stdout(text: string): void;
  stderr(text: string): void;
};

/** Git takes every other code for a refusal. */
const PASS = 0;
const REFUSE = 1;

/** How long the server may take to tell the namespaces. */
const WAIT_SECONDS = 3;

/** What one hook is about, once it is known. */
type Landing = {
  founds: Found[];
  /** The commits that arrive; null where none does, as before a commit. */
  commits: Commit[] | null;
};

const hooks = ["pre-push", "pre-commit", "pre-receive"] as const;
type Hook = (typeof hooks)[number];

/** Answers a hook of git by its exit code, and tells on standard error why it refuses. */
export async function main(argv: string[], around: Around): Promise<number> {
  const { stdout, stderr } = around;
  const hook = hooks.find((one) => one === argv[0]);
  if (hook === undefined) {
    const asked = argv.includes("--help") || argv.includes("-h");
    (asked ? stdout : stderr)(USAGE);
    return asked ? PASS : 2;
  }
  try {
    const refused = await refusedBy(hook, argv.slice(1), around);
    if (refused === null) return PASS;
    stderr(`${refused}\n`);
  } catch (error) {
    stderr(`Longwatch refused this, because it could not be read: ${(error as Error).message}\n`);
  }
  return REFUSE;
}

/** Why this may not happen; null when it may. */
async function refusedBy(hook: Hook, words: string[], around: Around): Promise<string | null> {
  const { cwd } = around;
  const receives = hook === "pre-receive";
  // Whoever pushes to a directory of this machine brings his own environment; the receiving side has its own.
  const { LONGWATCH_URL: _, LONGWATCH_TOKEN: __, ...without } = around.env;
  const known = settingsFor(cwd, receives ? without : around.env);
  const own = known.state === "found" ? known.settings.protected_branches : [];
  const repository = repositoryAt(cwd, around.env);
  const landing = await landingOf(hook, words, around, repository, own);
  if (landing.founds.length === 0) return null;
  if (known.state !== "found") return undecided(landing.founds, unsettled(known, "git"));
  const { settings } = known;
  const seat = receives ? around.env.LONGWATCH_SEAT || undefined : undefined;
  if (receives && seat === undefined)
    return undecided(landing.founds, {
      why: "nobody says who pushes: LONGWATCH_SEAT is not set",
      remedy: "Ask the operator to set it on the receiving side for your key or account (docs/connecting.md).",
    });
  let tickets: string[] | undefined;
  if (landing.commits !== null) {
    const prefixes = await prefixesOf(settings);
    const named = ticketsOf(repository, landing.commits, prefixes ?? []);
    if (prefixes && named.unnamed.length > 0) return nameless(landing.founds[0]!, named.unnamed);
    tickets = named.tickets;
  }
  const asked = await ask(landing.founds, settings, { cli: "git", tool: hook, seat, tickets });
  if ("failure" in asked) return undecided(landing.founds, asked.failure);
  return asked.decided.every(({ allowed }) => allowed) ? null : denial(asked.decided);
}

async function landingOf(
  hook: Hook,
  [remote = "origin"]: string[],
  { stdin }: Around,
  repository: Repository,
  own: readonly string[],
): Promise<Landing> {
  if (hook === "pre-commit") {
    const branch = headOf(repository, "HEAD");
    if (branch === null || !isProtectedName(branch, own)) return { founds: [], commits: null };
    return { founds: [found("merge", branch, `git commit on ${branch}`)], commits: null };
  }
  const receives = hook === "pre-receive";
  const said = await whole(stdin);
  const moves = receives ? receivedMoves(said) : pushedMoves(said);
  // The branch that a clone gets is one that others build on, whatever its name.
  const usual = headOf(repository, receives ? "HEAD" : `refs/remotes/${remote}/HEAD`)?.replace(`${remote}/`, "");
  const founds: Found[] = [];
  const commits = new Map<string, Commit>();
  let lands = false;
  for (const move of moves) {
    const branch = /^refs\/(heads|tags)\/(.+)$/.exec(move.ref);
    const name = branch?.[2];
    const isTag = branch?.[1] === "tags";
    if (name === undefined || !(isTag || name === usual || isProtectedName(name, own))) continue;
    founds.push(...foundIn(move, isTag ? `tag ${name}` : name, remote, repository));
    if (move.to === null) continue;
    const brought = broughtIn(repository, move, receives ? "--all" : `--remotes=${remote}`);
    // A new name for what is there already lands nothing; a branch that goes back does, and has no ticket for it.
    lands ||= brought.length > 0 || (move.from !== null && !isTag);
    for (const commit of brought) commits.set(commit.oid, commit);
  }
  return { founds, commits: lands ? [...commits.values()] : null };
}

function foundIn(move: Move, name: string, remote: string, repository: Repository): Found[] {
  const id = `${remote}/${name}`;
  if (move.to === null)
    return [found("push", id, `push that deletes ${name}`), found("delete", id, `push that deletes ${name}`)];
  const forced = losesCommits(repository, move);
  return [found("push", id, forced ? `push that takes commits away from ${name}` : `push to ${name}`)];
}

function found(action: ActionName, id: string, because: string): Found {
  const resource = { type: "branch", id, properties: { production: true } } as const;
  return { action, resource, certain: true, text: because, because };
}

/** The branch that a symbolic ref stands for; null where it is none. */
function headOf({ git, succeeds }: Repository, ref: string): string | null {
  const words = ["symbolic-ref", "--quiet", "--short", ref];
  return succeeds(...words) ? git(...words) : null;
}

/** The first parts of all tickets' names, since `UTF-8` in a message is no ticket; null when they cannot be had. */
async function prefixesOf({ url, token, wait_seconds = WAIT_SECONDS }: Settings): Promise<string[] | null> {
  const client = new Client({ url, token });
  const signal = AbortSignal.timeout(wait_seconds * 1000);
  try {
    const { namespaces } = await client.ask<{ namespaces: { prefix: string }[] }>("namespace.list", {}, { signal });
    return namespaces.map(({ prefix }) => prefix);
  } catch {
    // The decision is asked for right afterwards, and says itself what is wrong with the server.
    return null;
  } finally {
    client.close();
  }
}

function nameless(first: Found, unnamed: readonly Commit[]): string {
  const shown = unnamed.slice(0, 5).map(({ oid, message }) => `  ${oid.slice(0, 12)} ${message.split("\n")[0]}`);
  const more = unnamed.length > shown.length ? [`  and ${unnamed.length - shown.length} more`] : [];
  return [
    `Longwatch refused this: ${first.because}.`,
    "Why: what lands there names its ticket, and these commits name none:",
    ...shown,
    ...more,
    "What to do: claim the ticket (longwatch ticket claim), name it in each message (git rebase -i), and push again.",
  ].join("\n");
}

async function whole(stdin: Around["stdin"]): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of stdin) parts.push(Buffer.from(part));
  return Buffer.concat(parts).toString();
}
