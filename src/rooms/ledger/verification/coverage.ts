/** One check of the scheduled verifier: the entries behind `after` up to `upto` were hashed anew. */
export type Check = { after: number; upto: number; at: Date };

/** `covered` entries were hashed anew by the checks; the oldest check that still counts for one of them. */
export type Covered = { covered: number; oldest: Date | null };

/**
 * How many of the first `entries` entries the checks cover, each counted once however often it was checked, and by its
 * newest check.
 */
export function coverageOf(checks: readonly Check[], entries: number): Covered {
  const union: Range[] = [];
  let covered = 0;
  let oldest: Date | null = null;
  for (const { after, upto, at } of checks.toSorted((a, b) => b.at.getTime() - a.at.getTime())) {
    const added = add(union, { after, upto: Math.min(upto, entries) });
    if (added > 0) oldest = at;
    covered += added;
  }
  return { covered, oldest };
}

type Range = { after: number; upto: number };

/** Adds a range to disjoint ones in order, joined with those that it meets; answers how many numbers came new. */
function add(union: Range[], { after, upto }: Range): number {
  if (upto <= after) return 0;
  const first = union.findIndex((one) => one.upto >= after);
  const from = first < 0 ? union.length : first;
  let to = from;
  let known = 0;
  const joined = { after, upto };
  for (; to < union.length && union[to]!.after <= upto; to++) {
    const one = union[to]!;
    known += one.upto - one.after;
    joined.after = Math.min(joined.after, one.after);
    joined.upto = Math.max(joined.upto, one.upto);
  }
  union.splice(from, to - from, joined);
  return joined.upto - joined.after - known;
}
