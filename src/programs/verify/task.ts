import { HASH_BYTES } from "../../tlog/hashing.ts";

/** What the hashing thread is told: the file, and the byte that marks a line and its place. */
export type Task = { path: string; mark: number; mark_at: number };

/** An entry's hash in the chain and the hash of its leaf, one behind the other. */
export const HASHED_BYTES: number = 2 * HASH_BYTES;

/** A piece of an export with its lines found and its entries hashed. */
export type HashedPiece = {
  bytes: Buffer;
  /** Where the first of `count` lines begins; each of `ends` is where its newline stands. */
  start: number;
  count: number;
  ends: Uint32Array;
  kinds: Uint8Array;
  /** For each line the chain's hash and the leaf's, as LedgerWalk takes them; nothing for a marked one. */
  hashes: Buffer;
  /** How many bytes of the file were read by now. */
  read: number;
};

export const PLAIN = 0;
export const PERSONAL = 1;
export const MARKED = 2;
