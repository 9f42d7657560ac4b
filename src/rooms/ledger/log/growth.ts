import type { Reader } from "../../../kernel/database.ts";
import { statements } from "../../../kernel/sql.ts";
import { GENESIS } from "../chain.ts";

/** What the signer reads: it works outside the door, in read-only transactions of its own. */
const sql = statements(
  "ledger",
  "head",
  "leaf_hashes",
  "entry_hash",
  "log_newest",
  "log_open",
  "anchor_newest",
  "anchors_between",
);

export type Log = { epoch: number; origin: string; rotate_asked_at: Date | null };
export type StoredAnchor = { tree_size: number; root: Buffer; note: string };

/** How many entries the ledger has. */
export async function ledgerSize(db: Reader): Promise<number> {
  return (await db.all(sql.head))[0].seq;
}

/** The open log, or null. */
export async function openedLog(db: Reader): Promise<Log | null> {
  return (await db.all<Log>(sql.log_open))[0] ?? null;
}

/** The epoch of the newest log, open or frozen; 0 when there was none. */
export async function newestEpoch(db: Reader): Promise<number> {
  return (await db.all(sql.log_newest))[0]?.epoch ?? 0;
}

export async function newestAnchorOf(db: Reader, origin: string): Promise<StoredAnchor | null> {
  return (await db.all<StoredAnchor>(sql.anchor_newest, { origin }))[0] ?? null;
}

/** The signed checkpoints with sizes after one and up to another. */
export function anchorsBetween(db: Reader, origin: string, after: number, upto: number): Promise<StoredAnchor[]> {
  return db.all<StoredAnchor>(sql.anchors_between, { origin, after, upto });
}

/** The stored hash of an entry in the chain; null when there is no such entry. */
export async function entryHashAt(db: Reader, seq: number): Promise<Buffer | null> {
  if (seq === 0) return GENESIS;
  return (await db.all(sql.entry_hash, { seq }))[0]?.entry_hash ?? null;
}

/** Leaf hashes of the entries after a number, made from the stored bytes. */
export async function leafHashesAfter(
  db: Reader,
  after: number,
  limit: number,
): Promise<{ count: number; hashes: Buffer }> {
  return (await db.all(sql.leaf_hashes, { after, limit }))[0];
}
