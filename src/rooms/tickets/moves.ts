import { z } from "zod";
import { type Command, command, text, type World } from "../../kernel/operation.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { statements } from "../../kernel/sql.ts";
import { resolveName } from "../seats/index.ts";
import { blockedReason, REASON_CHARACTERS_MAX } from "./auth_blocker.ts";
import { lapse } from "./claims.ts";
import { endTrigger } from "./conditional/opening.ts";
import { undo } from "./done/receipts.ts";
import { Priority } from "./new_ticket.ts";
import { recountBlockers } from "./links.ts";
import {
  findTicket,
  Lane,
  type Row,
  stateForbids,
  TicketId,
  type TicketState,
  ticketStates,
  WORKERS,
} from "./ticket.ts";

const sql = statements("tickets", "move", "assign");

const Reason = text(REASON_CHARACTERS_MAX).min(1).describe("Why. The ledger keeps it.");

/** The ticket as it is once ended leases have lapsed: nobody is sent to a holder who could not release it any more. */
export async function findLapsed(world: World, ref: string): Promise<Row> {
  const lapsed = lapse(world);
  lapsed.catch(() => {});
  const row = await findTicket(world.db, ref);
  await lapsed;
  return row;
}

/** A transition of a ticket that nobody holds: who may make it, from where, to where (origins A3). */
function transition(options: {
  name: string;
  summary: string;
  event: string;
  from: readonly TicketState[];
  to: TicketState;
  hint: string;
  may?: Command["may"];
}): Command {
  const { name, summary, event, from, to, hint } = options;
  return command({
    name,
    summary,
    input: z.object({ id: TicketId, reason: Reason }),
    output: z.object({ id: z.string(), state: z.string() }),
    may: options.may ?? WORKERS,
    events: [event, "ticket.lapsed"],
    refuses: [
      "ticket.unknown",
      ...ticketStates.filter((state) => !from.includes(state)).map((state) => `ticket.${state}`),
      ...(to === "blocked" ? ["blocker.unclassified"] : []),
    ],
    async run(world, { caller, input }) {
      const row = await findLapsed(world, input.id);
      if (!from.includes(row.state)) throw stateForbids(row, to, hint);
      const { id } = row;
      const reason = to === "blocked" ? blockedReason(input.reason) : input.reason;
      if (reason instanceof Refusal) throw reason;
      const at = await world.at();
      const blocked = to === "blocked" ? reason : null;
      world.db.send(sql.move, { id, from: row.state, state: to, reason: blocked, at });
      recountBlockers(world.db, [id]);
      if (row.state === "conditional") endTrigger(world.db, id, at);
      const undone = row.state === "done" ? await undo(world, caller, id, reason) : {};
      const data = { id, state: to, from: row.state, reason, ...undone };
      return { output: { id, state: to }, events: [{ kind: event, subject: id, data }] };
    },
  });
}

const holderFirst = "Its holder releases it with ticket.release; see ticket.show.";

export const block = transition({
  name: "ticket.block",
  summary: "Say that a waiting ticket cannot be done until something else happens; the reason names it.",
  event: "ticket.blocked",
  from: ["awaiting_claim", "parked"],
  to: "blocked",
  hint: holderFirst,
});

export const unblock = transition({
  name: "ticket.unblock",
  summary: "Say that what blocked a ticket has happened: it can be claimed again. The reason is the proof (FLT-1318).",
  event: "ticket.unblocked",
  from: ["blocked"],
  to: "awaiting_claim",
  hint: "Only a blocked ticket is unblocked.",
});

export const park = transition({
  name: "ticket.park",
  summary: "Lay a ticket aside.",
  event: "ticket.parked",
  from: ["awaiting_claim", "blocked", "conditional"],
  to: "parked",
  hint: holderFirst,
});

export const cancel = transition({
  name: "ticket.cancel",
  summary: "End a ticket that will not be done. Its number stays taken.",
  event: "ticket.cancelled",
  from: ["reserved", "awaiting_claim", "blocked", "parked", "conditional"],
  to: "cancelled",
  hint: holderFirst,
});

export const reopen = transition({
  name: "ticket.reopen",
  summary: "Put a parked or ended ticket back into the queue: a state repair, with its reason.",
  event: "ticket.reopened",
  from: ["parked", "conditional", "done", "cancelled"],
  to: "awaiting_claim",
  hint: "A blocked ticket is unblocked, a claimed one released.",
  may: ["operator", "strategist", "coordinator", "gatekeeper", "steward"],
});

/** PRIOR-DIAGNOSTIC: taking a ticket from one seat for another rests on something that was found out (J14). */
const isDiagnosed = (reason: string) => /^\s*PRIOR-DIAGNOSTIC:[^\S\n]*\S/m.test(reason);

function undiagnosed({ id, owner }: Row): Refusal {
  return new Refusal("invalid", "diagnosis.missing", `${id} is given to ${owner}; no diagnosis says why it changes.`, {
    hint: "Put a line into the reason that says what was found out and when: PRIOR-DIAGNOSTIC: …",
    fields: [{ field: "reason", message: "has no line PRIOR-DIAGNOSTIC: …" }],
    facts: { id, owner },
  });
}

export const assign = command({
  name: "ticket.assign",
  summary: "Dispatch a ticket: give it to a seat, to another lane, or another priority.",
  input: z.object({
    id: TicketId,
    owner: text(120).optional().describe("The only seat that may claim it; `UNCLAIMED` frees it for anyone."),
    lane: Lane.optional(),
    priority: Priority.optional().describe("0 is the most urgent, 4 the least."),
    reason: Reason,
  }),
  output: z.object({ id: z.string(), owner: z.string().nullable(), lane: z.string(), priority: z.int() }),
  may: WORKERS,
  events: ["ticket.assigned", "ticket.lapsed"],
  refuses: [
    "ticket.unknown",
    "ticket.in_progress",
    "ticket.done",
    "ticket.cancelled",
    "seat.unknown",
    "seat.ambiguous",
    "assign.nothing",
    "diagnosis.missing",
  ],
  async run(world, { input }) {
    const row = await findLapsed(world, input.id);
    if (row.state === "in_progress" || row.state === "done" || row.state === "cancelled")
      throw stateForbids(row, "dispatched", holderFirst);
    if (input.owner === undefined && input.lane === undefined && input.priority === undefined)
      throw new Refusal("invalid", "assign.nothing", "Give an owner, a lane or a priority.", {
        fields: ["owner", "lane", "priority"].map((field) => ({ field, message: "at least one of these is needed" })),
      });
    const owner =
      input.owner === undefined
        ? { id: row.owner_id, name: row.owner }
        : input.owner === "UNCLAIMED"
          ? { id: null, name: null }
          : await resolveName(world.db, input.owner);
    if (row.owner_id !== null && owner.id !== null && owner.id !== row.owner_id && !isDiagnosed(input.reason))
      throw undiagnosed(row);
    const output = {
      id: row.id,
      owner: owner.name,
      lane: input.lane ?? row.lane,
      priority: input.priority ?? row.priority,
    };
    world.db.send(sql.assign, { ...output, owner_id: owner.id });
    const data = { ...output, state: row.state, reason: input.reason };
    return { output, events: [{ kind: "ticket.assigned", subject: row.id, data }] };
  },
});
