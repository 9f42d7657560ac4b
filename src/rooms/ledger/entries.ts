import type { Reader } from "../../kernel/database.ts";
import { statements } from "../../kernel/sql.ts";

const sql = statements("ledger", "range", "range_of_kinds");

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

/** Reads an entry from its canonical bytes, never from the columns beside them. */
export function entryOf(leaf: Buffer): Entry {
  const { seq, at, kind, actor, incarnation, command, subject, data } = JSON.parse(leaf.toString());
  return { seq, at, kind, actor, incarnation, command, subject, data };
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
  return rows.map(({ leaf }) => entryOf(leaf));
}

/** One page of entries of some kinds. */
export async function pageOfKinds(
  db: Reader,
  kinds: readonly string[],
  after: number,
  limit: number,
): Promise<Entry[]> {
  const rows = await db.all<{ leaf: Buffer }>(sql.range_of_kinds, { kinds, after, limit });
  return rows.map(({ leaf }) => entryOf(leaf));
}
