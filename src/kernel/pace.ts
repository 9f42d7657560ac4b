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

/** What is left of a slice, some tens of bytes: each tenant's clock speaks in every slice, and tenants are many. */
type Counted = Pick<Slice, "commands" | "half_ms" | "most_ms">;

/** What one tenant's commands took. */
export class Pace {
  /** Nothing is known of the time before. */
  readonly since: Date;
  readonly #now: () => number;
  /** By the slice's number since 1970: those that are over, in the order in which they ended. */
  readonly #over = new Map<number, Counted>();
  /** The slice that goes on, and what it counted so far. */
  #slice = 0;
  readonly #buckets = new Uint32Array(BUCKETS);

  constructor(since: Date, now: () => number = Date.now) {
    this.since = since;
    this.#now = now;
  }

  took(milliseconds: number): void {
    const slice = Math.floor(this.#now() / (SLICE_SECONDS * 1000));
    if (slice !== this.#slice) this.#begin(slice);
    const bucket = Math.ceil(Math.log(Math.max(milliseconds, FIRST_MS) / FIRST_MS) / Math.log(GROWTH));
    this.#buckets[Math.min(bucket, BUCKETS - 1)]!++;
  }

  /** The slices in which something was said, in order. */
  slices(): Slice[] {
    // A slice that a clock which was set back tells twice is told as it was counted last.
    const all = new Map(this.#over).set(this.#slice, counted(this.#buckets));
    return [...all]
      .filter(([, { commands }]) => commands > 0)
      .sort(([a], [b]) => a - b)
      .map(([slice, one]) => ({ from: new Date(slice * SLICE_SECONDS * 1000), ...one }));
  }

  /** By how many there are, not by their age: a clock may go back. */
  #begin(slice: number): void {
    const before = counted(this.#buckets);
    if (before.commands > 0) {
      this.#over.delete(this.#slice);
      this.#over.set(this.#slice, before);
    }
    if (this.#over.size === SLICES_KEPT) this.#over.delete(this.#over.keys().next().value!);
    this.#slice = slice;
    this.#buckets.fill(0);
  }
}

function counted(buckets: Uint32Array): Counted {
  const commands = buckets.reduce((sum, count) => sum + count, 0);
  const within = (share: number) => {
    let sum = 0;
    const bucket = buckets.findIndex((count) => (sum += count) >= commands * share);
    return FIRST_MS * GROWTH ** bucket;
  };
  return { commands, half_ms: within(0.5), most_ms: within(0.99) };
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
