import type { Reader } from "../../kernel/database.ts";
import { type Role, text } from "../../kernel/operation.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { statements } from "../../kernel/sql.ts";

const sql = statements("tickets", "find");

export const ticketStates = [
  "reserved",
  "awaiting_claim",
  "in_progress",
  "blocked",
  "parked",
  "conditional",
  "done",
  "cancelled",
] as const;
export type TicketState = (typeof ticketStates)[number];

/** Those who put work into the queue and take it out. Auditors and witnesses watch. */
export const WORKERS = [
  "operator",
  "strategist",
  "implementer",
  "coordinator",
  "gatekeeper",
  "steward",
  "sentinel",
  "communicator",
  "service",
] as const satisfies readonly Role[];

/** 0 is the most urgent. */
export const priorities = { most: 0, normal: 2, least: 4 } as const;

export const TicketId = text(200).min(1).describe("The ticket's id, or a name it had elsewhere.");
export const Lane = text(60).min(1).describe("The queue of work that it stands in.");
/** Characters of a body. In bytes it must fit one ledger entry, which the ledger checks. */
export const BODY_CHARACTERS_MAX = 60_000;

/** A ticket as rows have it. */
export type Row = {
  ref: string;
  id: string;
  namespace: string;
  state: TicketState;
  priority: number;
  lane: string;
  title: string;
  type: string;
  labels: string[];
  surface_key: string | null;
  closes_when: string | null;
  owner_id: number | null;
  owner: string | null;
  filed_by: number;
  filer: string;
  filed_at: Date;
  open_blockers: number;
  blocked_reason: string | null;
  claimed_by: number | null;
  claimed_incarnation: string | null;
  holder: string | null;
  claim_token: string | null;
  claimed_at: Date | null;
  lease_expires_at: Date | null;
  closed_at: Date | null;
  now: Date;
};

// The parts are bounded, so that no text is read twice.
const ID = /(?<![A-Za-z0-9-])[A-Z][A-Z0-9]{0,11}-\d{1,20}(?:-\d{1,20}){0,5}(?:~[a-z0-9]{1,20})?(?![A-Za-z0-9])/g;

/** The tickets that words name by their ids, provisional ones too, or seem to; each once. */
export function idsIn(words: string): string[] {
  return [...new Set(words.match(ID) ?? [])];
}

/** Finds tickets by id or alias, in one statement. */
export async function findTickets(db: Reader, refs: readonly string[]): Promise<Map<string, Row>> {
  if (refs.length === 0) return new Map();
  const rows = await db.all<Row>(sql.find, { refs: [...new Set(refs)] });
  return new Map(rows.map((row) => [row.ref, row]));
}

/** Finds one ticket. Throws `ticket.unknown`. */
export async function findTicket(db: Reader, ref: string): Promise<Row> {
  const row = (await findTickets(db, [ref])).get(ref);
  if (row) return row;
  throw ticketUnknown(ref);
}

export function ticketUnknown(ref: string): Refusal {
  // A provisional id finds nothing before its filing has a number.
  const hint = ref.includes("~") ? "It has no number yet: spool.outcomes tells when." : "ticket.list finds tickets.";
  return new Refusal("missing", "ticket.unknown", `There is no ticket ${ref}.`, { hint });
}

/** The refusal for a ticket whose state forbids an act; it says what the state is and who holds it. */
export function stateForbids(row: Row, act: string, hint: string): Refusal {
  const held = row.holder ? ` by ${row.holder}` : "";
  return new Refusal("conflict", `ticket.${row.state}`, `${row.id} is ${row.state}${held}; it cannot be ${act}.`, {
    hint,
    facts: {
      id: row.id,
      state: row.state,
      holder: row.holder,
      lease_expires_at: row.lease_expires_at?.toISOString() ?? null,
    },
  });
}
