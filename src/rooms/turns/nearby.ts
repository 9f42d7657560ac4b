import { z } from "zod";
import type { Reader } from "../../kernel/database.ts";
import type { Caller } from "../../kernel/operation.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { statements } from "../../kernel/sql.ts";
import {
  type Candidate,
  type Head,
  inOrder,
  type Relation,
  type Touched,
  WARM_HOURS,
  WARM_LEAST,
  type Warmth,
  warmthOf,
} from "./warmth.ts";

const sql = statements("turns", "standing", "touched", "related", "candidates", "excused");

/** Rows of each kind that are looked at. A seat with more than this before it has enough to choose from. */
const EACH_MAX = 50;
/** A named reason holds for so long; then the seat is asked anew. */
const REASON_HOURS = 2;

/** A seat with the turn that is on, or was last. */
export type Standing = {
  name: string;
  lane: string | null;
  present: string | null;
  turn: number | null;
  incarnation: string | null;
  opened_at: Date | null;
  closed_at: Date | null;
  turned_around: number;
  now: Date;
};

type Held = { id: string; title: string };
export type Near = Candidate & Warmth;
/** What lies before a seat. */
export type Nearby = {
  standing: Standing;
  held: Held[];
  /** What it could claim now, objectives and the warmest first. */
  claimable: Near[];
  /** The objectives of what it touched, in whatever state. */
  objectives: string[];
  /** When it last finished something. */
  finished_at: Date | null;
  /** Of these, what it filed itself, is warm, and has no named reason to be left. */
  unfinished: Near[];
};

/** A ticket that lies before a seat, as answers tell it. */
export const Follow = z.object({
  id: z.string(),
  title: z.string(),
  lane: z.string(),
  priority: z.int(),
  warmth: z.int().describe(`How near it is to what the seat did lately; from ${WARM_LEAST} on it is warm.`),
  because: z.array(z.string()).describe("What makes it so."),
  own: z.boolean().describe("Whether the seat filed it."),
  command: z.string().describe("What claims it."),
});

export function followOf({ id, title, lane, priority, warmth, because, own }: Near): z.output<typeof Follow> {
  return { id, title, lane, priority, warmth, because, own, command: claimCommand(id) };
}

/** What claims a ticket, as a person or a model types it. */
export const claimCommand = (id: string): string => `longwatch ticket claim --id ${id}`;

/** Others' words stay in their line: a title shall not look like one of ours. */
export const oneLine = (text: string): string => text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, " ").trim();

export type Seated = Caller & { incarnation: string };

/** Turns are of seats: a person has none, and a sub-agent's ends with its parent's. */
export function refuseSeatless(caller: Caller): asserts caller is Seated {
  const { name, incarnation, scope } = caller;
  if (scope !== undefined)
    throw new Refusal("conflict", "seat.not_a_seat", `${name} is a sub-agent; its parent has the turn.`, {
      hint: "Tell your parent what is left, and end.",
    });
  if (incarnation === null)
    throw new Refusal("conflict", "seat.not_adopted", `${name} holds no seat.`, { hint: "Adopt one first." });
}

export async function standingOf(db: Reader, seat_id: number): Promise<Standing> {
  const [row] = await db.all<Standing>(sql.standing, { seat_id });
  return row!;
}

/** Looks around a seat, parent objectives first. Its cost does not grow with the history. */
export async function nearbyOf(db: Reader, seat_id: number, standing: Standing): Promise<Nearby> {
  const { lane, now } = standing;
  const recently = { since: hoursBefore(now, WARM_HOURS), limit: EACH_MAX };
  const touched = await db.all<Touched & Held & { finished_at: Date | null }>(sql.touched, { seat_id, ...recently });
  const relations = await relationsOf(db, touched);
  const head: Head = { lane, touched, relations };
  const found = await db.all<Candidate>(sql.candidates, {
    seat_id,
    lane_first: lane ?? "",
    lane_last: lane ?? "\u{10ffff}",
    related: [...relations.keys()],
    limit: EACH_MAX,
  });
  const claimable = inOrder(
    found.map((ticket) => ({ ...ticket, ...warmthOf(ticket, head, now) })),
    head,
  );
  const own = claimable.filter(({ own, warmth }) => own && warmth >= WARM_LEAST);
  const excused = await excusedOf(db, seat_id, standing, own);
  return {
    ...{ standing, claimable, unfinished: own.filter(({ id }) => !excused.has(id)) },
    held: touched.filter(({ finished_at }) => finished_at === null),
    objectives: [...relations].flatMap(([id, { relation }]) => (relation === "parent" ? [id] : [])),
    finished_at: touched.reduce<Date | null>((a, { finished_at: b }) => (b && (!a || b > a) ? b : a), null),
  };
}

async function relationsOf(db: Reader, touched: readonly Touched[]): Promise<Map<string, Relation>> {
  if (touched.length === 0) return new Map();
  const ids = touched.map(({ id }) => id);
  const rows = await db.all<Relation & { id: string }>(sql.related, { ids, limit: EACH_MAX });
  const known = new Set(ids);
  return new Map(rows.filter(({ id }) => !known.has(id)).map(({ id, relation, of }) => [id, { relation, of }]));
}

async function excusedOf(db: Reader, seat_id: number, { present, now }: Standing, own: readonly Near[]) {
  if (own.length === 0) return new Set<string>();
  const ids = own.map(({ id }) => id);
  const since = hoursBefore(now, REASON_HOURS);
  const rows = await db.all<{ ticket_id: string }>(sql.excused, { seat_id, ids, incarnation: present, since });
  return new Set(rows.map(({ ticket_id }) => ticket_id));
}

function hoursBefore(now: Date, hours: number): string {
  return new Date(now.getTime() - hours * 3_600_000).toISOString();
}
