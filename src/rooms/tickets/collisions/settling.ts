import { z } from "zod";
import type { Reader } from "../../../kernel/database.ts";
import { command, query, type Role, roles, text } from "../../../kernel/operation.ts";
import { Refusal } from "../../../kernel/refusal.ts";
import { statements } from "../../../kernel/sql.ts";
import { findTicket, TicketId } from "../ticket.ts";
import { amend } from "./amending.ts";
import { type Party, patterns, settleCollisions } from "./collision.ts";

const sql = statements("tickets/collisions", "collisions_list", "collisions_unsettled", "collision_find");

/** Those who say what becomes of work that two want. */
export const RULERS = ["operator", "coordinator", "strategist"] as const satisfies readonly Role[];

const PartySaid = z.object({
  seat: z.string(),
  at: z.iso.datetime(),
  title: z.string(),
  ticket: z.string().nullable().describe("The ticket here that carries its content."),
});
export const Collision = z.object({
  collision: z.int(),
  number: z.string(),
  pattern: z.enum(patterns),
  first: PartySaid.describe("Posted first: the number is its."),
  second: PartySaid,
  final: z.boolean().describe("Whether the first had the number for good when the second came."),
  source: z.string(),
  opened_at: z.iso.datetime(),
  settled_at: z.iso.datetime().nullable(),
  outcome: z.enum(["amended", "ruled", "explained"]).nullable(),
  reason: z.string().nullable(),
  amended_to: z.string().nullable().describe("The ticket that has the later content now."),
});

// the row has every column of the collision.
function told(row: any): z.output<typeof Collision> {
  const { id: collision, number, pattern, final, source, outcome, reason, amended_to } = row;
  const party = (which: string): z.output<typeof PartySaid> => ({
    ...{ seat: row[`${which}_seat`], at: row[`${which}_at`].toISOString() },
    ...{ title: row[`${which}_title`], ticket: row[`${which}_ticket`] },
  });
  return {
    ...{ collision, number, pattern, first: party("first"), second: party("second"), final, source },
    ...{ opened_at: row.opened_at.toISOString(), settled_at: row.settled_at?.toISOString() ?? null },
    ...{ outcome, reason, amended_to },
  };
}

/** The first collisions that are open. */
export async function openOnes(db: Reader, limit: number): Promise<z.output<typeof Collision>[]> {
  return (await db.all(sql.collisions_unsettled, { after: 0, limit })).map(told);
}

export const list = query({
  name: "collision.list",
  summary: "List collisions in the order in which they were opened: those that are open, or all.",
  input: z.object({
    settled: z.boolean().optional().describe("Only settled ones, or with false only open ones; without it, all."),
    after: z.int().min(0).default(0).describe("Only those after this one: the `next` of the page before."),
    limit: z.int().min(1).max(500).default(50).describe("At most this many."),
  }),
  output: z.object({
    collisions: z.array(Collision),
    next: z.int().nullable().describe("Give this as `after` for the next page; null at the end."),
  }),
  may: roles,
  said_by: "programs",
  refuses: [],
  async read({ db }, { settled, after, limit }) {
    const rows =
      settled === false
        ? await db.all(sql.collisions_unsettled, { after, limit })
        : await db.all(sql.collisions_list, { after, limit, settled: settled ?? null });
    return { collisions: rows.map(told), next: rows.length === limit ? rows.at(-1).id : null };
  },
});

const CollisionId = z.int().min(1).describe("The collision's number, as collision.list tells it.");

export const show = query({
  name: "collision.show",
  summary: "Show one collision whole.",
  input: z.object({ collision: CollisionId }),
  output: Collision,
  may: roles,
  said_by: "programs",
  refuses: ["collision.unknown"],
  async read({ db }, { collision }) {
    const [row] = await db.all(sql.collision_find, { id: collision });
    if (!row) throw unknown(collision);
    return told(row);
  },
});

export const settle = command({
  name: "collision.settle",
  summary: "Settle a collision: file its later content anew, name the ticket that has it, or say why it is none.",
  input: z.object({
    collision: CollisionId,
    amend: z.boolean().default(false).describe("File the later content under a number of its own."),
    amended_to: TicketId.optional().describe("The ticket that has the later content already."),
    body: text(20_000).default("").describe("With amend: what else the new ticket says."),
    reason: text(2000).trim().min(1).describe("Why. The ledger keeps it."),
  }),
  output: z.object({ collision: z.int(), outcome: z.string(), amended_to: z.string().nullable() }),
  may: RULERS,
  said_by: "programs",
  allocates: ({ amend }: { amend: boolean }) => amend,
  events: ["collision.settled", "ticket.filed"],
  refuses: [
    ...(["collision.unknown", "collision.settled", "collision.reversed"] as const),
    ...(["ticket.unknown", "namespace.unknown", "entry.oversized"] as const),
  ],
  async run(world, { caller, input: { collision, reason, body, ...input } }) {
    const [found] = await world.db.all(sql.collision_find, { id: collision });
    if (!found) throw unknown(collision);
    const known = told(found);
    const { number, first, second, settled_at, outcome } = known;
    if (settled_at !== null)
      throw new Refusal("conflict", "collision.settled", `Collision ${collision} is ${outcome} since ${settled_at}.`, {
        facts: { outcome, amended_to: known.amended_to, reason: known.reason },
      });
    if (input.amend && input.amended_to !== undefined) throw eitherOr();
    if (input.amend) {
      const row = await findTicket(world.db, number);
      if (row.title === second.title) throw reversed(number, first, second);
      const amended = await amend(world, caller, row, { collision, first, second: { ...second, body }, reason });
      return { output: { collision, outcome: "amended", amended_to: amended.id }, events: amended.events };
    }
    const amended_to = input.amended_to === undefined ? undefined : (await findTicket(world.db, input.amended_to)).id;
    if (amended_to !== undefined && amended_to === first.ticket) throw reversed(number, first, second);
    const to = amended_to === undefined ? ("explained" as const) : ("amended" as const);
    const events = await settleCollisions(world, caller, [{ id: collision, outcome: to, reason, amended_to }]);
    return { output: { collision, outcome: to, amended_to: amended_to ?? null }, events };
  },
});

function eitherOr(): Refusal {
  const message = "is the ticket that has the content already; with amend a new one is filed";
  return new Refusal("invalid", "input.invalid", `amended_to: ${message}`, {
    fields: [{ field: "amended_to", message }],
    hint: "Say one of amend and amended_to.",
  });
}

function unknown(collision: number): Refusal {
  return new Refusal("missing", "collision.unknown", `There is no collision ${collision}.`, {
    hint: "collision.list lists them.",
  });
}

/** First post wins, so it is never the first one's content that moves. */
function reversed(number: string, first: Pick<Party, "seat">, second: Pick<Party, "seat">): Refusal {
  return new Refusal(
    "conflict",
    "collision.reversed",
    `${first.seat} posted ${number} first, and ${number} has what ${second.seat} posted; its words are never edited.`,
    { hint: `Rule on it: ticket.rule {id: "${number}", outcome, reason}, or settle it with the reason alone.` },
  );
}
