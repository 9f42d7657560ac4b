import { entryHash, GENESIS } from "../../src/rooms/ledger/chain.ts";

/** What the race tests hold the product to, and what must find fault with every mutant: the same functions for both. */

export type Link = { seq: number; leaf: Buffer; entry_hash: Buffer };

/**
 * The named invariants that a chain breaks:
 * AUD-DENSE, its numbers are 1..n; AUD-NOFORK, no entry has two successors; AUD-LINK, each follows from one before it.
 */
export function chainFaults(links: readonly Link[]): string[] {
  const faults = new Set<string>();
  const hashes = new Map<number, Buffer[]>([[0, [GENESIS]]]);
  for (const { seq, entry_hash } of links) hashes.set(seq, [...(hashes.get(seq) ?? []), entry_hash]);
  for (let seq = 1; seq < hashes.size; seq++) if (!hashes.has(seq)) faults.add("AUD-DENSE");
  const followed = new Set<string>();
  for (const { seq, leaf, entry_hash } of links) {
    const before = (hashes.get(seq - 1) ?? []).find((hash) => entryHash(hash, leaf).equals(entry_hash));
    if (!before) faults.add("AUD-LINK");
    else if (followed.has(`${seq} ${before.toString("hex")}`)) faults.add("AUD-NOFORK");
    else followed.add(`${seq} ${before.toString("hex")}`);
  }
  if ([...hashes.values()].some((sames) => sames.length > 1)) faults.add("AUD-NOFORK");
  return [...faults].sort();
}

/** What a reader that follows a log got wrong: entries that it never saw, saw twice, or saw out of order. */
export function readingFaults(seen: readonly number[], committed: readonly number[]): string[] {
  const faults = new Set<string>();
  const once = new Set(seen);
  if (committed.some((seq) => !once.has(seq))) faults.add("missed");
  if (once.size < seen.length) faults.add("doubled");
  if (seen.some((seq, index) => index > 0 && seq < seen[index - 1]!)) faults.add("disordered");
  return [...faults].sort();
}

/** A ceiling of things that run at once. */
export function ceilingFaults(running: number, limit: number): string[] {
  return running > limit ? ["over the ceiling"] : [];
}
