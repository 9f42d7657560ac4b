import type { Ended } from "./command.ts";
import { commanded } from "./commanded.ts";
import type { Env } from "./environment.ts";
import { type Hold, LeaseLost, type Running, type Stage } from "./hold.ts";
import { Prober } from "./prober.ts";
import { type Report, reportOf } from "./report.ts";
import type { Workspace } from "./workspace.ts";

/** The numbered points of a landing, in their order: a test kills the runner, and the server, at each of them. */
export const steps = [
  "claimed",
  "closed",
  "verifying",
  "verified",
  "touching",
  "running",
  "ran",
  "asking",
  "healthy",
  "restoring",
  "restored",
  "settled",
] as const;
export type Step = (typeof steps)[number];

export type Tools = {
  hold: Hold;
  workspace: Workspace;
  /** The runner's own environment, of which a command gets a part. */
  env: Env;
  /** Somebody wants it to end: what is untouched is refused, what is touched is restored. */
  stop: AbortSignal;
  tell(words: string): void;
  onStep(step: Step): void;
};

const CAUSE_MAX = 4000;

/** Runs a command of the environment in a directory, into the deploy's log. */
async function ran(
  { hold, env, tell, onStep }: Tools,
  stage: Stage,
  line: string,
  { cwd, release, signal }: { cwd: string; release: string; signal: AbortSignal },
): Promise<Ended> {
  const ended = await commanded({
    ...{ stage, line, cwd, env, jail: null, topology: hold.running.topology, about: aboutOf(hold.running, release) },
    signal: AbortSignal.any([hold.lost, signal]),
    say(text) {
      hold.log(text);
      tell(text);
    },
    onStart: () => stage === "deploy" && onStep("running"),
  });
  hold.check();
  return ended;
}

/** What a command is told: the deploy's number only grows, and so is a fence for what understands one. */
export function aboutOf({ deploy, environment }: Pick<Running, "deploy" | "environment">, release: string) {
  return { LONGWATCH_RELEASE: release, LONGWATCH_DEPLOY: String(deploy), LONGWATCH_ENVIRONMENT: environment };
}

/** Puts a release into service, and takes it back when it does not become healthy. Untouched until here. */
export async function deployed(tools: Tools): Promise<Report> {
  const { hold, workspace, onStep, stop } = tools;
  const { sha, rollback, topology } = hold.running;
  const prober = proberOf(hold.running);
  const line = (rollback ? topology.rollback_command : null) ?? topology.command;
  const cwd = await workspace.clone(sha, "deploy");
  await prober.start();
  try {
    await hold.stage("deploy");
    onStep("touching");
    const cause = await attempt(tools, prober, { line, cwd }).catch((error) => {
      if (error instanceof LeaseLost || hold.lost.aborted) throw error;
      return `the runner failed: ${(error as Error).message}`;
    });
    if (cause !== null) return await restored(tools, prober, stop.aborted ? "the runner was stopped" : cause);
    onStep("healthy");
    return await settled(tools, prober, "landed", null);
  } finally {
    await prober.stop();
  }
}

/** Why it did not become healthy; null when it did. */
async function attempt(tools: Tools, prober: Prober, { line, cwd }: { line: string; cwd: string }) {
  const { hold, onStep, stop, tell } = tools;
  const { sha, topology } = hold.running;
  const ended = await ran(tools, "deploy", line, { cwd, release: sha, signal: stop });
  onStep("ran");
  if (!ended.ok) return `the deploy command failed: ${ended.how}`;
  await hold.stage("health");
  onStep("asking");
  tell(`longwatch: health: ${topology.health_url} is to name ${sha}\n`);
  const within_ms = topology.health_seconds * 1000;
  const isServed = await prober.serves(sha, within_ms, AbortSignal.any([hold.lost, stop]));
  hold.check();
  return isServed ? null : `not healthy within ${topology.health_seconds} s: ${prober.last?.how ?? "nobody looked"}`;
}

export function proberOf({ topology, sha, good_release }: Running): Prober {
  const { health_url, release_pointer } = topology;
  const right = [sha, ...(good_release === null ? [] : [good_release])];
  return new Prober({ health_url, release_pointer, right, expected: good_release !== null });
}

/** Brings the last good release back, as far as that is possible, and settles. */
export async function restored(tools: Tools, prober: Prober, cause: string): Promise<Report> {
  const { hold, workspace, onStep } = tools;
  const { good_release, topology } = hold.running;
  const failed = (why: string) => settled(tools, prober, "failed", `${cause}; ${why}`);
  if (good_release === null) return failed("there is no good release to go back to");
  await hold.stage("rollback");
  onStep("restoring");
  const known = await workspace.find(good_release);
  if (known === null) return failed(`the repository does not have the good release ${good_release}`);
  try {
    await workspace.fetch([good_release]);
    const cwd = await workspace.clone(good_release, "restore");
    const line = topology.rollback_command ?? topology.command;
    // Whoever stopped the runner wants no half release either: this is not cut short.
    const signal = new AbortController().signal;
    const ended = await ran(tools, "rollback", line, { cwd, release: good_release, signal });
    if (!ended.ok) return await failed(`the rollback command failed: ${ended.how}`);
    const isBack = await prober.serves(good_release, topology.health_seconds * 1000, hold.lost);
    hold.check();
    onStep("restored");
    if (isBack) return await settled(tools, prober, "rolled_back", cause);
    return await failed(`and the good release is not healthy either: ${prober.last?.how ?? "nobody looked"}`);
  } catch (error) {
    if (error instanceof LeaseLost || hold.lost.aborted) throw error;
    return failed(`the rollback failed: ${(error as Error).message}`);
  }
}

/** Says how it ended. */
export async function settled(
  { hold, onStep }: Tools,
  prober: Prober | null,
  outcome: "landed" | "rolled_back" | "failed" | "refused",
  cause: string | null,
  more: Partial<Report> = {},
): Promise<Report> {
  const { sha, good_release } = hold.running;
  const meant = { landed: sha, rolled_back: good_release }[outcome as string];
  const served_release = meant ?? prober?.last?.release?.slice(0, 300) ?? null;
  const outage = prober?.outage ?? null;
  const down_from = outage?.from.toISOString() ?? null;
  const downtime_milliseconds = outage?.milliseconds ?? null;
  const told = { served_release, down_from, downtime_milliseconds, cause: cause?.slice(0, CAUSE_MAX) ?? null };
  const given = Object.fromEntries(Object.entries(told).filter(([, value]) => value !== null));
  const { failure } = await hold.settle<{ failure: number | null }>({ outcome, ...given });
  onStep("settled");
  return reportOf(outcome, hold.running, { ...told, failure, ...more });
}
