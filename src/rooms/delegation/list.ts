import { z } from "zod";
import { query, type Role } from "../../kernel/operation.ts";
import { rolesOf } from "../../kernel/permission.ts";
import { statements } from "../../kernel/sql.ts";
import { type Presence, presenceOf } from "../seats/index.ts";
import { type TicketState, WORKERS } from "../tickets/index.ts";
import { DISPATCHERS } from "./giving.ts";

const sql = statements("delegation", "dispatches_list");

/** How far a dispatch came, by its newest receipt and its ticket's state. */
const stages = [
  "dispatched",
  "delivered",
  "acknowledged",
  "consumed",
  "returned",
  "moved",
  "done",
  "accepted",
  "rejected",
  "cancelled",
] as const;

type Row = Presence & {
  id: string;
  title: string;
  state: TicketState;
  closed_at: Date | null;
  owner_id: number | null;
  to_id: number | null;
  to: string | null;
  by: string;
  dispatched_at: Date;
  delivered_at: Date | null;
  consumed_at: Date | null;
  acknowledged_at: Date | null;
  verdict: "accepted" | "rejected" | null;
  verdict_at: Date | null;
  verdict_reason: string | null;
  now: Date;
};

/** Where it stands. Pure. */
function stageOf(row: Omit<Row, keyof Presence | "id" | "title" | "to" | "by" | "now" | "verdict_reason">) {
  const { state, verdict, verdict_at, closed_at } = row;
  if (state === "cancelled") return "cancelled";
  if (state === "done") return verdict !== null && verdict_at! >= closed_at! ? verdict : "done";
  // It was given to somebody else, or back to everybody, without a dispatch.
  if (row.owner_id !== row.to_id) return "moved";
  if (state === "in_progress") return "consumed";
  if (verdict === "rejected") return "rejected";
  // Claimed once and open again: the lease lapsed, or the seat released it.
  if (row.consumed_at !== null) return "returned";
  if (row.acknowledged_at !== null) return "acknowledged";
  return row.delivered_at !== null ? "delivered" : "dispatched";
}

/** What waits for a seat that will not come. */
const WAITING: readonly string[] = ["dispatched", "delivered", "acknowledged", "returned", "rejected"];
const ABSENT: readonly string[] = ["dead", "retired", "unadopted"];

export const list = query({
  name: "dispatch.list",
  summary: "List what was dispatched and what became of it. To a seat: what waits for it; reading it is a receipt.",
  input: z.object({
    all: z.boolean().default(false).describe("Settled ones too."),
    limit: z.int().min(1).max(200).default(50),
  }),
  output: z.object({
    dispatches: z.array(
      z.object({
        id: z.string().describe("The ticket."),
        title: z.string(),
        to: z.string().nullable(),
        by: z.string(),
        stage: z.string().describe(stages.join(", ")),
        stranded: z.boolean().describe("It waits for a seat that is dead or retired: give it to another."),
        reason: z.string().nullable().describe("The verdict's."),
        // Each by its name in one field: an implementer's list of tools has room for no more.
        receipts: z
          .record(z.string(), z.iso.datetime())
          .describe("The instants of those that were given: dispatched, delivered, acknowledged, consumed, verdict."),
      }),
    ),
  }),
  may: [...WORKERS, "auditor"],
  refuses: [],
  leaves({ dispatches }, { name }) {
    const id = dispatches.flatMap((one) => (one.receipts.delivered === undefined && one.to === name ? [one.id] : []));
    return id.length === 0 ? null : { command: "dispatch.deliver", input: { id } };
  },
  async read({ db, caller }, { all, limit }) {
    const oversees = rolesOf(caller).some((role) => ([...DISPATCHERS, "auditor"] as readonly Role[]).includes(role));
    const rows = await db.all<Row>(sql.dispatches_list, { all, limit, to_id: oversees ? null : caller.principal_id });
    const dispatches = rows.map((row) => {
      const stage = stageOf(row);
      const absent = row.to_id !== null && ABSENT.includes(presenceOf(row, row.now));
      const { id, title, to, by, verdict_reason: reason } = row;
      const { dispatched_at: dispatched, delivered_at: delivered, acknowledged_at: acknowledged } = row;
      const given = { dispatched, delivered, acknowledged, consumed: row.consumed_at, verdict: row.verdict_at };
      const receipts = Object.fromEntries(
        Object.entries(given).flatMap(([name, at]) => (at === null ? [] : [[name, at.toISOString()]])),
      );
      return { id, title, to, by, stage, stranded: absent && WAITING.includes(stage), reason, receipts };
    });
    return { dispatches };
  },
});
