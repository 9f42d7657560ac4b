import { z } from "zod";
import { namespaceOf, seatNameOf } from "./names.ts";
import type { Row } from "./rows.ts";
import { clean, lineOf, partsOf } from "./texts.ts";

export type TicketInput = {
  alias: string;
  namespace: string;
  title: string;
  body: string;
  state: string;
  source_state?: string;
  priority: number;
  type: string;
  labels: string[];
  owner?: string;
  filer?: string;
  filed_at: string;
  closed_at?: string;
};

export type Issue = {
  ticket: TicketInput;
  /** What of a long body did not fit the ticket's entry. */
  further: string[];
  status: string;
};

/** Their state there, and what it is here. One that has no equal is kept as a label, so that it can be read back. */
const STATES: Record<string, { state: string; kept: boolean }> = {
  open: { state: "awaiting_claim", kept: false },
  hooked: { state: "awaiting_claim", kept: true },
  in_progress: { state: "awaiting_claim", kept: true },
  blocked: { state: "blocked", kept: false },
  closed: { state: "done", kept: false },
  tombstone: { state: "cancelled", kept: true },
  pinned: { state: "parked", kept: true },
  deferred: { state: "parked", kept: true },
};

/** Fields that are not brought in, and why. Everything else is mapped or kept in the body. */
export const LEFT_OUT: Record<string, string> = {
  content_hash: "a hash over the old row by the old tracker's rule, which no row here can be checked against",
};

const MAPPED = new Set(
  `id title description status priority issue_type created_at created_by closed_at assignee labels dependencies comments
  design acceptance_criteria notes close_reason deleted_at deleted_by delete_reason`.split(/\s+/),
);
const SECTIONS = { design: "Design", acceptance_criteria: "Acceptance criteria", notes: "Notes" };
const TITLE_CHARACTERS_MAX = 500;
const LABEL_CHARACTERS_MAX = 100;
const LABELS_MAX = 100;
const ALIAS_CHARACTERS_MAX = 200;
const PRIORITY_NORMAL = 2;

const Instant = z.iso.datetime({ offset: true });
export const isInstant = (value: unknown): value is string => Instant.safeParse(value).success;

/** An empty field says nothing and is not missed. */
export function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === "" || value === 0 || value === false) return true;
  if (value === "{}" || value === "[]") return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}

/** Maps a row of an issues file to a ticket, or says what is wrong with the row. */
export function issueOf(
  row: Row,
  labels: readonly string[],
  leaf_bytes_max: number,
  changed: (field: string) => void = () => {},
): Issue | string {
  const problem = problemOf(row);
  if (problem !== null) return problem;
  const { id, title, status } = row as { id: string; title: string; status: string };
  const { state, kept } = STATES[status]!;
  const beside: string[] = [];
  const ended = state === "done" || state === "cancelled";
  const closed_at = [row.deleted_at, row.closed_at, row.updated_at].find((at) => !isEmpty(at)) as string | undefined;
  const ticket: TicketInput = {
    alias: clean(id, "id", changed),
    namespace: namespaceOf(id),
    title: titleOf(clean(title, "title", changed), beside),
    body: "",
    state,
    ...(kept ? { source_state: status } : {}),
    priority: priorityOf(row.priority, beside),
    type: typeOf(row.issue_type, beside),
    labels: labelsOf(row.labels, labels, beside, changed),
    ...(isEmpty(row.assignee) ? {} : { owner: seatNameOf(row.assignee as string) }),
    ...(isEmpty(row.created_by) ? {} : { filer: seatNameOf(row.created_by as string) }),
    filed_at: row.created_at as string,
    ...(ended && closed_at !== undefined ? { closed_at } : {}),
  };
  if (!ended && !isEmpty(row.closed_at)) beside.push(`closed_at: ${row.closed_at}`);
  const body = clean(bodyOf(row, beside), "body", changed);
  const [first, ...further] = partsOf(body, ticket, leaf_bytes_max);
  const more = further.length === 0 ? "" : `\n\n[This text goes on in the feed: part 1 of ${further.length + 1}.]`;
  return { ticket: { ...ticket, body: `${first ?? ""}${more}` }, further, status };
}

function problemOf(row: Row): string | null {
  const { id, title, status } = row;
  if (typeof id !== "string" || id.trim() === "") return "it has no id";
  if (id.length > ALIAS_CHARACTERS_MAX) return `its id is longer than ${ALIAS_CHARACTERS_MAX} characters`;
  if (typeof title !== "string" || title.trim() === "") return "it has no title";
  if (typeof status !== "string" || !Object.hasOwn(STATES, status)) return `its status is unknown: ${told(status)}`;
  if (!isInstant(row.created_at)) return `its created_at is not an instant with a time zone: ${told(row.created_at)}`;
  for (const field of ["closed_at", "updated_at", "deleted_at"])
    if (!isEmpty(row[field]) && !isInstant(row[field])) return `its ${field} is not an instant: ${told(row[field])}`;
  for (const field of ["assignee", "created_by", "deleted_by"])
    if (!isEmpty(row[field]) && typeof row[field] !== "string")
      return `its ${field} is not a name: ${told(row[field])}`;
  for (const field of ["dependencies", "comments"])
    if (!isEmpty(row[field]) && !Array.isArray(row[field])) return `its ${field} are not a list: ${told(row[field])}`;
  return null;
}

export function told(value: unknown): string {
  return value === undefined ? "there is none" : lineOf(JSON.stringify(value), 60);
}

function titleOf(title: string, beside: string[]): string {
  if (title.length <= TITLE_CHARACTERS_MAX) return title;
  beside.push(`title: ${title}`);
  return lineOf(title, TITLE_CHARACTERS_MAX);
}

function priorityOf(priority: unknown, beside: string[]): number {
  if (priority === undefined || priority === null) return PRIORITY_NORMAL;
  if (Number.isInteger(priority) && (priority as number) >= 0 && (priority as number) <= 4) return priority as number;
  beside.push(`priority: ${told(priority)}`);
  return PRIORITY_NORMAL;
}

function typeOf(type: unknown, beside: string[]): string {
  if (isEmpty(type)) return "task";
  const plain = String(type)
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, "-")
    .replace(/^[^a-z]+/, "")
    .slice(0, 40);
  if (plain !== type) beside.push(`issue_type: ${told(type)}`);
  return plain || "task";
}

function labelsOf(
  own: unknown,
  filed: readonly string[],
  beside: string[],
  changed: (field: string) => void,
): string[] {
  if (!isEmpty(own) && !Array.isArray(own)) beside.push(`labels: ${JSON.stringify(own)}`);
  const all = [...(Array.isArray(own) ? own : []), ...filed].map((label) => clean(String(label), "labels", changed));
  const labels = new Set<string>();
  for (const label of all) {
    const plain = lineOf(label, LABEL_CHARACTERS_MAX);
    if (plain !== label || labels.size === LABELS_MAX) beside.push(`label: ${label}`);
    if (plain !== "" && labels.size < LABELS_MAX) labels.add(plain);
  }
  return [...labels];
}

/** The description, and under headings whatever else the row says. */
function bodyOf(row: Row, beside: readonly string[]): string {
  const parts = isEmpty(row.description) ? [] : [textOf(row.description)];
  for (const [field, heading] of Object.entries(SECTIONS))
    if (!isEmpty(row[field])) parts.push(`## ${heading}\n\n${textOf(row[field])}`);
  if (!isEmpty(row.close_reason)) parts.push(`## Why it was closed\n\n${textOf(row.close_reason)}`);
  const deleted = ["deleted_at", "deleted_by", "delete_reason"].filter((field) => !isEmpty(row[field]));
  if (deleted.length > 0) parts.push(`## Deletion\n\n${deleted.map((field) => fact(field, row[field])).join("\n")}`);
  const others = Object.keys(row).filter((field) => !MAPPED.has(field) && !(field in LEFT_OUT) && !isEmpty(row[field]));
  const kept = [...others.map((field) => fact(field, row[field])), ...beside.map((line) => `- ${line}`)];
  if (kept.length > 0) parts.push(`## Kept from the import\n\n${kept.join("\n")}`);
  return parts.join("\n\n");
}

const textOf = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));
const fact = (field: string, value: unknown) => `- ${field}: ${textOf(value)}`;
