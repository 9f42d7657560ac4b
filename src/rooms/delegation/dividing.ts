import { z } from "zod";
import { type Caller, command, type World } from "../../kernel/operation.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { type Principal, resolveNames } from "../seats/index.ts";
import { findLapsed, operations as tickets, type Row, stateForbids, TicketId, Title } from "../tickets/index.ts";
import {
  Diagnosis,
  direct,
  DISPATCHERS,
  give,
  GIVING_EVENTS,
  GIVING_REFUSALS,
  idleFor,
  Intent,
  refuseAbsent,
  SeatName,
  through,
} from "./giving.ts";
import { bodyOf, refuseUnbounded, undiagnosed } from "./words.ts";

/** As many as a person oversees; more are divided in two steps. */
const CHILDREN_MAX = 20;

export const divide = command({
  name: "ticket.divide",
  summary: "Split a ticket into parallel children and dispatch them, all or none. The parent waits for them.",
  input: z.object({
    id: TicketId.describe("The ticket to split: it becomes the parent."),
    child: z.array(Title).min(1).max(CHILDREN_MAX).describe("The title of each child."),
    to: z
      .array(SeatName)
      .max(CHILDREN_MAX)
      .default([])
      .describe(
        "The seat of each child, by position. Without any, the idle ones; children beyond them go to the lane.",
      ),
    intent: Intent,
    diagnosis: Diagnosis.optional().describe("PRIOR-DIAGNOSTIC: what the split rests on. It is needed."),
  }),
  output: z.object({
    id: z.string().describe("The parent."),
    children: z.array(z.object({ id: z.string(), title: z.string(), to: z.string().nullable() })),
  }),
  may: DISPATCHERS,
  allocates: true,
  events: GIVING_EVENTS,
  refuses: [
    ...GIVING_REFUSALS,
    "divide.seats",
    "ticket.unknown",
    "ticket.reserved",
    "ticket.in_progress",
    "ticket.done",
    "ticket.cancelled",
  ],
  async run(world, { caller, input }) {
    const parent = await findLapsed(world, input.id);
    refuseIndivisible(parent, caller);
    if (input.diagnosis === undefined) throw undiagnosed(`Splitting ${parent.id}`);
    refuseUnbounded([...input.child, input.intent], parent.closes_when);
    const seats = await seatsFor(world, caller, input, parent.lane);
    const taken = seats.filter((seat): seat is Principal => seat !== null);
    const directed = await direct(world, caller, taken);
    if (directed instanceof Refusal) return directed;
    if (input.to.length > 0)
      await refuseAbsent(world, caller, taken, (seat) => `Say it again with --to ${seat} in its place.`);
    const words = { intent: input.intent, diagnosis: input.diagnosis, body: "" };
    const filings = input.child.map((title, index) => ({
      ...{
        namespace: parent.namespace,
        title,
        body: bodyOf(words, null),
        parent: parent.id,
        priority: parent.priority,
      },
      ...{ lane: seats[index]?.lane ?? parent.lane, owner: seats[index]?.name },
    }));
    const filed = await through(world, tickets.file, caller, filings);
    // The parent is claimable again when they are closed: nobody works on the whole beside its parts.
    const waiting = await through(
      world,
      tickets.link,
      caller,
      filed.outputs.map(({ id }) => ({ id: parent.id, target: id, type: "blocks" })),
    );
    const given = filed.outputs.map(({ id, lane }, index) => ({
      ...{ id, lane, to: seats[index] ?? null, attempt: 1, decision: null },
    }));
    const told = await give(world, caller, given, { intent: input.intent, diagnosis: input.diagnosis });
    const children = filed.outputs.map(({ id, title }, index) => ({ id, title, to: seats[index]?.name ?? null }));
    return {
      output: { id: parent.id, children },
      events: [...directed, ...filed.events, ...waiting.events, ...told],
    };
  },
});

/** What is not begun is divided, or what the caller has in hand: a split behind a holder's back is work twice. */
function refuseIndivisible(row: Row, caller: Caller): void {
  const own = row.claimed_by === caller.principal_id && row.claimed_incarnation === caller.incarnation;
  const closed = row.state === "done" || row.state === "cancelled" || row.state === "reserved";
  if (closed || (row.state === "in_progress" && !own))
    throw stateForbids(row, "divided", "Its holder releases it with ticket.release; see ticket.show.");
}

/** The seat of each child: those that were named, else the idle ones in their order, else nobody. */
async function seatsFor(
  world: World,
  caller: Caller,
  { child, to }: { child: readonly string[]; to: readonly string[] },
  lane: string,
): Promise<(Principal | null)[]> {
  if (to.length > 0 && to.length !== child.length)
    throw new Refusal("invalid", "divide.seats", `to: names ${to.length} seats for ${child.length} children`, {
      fields: [{ field: "to", message: `names ${to.length} seats for ${child.length} children` }],
      hint: "Name a seat for each child, in the same order, or none at all.",
    });
  const names = to.length > 0 ? to : (await idleFor(world, caller, lane)).map(({ name }) => name);
  const found = await resolveNames(world.db, names);
  return child.map((_, index) => {
    const seat = names[index] === undefined ? null : found.get(names[index])!;
    if (seat instanceof Refusal) throw seat;
    return seat;
  });
}
