import type { Reader } from "../../kernel/database.ts";
import { statements } from "../../kernel/sql.ts";
import { isPersonal, payloadProblem } from "./personal/payloads.ts";

const sql = statements("ledger", "range", "range_of_kinds", "payloads");

/** A ledger entry as it is read: what its canonical bytes say. */
export type Entry = {
  seq: number;
  at: string;
  kind: string;
  actor: string;
  incarnation: string | null;
  command: string;
  subject: string | null;
  data: Record<string, unknown>;
};

const ENTRIES_A_READ = 2_000;

/**
 * Reads an entry from its canonical bytes, never from the columns beside them, and without what lies outside of them:
 * `entriesOf` also finds the personal part.
 */
export function entryOf(leaf: Buffer): Entry {
  const { seq, at, kind, actor, incarnation, command, subject, data } = JSON.parse(leaf.toString());
  return { seq, at, kind, actor, incarnation, command, subject, data };
}

/** Entries as readers see them: with the personal part where there is one, or with the word that it was erased. */
export async function entriesOf(db: Reader, rows: readonly { leaf: Buffer }[]): Promise<Entry[]> {
  const entries = rows.map(({ leaf }) => entryOf(leaf));
  const personal = entries.filter(({ data }) => isPersonal(data));
  if (personal.length === 0) return entries;
  const kept = await payloadsOf(
    db,
    personal.map(({ seq }) => seq),
  );
  for (const entry of personal) entry.data = completed(entry.data, kept.get(entry.seq)!);
  return entries;
}

export type KeptPayload = { row: { salt: Buffer; payload: Buffer } | null; erased: boolean };

/** What is kept for entries that committed to a payload. */
export async function payloadsOf(db: Reader, seqs: readonly number[]): Promise<Map<number, KeptPayload>> {
  const rows = await db.all(sql.payloads, { seqs });
  return new Map(
    rows.map(({ seq, salt, payload, erased }) => [seq, { row: salt === null ? null : { salt, payload }, erased }]),
  );
}

/** A payload that is not what its entry committed to is never shown as if it were. */
function completed(data: Entry["data"], { row, erased }: KeptPayload): Entry["data"] {
  const fault = payloadProblem(data, row, erased);
  if (fault !== null) return { ...data, fault };
  return row === null ? { ...data, erased: true } : { ...JSON.parse(row.payload.toString()), ...data };
}

/** Every entry after a number, in order. */
export async function* entriesAfter(db: Reader, after: number): AsyncGenerator<Entry> {
  for (let seq = after; ;) {
    const page = await pageAfter(db, seq, ENTRIES_A_READ);
    yield* page;
    if (page.length < ENTRIES_A_READ) return;
    seq = page.at(-1)!.seq;
  }
}

/** One page of entries after a number. */
export async function pageAfter(db: Reader, after: number, limit: number): Promise<Entry[]> {
  const rows = await db.all<{ leaf: Buffer }>(sql.range, { after, limit });
  return entriesOf(db, rows);
}

/** One page of entries of some kinds. */
export async function pageOfKinds(
  db: Reader,
  kinds: readonly string[],
  after: number,
  limit: number,
): Promise<Entry[]> {
  const rows = await db.all<{ leaf: Buffer }>(sql.range_of_kinds, { kinds, after, limit });
  return entriesOf(db, rows);
}
