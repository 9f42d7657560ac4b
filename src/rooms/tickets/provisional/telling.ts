import type { Caller, Event, World } from "../../../kernel/operation.ts";
import { inOrder, openCollisions, settleCollisions } from "../collisions/collision.ts";
import { insertTickets, type NewTicket, ticketData } from "../new_ticket.ts";
import { findTickets, priorities } from "../ticket.ts";
import type { Ready } from "./carrying_out.ts";

export type Filed = { id: string; state: string; title: string };

/**
 * What became of a filing: a post of its own in the feed, with the marker of the founding fleets. The original, which
 * is the entry ticket.pending, is never edited (J4).
 */
export function confirmation(row: Ready, { id, state, title }: Filed, reason: string | null): Event {
  const { provisional, spool, n, expected } = row;
  const marker = reason === null ? "CONFIRMED" : "AMENDMENT";
  const value = provisional === null ? id : `${provisional} is ${id}`;
  const told = { id, state, title, provisional, spool, n, effective_at: row.effective_at.toISOString() };
  const changed = reason === null ? {} : { expected, reason };
  return {
    kind: reason === null ? "ticket.confirmed" : "ticket.amended",
    subject: id,
    data: { ...told, ...changed, markers: [{ marker, value }] },
  };
}

/** Two filings had one number: whoever has it keeps it, and the other one is here under its own. */
export async function collide(world: World, caller: Caller, row: Ready, filed: Filed): Promise<void> {
  const holder = (await findTickets(world.db, [row.expected!])).get(row.expected!);
  // Nobody has it: it was not a number that this namespace had come to.
  if (!holder) return;
  const first = { seat: holder.filer, at: holder.filed_at.toISOString(), title: holder.title, ticket: holder.id };
  const at = row.effective_at.toISOString();
  const second = { seat: row.name, at, title: filed.title, ticket: filed.id };
  const [opened] = await openCollisions(world, caller, [
    {
      ...{ number: holder.id, pattern: "simultaneous_filing", first, second },
      // What has a number keeps it, even where clocks would have it otherwise: it is cited by now.
      ...{ final: inOrder(first, second)[0] !== first, source: `spool ${row.spool}` },
    },
  ]);
  const reason = `${filed.title} is filed under ${filed.id}.`;
  const settled = opened!.open
    ? await settleCollisions(world, caller, [{ id: opened!.id, outcome: "amended", reason, amended_to: filed.id }])
    : [];
  for (const event of [...opened!.events, ...settled]) world.record(event, caller);
}

/** A number in the place of a filing that was refused after it had one: no number is missing, and no word lost. */
export async function cancelled(
  world: World,
  caller: Caller,
  row: Ready,
  reason: string,
  lane: string,
): Promise<Event> {
  const at = await world.at();
  const { provisional, title, namespace, effective_at } = row;
  const ticket: NewTicket = {
    ...{ id: row.final_id!, namespace: namespace!, state: "cancelled", lane, title: title!, body: "" },
    ...{ priority: priorities.normal, type: "task", labels: [], surface_key: null, closes_when: null, owner_id: null },
    ...{ filed_by: caller.principal_id, filed_at: effective_at, closed_at: at.toISOString() },
  };
  insertTickets(world.db, [ticket]);
  const data = ticketData(ticket, { provisional, filed_at: effective_at.toISOString(), reason });
  return { kind: "ticket.filed", subject: ticket.id, data };
}
