import { createHash } from "node:crypto";
import { z } from "zod";
import { type Caller, command, type Event, text, type World } from "../../kernel/operation.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { statements } from "../../kernel/sql.ts";
import { type Answer, ask, deniedAs, operations as policy } from "../policy/index.ts";
import { LANDERS } from "./bindings.ts";
import { expiry, fenced, Fence, Lease, Missing, type Row, stages } from "./deploys.ts";
import { findEnvironment } from "./environments.ts";

const sql = statements("landing", "deploy_report", "log_insert", "closure_write");

/** What one report brings of the log, in characters; in bytes it is at most four times as much. */
const LOG_CHARACTERS_MAX = 32_000;
/** What is kept of one closure. */
const MISSING_MAX = 1000;
/** What the ledger's entry and a decision's input name of it; the input has 8 kB at the most. */
const TOLD = { count: 40, characters: 60 } as const;

export const report = command({
  name: "deploy.report",
  summary: "Say that the runner is there, which stage it has come to, and what the log has that is new.",
  input: z.object({
    ...Fence,
    stage: z.enum(stages).optional().describe("Where it is now. Say deploy before its command runs."),
    log: text(LOG_CHARACTERS_MAX).default("").describe("New lines, with the secrets taken out."),
    lease_seconds: Lease,
  }),
  output: z.object({
    stage: z.string(),
    lease_expires_at: z.iso.datetime(),
    log_bytes_left: z.int().describe("How much of the log is still kept."),
    log_bytes_lost: z.int().describe("How much was over the environment's bound."),
  }),
  may: [...LANDERS, "service"],
  said_by: "programs",
  events: ["deploy.advanced", "deploy.logged", "deploy.lapsed", "deploy.abandoned"],
  refuses: ["deploy.unknown", "lease.lost", "stage.backwards", "closure.unproven"],
  unrecorded: "A word that only holds the lease longer changes nothing else.",
  async run(world, { caller, input }) {
    const row = await fenced(world, caller, input);
    const stage = input.stage ?? row.stage;
    refuseStep(row, stage);
    const at = await world.at();
    const lease_expires_at = expiry(at, input.lease_seconds);
    const { kept, bytes, lost } = within(input.log, row.log_bytes_max - row.log_bytes);
    const { id, fencing_token } = row;
    world.db.send(sql.deploy_report, { id, fencing_token, stage, lease_expires_at, bytes, lost });
    const events = [
      ...(stage === row.stage ? [] : [told(row, "advanced", { from: row.stage, stage })]),
      ...(kept === "" ? [] : [await keepLog(world, row, { stage, kept, bytes, at })]),
    ];
    const log_bytes_left = row.log_bytes_max - row.log_bytes - bytes;
    return { output: { stage, lease_expires_at, log_bytes_left, log_bytes_lost: row.log_bytes_lost + lost }, events };
  },
});

function told({ id, environment, ticket_id: ticket }: Row, verb: string, more: Record<string, unknown>): Event {
  return { kind: `deploy.${verb}`, subject: `deploy-${id}`, data: { deploy: id, environment, ticket, ...more } };
}

/** The log's own text is not in the ledger: the entry proves it, and wakes those who follow. */
async function keepLog(
  world: World,
  row: Row,
  { stage, kept, bytes, at }: { stage: string; kept: string; bytes: number; at: Date },
): Promise<Event> {
  const [line] = await world.db.all<{ number: number }>(sql.log_insert, { id: row.id, stage, text: kept, at });
  const sha256 = createHash("sha256").update(kept).digest("hex");
  return told(row, "logged", { stage, number: line!.number, bytes, lines: kept.split("\n").length, sha256 });
}

/** As much of the log as there is room for, in whole characters. */
function within(log: string, room: number): { kept: string; bytes: number; lost: number } {
  const all = Buffer.from(log);
  if (all.length <= room) return { kept: log, bytes: all.length, lost: 0 };
  let end = Math.max(room, 0);
  // A byte 10xxxxxx goes on with the character before it.
  while (end > 0 && (all[end]! & 0xc0) === 0x80) end--;
  return { kept: all.toString("utf8", 0, end), bytes: end, lost: all.length - end };
}

function refuseStep(row: Row, stage: (typeof stages)[number] | "recover"): void {
  if (stage === row.stage) return;
  const facts = { deploy: row.id, stage: row.stage, wanted: stage };
  const order: readonly string[] = row.stage === "recover" ? ["recover", "rollback"] : stages;
  if (order.indexOf(stage) < order.indexOf(row.stage))
    throw new Refusal(
      "conflict",
      "stage.backwards",
      `Deploy ${row.id} is at ${row.stage}; it does not go to ${stage}.`,
      {
        hint: row.stage === "recover" ? "Who recovers looks, restores at the most, and settles." : "Settle it.",
        facts,
      },
    );
  if (stage === "closure" || row.rollback || row.closure !== null) return;
  throw new Refusal("conflict", "closure.unproven", `Nobody has looked what the patch of deploy ${row.id} needs.`, {
    hint: "deploy.report_closure comes before anything is run.",
    facts,
  });
}

const ClosureReport = z.object({
  ...Fence,
  checked: z.int().min(0).describe("How many needs were looked at."),
  missing: z.array(Missing).max(MISSING_MAX).default([]).describe("What is not there; empty when the patch is whole."),
  consent_words: text(2000).min(1).optional().describe("The operator's words that let it through all the same."),
  lease_seconds: Lease,
});

export const reportClosure = command({
  name: "deploy.report_closure",
  summary: "Report what the patch needs and the resulting tree lacks. With anything missing it ends here, unforced.",
  input: ClosureReport,
  output: z.object({
    closure: z.enum(["whole", "forced"]),
    forced_by: z.int().nullable().describe("The consent that was used."),
    lease_expires_at: z.iso.datetime(),
  }),
  may: [...LANDERS, "service"],
  said_by: "programs",
  events: [
    "deploy.closure_whole",
    "deploy.closure_forced",
    "deploy.refused",
    "deploy.lapsed",
    "deploy.abandoned",
    ...policy.decide.events,
  ],
  refuses: [
    "deploy.unknown",
    "lease.lost",
    "stage.backwards",
    "closure.reported",
    "closure.incomplete",
    ...policy.decide.refuses,
  ],
  async run(world, { caller, input }) {
    const row = await fenced(world, caller, input);
    refuseStep(row, "closure");
    if (row.closure !== null)
      throw new Refusal("conflict", "closure.reported", `The closure of deploy ${row.id} was ${row.closure}.`, {
        hint: "One deploy has one patch. Begin another for another.",
      });
    const lease_expires_at = expiry(await world.at(), input.lease_seconds);
    if (input.missing.length > 0) return forceOrRefuse(world, caller, row, input, lease_expires_at);
    const { id, fencing_token } = row;
    world.db.send(sql.closure_write, { ...OPEN, id, fencing_token, lease_expires_at, closure: "whole" });
    const output = { closure: "whole" as const, forced_by: null, lease_expires_at };
    return { output, events: [told(row, "closure_whole", { checked: input.checked })] };
  },
});

/** The deploy goes on. */
const OPEN = { state: "running", cause: null, ended_at: null, missing: "[]", forced_by: null };

type Closure = z.output<typeof ClosureReport>;

/** What is not whole ends here, unless the operator consented to it in his own words. */
async function forceOrRefuse(world: World, caller: Caller, row: Row, input: Closure, lease_expires_at: string) {
  const { checked, missing } = input;
  const { answers, events } = await ask(world, caller, [await asked(world, caller, row, input)]);
  const answer = answers[0]!;
  const { decision, consent, id: decided } = answer;
  const list = { missing: names(missing), missing_count: missing.length };
  const { id, fencing_token } = row;
  const write = { ...OPEN, id, fencing_token, lease_expires_at, missing: JSON.stringify(missing) };
  // Whatever a tenant's own policy says: without the operator's words nothing incomplete goes on.
  if (decision && consent !== null) {
    world.db.send(sql.closure_write, { ...write, closure: "forced", forced_by: consent });
    const output = { closure: "forced" as const, forced_by: consent, lease_expires_at };
    return {
      output,
      events: [...events, told(row, "closure_forced", { checked, ...list, decision: decided, consent })],
    };
  }
  const cause = `the patch is not whole: ${missing.length} missing`;
  const ended_at = await world.at();
  world.db.send(sql.closure_write, { ...write, closure: "incomplete", state: "refused", cause, ended_at });
  const refused = told(row, "refused", { checked, ...list, decision: decided, cause });
  for (const event of [...events, refused]) world.record(event);
  return notWhole(row, missing, answer);
}

/** The same act as at the beginning, with what was found out since. */
async function asked(world: World, caller: Caller, row: Row, { missing, consent_words }: Closure): Promise<object> {
  const { production } = await findEnvironment(world.db, row.environment);
  return {
    ...(caller.name === row.owner ? {} : { subject_id: row.owner }),
    ...{ action: "deploy", action_properties: { sha: row.sha } },
    ...{ resource_type: "environment", resource_id: row.environment, resource_properties: { production } },
    context: {
      missing: names(missing),
      ...(row.ticket_id === null ? {} : { tickets: [row.ticket_id] }),
      ...(consent_words === undefined ? {} : { consent_words }),
    },
  };
}

/** What the policy sees; a decision's input has its bound. */
function names(missing: readonly Missing[]): string[] {
  return missing
    .slice(0, TOLD.count)
    .map(({ kind, name }) => [...`${kind} ${name}`].slice(0, TOLD.characters).join(""));
}

function notWhole({ id, sha, ticket_id: ticket }: Row, missing: readonly Missing[], answer: Answer): Refusal {
  const listed = missing.slice(0, 5).map(({ kind, name }) => `${kind} ${name}`);
  const more = missing.length > listed.length ? ` and ${missing.length - listed.length} more` : "";
  const message = `${sha.slice(0, 12)} needs what the resulting tree does not have: ${listed.join(", ")}${more}.`;
  const facts = { deploy: id, ticket, missing };
  if (!answer.decision) return deniedAs("closure.incomplete", message, answer, facts);
  return new Refusal("denied", "closure.incomplete", message, {
    hint: "Take the commits that have it along, or ask the operator for a consent in his own words.",
    facts: { decision: answer.id, ...facts },
  });
}
