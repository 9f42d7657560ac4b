import { z } from "zod";
import { query, roles, text } from "../../kernel/operation.ts";
import { statements } from "../../kernel/sql.ts";
import { resolveName } from "../seats/index.ts";
import { opensWhen } from "./conditional/opening.ts";
import { verificationOf } from "./done/deliverables.ts";
import { receiptsOf } from "./done/receipts.ts";
import { findTicket, Lane, TicketId, ticketStates } from "./ticket.ts";

const sql = statements("tickets", "links_of", "links_to", "list", "counts", "queue", "names");

const Summary = z.object({
  id: z.string(),
  state: z.enum(ticketStates),
  priority: z.int(),
  lane: z.string(),
  title: z.string(),
  type: z.string(),
  labels: z.array(z.string()),
  holder: z.string().nullable().describe("The seat that has claimed it."),
  owner: z.string().nullable().describe("The only seat that may claim it, if it was given to one."),
  filer: z.string().nullable(),
  filed_at: z.iso.datetime(),
  closed_at: z.iso.datetime().nullable(),
  lease_expires_at: z.iso.datetime().nullable(),
  open_blockers: z.int().describe("How many unfinished tickets it waits for."),
});

type Row = { filed_at: Date; closed_at: Date | null; lease_expires_at: Date | null };

function instants(row: Row) {
  return {
    filed_at: row.filed_at.toISOString(),
    closed_at: row.closed_at?.toISOString() ?? null,
    lease_expires_at: row.lease_expires_at?.toISOString() ?? null,
  };
}

export const list = query({
  name: "ticket.list",
  summary: "List tickets, filtered, in the order of their ids.",
  input: z.object({
    state: z.enum(ticketStates).optional().describe("Only tickets in this state."),
    lane: Lane.optional().describe("Only tickets of this lane."),
    namespace: text(12).optional().describe("Only tickets of this namespace."),
    type: text(40).optional().describe("Only tickets of this type."),
    label: text(100).optional().describe("Only tickets with this label."),
    holder: text(120).optional().describe("Only tickets that this seat has claimed."),
    after: text(60).default("").describe("Only ids after this one: the `next` of the page before."),
    limit: z.int().min(1).max(1000).default(50).describe("At most this many."),
  }),
  output: z.object({
    tickets: z.array(Summary),
    next: z.string().nullable().describe("Give this as `after` for the next page; null at the end."),
  }),
  may: roles,
  refuses: ["seat.unknown", "seat.ambiguous"],
  async read({ db }, input) {
    const holder = input.holder === undefined ? null : (await resolveName(db, input.holder)).id;
    const { state, lane, namespace, type, label } = input;
    const optional = { state, lane, namespace, type, label };
    const filters = Object.fromEntries(Object.entries(optional).map(([name, value]) => [name, value ?? null]));
    const rows = await db.all(sql.list, { ...filters, holder, after: input.after, limit: input.limit });
    const tickets = rows.map(({ namespace: _, surface_key: __, blocked_reason: ___, ...row }) => ({
      ...row,
      ...instants(row),
    }));
    return { tickets, next: rows.length === input.limit ? rows.at(-1).id : null };
  },
});

export const counts = query({
  name: "ticket.counts",
  summary: "Count the tickets by state.",
  input: z.object({}),
  output: z.object({ counts: z.array(z.object({ state: z.string(), count: z.int() })) }),
  may: roles,
  said_by: "programs",
  refuses: [],
  async read({ db }) {
    return { counts: await db.all(sql.counts) };
  },
});

export const show = query({
  name: "ticket.show",
  summary: "Show one ticket whole, with what it is linked to.",
  input: z.object({ id: TicketId }),
  output: Summary.extend({
    namespace: z.string(),
    body: z.string(),
    surface_key: z.string().nullable(),
    closes_when: z.string().nullable(),
    blocked_reason: z.string().nullable(),
    opens_when: z.string().nullable(),
    proof: z.record(z.string(), z.string()).nullable().describe("What its finish said."),
    receipts: z.array(
      z.object({ stage: z.string(), at: z.iso.datetime(), by: z.string().nullable(), evidence: z.string() }),
    ),
    verification: z
      .object({ state: z.string(), reason: z.string().nullable() })
      .nullable()
      .describe("Of its deliverable."),
    no_op: z.boolean(),
    links: z.array(
      z.object({ type: z.string(), target: z.string(), state: z.string().nullable(), title: z.string().nullable() }),
    ),
    linked_from: z.array(z.object({ type: z.string(), id: z.string(), state: z.string(), title: z.string() })),
  }),
  may: roles,
  refuses: ["ticket.unknown"],
  async read({ db }, { id }) {
    // the row has every column of the ticket.
    const row: any = await findTicket(db, id);
    const [links, linked_from, opens_when, verification, done] = await Promise.all([
      db.all(sql.links_of, { id: row.id }),
      db.all(sql.links_to, { id: row.id }),
      opensWhen(db, row.id),
      verificationOf(db, row.id),
      receiptsOf(db, row.id),
    ]);
    const { namespace, state, priority, lane, title, type, labels, holder, owner, filer, open_blockers } = row;
    const { body, surface_key, closes_when, blocked_reason, proof } = row;
    return {
      ...{
        id: row.id,
        state,
        priority,
        lane,
        title,
        type,
        labels,
        holder,
        owner,
        filer,
        open_blockers,
        ...instants(row),
      },
      ...{ namespace, body, surface_key, closes_when, blocked_reason, proof, opens_when, verification },
      ...done,
      links: links.map(({ type, target_ref, target_id, target_state, target_title }) => ({
        type,
        target: target_id ?? target_ref,
        state: target_state,
        title: target_title,
      })),
      linked_from: linked_from.map(({ type, ticket_id, state, title }) => ({ type, id: ticket_id, state, title })),
    };
  },
});

const Queued = z.object({
  id: z.string(),
  priority: z.int(),
  lane: z.string(),
  title: z.string(),
  state: z.string(),
  filed_at: z.iso.datetime(),
  holder: z.string().nullable(),
  owner: z.string().nullable(),
  lease_expires_at: z.iso.datetime().nullable(),
  blocked_reason: z.string().nullable(),
  open_blockers: z.int(),
});

/** Stand before and after every lane's name. */
export const FIRST_LANE = "";
export const LAST_LANE = "\u{10ffff}";

export const queue = query({
  name: "queue.read",
  summary: "Read the queue: what can be claimed now, what is being worked on, and what waits.",
  input: z.object({
    lane: Lane.optional().describe("Only this lane."),
    limit: z.int().min(1).max(500).default(50).describe("At most this many of each part."),
  }),
  output: z.object({
    claimable: z.array(Queued).describe("In the order in which claims take them."),
    active: z.array(Queued).describe("Claimed, the lease that ends first at the top."),
    waiting: z.array(Queued).describe("Blocked, parked, reserved, or waiting for other tickets."),
  }),
  may: roles,
  refuses: [],
  async read({ db }, { lane, limit }) {
    const rows = await db.all(sql.queue, { lane_first: lane ?? FIRST_LANE, lane_last: lane ?? LAST_LANE, limit });
    const ids = [...new Set(rows.flatMap((row) => [row.claimed_by, row.owner_id]).filter((id) => id !== null))];
    const names = new Map((ids.length === 0 ? [] : await db.all(sql.names, { ids })).map((row) => [row.id, row.name]));
    const part = (name: string) =>
      rows
        .filter((row) => row.part === name)
        .map(({ part: _, claimed_by, owner_id, ...row }) => ({
          ...row,
          filed_at: row.filed_at.toISOString(),
          lease_expires_at: row.lease_expires_at?.toISOString() ?? null,
          holder: names.get(claimed_by) ?? null,
          owner: names.get(owner_id) ?? null,
        }));
    return { claimable: part("claimable"), active: part("active"), waiting: part("waiting") };
  },
});
