import { HASH_BYTES } from "../../../tlog/hashing.ts";

/** As many entries' leaf hashes are kept for a tenant: 2 MB, and what a signer's pass takes. */
const ENTRIES_MAX = 65_536;

/** What is remembered of a tenant: the entries from `first` up to and without `next`, each at its place in a ring. */
type Ring = { first: number; next: number; hashes: Buffer };

/**
 * The leaf hashes of entries that this process has just appended, for its signer: to hash them a second time out of the
 * database costs a part of the filing. It is a memory and no truth. An append that was rolled back is in it until the
 * next one takes its numbers, and other processes' entries are not: who uses it holds the stored chain against it.
 *
 * They are copied into one ring: a small Buffer that is kept keeps the whole slab that it was cut from, which cost a
 * tenth of the filing.
 */
export class RecentLeaves {
  readonly #rings = new Map<number, Ring>();

  /** Begins to remember what is appended for a tenant. */
  watch(tenant_id: number): void {
    if (this.#rings.has(tenant_id)) return;
    this.#rings.set(tenant_id, { first: 1, next: 1, hashes: Buffer.alloc(ENTRIES_MAX * HASH_BYTES) });
  }

  /** Remembers leaf hashes, one after the other, of entries from a number on. */
  appended(tenant_id: number, first: number, hashes: Buffer): void {
    const ring = this.#rings.get(tenant_id);
    if (!ring) return;
    // Behind a gap, or before all that is remembered, a new run begins; what is remembered of these numbers was undone.
    if (first > ring.next || first < ring.first) ring.first = first;
    ring.next = first;
    for (let at = 0; at < hashes.length; at += HASH_BYTES)
      hashes.copy(ring.hashes, placeOf(ring.next++), at, at + HASH_BYTES);
    ring.first = Math.max(ring.first, ring.next - ENTRIES_MAX);
  }

  /** Leaf hashes of the entries that follow `after`, at most `limit`; null when the next one is not remembered. */
  after(tenant_id: number, after: number, limit: number): Buffer | null {
    const ring = this.#rings.get(tenant_id);
    if (!ring || after + 1 < ring.first || after + 1 >= ring.next) return null;
    const found = Buffer.allocUnsafe(Math.min(limit, ring.next - after - 1) * HASH_BYTES);
    for (let at = 0, seq = after + 1; at < found.length; at += HASH_BYTES, seq++)
      ring.hashes.copy(found, at, placeOf(seq), placeOf(seq) + HASH_BYTES);
    return found;
  }
}

const placeOf = (seq: number) => (seq % ENTRIES_MAX) * HASH_BYTES;
