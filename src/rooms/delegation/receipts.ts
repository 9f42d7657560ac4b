import { z } from "zod";
import { type Caller, command, text, type World, type Role } from "../../kernel/operation.ts";
import { rolesOf } from "../../kernel/permission.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { statements } from "../../kernel/sql.ts";
import { findTicket, operations as tickets, stateForbids, TicketId, WORKERS } from "../tickets/index.ts";
import { DISPATCHERS, through } from "./giving.ts";

const sql = statements("delegation", "standing", "deliver", "acknowledge", "judge");

/** Each receipt is a fact of its own: that a ticket was claimed does not say that it was read, or that it was done. */

export const deliver = command({
  name: "dispatch.deliver",
  summary: "Say that the seat's session has read what was dispatched to it.",
  input: z.object({ id: z.array(TicketId).min(1).max(200).describe("The tickets that it has read of.") }),
  output: z.object({ delivered: z.array(z.string()).describe("Those that were news.") }),
  may: WORKERS,
  said_by: "programs",
  events: ["dispatch.delivered"],
  refuses: [],
  unrecorded: "What was read before is read again without a receipt.",
  async run(world, { caller, input }) {
    const ticket_ids = [...new Set(input.id)].sort();
    const news = await world.db.all<{ ticket_id: string }>(sql.deliver, {
      ...{ ticket_ids, to_id: caller.principal_id, at: await world.at() },
    });
    const delivered = news.map(({ ticket_id }) => ticket_id).sort();
    return {
      output: { delivered },
      events: delivered.map((id) => ({ kind: "dispatch.delivered", subject: id, data: { id, to: caller.name } })),
    };
  },
});

export const acknowledge = command({
  name: "dispatch.acknowledge",
  summary: "Say that a dispatched ticket is understood and taken on.",
  input: z.object({ id: TicketId, note: text(2000).default("").describe("A word to who dispatched it.") }),
  output: z.object({ id: z.string(), acknowledged: z.boolean().describe("False when it was before.") }),
  may: WORKERS,
  said_by: "programs",
  events: ["dispatch.acknowledged"],
  refuses: ["ticket.unknown", "dispatch.unknown", "dispatch.not_yours"],
  unrecorded: "What is acknowledged already is not acknowledged twice.",
  async run(world, { caller, input }) {
    const given = await standing(world, input.id);
    if (given.to_id !== caller.principal_id) throw notYours(given, caller, "acknowledges it");
    const id = given.ticket_id;
    if (given.acknowledged_at !== null) return { output: { id, acknowledged: false }, events: [] };
    world.db.send(sql.acknowledge, { ticket_id: id, at: await world.at() });
    const data = { id, to: given.to, by: given.by, ...(input.note === "" ? {} : { note: input.note }) };
    return {
      output: { id, acknowledged: true },
      events: [{ kind: "dispatch.acknowledged", subject: id, data }],
    };
  },
});

export const verdict = command({
  name: "dispatch.verdict",
  summary: "Accept or reject what came of a dispatch. What is rejected is open again for the same seat.",
  input: z.object({
    id: TicketId,
    verdict: z.enum(["accepted", "rejected"]),
    reason: text(2000).trim().min(1).optional().describe("Needed for a rejection: what is missing."),
  }),
  output: z.object({ id: z.string(), verdict: z.string(), state: z.string().describe("The ticket's state now.") }),
  may: DISPATCHERS,
  events: ["dispatch.judged", ...tickets.reopen.events],
  refuses: [
    "ticket.unknown",
    "dispatch.unknown",
    "dispatch.not_yours",
    "dispatch.judged",
    "verdict.unreasoned",
    ...tickets.claim.refuses.filter((code) => /^ticket\.(reserved|in_progress|blocked|parked|conditional)$/.test(code)),
    "ticket.awaiting_claim",
    "ticket.cancelled",
  ],
  async run(world, { caller, input }) {
    const given = await standing(world, input.id);
    const row = await findTicket(world.db, given.ticket_id);
    const { id } = row;
    const overseers: readonly Role[] = ["operator", "coordinator"];
    if (
      given.to_id === caller.principal_id ||
      (given.by_id !== caller.principal_id && !rolesOf(caller).some((role) => overseers.includes(role)))
    )
      throw notYours(given, caller, `judges what ${given.to ?? "the lane"} did`);
    if (row.state !== "done") throw stateForbids(row, "judged", "A verdict is about work that is finished.");
    if (given.verdict_at !== null && given.verdict_at >= row.closed_at!)
      throw new Refusal("conflict", "dispatch.judged", `${id} was ${given.verdict} already.`, {
        hint: "ticket.reopen puts an ended ticket back, with a reason.",
        facts: { id, verdict: given.verdict, at: given.verdict_at.toISOString() },
      });
    const { reason = null } = input;
    if (input.verdict === "rejected" && reason === null)
      throw new Refusal("invalid", "verdict.unreasoned", "reason: a rejection says what is missing", {
        fields: [{ field: "reason", message: "is missing: a rejection says what is missing" }],
      });
    world.db.send(sql.judge, {
      ...{ ticket_id: id, at: await world.at(), verdict_by: caller.principal_id, verdict: input.verdict, reason },
    });
    const why = `rejected: ${reason}`.slice(0, 2000).toWellFormed();
    const reopened =
      input.verdict === "rejected" ? (await through(world, tickets.reopen, caller, [{ id, reason: why }])).events : [];
    const data = { id, verdict: input.verdict, to: given.to, by: given.by, ...(reason === null ? {} : { reason }) };
    return {
      output: { id, verdict: input.verdict, state: input.verdict === "rejected" ? "awaiting_claim" : "done" },
      events: [{ kind: "dispatch.judged", subject: id, data }, ...reopened],
    };
  },
});

type Standing = {
  ticket_id: string;
  to_id: number | null;
  to: string | null;
  by_id: number;
  by: string;
  acknowledged_at: Date | null;
  verdict: string | null;
  verdict_at: Date | null;
};

/** The giving of a ticket that stands. Throws `ticket.unknown` or `dispatch.unknown`. */
async function standing(world: World, ref: string): Promise<Standing> {
  const { id } = await findTicket(world.db, ref);
  const [row] = await world.db.all<Standing>(sql.standing, { ticket_id: id });
  if (row) return row;
  throw new Refusal("missing", "dispatch.unknown", `${id} was not dispatched to anybody.`, {
    hint: "dispatch.list shows what was.",
  });
}

function notYours({ ticket_id, to, by }: Standing, { name }: Caller, act: string): Refusal {
  const message = `${ticket_id} was given by ${by} to ${to ?? "its lane"}; it is not ${name} who ${act}.`;
  return new Refusal("denied", "dispatch.not_yours", message, { facts: { id: ticket_id, to, by } });
}
