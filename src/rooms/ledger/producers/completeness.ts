import type { Entry } from "../entries.ts";

/**
 * AUD-COMPLETE: for every producer and epoch, the numbers recorded and the numbers dropped are together 1 to the last,
 * each once. This fold reads it out of entries alone, as an offline verifier must; the tables have to agree.
 */
export type Range = { first: number; last: number };

export type EpochReport = {
  producer: string;
  epoch: number;
  /** How many numbers have an entry. */
  recorded: number;
  /** How many were recorded as lost, by reason. */
  dropped: { [reason: string]: number };
  /** The highest number that was told of. */
  last: number;
  /** How many numbers up to it nothing is known of. */
  missing: number;
  /** The first of them that are missing, at most GAPS_TOLD_MAX ranges. */
  gaps: Range[];
  whole: boolean;
};

export type Completeness = {
  whole: boolean;
  /** By name and epoch. */
  producers: EpochReport[];
  gaps: (Range & { producer: string; epoch: number })[];
};

/** A report shows where to look; whoever has more gaps than these has one cause for them. */
export const GAPS_TOLD_MAX = 100;

/** What is wrong with an entry, which a table under its constraints could not hold. */
export type CompletenessFault = { seq: number; reason: string };

type Told = { recorded: number; dropped: Map<string, number>; claimed: number; covered: Range[] };

/** Folds `producer.*` and `telemetry.*` entries, in their order; others are passed over. */
export class CompletenessFold {
  #epochs = new Map<string, Told & { producer: string; epoch: number }>();
  readonly faults: CompletenessFault[] = [];

  add({ seq, kind, data }: Pick<Entry, "seq" | "kind" | "data">): void {
    if (kind === "producer.opened") this.#opened(seq, data);
    else if (kind === "telemetry.recorded") {
      const events = Array.isArray(data.events) ? data.events.length : 0;
      this.#covered(seq, data, Number(data.first) + events - 1, null);
    } else if (kind === "telemetry.dropped") this.#covered(seq, data, data.last, String(data.reason));
  }

  report(): Completeness {
    const producers = [...this.#epochs.values()]
      .map(reportOf)
      .sort((a, b) => (a.producer === b.producer ? a.epoch - b.epoch : a.producer < b.producer ? -1 : 1));
    return completenessOf(producers);
  }

  #opened(seq: number, data: Record<string, unknown>): void {
    const opened = this.#epoch(data.producer, data.epoch);
    if (!opened) return this.#fault(seq, "it does not say which epoch it opens");
    if (data.previous_epoch === undefined) return;
    const previous = this.#epoch(data.producer, data.previous_epoch);
    if (!previous || !isCount(data.previous_last))
      return this.#fault(seq, "what it says of the epoch before is no number");
    previous.claimed = Math.max(previous.claimed, data.previous_last);
  }

  #covered(seq: number, data: Record<string, unknown>, last: unknown, reason: string | null): void {
    const { first } = data;
    const told = this.#epoch(data.producer, data.epoch);
    if (!told || !isCount(first) || !isCount(last) || first < 1 || last < first)
      return this.#fault(seq, "its numbers are not a range");
    if (!cover(told.covered, { first, last }))
      return this.#fault(seq, `its numbers ${first} to ${last} overlap what was told before`);
    const count = last - first + 1;
    if (reason === null) told.recorded += count;
    else told.dropped.set(reason, (told.dropped.get(reason) ?? 0) + count);
  }

  #epoch(producer: unknown, epoch: unknown) {
    if (typeof producer !== "string" || !isCount(epoch) || epoch < 1) return null;
    const key = `${producer} ${epoch}`;
    const known = this.#epochs.get(key);
    if (known) return known;
    const fresh = { producer, epoch, recorded: 0, dropped: new Map(), claimed: 0, covered: [] };
    this.#epochs.set(key, fresh);
    return fresh;
  }

  #fault(seq: number, reason: string): void {
    this.faults.push({ seq, reason });
  }
}

/** The whole of what each epoch says. */
export function completenessOf(producers: EpochReport[]): Completeness {
  return {
    whole: producers.every(({ whole }) => whole),
    producers,
    gaps: producers.flatMap(({ producer, epoch, gaps }) => gaps.map((gap) => ({ producer, epoch, ...gap }))),
  };
}

function reportOf({
  producer,
  epoch,
  recorded,
  dropped,
  claimed,
  covered,
}: Told & { producer: string; epoch: number }) {
  const last = Math.max(claimed, covered.at(-1)?.last ?? 0);
  const gaps: Range[] = [];
  let missing = 0;
  let next = 1;
  for (const { first, last: end } of [...covered, { first: last + 1, last }]) {
    if (first > next) {
      missing += first - next;
      gaps.push({ first: next, last: first - 1 });
    }
    next = end + 1;
  }
  return {
    producer,
    epoch,
    recorded,
    dropped: Object.fromEntries([...dropped].sort(([a], [b]) => (a < b ? -1 : 1))),
    last,
    missing,
    gaps: gaps.slice(0, GAPS_TOLD_MAX),
    whole: missing === 0,
  };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Puts a range among disjoint ones in order, joined with its neighbours. False when it overlaps one of them. */
function cover(covered: Range[], { first, last }: Range): boolean {
  let low = 0;
  // Producers tell in order but for late deliveries, so the end is the first place to look.
  if (covered.length > 0 && covered.at(-1)!.last < first) low = covered.length;
  for (let high = covered.length; low < high;) {
    const middle = (low + high) >> 1;
    if (covered[middle]!.last < first) low = middle + 1;
    else high = middle;
  }
  const before = covered[low - 1];
  const behind = covered[low];
  if (behind && behind.first <= last) return false;
  const joins = before?.last === first - 1;
  const joined = behind?.first === last + 1;
  const range = { first: joins ? before!.first : first, last: joined ? behind!.last : last };
  covered.splice(joins ? low - 1 : low, Number(joins) + Number(joined), range);
  return true;
}
