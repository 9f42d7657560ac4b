import { z } from "zod";
import type { Transaction } from "../../kernel/database.ts";
import { type Act, batchCommand, text, type Role } from "../../kernel/operation.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { statements } from "../../kernel/sql.ts";
import { KEEPERS } from "../seats/index.ts";
import { findTickets, TicketId, ticketUnknown, WORKERS } from "./ticket.ts";

const sql = statements("tickets", "links_insert", "recount_blockers", "waits_for");

/** The types of link that make a ticket wait for its target. */
export const WAITING_TYPES = ["blocks", "blocked-by"] as const;

export type NewLink = { ticket_id: string; type: string; target_ref: string; target_id: string | null };

/** Writes links and makes the counters of open blockers true again. Answers those that were new. */
export async function writeLinks(db: Transaction, links: readonly NewLink[]): Promise<Set<string>> {
  if (links.length === 0) return new Set();
  const written = await db.all(sql.links_insert, {
    ticket_ids: links.map((link) => link.ticket_id),
    types: links.map((link) => link.type),
    target_refs: links.map((link) => link.target_ref),
    target_ids: links.map((link) => link.target_id),
  });
  recountBlockers(db, [...new Set(links.map((link) => link.ticket_id))]);
  return new Set(written.map((row) => linkKey(row)));
}

/** Sends the recount for tickets whose state or links changed, and for everything that waits for them. */
export function recountBlockers(db: Transaction, ids: readonly string[]): void {
  if (ids.length > 0) db.send(sql.recount_blockers, { ids, waiting_types: WAITING_TYPES });
}

function linkKey(link: { ticket_id: string; type: string; target_ref: string }): string {
  return `${link.ticket_id} ${link.type} ${link.target_ref}`;
}

const Linked = z.object({
  id: z.string(),
  target: z.string(),
  type: z.string(),
  linked: z.boolean().describe("False when it was there already."),
});

export const link = batchCommand({
  name: "ticket.link",
  summary: "Say how a ticket hangs together with another: blocks, parent-child, related …",
  input: z.object({
    id: TicketId.describe("The ticket that waits, or is the child, or refers."),
    target: TicketId.describe("The ticket that it waits for, or the parent, or the one referred to."),
    type: text(40)
      .regex(/^[a-z][a-z-]*$/, "must be lower-case letters and hyphens")
      .default("blocks")
      .describe("blocks: id waits for target. parent-child: target is the parent. Others only refer."),
    dangling: z.boolean().default(false).describe("Keep the link although no ticket is called target (for imports)."),
  }),
  output: Linked,
  may: WORKERS,
  events: ["ticket.linked"],
  refuses: ["ticket.unknown", "link.to_itself", "link.cycle", "link.dangling"],
  unrecorded: "A link that is there already is left as it is; only new ones are written, each with its entry.",
  async run(world, calls) {
    const found = await findTickets(
      world.db,
      calls.flatMap(({ input }) => [input.id, input.target]),
    );
    const links: (NewLink | Refusal)[] = [];
    for (const { caller, input } of calls) {
      const ticket = found.get(input.id);
      const target = found.get(input.target);
      if (input.dangling && !(KEEPERS as readonly Role[]).includes(caller.role)) links.push(onlyImports());
      else if (!ticket || (!target && !input.dangling)) links.push(ticketUnknown(ticket ? input.target : input.id));
      else if (ticket.id === target?.id) links.push(toItself(ticket.id));
      else
        links.push({ ticket_id: ticket.id, type: input.type, target_ref: input.target, target_id: target?.id ?? null });
    }
    const written = new Set<string>();
    // One by one where a cycle could arise, so that two links of one batch cannot close one together.
    for (const [index, one] of links.entries()) {
      if (one instanceof Refusal || !couldCycle(one, calls[index]!.input.dangling)) continue;
      const problem = await cycleProblem(world.db, one);
      if (problem) links[index] = problem;
      else for (const key of await writeLinks(world.db, [one])) written.add(key);
    }
    const others = links.filter(
      (one, index): one is NewLink => !(one instanceof Refusal) && !couldCycle(one, calls[index]!.input.dangling),
    );
    for (const key of await writeLinks(world.db, others)) written.add(key);
    return links.map((one, index): Act<z.output<typeof Linked>> | Refusal => {
      if (one instanceof Refusal) return one;
      const linked = written.delete(linkKey(one));
      const { type, dangling } = calls[index]!.input;
      const data = { id: one.ticket_id, target: one.target_id ?? one.target_ref, type };
      const event = {
        kind: "ticket.linked",
        subject: one.ticket_id,
        data: { ...data, ...(dangling ? { dangling } : {}) },
      };
      return { output: { ...data, linked }, events: linked ? [event] : [] };
    });
  },
});

/** A dangling link is not checked for cycles, since history may hold some; so it is for those who import. */
function onlyImports(): Refusal {
  return new Refusal("denied", "link.dangling", "Only those who import may keep links to tickets that are not here.", {
    hint: `Leave dangling out, or ask one of: ${KEEPERS.join(", ")}.`,
  });
}

export function toItself(id: string): Refusal {
  return new Refusal("invalid", "link.to_itself", `target: ${id} cannot be linked to itself`, {
    fields: [{ field: "target", message: "is the ticket itself" }],
  });
}

function couldCycle({ type, target_id }: NewLink, dangling: boolean): boolean {
  return (
    !dangling && target_id !== null && (type === "parent-child" || (WAITING_TYPES as readonly string[]).includes(type))
  );
}

/** That a ticket waits for another. */
export type Wait = { id: string; awaited: string };

/**
 * A cycle of waiting would never end: nobody could claim or finish any of its tickets (J9). Imports keep what history
 * holds. `coming` are waits that the same batch is about to write.
 */
export async function cycleProblem(
  db: Transaction,
  { ticket_id, type, target_id }: NewLink,
  coming: readonly Wait[] = [],
): Promise<Refusal | null> {
  const [waiting, awaited] = type === "parent-child" ? [target_id, ticket_id] : [ticket_id, target_id];
  const waits = await db.all<{ id: string }>(sql.waits_for, {
    id: awaited,
    waiting_types: WAITING_TYPES,
    coming_ids: coming.map(({ id }) => id),
    coming_awaited: coming.map((one) => one.awaited),
  });
  if (!waits.some(({ id }) => id === waiting)) return null;
  return new Refusal("conflict", "link.cycle", `${awaited} waits for ${waiting} already; both would wait for ever.`, {
    hint: "Decide which of them comes first.",
    facts: { id: ticket_id, target: target_id },
  });
}
