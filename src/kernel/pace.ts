/**
 * How many commands this process answered and how long they took, by slices of time. It lies in memory alone: it is
 * bounded by its hours and its buckets, is no truth that anything decides by, and ends with the process.
 */

/** How long a slice is; slices begin at whole multiples of it, so that two processes cut time alike. */
export const SLICE_SECONDS = 300;
/** So many are kept: a day. */
const SLICES_KEPT = 288;
/** Each bucket ends a fifth above the one before: a percentile is told to within 20 %, from 0.1 ms to 3 minutes. */
const GROWTH = 1.2;
const FIRST_MS = 0.1;
const BUCKETS = 80;

/** One slice of time: how many commands were answered in it, and within which time half and 99 of 100 of them. */
export type Slice = { from: Date; commands: number; half_ms: number; most_ms: number };

/** What one tenant's commands took. */
export class Pace {
  /** Nothing is known of the time before. */
  readonly since: Date;
  readonly #now: () => number;
  /** By the slice's number since 1970: the counts of its buckets. Only slices in which something was said. */
  readonly #slices = new Map<number, Uint32Array>();

  constructor(since: Date, now: () => number = Date.now) {
    this.since = since;
    this.#now = now;
  }

  took(milliseconds: number): void {
    const slice = Math.floor(this.#now() / (SLICE_SECONDS * 1000));
    let buckets = this.#slices.get(slice);
    if (buckets === undefined) {
      for (const old of this.#slices.keys()) if (old <= slice - SLICES_KEPT) this.#slices.delete(old);
      this.#slices.set(slice, (buckets = new Uint32Array(BUCKETS)));
    }
    const bucket = Math.ceil(Math.log(Math.max(milliseconds, FIRST_MS) / FIRST_MS) / Math.log(GROWTH));
    buckets[Math.min(bucket, BUCKETS - 1)]!++;
  }

  /** The slices in which something was said, in order. */
  slices(): Slice[] {
    return [...this.#slices].map(([slice, buckets]) => {
      const commands = buckets.reduce((sum, count) => sum + count, 0);
      const within = (share: number) => {
        let counted = 0;
        const bucket = buckets.findIndex((count) => (counted += count) >= commands * share);
        return FIRST_MS * GROWTH ** bucket;
      };
      const from = new Date(slice * SLICE_SECONDS * 1000);
      return { from, commands, half_ms: within(0.5), most_ms: within(0.99) };
    });
  }
}

/** The pace of each tenant: none learns of another's. */
export class Paces {
  readonly #since = new Date();
  readonly #paces = new Map<number, Pace>();

  of(tenant_id: number): Pace {
    const known = this.#paces.get(tenant_id);
    if (known) return known;
    const pace = new Pace(this.#since);
    this.#paces.set(tenant_id, pace);
    return pace;
  }
}
