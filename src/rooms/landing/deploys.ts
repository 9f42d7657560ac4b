import { z } from "zod";
import type { Reader } from "../../kernel/database.ts";
import { type Caller, text, type World } from "../../kernel/operation.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { statements } from "../../kernel/sql.ts";
import { heldBy } from "./bindings.ts";
import type { Row as Environment, Topology } from "./environments.ts";
import { lapse } from "./lapsing.ts";

const sql = statements("landing", "deploy_find", "deploys");

export const deployStates = ["running", "abandoned", "landed", "rolled_back", "failed", "refused", "lapsed"] as const;
export type DeployState = (typeof deployStates)[number];

/** In this order. `deploy` is said before the command runs: from there on the environment may have been touched. */
export const stages = ["claimed", "closure", "verify", "deploy", "health", "rollback"] as const;
export type Stage = (typeof stages)[number] | "recover";

/** Stages in which nothing outside the runner's worktree has been touched. */
export const UNTOUCHED: readonly Stage[] = ["claimed", "closure", "verify"];

export const Sha = text(64)
  .regex(/^[0-9a-f]{40}([0-9a-f]{24})?$/, "is no whole commit id: 40 hexadecimal digits, or 64")
  .describe("A whole commit id.");

/** A runner is heard of several times in this; long steps check in from a timer. */
export const Lease = z
  .int()
  .min(5)
  .max(600)
  .default(60)
  .describe("How many seconds the deploy stays the runner's without a word.");

export const DeployId = z.int().min(1).describe("The deploy's number.");
export const Fence = {
  deploy: DeployId,
  fencing_token: z.uuid().describe("As deploy.begin or deploy.recover answered it."),
};
type Held = { deploy: number; fencing_token: string };

/** What a deploy needs and the patch's resulting tree lacks. */
export const Missing = z.object({
  kind: z
    .enum(["file", "export", "route", "migration", "asset", "dependency", "other"])
    .describe("What sort of thing it is."),
  name: text(500).min(1).describe("The path, the export, the route."),
  needed_by: text(500).nullable().default(null).describe("The changed file that needs it."),
  commit: text(64).nullable().default(null).describe("The commit of the source branch that has it."),
});
export type Missing = z.output<typeof Missing>;

/** A deploy as rows have it. */
export type Row = {
  id: number;
  environment: string;
  topology: number;
  rollback: boolean;
  ticket_id: string | null;
  source: string | null;
  base: string | null;
  sha: string;
  commits: string[];
  owner: string;
  owner_id: number;
  runner: string;
  runner_id: number;
  runner_incarnation: string | null;
  decision_id: number;
  attempt: number;
  state: DeployState;
  stage: Stage;
  fencing_token: string | null;
  lease_expires_at: Date | null;
  began_at: Date;
  ended_at: Date | null;
  closure: "whole" | "incomplete" | "forced" | null;
  missing: Missing[];
  forced_by: number | null;
  served_release: string | null;
  restored_deploy: number | null;
  down_from: Date | null;
  downtime_milliseconds: number | null;
  cause: string | null;
  log_bytes: number;
  log_bytes_max: number;
  log_bytes_lost: number;
  withdrawn_by: number | null;
};

type Filter = { environment?: string; ticket_id?: string; states?: readonly string[]; limit: number };

/** The newest deploys first. */
export function findDeploys(db: Reader, filter: Filter): Promise<Row[]> {
  const { environment = null, ticket_id = null, states = null, limit } = filter;
  return db.all<Row>(sql.deploys, { environment, ticket_id, states, limit });
}

/** Finds a deploy. Throws `deploy.unknown`. */
export async function findDeploy(db: Reader, id: number): Promise<Row> {
  const [row] = await db.all<Row>(sql.deploy_find, { id });
  if (row) return row;
  throw new Refusal("missing", "deploy.unknown", `There is no deploy ${id}.`, { hint: "deploy.list shows them." });
}

/**
 * The deploy that the caller runs. The fence of every act on it: who was not heard of in time, whose binding was taken
 * away or whom another has relieved is told to stop, and by whom it goes on. Throws `deploy.unknown` or `lease.lost`.
 */
export async function fenced(world: World, caller: Caller, { deploy, fencing_token }: Held): Promise<Row> {
  await lapse(world);
  const row = await findDeploy(world.db, deploy);
  const own = row.runner_id === caller.principal_id && row.runner_incarnation === caller.incarnation;
  if (row.state === "running" && own && row.fencing_token === fencing_token) return row;
  const { id, state, environment, cause } = row;
  const now = state === "running" ? `${row.runner} runs it` : `it is ${state}${cause === null ? "" : ` (${cause})`}`;
  throw new Refusal("conflict", "lease.lost", `Your hold on deploy ${id} has ended; ${now}.`, {
    hint: "Stop its command at once and change nothing more there, not even back. The binding's owner goes on.",
    facts: { deploy: id, environment, state, runner: state === "running" ? row.runner : null },
  });
}

/** The owner, or a service that runs what the owner deploys: in his name and by his claims. */
export function refuseOthers(environment: Environment, caller: Caller): void {
  if (environment.owner_id === caller.principal_id || caller.role === "service") return;
  throw heldBy(environment, caller);
}

/** What a runner has to know, at the beginning and when it takes a deploy over. */
export const Running = z.object({
  deploy: DeployId.describe("It grows with each deploy of the tenant: a fence for what understands one."),
  fencing_token: z.string(),
  lease_expires_at: z.iso.datetime(),
  environment: z.string(),
  owner: z.string(),
  ticket: z.string().nullable(),
  rollback: z.boolean(),
  sha: z.string().describe("What is to be served at the end."),
  topology: z.record(z.string(), z.unknown()).describe("As environment.show has it, of this deploy."),
  good_deploy: z.int().nullable().describe("The last known good release's deploy; null when there is none."),
  good_release: z.string().nullable().describe("What to restore when it fails."),
  down_since: z.iso.datetime().nullable().describe("An earlier deploy left the environment down."),
  stage: z.string(),
  attempt: z.int(),
  decision: z.int().describe("The decision that allowed it."),
});
export type Running = z.output<typeof Running>;

type Started = Pick<
  Row,
  "id" | "environment" | "owner" | "ticket_id" | "rollback" | "sha" | "stage" | "attempt" | "decision_id"
>;

export function runningOf(
  { id, ticket_id, decision_id, ...row }: Started,
  { good_deploy, good_release, down_since }: Pick<Environment, "good_deploy" | "good_release" | "down_since">,
  topology: Topology,
  lease: { fencing_token: string; lease_expires_at: string },
): Running {
  const { environment, owner, rollback, sha, stage, attempt } = row;
  return {
    ...{ deploy: id, ...lease, environment, owner, ticket: ticket_id, rollback, sha, topology },
    ...{ good_deploy, good_release, down_since: down_since?.toISOString() ?? null },
    ...{ stage, attempt, decision: decision_id },
  };
}

export function expiry(at: Date, lease_seconds: number): string {
  return new Date(at.getTime() + lease_seconds * 1000).toISOString();
}
