import { randomUUID } from "node:crypto";
import { z } from "zod";
import { type Caller, command, text, type World } from "../../kernel/operation.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { statements } from "../../kernel/sql.ts";
import { ask, deniedAs, operations as policy } from "../policy/index.ts";
import { findTicket, TicketId } from "../tickets/index.ts";
import { free, LANDERS, unsettled } from "./bindings.ts";
import { expiry, findDeploys, Lease, refuseOthers, Running, runningOf, Sha } from "./deploys.ts";
import { EnvironmentName, findEnvironment, type Row as Environment, topologyOf } from "./environments.ts";
import { lapse } from "./lapsing.ts";

const sql = statements("landing", "deploy_newest", "deploy_insert");

/** One entry of the ledger names them all. */
const COMMITS_MAX = 500;
/** How far back a rollback looks for a release. */
const RELEASES_MAX = 500;

const Landing = z.object({
  environment: EnvironmentName,
  sha: Sha.optional().describe("What is deployed; a rollback without it goes to the release before."),
  ticket: TicketId.optional().describe("The ticket that it is for. Only a rollback needs none."),
  source: text(300).min(1).optional().describe("The branch that the commits come from."),
  base: Sha.optional().describe("The commit that they were put onto."),
  commits: z.array(Sha).max(COMMITS_MAX).default([]).describe("The commits, as the source has them."),
  rollback: z.boolean().default(false).describe("Goes back to a release that was good."),
  consent_words: text(2000).min(1).optional().describe("The operator's own words, where it rests on them."),
  lease_seconds: Lease,
});

export const begin = command({
  name: "deploy.begin",
  summary: "Claim an environment for one deploy, or one rollback. The policy is asked in the same breath.",
  input: Landing,
  output: Running,
  may: [...LANDERS, "service"],
  said_by: "programs",
  events: ["deploy.begun", "deploy.lapsed", "deploy.abandoned", ...policy.decide.events],
  refuses: [
    "environment.unknown",
    "environment.in_doubt",
    "binding.free",
    "binding.held",
    "deploy.running",
    "deploy.denied",
    "deploy.incomplete",
    "ticket.unknown",
    "release.unknown",
    ...policy.decide.refuses,
  ],
  async run(world, { caller, input }) {
    await lapse(world);
    const environment = await findEnvironment(world.db, input.environment);
    if (environment.owner_id === null) throw free(environment);
    refuseOthers(environment, caller);
    if (environment.unsettled !== null) throw unsettled(environment);
    const ticket = input.ticket === undefined ? null : (await findTicket(world.db, input.ticket)).id;
    const sha = input.rollback ? await releaseBefore(world, environment, input.sha) : input.sha;
    if (sha === undefined || (ticket === null && !input.rollback)) throw incomplete({ sha, ticket });
    const wanted = { ...input, sha, ticket };
    const { answers, events } = await ask(world, caller, [asked(environment, caller, wanted)]);
    const decided = answers[0]!;
    if (!decided.decision) {
      for (const event of events) world.record(event);
      const message = `${environment.owner} may not deploy ${sha.slice(0, 12)} to ${environment.name}.`;
      return deniedAs("deploy.denied", message, decided, { environment: environment.name, ticket });
    }
    const { output, data } = await start(world, caller, environment, { ...wanted, decision: decided.id });
    const told = { ...data, consent: decided.consent };
    return { output, events: [...events, { kind: "deploy.begun", subject: `deploy-${output.deploy}`, data: told }] };
  },
});

type Wanted = Omit<z.output<typeof Landing>, "sha" | "ticket"> & { sha: string; ticket: string | null };

/** The question that the guard asks too, with what the landing knows beside it. */
function asked({ name, production, owner, branch, version }: Environment, caller: Caller, wanted: Wanted): object {
  const { sha, base, source, commits, rollback, ticket, consent_words } = wanted;
  const rest = Object.fromEntries(Object.entries({ sha, base, source }).filter(([, value]) => value !== undefined));
  return {
    // A service runs what the owner deploys: it is the owner's act, by the owner's claims.
    ...(caller.name === owner ? {} : { subject_id: owner }),
    action: "deploy",
    action_properties: { rollback, commits: commits.length, ...rest },
    resource_type: "environment",
    resource_id: name,
    resource_properties: { production, branch, topology: version },
    context: {
      ...(ticket === null ? {} : { tickets: [ticket] }),
      ...(consent_words === undefined ? {} : { consent_words }),
    },
  };
}

async function start(world: World, caller: Caller, environment: Environment, wanted: Wanted & { decision: number }) {
  const [[newest], at] = await Promise.all([world.db.all<{ newest: number }>(sql.deploy_newest), world.at()]);
  const { sha, base = null, source = null, commits, rollback, ticket, decision, lease_seconds } = wanted;
  const id = newest!.newest + 1;
  const lease = { fencing_token: randomUUID(), lease_expires_at: expiry(at, lease_seconds) };
  const topology = topologyOf(environment);
  world.db.send(sql.deploy_insert, {
    ...{ id, environment: environment.name, topology: topology.version, rollback, ticket_id: ticket },
    ...{ source, base, sha, commits, owner_id: environment.owner_id, decision_id: decision, at },
    ...{ runner_id: caller.principal_id, runner_incarnation: caller.incarnation, ...lease },
    log_bytes_max: topology.output_kb * 1024,
  });
  const row = {
    ...{ id, environment: environment.name, owner: environment.owner!, ticket_id: ticket, rollback, sha },
    ...{ stage: "claimed" as const, attempt: 1, decision_id: decision },
  };
  const data = {
    ...{ deploy: id, environment: environment.name, topology: topology.version, ticket, rollback, sha, base, source },
    ...{ commits, owner: environment.owner, runner: caller.name, decision },
    lease_expires_at: lease.lease_expires_at,
  };
  return { output: runningOf(row, environment, topology, lease), data };
}

/** The release that a rollback goes to: one that landed here and was not taken back since. */
async function releaseBefore(world: World, { name, good_release }: Environment, wanted?: string): Promise<string> {
  const newest = await findDeploys(world.db, { environment: name, limit: RELEASES_MAX });
  const good = newest.filter(({ state, withdrawn_by }) => state === "landed" && withdrawn_by === null);
  // After a deploy that failed, the last good release is what is missed; otherwise it is what is served, and bad.
  const lost = newest.find(({ state }) => !["refused", "lapsed"].includes(state))?.state === "failed";
  const found = good.find(({ sha }) => (wanted === undefined ? lost || sha !== good_release : sha === wanted));
  if (found) return found.sha;
  const releases = [...new Set(good.map(({ sha }) => sha))].slice(0, 10);
  const which = wanted === undefined ? "no release before the one that is served" : `no good release ${wanted}`;
  throw new Refusal("missing", "release.unknown", `${name} has ${which}.`, {
    hint: `longwatch release list --environment ${name} shows where it can go back to.`,
    facts: { environment: name, releases },
  });
}

function incomplete(given: { sha: string | undefined; ticket: string | null }): Refusal {
  const fields = Object.entries(given).flatMap(([field, value]) =>
    value ? [] : [{ field, message: "is missing: only a rollback goes without it" }],
  );
  const names = fields.map(({ field }) => field).join(" and ");
  return new Refusal("invalid", "deploy.incomplete", `${names}: missing`, {
    fields,
    hint: "Say which commit is deployed and for which ticket, or that it is a rollback.",
  });
}
