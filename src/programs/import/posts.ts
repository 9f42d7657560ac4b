import { type Issue, isEmpty, isInstant, told } from "./issues.ts";
import { seatNameOf, shortName } from "./names.ts";
import type { Row } from "./rows.ts";
import { clean, lineOf, partsOf } from "./texts.ts";

export type PostInput = {
  source_ref: string;
  author: string;
  said_at: string;
  item: string;
  subject: string;
  body: string;
};

/** What the summary counts a post as. */
export type PostKind = "events" | "comments" | "dependency_posts" | "further_parts";
export type Post = { kind: PostKind; input: PostInput };

const SUBJECT_CHARACTERS_MAX = 500;
const REFERENCE_CHARACTERS_MAX = 200;
/** Who speaks when a row does not say. */
const NOBODY = "unknown";

type Shaping = { tracker: string; leaf_bytes_max: number; changed: (field: string) => void };

/** Shapes a post, and further ones when its text is longer than an entry holds. */
function posts(kind: PostKind, shaping: Shaping, { source_ref, body: whole, ...words }: PostInput): Post[] {
  const { changed, leaf_bytes_max, tracker } = shaping;
  const subject = lineOf(clean(words.subject, "subject", changed), SUBJECT_CHARACTERS_MAX);
  const input = { ...words, source_ref: reference(`${tracker}:${source_ref}`), subject };
  const parts = partsOf(clean(whole, "body", changed), input, leaf_bytes_max);
  return parts.map((body, index): Post => {
    if (index === 0 && parts.length === 1) return { kind, input: { ...input, body } };
    const part = `part ${index + 1} of ${parts.length}`;
    if (index === 0) return { kind, input: { ...input, body: `${body}\n\n[This text goes on in the feed: ${part}.]` } };
    return { kind: "further_parts", input: furtherPart(input, body, index, part) };
  });
}

function furtherPart(input: Omit<PostInput, "body">, body: string, index: number, part: string): PostInput {
  const subject = `${lineOf(input.subject, SUBJECT_CHARACTERS_MAX - 40)} (${part})`;
  return { ...input, source_ref: reference(`${input.source_ref}:${index + 1}`), subject, body };
}

function reference(ref: string): string {
  return ref.length <= REFERENCE_CHARACTERS_MAX ? ref : `${ref.slice(0, 120)}…${hashOf(ref)}`;
}

// FNV-1a, 32 bits: it only keeps apart what is already the same for 120 characters.
function hashOf(text: string): string {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193) >>> 0;
  return hash.toString(36);
}

/** What of an issue's text did not fit its ticket. */
export function bodyPosts({ ticket, further }: Issue, shaping: Shaping): Post[] {
  return further.map((body, index): Post => {
    const part = `part ${index + 2} of ${further.length + 1}`;
    const { alias, filer = NOBODY, filed_at } = ticket;
    const words = { author: filer, said_at: filed_at, item: alias, subject: `${alias}: its text goes on` };
    const source_ref = `${shaping.tracker}:text:${alias}`;
    return { kind: "further_parts", input: furtherPart({ ...words, source_ref }, body, index + 1, part) };
  });
}

export function commentProblem(row: Row): string | null {
  if (isEmpty(row.text)) return "a comment has no text";
  if (!isInstant(row.created_at)) return `a comment's created_at is not an instant: ${told(row.created_at)}`;
  return null;
}

export function commentPosts(row: Row, issue_id: string, index: number, shaping: Shaping): Post[] {
  const { id, author, text, created_at, issue_id: _, ...others } = row;
  const who = isEmpty(author) ? NOBODY : String(author);
  return posts("comments", shaping, {
    source_ref: `comment:${issue_id}:${isEmpty(id) ? `#${index + 1}` : String(id)}`,
    author: authorOf(who),
    said_at: created_at as string,
    item: issue_id,
    subject: `${shortName(who)} on ${issue_id}: ${lineOf(String(text), 200)}`,
    body: [String(text), ...othersOf(others)].join("\n\n"),
  });
}

export function dependencyProblem({ issue_id, depends_on_id, type, created_at, created_by }: Row): string | null {
  if (typeof issue_id !== "string" || issue_id === "") return "a dependency has no issue_id";
  if (typeof depends_on_id !== "string" || depends_on_id === "") return `a dependency of ${issue_id} has no target`;
  if (typeof type !== "string" || !/^[a-z][a-z-]{0,39}$/.test(type)) return `its type is unknown: ${told(type)}`;
  if (!isEmpty(created_at) && !isInstant(created_at)) return `its created_at is not an instant: ${told(created_at)}`;
  if (!isEmpty(created_by) && typeof created_by !== "string")
    return `its created_by is not a name: ${told(created_by)}`;
  return null;
}

/** Who said the dependency and when, which a link does not hold. */
export function dependencyPosts(row: Row, shaping: Shaping): Post[] {
  const { issue_id, depends_on_id, type, created_at, created_by, ...others } = row as Record<string, string>;
  if (isEmpty(created_at)) return [];
  const who = isEmpty(created_by) ? NOBODY : created_by!;
  return posts("dependency_posts", shaping, {
    source_ref: `dependency:${issue_id}:${type}:${depends_on_id}`,
    author: authorOf(who),
    said_at: created_at!,
    item: issue_id!,
    subject: `${shortName(who)} linked ${issue_id} to ${depends_on_id} (${type})`,
    body: othersOf(others).join("\n\n"),
  });
}

export function eventProblem({ id, issue_id, event_type, created_at, actor }: Row): string | null {
  if (typeof id !== "number" && typeof id !== "string") return "an event has no id";
  if (typeof issue_id !== "string" || issue_id === "") return `event ${id} has no issue_id`;
  if (typeof event_type !== "string" || event_type === "") return `event ${id} has no event_type`;
  if (!isInstant(created_at)) return `the created_at of event ${id} is not an instant: ${told(created_at)}`;
  if (!isEmpty(actor) && typeof actor !== "string") return `the actor of event ${id} is not a name: ${told(actor)}`;
  return null;
}

/** An event as a post: a readable line, and under it the old and new values as they were. */
export function eventPosts(row: Row, shaping: Shaping): Post[] {
  const { id, issue_id, event_type: _, created_at, actor, comment, new_value, old_value, ...others } = row;
  const who = isEmpty(actor) ? NOBODY : String(actor);
  const values = Object.entries({ comment, new: new_value, old: old_value }).filter(([, value]) => !isEmpty(value));
  return posts("events", shaping, {
    source_ref: `event:${issue_id}:${id}`,
    author: authorOf(who),
    said_at: created_at as string,
    item: issue_id as string,
    subject: eventLine(row, shortName(who)),
    body: [...values.map(([name, value]) => `${name}: ${textOf(value)}`), ...othersOf(others)].join("\n\n"),
  });
}

export function eventLine({ issue_id, event_type, comment, new_value, old_value }: Row, who: string): string {
  const next = valuesIn(new_value);
  const label = String(comment ?? "").replace(/^(Added|Removed) label: /, "");
  const to = typeof next.assignee === "string" && next.assignee !== "" ? ` to ${shortName(next.assignee)}` : "";
  if (event_type === "created") return `${who} filed ${issue_id}`;
  if (event_type === "closed")
    return `${who} closed ${issue_id}: ${lineOf(String(next.status ?? new_value ?? ""), 300)}`;
  if (event_type === "status_changed" && to !== "") return `${who} gave ${issue_id}${to} (${next.status})`;
  if (event_type === "status_changed") return `${who} set ${issue_id} to ${next.status}`;
  if (event_type === "reopened") return `${who} reopened ${issue_id} (${next.status})`;
  if (event_type === "updated") return `${who} changed ${Object.keys(next).join(", ") || "nothing"} of ${issue_id}`;
  if (event_type === "label_added") return `${who} put the label ${label} on ${issue_id}`;
  if (event_type === "label_removed") return `${who} took the label ${label} off ${issue_id}`;
  if (event_type === "renamed") return `${who} renamed ${old_value} to ${new_value}`;
  return `${who}: ${event_type} of ${issue_id}`;
}

/** The values of an event, which are JSON in a text; a text that is not JSON has none. */
export function valuesIn(value: unknown): Row {
  if (typeof value !== "string" || !value.startsWith("{")) return {};
  try {
    return JSON.parse(value);
  } catch {
    return {};
  }
}

const authorOf = (name: string) => (name === NOBODY ? NOBODY : seatNameOf(name));
const textOf = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));

function othersOf(others: Row): string[] {
  const kept = Object.entries(others).filter(([, value]) => !isEmpty(value));
  return kept.length === 0 ? [] : [kept.map(([field, value]) => `- ${field}: ${textOf(value)}`).join("\n")];
}
