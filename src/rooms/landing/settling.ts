import { randomUUID } from "node:crypto";
import { z } from "zod";
import { type Caller, command, type Event, text, type World } from "../../kernel/operation.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { statements } from "../../kernel/sql.ts";
import { recordReceipts, withdrawReceipts } from "../tickets/index.ts";
import { free, LANDERS, unsettled } from "./bindings.ts";
import {
  expiry,
  fenced,
  Fence,
  findDeploy,
  Lease,
  refuseOthers,
  type Row,
  Running,
  runningOf,
  UNTOUCHED,
} from "./deploys.ts";
import { EnvironmentName, findEnvironment, type Row as Environment, topologyOf } from "./environments.ts";
import { lapse } from "./lapsing.ts";

const sql = statements(
  "landing",
  "deploy_settle",
  "deploy_recover",
  "environment_settle",
  "releases_withdraw",
  "still_deployed",
  "failure_open",
  "failures_mend",
);

const outcomes = ["landed", "rolled_back", "failed", "refused"] as const;

const Outcome = z.object({
  ...Fence,
  outcome: z
    .enum(outcomes)
    .describe(
      "landed: healthy, and the sha is served. rolled_back: the last good release is served again. failed: neither. " +
        "refused: nothing was touched.",
    ),
  served_release: text(300).min(1).optional().describe("What the health URL names now."),
  down_from: z.iso.datetime().optional().describe("The first answer that was not healthy."),
  downtime_milliseconds: z.int().min(0).optional().describe("Until it was healthy again; left out while it is not."),
  cause: text(4000).trim().min(1).optional().describe("Why it did not land."),
});

export const settle = command({
  name: "deploy.settle",
  summary: "Say how a deploy ended: what is served now, for how long it was down, and why.",
  input: Outcome,
  output: z.object({
    deploy: z.int(),
    outcome: z.string(),
    release: z.string().nullable().describe("The last known good release of the environment now."),
    failure: z.int().nullable().describe("The failure record that was opened: failure.list has it."),
  }),
  may: [...LANDERS, "service"],
  said_by: "programs",
  events: [
    "deploy.settled",
    "release.landed",
    "release.withdrawn",
    "failure.opened",
    "failure.mended",
    "ticket.receipt_given",
    "ticket.receipt_withdrawn",
    "deploy.lapsed",
    "deploy.abandoned",
  ],
  refuses: [
    "deploy.unknown",
    "lease.lost",
    "deploy.untouched",
    "deploy.touched",
    "release.mismatch",
    "deploy.uncaused",
    "downtime.begins_nowhere",
  ],
  async run(world, { caller, input }) {
    const row = await fenced(world, caller, input);
    const environment = await findEnvironment(world.db, row.environment);
    refuseEnding(row, environment, input);
    const { outcome } = input;
    const at = await world.at();
    const ended = endingOf(environment, input);
    world.db.send(sql.deploy_settle, { id: row.id, fencing_token: row.fencing_token, state: outcome, at, ...ended });
    const settled = told(row, "deploy.settled", `deploy-${row.id}`, {
      ...{ outcome, stage: row.stage, attempt: row.attempt, ...ended, forced_by: row.forced_by },
      log_bytes_lost: row.log_bytes_lost,
    });
    if (outcome !== "refused") sendEnvironment(world, row, environment, input);
    const events = [
      settled,
      ...(await consequences(world, caller, row, { ...input, isProduction: environment.production }, at)),
    ];
    if (outcome === "landed" && environment.production) events.push(...(await stagesReached(world, caller, row)));
    const release = outcome === "landed" ? row.sha : environment.good_release;
    const failure = outcome === "failed" || outcome === "rolled_back" ? row.id : null;
    return { output: { deploy: row.id, outcome, release, failure }, events };
  },
});

type Ending = z.output<typeof Outcome>;

function endingOf({ good_deploy }: Environment, input: Ending) {
  const { outcome, served_release = null, down_from = null, downtime_milliseconds = null, cause = null } = input;
  const restored_deploy = outcome === "rolled_back" ? good_deploy : null;
  return { served_release, restored_deploy, down_from, downtime_milliseconds, cause };
}

function sendEnvironment({ db }: World, { id }: Row, { name, down_since }: Environment, input: Ending): void {
  const { outcome, down_from, downtime_milliseconds } = input;
  const isDown = outcome === "failed" && downtime_milliseconds === undefined;
  const since = isDown ? (down_since ?? down_from ?? null) : null;
  db.send(sql.environment_settle, { environment: name, id, landed: outcome === "landed", down_since: since });
}

/** What follows from an end: a release, one that is out of service again, failures that begin or are mended. */
async function consequences(
  world: World,
  caller: Caller,
  row: Row,
  input: Ending & { isProduction: boolean },
  at: Date,
): Promise<Event[]> {
  const { id, environment, sha } = row;
  const { outcome, isProduction } = input;
  const about = row.ticket_id ?? environment;
  const events: Event[] = [];
  if (outcome === "landed") {
    events.push(told(row, "release.landed", about, { release: sha }));
    const withdrawn = row.rollback ? await world.db.all(sql.releases_withdraw, { id, environment, sha }) : [];
    for (const one of withdrawn) {
      events.push(told(row, "release.withdrawn", environment, { release: one.sha, landed_by: one.id }));
    }
    // What is not production gave no receipt.
    if (isProduction) events.push(...(await stagesLost(world, caller, withdrawn, row)));
  }
  if (outcome === "failed" || outcome === "rolled_back") {
    const { cause, served_release = null, down_from = null, downtime_milliseconds = null } = input;
    world.db.send(sql.failure_open, { id, environment, at });
    const data = { failure: id, outcome, cause, served_release, down_from, downtime_milliseconds };
    events.push(told(row, "failure.opened", about, data));
  }
  // What was restored is healthy: then this failure is over as it is told, and so are those before it.
  if (outcome === "landed" || outcome === "rolled_back")
    for (const { deploy_id } of await world.db.all(sql.failures_mend, { environment, id, at }))
      events.push(told(row, "failure.mended", environment, { failure: deploy_id }));
  return events;
}

/** The runner saw the ticket's sha served and healthy: it is deployed, and that look observed it. */
async function stagesReached(world: World, caller: Caller, row: Row): Promise<Event[]> {
  if (row.ticket_id === null || row.rollback) return [];
  const evidence = `deploy ${row.id}: ${row.environment} serves ${row.sha}`;
  const reached = ["deployed", "observed"] as const;
  return recordReceipts(
    world,
    caller,
    reached.map((stage) => ({ ref: row.ticket_id!, stage, evidence })),
  );
}

/**
 * What the withdrawal of releases takes back of their tickets: nothing of one that production still has, by an earlier
 * deploy or elsewhere.
 */
async function stagesLost(
  world: World,
  caller: Caller,
  withdrawn: readonly { ticket_id: string | null }[],
  row: Row,
): Promise<Event[]> {
  const tickets = [...new Set(withdrawn.flatMap(({ ticket_id }) => ticket_id ?? []))];
  if (tickets.length === 0) return [];
  const still = await world.db.all<{ ticket_id: string }>(sql.still_deployed, { tickets });
  const reason = `deploy ${row.id} took the release of ${row.environment} back`;
  const events: Event[] = [];
  for (const ref of tickets.filter((id) => !still.some(({ ticket_id }) => ticket_id === id)))
    events.push(...(await withdrawReceipts(world, caller, { ref, stage: "deployed", reason })));
  return events;
}

function told(row: Row, kind: string, subject: string, more: Record<string, unknown>): Event {
  const { id: deploy, environment, ticket_id: ticket, sha } = row;
  return { kind, subject, data: { deploy, environment, ticket, sha, ...more } };
}

/** An end that cannot be true, or that leaves out what people will ask for. */
function refuseEnding(row: Row, { good_release, name }: Environment, input: Ending): void {
  const { outcome, served_release = null, cause, down_from, downtime_milliseconds } = input;
  const isUntouched = UNTOUCHED.includes(row.stage);
  const facts = { deploy: row.id, stage: row.stage, sha: row.sha, served_release, good_release };
  if (isUntouched && outcome !== "refused")
    throw new Refusal("conflict", "deploy.untouched", `Deploy ${row.id} is at ${row.stage}; nothing was run.`, {
      hint: "Say deploy.report with stage deploy before the command runs; settle as refused what ends before it.",
      facts,
    });
  if (!isUntouched && outcome === "refused")
    throw new Refusal("conflict", "deploy.touched", `Deploy ${row.id} is at ${row.stage}; ${name} may be changed.`, {
      hint: "Look what it serves, and settle as landed, rolled_back or failed.",
      facts,
    });
  const expected = { landed: row.sha, rolled_back: good_release }[outcome as string];
  if (expected !== undefined && (expected === null || served_release !== expected)) {
    const serves = served_release === null ? "was not looked at" : `serves ${served_release}`;
    const must = expected === null ? "there is no good release to go back to" : `${outcome} means ${expected}`;
    throw new Refusal("conflict", "release.mismatch", `${name} ${serves}; ${must}.`, {
      hint: "Restore the last good release, or settle as failed: then people know.",
      facts,
    });
  }
  if (outcome !== "landed" && cause === undefined)
    throw new Refusal("invalid", "deploy.uncaused", "cause: what did not land has one", {
      fields: [{ field: "cause", message: "is missing: what did not land has one" }],
    });
  if (downtime_milliseconds !== undefined && down_from === undefined)
    throw new Refusal("invalid", "downtime.begins_nowhere", "down_from: a downtime begins somewhere", {
      fields: [{ field: "down_from", message: "is missing beside downtime_milliseconds" }],
    });
}

export const recover = command({
  name: "deploy.recover",
  summary: "Take over a deploy whose runner was lost: look what is served, restore if need be, and settle it.",
  input: z.object({ environment: EnvironmentName, lease_seconds: Lease }),
  output: Running,
  may: [...LANDERS, "service"],
  said_by: "programs",
  events: ["deploy.recovering", "deploy.lapsed", "deploy.abandoned"],
  refuses: ["environment.unknown", "binding.free", "binding.held", "deploy.running", "environment.settled"],
  async run(world, { caller, input }) {
    await lapse(world);
    const environment = await findEnvironment(world.db, input.environment);
    const { name, unsettled: id, unsettled_state } = environment;
    if (environment.owner_id === null) throw free(environment);
    refuseOthers(environment, caller);
    if (unsettled_state === "running") throw unsettled(environment);
    if (id === null)
      throw new Refusal("conflict", "environment.settled", `Every deploy to ${name} is settled.`, {
        hint: `longwatch environment show --environment ${name} says what it serves.`,
      });
    const row = await findDeploy(world.db, id);
    const at = await world.at();
    const lease = { fencing_token: randomUUID(), lease_expires_at: expiry(at, input.lease_seconds) };
    const runner = { runner_id: caller.principal_id, runner_incarnation: caller.incarnation };
    world.db.send(sql.deploy_recover, { id, ...runner, ...lease });
    const taken = { ...row, attempt: row.attempt + 1, stage: "recover" as const };
    const data = {
      ...{ runner: caller.name, was: row.runner, was_at: row.stage, attempt: taken.attempt, cause: row.cause },
      lease_expires_at: lease.lease_expires_at,
    };
    return {
      // The topology as it is now: that is where the owner looks.
      output: runningOf(taken, environment, topologyOf(environment), lease),
      events: [told(row, "deploy.recovering", `deploy-${id}`, data)],
    };
  },
});
