import { posix } from "node:path";
import type { Client } from "../client/client.ts";
import { Refusal } from "../kernel/refusal.ts";
import { verified } from "./commanded.ts";
import { type Env, environmentFor } from "./environment.ts";
import { git, GitFailure } from "./git.ts";
import { jailOf, type Protection } from "./jail.ts";
import { Remote, shownAddress } from "./remote.ts";
import { Workspace } from "./workspace.ts";

/** A deliverable that is this runner's, as deliverable.begin answers it. */
type Taken = {
  id: string;
  path: string;
  branch: string;
  sha: string;
  verify: string;
  attempt: number;
  fencing_token: string;
};

export type Verifying = {
  repository: string;
  /** A remote of the repository, or an address; without it, origin. */
  remote?: string | undefined;
  timeout_seconds: number;
  memory_mb: number;
  output_kb: number;
  offline: boolean;
  /** Runs although this machine cannot confine the command. */
  unconfined: boolean;
};

export type Around = {
  client: Client;
  env: Env;
  hidden: readonly string[];
  stop: AbortSignal;
  tell(words: string): void;
};

/** What came of it. */
export type Verification = {
  id: string;
  outcome: "verified" | "failed" | "undecided";
  /** The ticket's state now. */
  state: string;
  /** The commit that was looked at; null where the remote does not have it. */
  sha: string | null;
  reason: string | null;
  attempt: number;
  milliseconds: number;
  protections: readonly Protection[];
};

type Judged = Pick<Verification, "outcome" | "sha" | "reason"> & Partial<Verification>;

/** What the record keeps of a failing command's output: its end. */
const TAIL_CHARACTERS = 2500;
/** What a settling takes beside the command: the clone, and the server's answer. */
const AROUND_SECONDS = 400;
export const LEASE_SECONDS_MAX = 3600;

/** The longest that a command may run, so that the lease outlives it. */
export const TIMEOUT_SECONDS_MAX = LEASE_SECONDS_MAX - AROUND_SECONDS;

/**
 * Takes a ticket's deliverable, runs its verify command in a clean clone of what the remote has, and settles it (J20).
 * The command is an agent's: it gets no variable of the runner's, and sees neither its keys nor the author's clone.
 */
export async function verify(id: string, wanted: Verifying, around: Around): Promise<Verification> {
  const { client, tell } = around;
  const lease_seconds = Math.min(LEASE_SECONDS_MAX, wanted.timeout_seconds + AROUND_SECONDS);
  const taken = await client.say<Taken>("deliverable.begin", { id, lease_seconds });
  tell(`longwatch: ${taken.id}: ${taken.path} on ${taken.branch} at ${taken.sha}\n`);
  const began = performance.now();
  const judged = await judge(taken, wanted, around).catch((error): Judged => {
    const why = around.stop.aborted ? "the runner was stopped" : (error as Error).message;
    return { outcome: "undecided", sha: null, reason: `The runner could not say: ${why}` };
  });
  const { outcome, reason } = judged;
  const { fencing_token } = taken;
  const input = { id: taken.id, fencing_token, outcome, ...(reason === null ? {} : { reason: cut(reason) }) };
  const settled = await client.say<{ outcome: Verification["outcome"]; state: string }>("deliverable.settle", input);
  const milliseconds = Math.round(performance.now() - began);
  return { ...{ id: taken.id, attempt: taken.attempt, protections: [], milliseconds }, ...judged, ...settled };
}

/** The deliverables that wait, of which this repository's remote has the branch or the commit; and the others. */
export async function waitingHere(wanted: Verifying, around: Around): Promise<{ here: string[]; elsewhere: string[] }> {
  type Listed = { id: string; branch: string; sha: string; state: string; lease_expires_at: string | null };
  const { deliverables } = await around.client.ask<{ deliverables: Listed[] }>("deliverable.list", { limit: 1000 });
  const workspace = await Workspace.open(wanted.repository);
  try {
    const remote = await Remote.of(workspace, wanted.repository, { name: wanted.remote, ...around });
    const sorted = { here: [] as string[], elsewhere: [] as string[] };
    const branches = new Map<string, Promise<string | null>>();
    await remote.head();
    for (const { id, branch, sha, state } of deliverables) {
      if (state !== "unverified" && state !== "verifying") continue;
      if (!branches.has(branch)) branches.set(branch, remote.branch(branch));
      const isHere = (await branches.get(branch)) !== null || (await remote.find(sha)) !== null;
      (isHere ? sorted.here : sorted.elsewhere).push(id);
    }
    return sorted;
  } finally {
    await workspace.close();
  }
}

async function judge(taken: Taken, wanted: Verifying, around: Around): Promise<Judged> {
  const workspace = await Workspace.open(wanted.repository);
  try {
    const remote = await Remote.of(workspace, wanted.repository, { name: wanted.remote, ...around });
    const found = await foundAt(remote, taken);
    if (typeof found !== "string") return found;
    const clones = await clonesOf(workspace, wanted.repository);
    const jail = jailOf({ ...wanted, hidden: [...around.hidden, ...workspace.hidden, ...clones] });
    const { protections } = jail;
    const open = protections.filter(({ what, held }) => !held && what !== "no network");
    if (open.length > 0 && !wanted.unconfined) {
      const lacks = open.map(({ what, how }) => `${what} (${how})`).join("; ");
      return { outcome: "undecided", sha: found, reason: `Not confined on this machine: ${lacks}`, protections };
    }
    let output = "";
    const ended = await verified(workspace, found, {
      ...{ line: taken.verify, topology: wanted, jail, signal: around.stop },
      about: { LONGWATCH_RELEASE: found, LONGWATCH_TICKET: taken.id },
      // What its line names as $NAME is an agent's wish, not the operator's.
      env: environmentFor("", around.env, {}).env,
      say(text) {
        output = (output + text).slice(-2 * TAIL_CHARACTERS);
        around.tell(text);
      },
    });
    if (ended.ok) return { outcome: "verified", sha: found, reason: null, protections };
    if (around.stop.aborted) throw new Error("the runner was stopped");
    const reason = `${ended.how} in a clean clone of ${found.slice(0, 12)}:\n${output.slice(-TAIL_CHARACTERS)}`;
    return { outcome: "failed", sha: found, reason, protections };
  } finally {
    await workspace.close();
  }
}

/** The commit, where the remote's branch has it and it has the path; else why it fails. */
async function foundAt(remote: Remote, { branch, sha, path }: Taken): Promise<string | Judged> {
  const at = shownAddress(remote.address);
  const failed = (reason: string, found: string | null = null): Judged => ({ outcome: "failed", sha: found, reason });
  const own = await remote.branch(branch);
  // A branch that was merged is often gone; then what everybody gets has the commit.
  const tip = own ?? (await remote.head());
  if (tip === null) return failed(`${at} has no branch ${branch}.`);
  const found = await remote.find(sha);
  const name = own === null ? `the branch that ${at} offers (it has no ${branch})` : `${branch} of ${at}`;
  if (found === null || !(await remote.isAncestor(found, tip))) return failed(`${sha} is not on ${name}.`);
  return (await remote.has(found, path)) ? found : failed(`${path} is not in ${found.slice(0, 12)} on ${name}.`, found);
}

/** The author's clone and its worktrees: what lies there only is in no clean clone, whoever names it by its path. */
async function clonesOf(workspace: Workspace, repository: string): Promise<string[]> {
  const words = ["worktree", "list", "--porcelain", "-z"];
  const listed = await git(words, { cwd: repository, home: workspace.home }).catch((error) => {
    if (error instanceof GitFailure) return "";
    throw error;
  });
  const those = listed.split("\0").flatMap((line) => (line.startsWith("worktree ") ? [line.slice(9)] : []));
  const isAround = (at: string) => !posix.relative(at, workspace.home).startsWith("..");
  return [repository, ...those].filter((at) => !isAround(at) && !at.includes("\n"));
}

const cut = (text: string) => text.slice(0, 4000).toWellFormed().replaceAll("\0", "");

/** Whether a refusal only says that somebody else was first, or that it is not this caller's to verify. */
export function isAnothers(error: unknown): boolean {
  const codes = ["deliverable.held", "deliverable.settled", "deliverable.none", "deliverable.own"];
  return error instanceof Refusal && codes.includes(error.code);
}
