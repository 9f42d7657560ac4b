import { HASH_BYTES } from "../../../tlog/hashing.ts";

/** As many entries' leaf hashes are kept for a tenant: 2 MB, and what a signer's pass takes. */
const ENTRIES_MAX = 65_536;

type Run = { first: number; hashes: Buffer };

/**
 * The leaf hashes of entries that this process has just appended, for its signer: to hash them a second time out of the
 * database costs a tenth of the filing. It is a memory and no truth. An append that was rolled back is in it until the
 * next one takes its numbers, and other processes' entries are not: who uses it holds the stored chain against it.
 */
export class RecentLeaves {
  readonly #runs = new Map<number, Run[]>();

  /** Begins to remember what is appended for a tenant. */
  watch(tenant_id: number): void {
    if (!this.#runs.has(tenant_id)) this.#runs.set(tenant_id, []);
  }

  forget(tenant_id: number): void {
    this.#runs.delete(tenant_id);
  }

  /** Remembers leaf hashes, one after the other, of entries from a number on. */
  appended(tenant_id: number, first: number, hashes: Buffer): void {
    const runs = this.#runs.get(tenant_id);
    if (!runs) return;
    // What was remembered of these numbers was rolled back.
    while (runs.length > 0 && runs.at(-1)!.first >= first) runs.pop();
    runs.push({ first, hashes });
    while (first - runs[0]!.first > ENTRIES_MAX) runs.shift();
  }

  /** Leaf hashes of the entries that follow `after`, at most `limit`; null when the next one is not remembered. */
  after(tenant_id: number, after: number, limit: number): Buffer | null {
    const runs = this.#runs.get(tenant_id) ?? [];
    while (runs.length > 0 && lastOf(runs[0]!) <= after) runs.shift();
    const found: Buffer[] = [];
    let next = after + 1;
    for (const { first, hashes } of runs) {
      if (first > next || next > after + limit) break;
      const part = hashes.subarray((next - first) * HASH_BYTES, (after + 1 + limit - first) * HASH_BYTES);
      found.push(part);
      next += part.length / HASH_BYTES;
    }
    return found.length === 0 ? null : Buffer.concat(found);
  }
}

const lastOf = ({ first, hashes }: Run) => first + hashes.length / HASH_BYTES - 1;
