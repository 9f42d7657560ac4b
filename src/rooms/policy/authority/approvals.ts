import { z } from "zod";
import { command, query, roles } from "../../../kernel/operation.ts";
import { statements } from "../../../kernel/sql.ts";
import {
  ageOf,
  type Approval,
  approvals,
  approvalStates,
  decide,
  GRANT_SECONDS,
  ITEMS_MAX,
  knownApprovals,
  lineOf,
  probe,
  refuseDecider,
} from "./approval.ts";
import { rungs } from "./ladder.ts";
import { OVERSEERS, Reason } from "./rungs.ts";

const sql = statements("policy/authority", "approvals_pace");

export const Id = z.int().min(1);
export const GrantSeconds = z
  .int()
  .min(GRANT_SECONDS.least)
  .max(GRANT_SECONDS.most)
  .default(GRANT_SECONDS.normal)
  .describe("How long a grant may be used, once; an hour unless you say otherwise, at most seven days.");

const Shown = z.object({
  id: z.int(),
  line: z.string().describe("All of it in one line."),
  state: z.enum(approvalStates),
  rung: z.string(),
  action: z.string(),
  resource_type: z.string(),
  resource_id: z.string(),
  production: z.boolean(),
  wording: z.string().nullable().describe("What exactly waits, whole: the command, or the commit."),
  subject: z.string(),
  decision: z.int().describe("The denial that asked."),
  asked_at: z.iso.datetime(),
  age_seconds: z.int().describe("Since it was first asked."),
  manifest: z.int().nullable(),
  decided_by: z.string().nullable(),
  decided_at: z.iso.datetime().nullable(),
  reason: z.string().nullable(),
  expires_at: z.iso.datetime().nullable().describe("Until when a grant may be used."),
  used_by: z.int().nullable().describe("The decision that used it up."),
});

function shown(row: Approval): z.input<typeof Shown> {
  const { id, state, rung, action, resource_type, resource_id, production, subject, decision, manifest } = row;
  return {
    id,
    line: lineOf(row),
    state,
    rung,
    action,
    resource_type,
    resource_id,
    production,
    wording: row.wording,
    subject,
    decision,
    asked_at: row.asked_at.toISOString(),
    age_seconds: ageOf(row),
    manifest,
    decided_by: row.decider,
    decided_at: row.decided_at?.toISOString() ?? null,
    reason: row.reason,
    expires_at: row.expires_at?.toISOString() ?? null,
    used_by: row.used_by,
  };
}

export const listApprovals = query({
  name: "approval.list",
  summary: "The approvals that wait, oldest first, and how fast decisions are made. What needs none is left out.",
  input: z.object({
    state: z.enum(approvalStates).default("pending"),
    rung: z.enum(rungs).exclude(["L0"]).optional().describe("Only these: L1 is for strategists, L2 for the operator."),
    limit: z.int().min(1).max(ITEMS_MAX).default(50),
  }),
  output: z.object({
    items: z.array(Shown),
    moot: z.array(z.string()).describe("What waits and needs nobody any more, and why."),
    pending: z.int().describe("How many wait, of both rungs."),
    oldest_seconds: z.int().nullable().describe("How long the oldest of them waits."),
    decided_in_an_hour: z.int().describe("Verdicts of the last hour. None while something waits is an alarm."),
  }),
  may: OVERSEERS,
  refuses: [],
  async read({ db }, { state, rung, limit }) {
    const [rows, [pace]] = await Promise.all([approvals(db, { state, rung, limit }), db.all(sql.approvals_pace)]);
    const { waiting, moot } = state === "pending" ? await probe(db, rows) : { waiting: rows, moot: [] };
    return { items: waiting.map(shown), moot: moot.map(({ row, reason }) => `${row.id}: ${reason}`), ...pace };
  },
});

export const showApproval = query({
  name: "approval.show",
  summary: "One approval: what was asked, and the verdict with who, when and why.",
  input: z.object({ id: Id.describe("The approval's number, as the denial named it.") }),
  output: Shown,
  // A seat that was stopped looks after its own, by the command that its denial names: no tool has to remind it.
  may: roles,
  said_by: "programs",
  refuses: ["approval.unknown"],
  async read({ db }, { id }) {
    return shown((await knownApprovals(db, [id], "id"))[0]!);
  },
});

export const decideApproval = command({
  name: "approval.decide",
  summary:
    "Grant or reject an approval with a reason. L1: a strategist who did not ask, or the operator; L2: the operator.",
  input: z.object({
    id: Id.describe("The approval's number."),
    verdict: z.enum(["grant", "reject"]),
    reason: Reason,
    lasts_seconds: GrantSeconds,
  }),
  output: z.object({
    id: z.int(),
    state: z.string(),
    decided_by: z.string(),
    expires_at: z.iso.datetime().nullable().describe("Until when the seat may use it, once."),
  }),
  may: ["operator", "strategist"],
  events: ["approval.granted", "approval.rejected"],
  refuses: [
    "approval.unknown",
    "approval.own",
    "approval.above_you",
    ...approvalStates.filter((state) => state !== "pending").map((state) => `approval.${state}`),
  ],
  async run(world, { caller, input: { id, verdict, reason, lasts_seconds } }) {
    const rows = await knownApprovals(world.db, [id], "id");
    await refuseDecider(world.db, caller, rows);
    const state = verdict === "grant" ? "granted" : "rejected";
    const at = await world.at();
    const events = await decide(world.db, caller, rows, { verdict: state, reason, seconds: lasts_seconds, at });
    const expires_at = events[0]!.data.expires_at as string | null;
    return { output: { id, state, decided_by: caller.name, expires_at }, events };
  },
});
