import { hash } from "node:crypto";
import canonicalize from "canonicalize";
import { readMarkers } from "../../rooms/feed/index.ts";

/** A post as a feed file tells it: the ledger's entry, as the ledger had it in which it was first said. */
export type FeedRecord = {
  seq: number;
  at: string;
  kind: string;
  actor: string;
  incarnation: string | null;
  command: string;
  subject: string | null;
  data: Record<string, unknown>;
};

/** What a file tells of a post that no ledger has written. */
export type Words = { author: string; said_at: string; item?: string | undefined; subject: string; body: string };

/** The input of `post.import`. */
export type PostInput = Words & { source_ref: string; original?: string; personal?: boolean };

export const IMPORTED = "post.imported";
export const APPENDED = "post.appended";
/** What stands for the words of a post that were erased. */
const ERASED = "(erased)";
const SUBJECT_CHARACTERS_MAX = 500;
/** What of a personal post's data can be erased, and what says that it was. */
const PERSONAL = ["subject", "body", "markers", "warnings", "erased"];

/** RFC 8785: the same post is the same bytes wherever it is written. */
export function lineOf(record: FeedRecord): string {
  return canonicalize(record)!;
}

/** The post of an entry. One that came out of another ledger by a feed file is told as it was there. */
export function recordOf(entry: FeedRecord): FeedRecord {
  const { seq, at, kind, actor, incarnation, command, subject, data } = entry;
  const original = kind === IMPORTED ? originalIn(data) : null;
  if (original === null) return { seq, at, kind, actor, incarnation, command, subject, data };
  const { data: beside, ...envelope } = original;
  const { source_ref, author, said_at, body, subject: line } = data as Record<string, any>;
  const words = data.erased === true ? { erased: true } : { subject: beside.erased ? undefined : line, body };
  if (envelope.kind === IMPORTED)
    return { ...envelope, data: merged({ source_ref, author, said_at, ...words }, beside) };
  return { ...envelope, at: said_at, actor: author, data: merged({ ...words, markers: derived(body) }, beside) };
}

function originalIn({ original }: FeedRecord["data"]): FeedRecord | null {
  if (typeof original !== "string") return null;
  const { seq, at, kind, actor, incarnation, command, subject, data } = JSON.parse(original) as FeedRecord;
  return { seq, at, kind, actor, incarnation, command, subject, data };
}

/** The markers that a ledger found in a body when it was posted there. */
export function derived(body: unknown): unknown {
  const found = typeof body === "string" ? readMarkers(body) : [];
  return found.length > 0 ? found : undefined;
}

/** What was written down beside the words wins; markers of null stand for none, where the body would give some. */
export function merged(words: Record<string, unknown>, beside: Record<string, unknown>): Record<string, unknown> {
  const told = Object.entries({ ...words, ...beside });
  return Object.fromEntries(told.filter(([name, value]) => value !== undefined && !(name === "markers" && !value)));
}

/**
 * What `post.import` takes for a post: its words, and as `original` whatever else its entry said, so that an export
 * gives it back. Its name is the hash of the whole: the same post from whatever file comes in once.
 */
export function inputOf(record: FeedRecord): PostInput {
  const { at, actor, data, ...beside } = record;
  const { subject, body, markers, source_ref, author, said_at, ...others } = data as Record<string, any>;
  const imported = record.kind === IMPORTED;
  const rest: Record<string, unknown> = { ...others };
  const line = typeof subject === "string" ? subject : ERASED;
  if (line.length > SUBJECT_CHARACTERS_MAX) rest.subject = line;
  if (!same(markers, imported ? undefined : derived(body))) rest.markers = markers ?? null;
  const envelope = imported ? { at, actor, ...beside } : beside;
  return {
    source_ref: imported ? source_ref : `feed:${identityOf(record)}`,
    author: imported ? author : actor,
    said_at: imported ? said_at : at,
    ...(typeof others.item === "string" ? { item: others.item } : {}),
    subject: line.slice(0, SUBJECT_CHARACTERS_MAX).toWellFormed(),
    body: body ?? "",
    original: canonicalize({ ...envelope, data: rest })!,
    ...(isPersonal(data) ? { personal: true } : {}),
  };
}

/** The input for a post that no ledger has written; `nth` keeps apart what was said twice in the same words. */
export function inputOfWords(words: Words, nth: number): PostInput {
  const identity = identityOfWords(words);
  return { source_ref: nth === 1 ? `feed:${identity}` : `feed:${identity}:${nth}`, ...words };
}

export function identityOfWords({ author, said_at, item, subject, body }: Words): string {
  return hash("sha256", canonicalize({ author, said_at, item: item ?? null, subject, body })!, "hex");
}

/** The words of a personal post are left out: a hash of them would stay when they are erased. */
function identityOf(record: FeedRecord): string {
  const { data } = record;
  const kept = isPersonal(data)
    ? Object.fromEntries(Object.entries(data).filter(([field]) => !PERSONAL.includes(field)))
    : data;
  return hash("sha256", lineOf({ ...record, data: kept }), "hex");
}

/** Entries with a commitment to personal data have it under this name. */
function isPersonal(data: FeedRecord["data"]): boolean {
  return typeof data.personal === "string";
}

export function same(a: unknown, b: unknown): boolean {
  return a === b || (a !== undefined && b !== undefined && canonicalize(a) === canonicalize(b));
}
