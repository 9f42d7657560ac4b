import type { Reader } from "../../../kernel/database.ts";
import { Refusal } from "../../../kernel/refusal.ts";
import { statements } from "../../../kernel/sql.ts";
import { type Row, type TicketState, ticketStates, ticketUnknown } from "../ticket.ts";
import { type Stage, stages } from "../done/stages.ts";

const sql = statements("tickets/conditional", "namespaces_known", "hold");

/**
 * What the server can look up by itself, without a network: a ticket's state, a ticket's receipt, how many tickets of
 * a namespace are in a state, a date.
 */
export type Condition =
  | { kind: "ticket"; target: string; state: TicketState }
  | { kind: "receipt"; target: string; stage: Stage }
  | { kind: "count"; namespace: string; comparison: "least" | "most"; bound: number; state: TicketState }
  | { kind: "date"; at: string };

/** Counting stops at the bound: a condition costs no more than this, every five seconds. */
const BOUND_MAX = 10_000;

const STATE = ticketStates.join("|");
const TICKET_IS = new RegExp(String.raw`^ticket (\S{1,200}) is (${STATE})$`);
const TICKET_HAS = new RegExp(String.raw`^ticket (\S{1,200}) has (${stages.join("|")})$`);
const COUNT = new RegExp(String.raw`^namespace ([A-Z][A-Z0-9]{0,11}) has at (least|most) (\d{1,5}) (${STATE})$`);
// PostgreSQL has no year 0.
const DATE = /^date ((?!0000)\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d(?::\d\d)?)Z)?$/;

/** The forms of a condition, for people. */
export const CONDITION_FORMS =
  "ticket CMB-0001 is done; ticket CMB-0001 has deployed; namespace CMB has at least 10 done; date 2026-05-01";

/** Reads a condition; null for words that are none. */
export function parseCondition(words: string): Condition | null {
  const said = words.trim().replaceAll(/\s+/g, " ");
  const is = TICKET_IS.exec(said);
  if (is) return { kind: "ticket", target: is[1]!, state: is[2] as TicketState };
  const has = TICKET_HAS.exec(said);
  if (has) return { kind: "receipt", target: has[1]!, stage: has[2] as Stage };
  const count = COUNT.exec(said);
  if (count) {
    const [, namespace, comparison, bound, state] = count;
    if (Number(bound) > BOUND_MAX) return null;
    const counted = { comparison: comparison as "least" | "most", bound: Number(bound), state: state as TicketState };
    return { kind: "count", namespace: namespace!, ...counted };
  }
  const date = DATE.exec(said);
  const at = date && new Date(`${date[1]}T${date[2] ?? "00:00"}Z`);
  // A day that no month has (the 30th of February) would roll over into the next.
  if (!at || Number.isNaN(at.getTime()) || !at.toISOString().startsWith(date[1]!)) return null;
  return { kind: "date", at: at.toISOString() };
}

/** The condition in its own words, with the target's own id in place of another name of it. */
export function wordsOf(condition: Condition): string {
  if (condition.kind === "ticket") return `ticket ${condition.target} is ${condition.state}`;
  if (condition.kind === "receipt") return `ticket ${condition.target} has ${condition.stage}`;
  if (condition.kind === "date") return `date ${condition.at.replace(".000Z", "Z")}`;
  const { namespace, comparison, bound, state } = condition;
  return `namespace ${namespace} has at ${comparison} ${bound} ${state}`;
}

/** The ticket that a condition asks about. */
export function targetOf(condition: Condition | null): string | null {
  return condition?.kind === "ticket" || condition?.kind === "receipt" ? condition.target : null;
}

/** Puts the ticket's own id into a condition; refuses one about a ticket that is not here. */
export function resolved(condition: Condition, found: ReadonlyMap<string, Row>): Condition | Refusal {
  if (condition.kind !== "ticket" && condition.kind !== "receipt") return condition;
  const row = found.get(condition.target);
  return row ? { ...condition, target: row.id } : ticketUnknown(condition.target);
}

/** Those namespaces of conditions, and of `others`, that are defined. */
export async function namespacesKnown(
  db: Reader,
  conditions: readonly (Condition | null)[],
  others: readonly string[] = [],
): Promise<Set<string>> {
  const prefixes = [...conditions.flatMap((one) => (one?.kind === "count" ? [one.namespace] : [])), ...others];
  if (prefixes.length === 0) return new Set();
  const rows = await db.all<{ prefix: string }>(sql.namespaces_known, { prefixes: [...new Set(prefixes)] });
  return new Set(rows.map(({ prefix }) => prefix));
}

/** Conditions as the columns that statements take. */
export function columnsOf(conditions: readonly Condition[]): Record<string, unknown[]> {
  const column = (name: string) => conditions.map((one) => (one as Record<string, unknown>)[name] ?? null);
  return {
    ...{ kinds: column("kind"), targets: column("target"), states: column("state"), stages: column("stage") },
    ...{ namespaces: column("namespace"), comparisons: column("comparison"), bounds: column("bound") },
    ats: column("at"),
  };
}

/** Whether each of these conditions holds now. */
export async function conditionsHold(db: Reader, conditions: readonly Condition[]): Promise<boolean[]> {
  if (conditions.length === 0) return [];
  const rows = await db.all<{ holds: boolean }>(sql.hold, columnsOf(conditions));
  return rows.map(({ holds }) => holds);
}
