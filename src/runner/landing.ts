import { Refusal } from "../kernel/refusal.ts";
import { verified } from "./commanded.ts";
import { aboutOf, deployed, settled, type Tools } from "./deploying.ts";
import { type Around, held, type Wanted } from "./held.ts";
import type { Running } from "./hold.ts";
import { jailOf } from "./jail.ts";
import { checked } from "./patch.ts";
import { type Asked, type Plan, planned, type Shown } from "./plan.ts";
import { recovered } from "./recovering.ts";
import { type Report, reportOf } from "./report.ts";
import { Workspace } from "./workspace.ts";

/** Lands a commit, or picked commits: claim, closure, verify, deploy, health; back where it fails. */
export async function land(wanted: Wanted, around: Around): Promise<Report> {
  const workspace = await Workspace.open(wanted.repository);
  try {
    const shown = await shownOf(around, wanted.environment);
    const plan = await planned(workspace, shown, wanted);
    if (plan.sha === null) return await notMerging(workspace, plan, wanted, around);
    const known = await servedAlready(shown, plan.sha, wanted, around);
    if (known !== null) return known;
    const claim = await begun(wanted, plan, workspace, around);
    if (claim.report !== undefined) return claim.report;
    const { running, began } = claim;
    return await held(running, began, wanted, workspace, around, (tools) => fromTheClaim(tools, plan, wanted, around));
  } finally {
    await workspace.close();
  }
}

/** Goes back to a release that was good: the one before what is served, unless one is named. */
export async function rollBack(
  wanted: Pick<Wanted, "environment" | "repository" | "sha" | "ticket" | "consent_words" | "lease_seconds"> & {
    isDry: boolean;
  },
  around: Around,
): Promise<Report> {
  const workspace = await Workspace.open(wanted.repository);
  try {
    const { environment, ticket, lease_seconds, consent_words } = wanted;
    const sha = wanted.sha === undefined ? undefined : await workspace.commitOf(wanted.sha);
    if (wanted.isDry)
      return reportOf("planned", { environment, sha: sha ?? (await releaseBefore(environment, around)) });
    const began = performance.now();
    const more = { ...(sha && { sha }), ...(ticket && { ticket }), ...(consent_words && { consent_words }) };
    const input = { environment, rollback: true, lease_seconds, ...more };
    const running = await around.client.say<Running>("deploy.begin", input);
    return await held(running, began, wanted, workspace, around, async (tools) => {
      tools.onStep("claimed");
      await workspace.fetch([await workspace.commitOf(running.sha)]);
      return deployed(tools);
    });
  } finally {
    await workspace.close();
  }
}

export async function shownOf({ client }: Pick<Around, "client">, environment: string): Promise<Shown> {
  return client.ask<Shown>("environment.show", { environment });
}

/** As far as it can be known beforehand: deploy.begin decides, and says why when there is none. */
async function releaseBefore(environment: string, { client }: Around): Promise<string | null> {
  const { good, releases } = await client.ask<Releases>("release.list", { environment });
  return releases.find(({ release, withdrawn_by }) => withdrawn_by === null && release !== good)?.release ?? null;
}

type Releases = { good: string | null; releases: { release: string; withdrawn_by: number | null }[] };

/** The same landing said again, after it was landed: nothing is to be done. */
async function servedAlready({ standing }: Shown, sha: string, wanted: Wanted, { client }: Around) {
  const { environment, ticket } = wanted;
  if (standing.release !== sha || standing.state !== "settled" || ticket === undefined) return null;
  const asked = { environment, ticket, state: "landed", limit: 1 };
  const { deploys } = await client.ask<{ deploys: { deploy: number; sha: string }[] }>("deploy.list", asked);
  if (deploys[0]?.sha !== sha) return null;
  return reportOf("served_already", { environment, deploy: deploys[0].deploy, sha }, { served_release: sha });
}

/** Claims. Where an earlier runner left the environment in doubt, that is settled first. */
async function begun(wanted: Wanted, plan: Plan, workspace: Workspace, around: Around) {
  const { environment, ticket, lease_seconds, consent_words } = wanted;
  const { source, base, commits } = plan;
  const sha = plan.sha!;
  const more = { ...(ticket && { ticket }), ...(source && { source }), ...(base && { base }), commits };
  const began = performance.now();
  const say = (also: object = {}) =>
    around.client.say<Running>("deploy.begin", { environment, sha, lease_seconds, ...more, ...also });
  try {
    return { running: await say(), began };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    if (error.code === "environment.in_doubt") {
      const first = await recovered(wanted, workspace, around);
      const isThis = first.outcome === "landed" && first.sha === sha;
      if (isThis || first.outcome === "lost") return { report: first };
      return { began: performance.now(), running: await say() };
    }
    // The words may be single-use: they are spent here only when nothing else opens the door.
    if (error.code !== "deploy.denied" || consent_words === undefined) throw error;
    return { began: performance.now(), running: await say({ consent_words }) };
  }
}

async function fromTheClaim(tools: Tools, plan: Plan, wanted: Wanted, around: Around): Promise<Report> {
  const { hold, workspace, onStep, stop } = tools;
  const { running } = hold;
  onStep("claimed");
  await hold.stage("closure");
  const closure = await closed(tools, plan, wanted);
  if (closure.report !== undefined) return closure.report;
  onStep("closed");
  const { topology, environment, deploy, sha } = running;
  const seen: Partial<Report> = { closure: closure.told };
  if (topology.verify_command !== null) {
    await hold.stage("verify");
    onStep("verifying");
    const jail = jailOf({ ...wanted, hidden: [...around.hidden, ...workspace.hidden], memory_mb: topology.memory_mb });
    seen.protections = jail.protections;
    seen.verify = await verified(workspace, sha, {
      ...{ line: topology.verify_command, topology, jail, env: tools.env, about: aboutOf(running, sha) },
      signal: AbortSignal.any([hold.lost, stop]),
      say(text) {
        hold.log(text);
        tools.tell(text);
      },
    });
    hold.check();
    if (!seen.verify.ok) {
      const cause = stop.aborted ? "the runner was stopped" : `the verify command failed: ${seen.verify.how}`;
      return settled(tools, null, "refused", cause, seen);
    }
  }
  onStep("verified");
  if (stop.aborted) return settled(tools, null, "refused", "the runner was stopped", seen);
  await workspace.keep(`${environment}/${deploy}`, sha);
  return Object.assign(await deployed(tools), seen);
}

/** Looks at the patch and says what was found. Answers a report where that was the end. */
async function closed(tools: Tools, plan: Plan, wanted: Wanted) {
  const { hold, workspace, stop } = tools;
  const { checked: count, missing, ...rest } = await checked(workspace, plan, AbortSignal.any([hold.lost, stop]));
  const told = { checked: count, missing, ...rest, forced_by: null as number | null };
  const command = landingCommand(wanted, plan, rest.whole_with);
  const words = missing.length > 0 && wanted.consent_words ? { consent_words: wanted.consent_words } : {};
  try {
    const input = { checked: count, missing, ...words };
    const { forced_by } = await hold.say<{ forced_by: number | null }>("deploy.report_closure", input);
    return { told: { ...told, forced_by, command } };
  } catch (error) {
    if (!(error instanceof Refusal) || error.code !== "closure.incomplete") throw error;
    hold.close();
    return { report: reportOf("refused", hold.running, { cause: error.message, closure: { ...told, command } }) };
  }
}

/** What lands the patch whole, as it is said here. */
export function landingCommand(wanted: Asked, plan: Plan, whole_with: readonly string[] | null): string | null {
  if (whole_with === null) return null;
  const { environment, ticket, source } = wanted;
  const words = ["longwatch land run", environment, ...(ticket ? ["--ticket", ticket] : []), "--source", source!];
  return [...words, "--base", plan.base!, ...whole_with.flatMap((commit) => ["--commit", commit])].join(" ");
}

async function notMerging(workspace: Workspace, plan: Plan, wanted: Wanted, around: Around): Promise<Report> {
  const { environment } = wanted;
  const closure = await checked(workspace, plan, around.stop);
  const command = landingCommand(wanted, plan, closure.whole_with);
  const cause = `the commits do not merge onto the base: ${plan.conflicts.join(", ")}`;
  return reportOf("refused", { environment, sha: null }, { cause, closure: { ...closure, forced_by: null, command } });
}
