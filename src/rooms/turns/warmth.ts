/**
 * How near a ticket is to what a seat has in its head. Who has just changed a surface or worked on the same objective
 * does the next step of it for a fraction of what it costs a stranger (origins D: warm context).
 */

/** What a seat held or finished longer ago than this has left its head, and so has what it filed. */
export const WARM_HOURS = 12;

/** Each fact once; README.md has the same table. */
const WEIGHTS = { surface: 4, family: 2, relation: 3, given: 3, filed_lately: 2, filed: 1, lane: 1 } as const;
/** A follow-on that a seat filed in its own lane is warm as long as that is recent (origins D, 0020); no less is. */
export const WARM_LEAST = WEIGHTS.filed_lately + WEIGHTS.lane;

export type Relation = { relation: "parent" | "child" | "sibling" | "link"; of: string };
export type Touched = { id: string; lane: string; surface_key: string | null };
export type Candidate = {
  id: string;
  title: string;
  lane: string;
  priority: number;
  surface_key: string | null;
  filed_at: Date;
  /** Whether the seat filed it. */
  own: boolean;
  /** Whether it was given to the seat. */
  given: boolean;
};

/** What a seat's head is full of. */
export type Head = { lane: string | null; touched: readonly Touched[]; relations: ReadonlyMap<string, Relation> };

export type Warmth = { warmth: number; because: string[] };

/** The sum of what ties a ticket to a seat, and each of it in words. Pure. */
export function warmthOf(ticket: Candidate, head: Head, now: Date): Warmth {
  const facts: [number, string][] = [];
  const { surface_key, lane } = ticket;
  const same = head.touched.find((one) => surface_key !== null && one.surface_key === surface_key);
  const family = surface_key === null ? null : familyOf(surface_key);
  const near = head.touched.find((one) => one.surface_key !== null && familyOf(one.surface_key) === family);
  if (same) facts.push([WEIGHTS.surface, `changes ${surface_key}, as ${same.id} does`]);
  else if (near && family) facts.push([WEIGHTS.family, `changes ${family}, as ${near.id} does`]);
  const related = head.relations.get(ticket.id);
  if (related) facts.push([WEIGHTS.relation, WORDS[related.relation](related.of)]);
  if (ticket.given) facts.push([WEIGHTS.given, "was given to you"]);
  if (ticket.own) {
    const isLate = now.getTime() - ticket.filed_at.getTime() <= WARM_HOURS * 3_600_000;
    facts.push(isLate ? [WEIGHTS.filed_lately, "you filed it lately"] : [WEIGHTS.filed, "you filed it"]);
  }
  const worked = lane === head.lane ? "is of your lane" : "is of a lane that you worked in";
  if (lane === head.lane || head.touched.some((one) => one.lane === lane)) facts.push([WEIGHTS.lane, worked]);
  return { warmth: facts.reduce((sum, [weight]) => sum + weight, 0), because: facts.map(([, words]) => words) };
}

const WORDS: Record<Relation["relation"], (of: string) => string> = {
  parent: (of) => `is the objective of ${of}`,
  child: (of) => `is a part of ${of}`,
  sibling: (of) => `is another part of ${of}`,
  link: (of) => `is linked to ${of}`,
};

/** `lane:family:artifact` without the artifact. A key of one part is a family of its own. */
function familyOf(surface_key: string): string | null {
  const parts = surface_key.split(":");
  return parts.length < 2 ? null : parts.slice(0, 2).join(":");
}

/** Objectives first, then the warmest, the most urgent and the oldest. */
export function inOrder<T extends Candidate & Warmth>(tickets: readonly T[], head: Head): T[] {
  const objective = ({ id }: T) => Number(head.relations.has(id));
  return tickets.toSorted(
    (a, b) =>
      objective(b) - objective(a) ||
      b.warmth - a.warmth ||
      a.priority - b.priority ||
      a.filed_at.getTime() - b.filed_at.getTime() ||
      (a.id < b.id ? -1 : 1),
  );
}
