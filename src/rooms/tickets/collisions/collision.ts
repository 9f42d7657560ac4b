import { createHash } from "node:crypto";
import canonicalize from "canonicalize";
import type { Caller, Event, World } from "../../../kernel/operation.ts";
import { statements } from "../../../kernel/sql.ts";

const sql = statements("tickets/collisions", "collisions_open", "collisions_known", "collisions_settle");

/** The shapes of origins B2: two file at once, many are filed at once, nobody knew the other, a reserved number. */
export const patterns = [
  ...(["simultaneous_filing", "mass_dispatch", "unseen_actor", "reservation", "surface", "identity"] as const),
] as const;
export type Pattern = (typeof patterns)[number];

/** One of the two that want the same. */
export type Party = {
  /** As it was said; it need not be known here. */
  seat: string;
  /** When it posted, in ISO 8601 with an offset or Z; as the server bounds it. */
  at: string;
  title: string;
  /** The ticket here that carries its content, if there is one. */
  ticket?: string | undefined;
};

export type Found = {
  /** What both want: a ticket's number, a surface key, a seat's name. */
  number: string;
  pattern: Pattern;
  /** Whoever posted first, see `inOrder`. */
  first: Party;
  second: Party;
  /** The first had the number for good when the second came (reserved, or confirmed): then clocks decide nothing. */
  final?: boolean | undefined;
  /** Where it was seen, in words: `spool …`, `feed …`, `git …`. */
  source: string;
};

/** First post wins; of two at the same instant, the smaller name (J3). */
export function inOrder(one: Party, other: Party): [first: Party, second: Party] {
  const [a, b] = [Date.parse(one.at), Date.parse(other.at)];
  const smaller = Buffer.compare(Buffer.from(one.seat), Buffer.from(other.seat)) <= 0;
  return a < b || (a === b && smaller) ? [one, other] : [other, one];
}

/** The same two on the same number, whoever sees them and at whatever minute. */
function digestOf({ number, first, second }: Found): string {
  const parties = [first, second].map(({ seat, title }) => canonicalize([seat, title])!).sort();
  return createHash("sha256")
    .update(canonicalize([number, ...parties])!)
    .digest("base64url");
}

/** `events` is empty for a collision that is here already, and not opened again. */
export type Opened = { id: number; open: boolean; events: Event[] };

/** Opens collisions; answers one for each, in order. Their events belong among those of the caller's act. */
export async function openCollisions(world: World, caller: Caller, found: readonly Found[]): Promise<Opened[]> {
  if (found.length === 0) return [];
  const digests = found.map(digestOf);
  const once = [...new Map(found.map((one, index) => [digests[index]!, one]))];
  // To the millisecond, as they are compared here.
  const ats = (which: "first" | "second") => once.map(([, one]) => new Date(one[which].at).toISOString());
  const party = (which: "first" | "second", field: keyof Party) => once.map(([, one]) => one[which][field] ?? null);
  const fresh = await world.db.all<{ id: number; digest: string }>(sql.collisions_open, {
    ...{ at: await world.at(), opened_by: caller.principal_id, digests: once.map(([digest]) => digest) },
    ...{ numbers: once.map(([, one]) => one.number), patterns: once.map(([, one]) => one.pattern) },
    ...{ first_seats: party("first", "seat"), first_ats: ats("first") },
    ...{ first_titles: party("first", "title"), first_tickets: party("first", "ticket") },
    ...{ second_seats: party("second", "seat"), second_ats: ats("second") },
    ...{ second_titles: party("second", "title"), second_tickets: party("second", "ticket") },
    ...{ finals: once.map(([, one]) => one.final ?? false), sources: once.map(([, one]) => one.source) },
  });
  const known = fresh.length === once.length ? [] : await world.db.all(sql.collisions_known, { digests });
  const ids = new Map<string, { id: number; open: boolean }>([
    ...known.map((row): [string, { id: number; open: boolean }] => [row.digest, row]),
    ...fresh.map(({ id, digest }): [string, { id: number; open: boolean }] => [digest, { id, open: true }]),
  ]);
  const untold = new Set(fresh.map(({ digest }) => digest));
  return found.map((one, index) => {
    const { id, open } = ids.get(digests[index]!)!;
    return { id, open, events: untold.delete(digests[index]!) ? [opened(id, one)] : [] };
  });
}

function opened(collision: number, { number, pattern, first, second, final, source }: Found): Event {
  const data = { collision, number, pattern, first, second, source, ...(final ? { final } : {}) };
  return { kind: "collision.opened", subject: number, data };
}

export type Settlement = {
  /** The collision. */
  id: number;
  /** amended: the later content has a number of its own. ruled: by ticket.rule. explained: nothing was to be moved. */
  outcome: "amended" | "ruled" | "explained";
  reason: string;
  /** amended: the ticket that has the later content now. */
  amended_to?: string | undefined;
};

/** Settles collisions that are open; one that is settled already stays so and gives no event. */
export async function settleCollisions(
  world: World,
  caller: Caller,
  settlements: readonly Settlement[],
): Promise<Event[]> {
  if (settlements.length === 0) return [];
  const rows = await world.db.all<{ id: number; number: string; first_seat: string; second_seat: string }>(
    sql.collisions_settle,
    {
      ...{ at: await world.at(), settled_by: caller.principal_id, ids: settlements.map(({ id }) => id) },
      ...{ outcomes: settlements.map((one) => one.outcome), reasons: settlements.map((one) => one.reason) },
      amended_tos: settlements.map(({ amended_to }) => amended_to ?? null),
    },
  );
  return rows.map(({ id, number, first_seat, second_seat }) => {
    const { outcome, reason, amended_to } = settlements.find((one) => one.id === id)!;
    const data = { collision: id, number, outcome, keeps: first_seat, moves: second_seat, reason };
    return { kind: "collision.settled", subject: number, data: { ...data, ...(amended_to ? { amended_to } : {}) } };
  });
}
