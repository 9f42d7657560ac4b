import type { Caller, Event, World } from "../../../kernel/operation.ts";
import { Refusal } from "../../../kernel/refusal.ts";
import { resolveNames } from "../../seats/index.ts";
import { writeLinks } from "../links.ts";
import { insertTickets, type NewTicket, ticketData } from "../new_ticket.ts";
import { takeNumbers } from "../numbers/numbers.ts";
import { priorities, type Row } from "../ticket.ts";
import { type Party, settleCollisions } from "./collision.ts";

type Poster = Pick<Party, "seat" | "at" | "title">;
/** A party with the words of what it posted. */
export type Claimant = Poster & { body: string };

/**
 * Files the later content under the next number, and settles the collision by it. What was posted stays as it was;
 * this is its amendment.
 */
export async function amend(
  world: World,
  caller: Caller,
  { id: number, namespace, lane }: Row,
  { collision, first, second, reason }: { collision: number; first: Poster; second: Claimant; reason: string },
): Promise<{ id: string; events: Event[] }> {
  const [taken] = await takeNumbers(world.db, [namespace]);
  if (taken instanceof Refusal) throw taken;
  const { id } = taken!;
  const filer = (await resolveNames(world.db, [second.seat])).get(second.seat)!;
  const amendment = `AMENDMENT: was ${number} of ${second.at}; ${first.seat} posted ${number} first`;
  const row: NewTicket = {
    ...{ id, namespace, lane, state: "awaiting_claim", title: second.title },
    ...{ body: [second.body, amendment].filter((part) => part !== "").join("\n\n"), priority: priorities.normal },
    ...{ type: "task", labels: [], surface_key: null, closes_when: null, owner_id: null, closed_at: null },
    filed_by: filer instanceof Refusal ? caller.principal_id : filer.id,
    filed_at: await world.at(),
  };
  insertTickets(world.db, [row]);
  await writeLinks(world.db, [{ ticket_id: id, type: "amends", target_ref: number, target_id: number }]);
  const data = ticketData(row, { filer: second.seat, amends: number });
  const settlement = { id: collision, outcome: "amended" as const, reason, amended_to: id };
  const settled = await settleCollisions(world, caller, [settlement]);
  return { id, events: [{ kind: "ticket.filed", subject: id, data }, ...settled] };
}
