import { z } from "zod";
import type { Reader, Transaction } from "../../kernel/database.ts";
import { type Caller, type Event, text, type World } from "../../kernel/operation.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { statements } from "../../kernel/sql.ts";
import { ago, plain } from "../policy/index.ts";
import {
  findTicket,
  isOfAuth,
  operations as tickets,
  REASON_CHARACTERS_MAX,
  withoutSecretValues,
} from "../tickets/index.ts";

const sql = statements("questions", "find", "blocking", "close");

/** Those who are asked. What the fleet does by itself is asked of nobody. */
export const deciders = ["strategist", "operator"] as const;
export type Decider = (typeof deciders)[number];

const questionStates = ["open", "answered", "done", "withdrawn"] as const;

export const Id = z.int().min(1).describe("The question's number.");
export const Why = text(2000).trim().min(1);

/** A question as rows have it. */
export type Row = {
  id: number;
  topic: string;
  goes_to: Decider;
  question: string;
  details: string;
  options: string[];
  ticket_id: string | null;
  blocks: boolean;
  probe: string | null;
  probe_kind: string | null;
  asked_by: number;
  asker: string;
  asked_at: Date;
  asked_seq: number;
  relabels: number;
  probed_at: Date | null;
  probe_outcome: string | null;
  state: (typeof questionStates)[number];
  answer: string | null;
  reason: string | null;
  closer: string | null;
  closed_at: Date | null;
  now: Date;
};

export async function findQuestion(db: Reader, id: number): Promise<Row> {
  const [row] = await db.all<Row>(sql.find, { id });
  if (row) return row;
  throw new Refusal("missing", "question.unknown", `There is no question ${id}.`, {
    hint: "`longwatch question list` shows those that wait.",
  });
}

/** Finds a question that waits. Throws with its verdict where it has one. */
export async function findOpen(db: Reader, id: number): Promise<Row> {
  const row = await findQuestion(db, id);
  if (row.state === "open") return row;
  throw closedAlready(row);
}

export const CLOSED = questionStates.filter((state) => state !== "open").map((state) => `question.${state}`);

export function closedAlready({ id, state, answer, reason }: Pick<Row, "id" | "state" | "answer" | "reason">): Refusal {
  const how = state === "answered" ? `answered: ${answer}` : `${state}: ${reason}`;
  return new Refusal("conflict", `question.${state}`, `Question ${id} was ${how}`, {
    hint: "If that does not fit any more, ask what has changed, in other words.",
    facts: { id, state, answer, reason },
  });
}

export function ageOf({ now, asked_at }: Pick<Row, "now" | "asked_at">): number {
  return Math.max(0, Math.floor((now.getTime() - asked_at.getTime()) / 1000));
}

/** All of a question in one line: its number, its age, what it is about, and what waits for it (origins 0063). */
export function lineOf(row: Row): string {
  const options = row.options.length > 0 ? ` (${row.options.join(" | ")})` : "";
  const ticket = row.ticket_id === null ? "" : ` [${row.ticket_id}]`;
  return `${row.id}  ${ago(ageOf(row))}  ${plain(`${row.topic}: ${row.question}${options}${ticket}`)}`;
}

/** Words about access are kept without the secrets in them (J34). */
export function kept(words: string): string {
  return isOfAuth(words) ? withoutSecretValues(words) : words;
}

/** How a blocked ticket names the question that it waits for. */
export const blockerOf = (id: number, question: string) => `question ${id}: ${question}`;
const BLOCKER = /^question \d+: /;

/** Whether a ticket is blocked by a question, and by nothing else. */
export function isBlockedByQuestion(ticket: { state: string; blocked_reason: string | null }): boolean {
  return ticket.state === "blocked" && BLOCKER.test(ticket.blocked_reason ?? "");
}

type End = { state: "answered" | "done" | "withdrawn"; answer?: string; reason: string };

/** What closing a question can leave beside its own entry. */
export const CLOSING_EVENTS = tickets.unblock.events;

/** Closes a question and lets its ticket go on. */
export async function close(world: World, caller: Caller, row: Row, { state, answer, reason }: End): Promise<Event[]> {
  const { id, topic, goes_to, ticket_id } = row;
  const at = await world.at();
  const by = caller.principal_id;
  const closed = await world.db.all(sql.close, { id, state, answer: answer ?? null, reason, closed_by: by, at });
  // It was read under the head's lock: nobody else can have been here.
  if (closed.length !== 1) throw new Error(`question ${id} was closed by another`);
  const age_seconds = Math.max(0, Math.floor((at.getTime() - row.asked_at.getTime()) / 1000));
  const told = { id, topic, goes_to, ...(answer === undefined ? {} : { answer }), reason, age_seconds };
  const event = {
    kind: { answered: "question.answered", done: "question.closed", withdrawn: "question.withdrawn" }[state],
    subject: `question-${id}`,
    data: { ...told, ...(ticket_id === null ? {} : { ticket: ticket_id }) },
  };
  return [event, ...(await resume(world, caller, row, `question ${id} is ${state}: ${answer ?? reason}`))];
}

/** Puts a ticket back into the queue when the last question that blocked it is closed (R-C3). */
async function resume(world: World, caller: Caller, row: Row, why: string): Promise<Event[]> {
  const { id, ticket_id, blocks } = row;
  if (ticket_id === null || !blocks) return [];
  const ticket = await findTicket(world.db, ticket_id);
  // Somebody moved it meanwhile, or blocked it for another reason: that is not ours to lift.
  if (!isBlockedByQuestion(ticket) || (await isBlockedByAnother(world.db, ticket_id, id))) return [];
  const input = { id: ticket_id, reason: why.slice(0, REASON_CHARACTERS_MAX).toWellFormed() };
  const [outcome] = await tickets.unblock.run(world, [{ caller, input }]);
  if (outcome instanceof Refusal) throw outcome;
  return outcome!.events;
}

async function isBlockedByAnother(db: Transaction, ticket_id: string, id: number): Promise<boolean> {
  return (await db.all(sql.blocking, { ticket_id, id })).length > 0;
}
