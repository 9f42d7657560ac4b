import { z } from "zod";
import type { Transaction } from "../../kernel/database.ts";
import { text } from "../../kernel/operation.ts";
import { statements } from "../../kernel/sql.ts";
import { BODY_CHARACTERS_MAX, Lane, priorities } from "./ticket.ts";

const sql = statements("tickets", "insert");

/** Stands for the ticket's own id in a subject or a body (origins R-A3). */
export const OWN_ID = "{{ITEM_ID}}";
/** Separates labels where an array of arrays would be needed; no text of ours holds it. */
const LABEL_SEPARATOR = "\u001f";

export const Title = text(500)
  .trim()
  .min(1)
  .describe("What is to be done, in a line. {{ITEM_ID}} becomes the ticket's id.");
export const Body = text(BODY_CHARACTERS_MAX).default("").describe("The details. {{ITEM_ID}} becomes the ticket's id.");
export const Label = text(100)
  .regex(/^[^\u0000-\u001f]+$/, "must not hold control characters")
  .min(1);
export const Type = text(40).regex(/^[a-z][a-z0-9-]*$/, "must be lower-case letters, digits and hyphens");
export const Priority = z.int().min(priorities.most).max(priorities.least);
export const StandsIn = Lane.optional().describe("The queue it stands in; without it, the namespace's.");

export const Filed = z.object({
  id: z.string().describe("The ticket's id, with its reserved number."),
  state: z.string(),
  lane: z.string(),
  title: z.string().describe("The title, with {{ITEM_ID}} filled in."),
});

/** What a new row needs beyond the caller's words. */
export type NewTicket = {
  id: string;
  namespace: string;
  state: string;
  lane: string;
  title: string;
  body: string;
  priority: number;
  type: string;
  labels: readonly string[];
  surface_key: string | null;
  closes_when: string | null;
  owner_id: number | null;
  filed_by: number;
  filed_at: Date | string;
  closed_at: string | null;
};

/** Sends new rows; they travel with the commit. */
export function insertTickets(db: Transaction, rows: readonly NewTicket[]): void {
  if (rows.length === 0) return;
  db.send(sql.insert, {
    filed_bys: rows.map((row) => row.filed_by),
    filed_ats: rows.map((row) => row.filed_at),
    ids: rows.map((row) => row.id),
    namespaces: rows.map((row) => row.namespace),
    states: rows.map((row) => row.state),
    priorities: rows.map((row) => row.priority),
    lanes: rows.map((row) => row.lane),
    titles: rows.map((row) => row.title),
    bodies: rows.map((row) => row.body),
    types: rows.map((row) => row.type),
    labels: rows.map((row) => (row.labels.length === 0 ? null : row.labels.join(LABEL_SEPARATOR))),
    surface_keys: rows.map((row) => row.surface_key),
    closes_whens: rows.map((row) => row.closes_when),
    owner_ids: rows.map((row) => row.owner_id),
    open_blockers: rows.map(() => 0),
    closed_ats: rows.map((row) => row.closed_at),
  });
}

/** What an entry says of a new ticket. Fields that say nothing are left out: an entry is kept for ever. */
export function ticketData(row: NewTicket, more: Record<string, unknown>): Record<string, unknown> {
  const { id, state, lane, title, body, priority, type, labels, surface_key, closes_when } = row;
  const told = { body, labels, surface_key, closes_when, ...more };
  const said = Object.entries(told).filter(
    ([, value]) =>
      value !== undefined && value !== null && value !== "" && !(Array.isArray(value) && value.length === 0),
  );
  return { id, state, lane, title, priority, type, ...Object.fromEntries(said) };
}
