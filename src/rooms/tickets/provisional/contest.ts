/** A filing that waits for its number. */
export type Contender = {
  spool: string;
  n: number;
  seat: string;
  namespace: string;
  /** The id that its provisional id names; null where it named none. */
  expected: string | null;
  title: string;
  effective_at: Date;
  /** The number that was taken for it; the contest gives it to whoever it belongs to. */
  held: string;
};

export type Given = { contender: Contender; id: string; outcome: "confirmed" | "amended" };

/** The earlier post first; of two at the same instant the smaller name, byte by byte (J3). */
export function inOrder(one: Omit<Contender, "held">, other: Omit<Contender, "held">): number {
  return (
    one.effective_at.getTime() - other.effective_at.getTime() ||
    Buffer.compare(Buffer.from(one.seat), Buffer.from(other.seat)) ||
    Buffer.compare(Buffer.from(one.spool), Buffer.from(other.spool)) ||
    one.n - other.n
  );
}

/**
 * Gives the numbers of a contest to its filings: first whoever is the first to expect a number gets it, then those that
 * are left get the numbers that are left, each in order. No number is left over, and none is given twice.
 */
export function give(contenders: readonly Contender[]): Given[] {
  const given: Given[] = [];
  for (const rivals of Map.groupBy(contenders, ({ namespace }) => namespace).values()) {
    const free = new Set(rivals.map(({ held }) => held).sort(byNumber));
    const left: Contender[] = [];
    for (const contender of [...rivals].sort(inOrder))
      if (contender.expected !== null && free.delete(contender.expected))
        given.push({ contender, id: contender.expected, outcome: "confirmed" });
      else left.push(contender);
    const rest = [...free];
    for (const [index, contender] of left.entries()) {
      // Where none was expected, none is changed.
      const outcome = contender.expected === null ? "confirmed" : "amended";
      given.push({ contender, id: rest[index]!, outcome });
    }
  }
  return given.sort((one, other) => inOrder(one.contender, other.contender));
}

/** Numbers grow past their padding. */
function byNumber(one: string, other: string): number {
  return one.length - other.length || (one < other ? -1 : 1);
}
