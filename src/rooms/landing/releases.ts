import { z } from "zod";
import { query, roles } from "../../kernel/operation.ts";
import { statements } from "../../kernel/sql.ts";
import { TicketId } from "../tickets/index.ts";
import { DeployId, deployStates, findDeploy, findDeploys, Missing, type Row } from "./deploys.ts";
import { EnvironmentName, findEnvironment } from "./environments.ts";

const sql = statements("landing", "entries_of");

const instant = z.iso.datetime().nullable();

const Deploy = z.object({
  deploy: z.int(),
  environment: z.string(),
  ticket: z.string().nullable(),
  sha: z.string(),
  rollback: z.boolean(),
  state: z.enum(deployStates),
  stage: z.string().describe("How far it came."),
  owner: z.string(),
  runner: z.string(),
  began_at: z.iso.datetime(),
  ended_at: instant,
  lease_expires_at: instant,
  served_release: z.string().nullable(),
  down_from: instant,
  downtime_milliseconds: z.int().nullable().describe("Null beside down_from: it was still down at the end."),
  cause: z.string().nullable(),
});

const told = (at: Date | null) => at?.toISOString() ?? null;

function deployOf(row: Row): z.output<typeof Deploy> {
  const { id, environment, ticket_id, sha, rollback, state, stage, owner, runner, served_release, cause } = row;
  return {
    ...{ deploy: id, environment, ticket: ticket_id, sha, rollback, state, stage, owner, runner },
    ...{ began_at: row.began_at.toISOString(), ended_at: told(row.ended_at) },
    ...{ lease_expires_at: told(row.lease_expires_at), served_release, down_from: told(row.down_from) },
    ...{ downtime_milliseconds: row.downtime_milliseconds, cause },
  };
}

const Limit = z.int().min(1).max(500).default(50);

export const list = query({
  name: "deploy.list",
  summary: "List deploys, the newest first.",
  input: z.object({
    environment: EnvironmentName.optional(),
    ticket: TicketId.optional(),
    state: z.enum(deployStates).optional(),
    limit: Limit,
  }),
  output: z.object({ deploys: z.array(Deploy) }),
  may: roles,
  said_by: "programs",
  refuses: [],
  async read({ db }, { environment, ticket, state, limit }) {
    const filter = { ...(environment && { environment }), ...(ticket && { ticket_id: ticket }), limit };
    const rows = await findDeploys(db, { ...filter, ...(state && { states: [state] }) });
    return { deploys: rows.map(deployOf) };
  },
});

export const show = query({
  name: "deploy.show",
  summary: "Show a deploy whole: what it rests on, what was missing, how it ended, and its entries in the ledger.",
  input: z.object({ id: DeployId }),
  output: Deploy.extend({
    topology: z.int().describe("The version of the environment's topology."),
    attempt: z.int(),
    decision: z.int(),
    source: z.string().nullable(),
    base: z.string().nullable(),
    commits: z.array(z.string()),
    closure: z.string().nullable(),
    missing: z.array(Missing),
    forced_by: z.int().nullable().describe("The consent that let an incomplete patch through."),
    restored_deploy: z.int().nullable(),
    withdrawn_by: z.int().nullable().describe("The rollback that took it out of service."),
    log_bytes: z.int(),
    log_bytes_lost: z.int(),
    entries: z.array(z.object({ seq: z.int(), kind: z.string(), at: z.iso.datetime() })),
  }),
  may: roles,
  said_by: "programs",
  refuses: ["deploy.unknown"],
  async read({ db }, { id }) {
    const [row, entries] = await Promise.all([
      findDeploy(db, id),
      db.all<{ seq: number; kind: string; at: Date }>(sql.entries_of, { subject: `deploy-${id}` }),
    ]);
    const { topology, attempt, source, base, commits, closure, missing, forced_by, restored_deploy } = row;
    const { withdrawn_by, log_bytes, log_bytes_lost } = row;
    return {
      ...deployOf(row),
      ...{ topology, attempt, decision: row.decision_id, source, base, commits, closure, missing, forced_by },
      ...{ restored_deploy, withdrawn_by, log_bytes, log_bytes_lost },
      entries: entries.map(({ at, ...entry }) => ({ ...entry, at: at.toISOString() })),
    };
  },
});

export const listReleases = query({
  name: "release.list",
  summary: "List an environment's releases, the newest first: each was healthy and served as it was meant.",
  input: z.object({ environment: EnvironmentName, limit: Limit }),
  output: z.object({
    good: z.string().nullable().describe("The last known good release."),
    releases: z.array(
      z.object({
        release: z.string(),
        deploy: z.int(),
        ticket: z.string().nullable(),
        landed_at: z.iso.datetime(),
        rollback: z.boolean().describe("It came back by a rollback."),
        withdrawn_by: z.int().nullable().describe("The rollback that took it out of service."),
      }),
    ),
  }),
  may: roles,
  said_by: "programs",
  refuses: ["environment.unknown"],
  async read({ db }, { environment, limit }) {
    const [{ good_release }, rows] = await Promise.all([
      findEnvironment(db, environment),
      findDeploys(db, { environment, states: ["landed"], limit }),
    ]);
    const releases = rows.map(({ sha, id, ticket_id, ended_at, rollback, withdrawn_by }) => ({
      ...{ release: sha, deploy: id, ticket: ticket_id, landed_at: ended_at!.toISOString(), rollback, withdrawn_by },
    }));
    return { good: good_release, releases };
  },
});
