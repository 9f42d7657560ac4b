import { z } from "zod";
import type { Reader } from "../../../kernel/database.ts";
import {
  type Act,
  batchCommand,
  type Caller,
  type Event,
  instant,
  query,
  roles,
  text,
  type World,
} from "../../../kernel/operation.ts";
import { Refusal } from "../../../kernel/refusal.ts";
import { statements } from "../../../kernel/sql.ts";
import { type Principal, resolveNames } from "../../seats/index.ts";
import { findTickets, type Row, WORKERS } from "../ticket.ts";
import { type Found, openCollisions } from "./collision.ts";

const sql = statements("tickets/collisions", "sightings_insert", "sighting_known", "actors_insert", "claimed_by");

export const ACTS = ["posted", "committed", "claimed"] as const;
export const Actor = text(300).trim().min(1);

/** What somebody did outside. */
export type Sighting = {
  /** As it was seen: a seat's name, a commit's author, a chat's handle. */
  actor: string;
  act: (typeof ACTS)[number];
  /** The ticket that it named, if it named one. */
  ticket?: string | undefined;
  /** What it says it did: a post's or a commit's first line. */
  title?: string | undefined;
  /** When, there: ISO 8601 with an offset or Z. */
  at: string;
  source: string;
  evidence: string;
};

/** `seat` is null where nobody here has the name; `fresh` when it was not known yet and somebody should look. */
export type Seen = { seat: string | null; fresh: boolean; collision: number | null; events: Event[] };

/** The seats or people that actors are; a name that fits several is nobody's. */
export async function knownActors(db: Reader, actors: readonly string[]): Promise<Map<string, Principal>> {
  const found = await resolveNames(db, actors);
  return new Map([...found].filter((pair): pair is [string, Principal] => !(pair[1] instanceof Refusal)));
}

/**
 * Looks at what was seen, and answers for each in order. Whoever is not registered is an item until somebody says who
 * it is (J6); whoever committed to a ticket that it never claimed is told (J7), and where another has that ticket, the
 * two collide. The events belong among those of the caller's act.
 */
export async function sight(world: World, caller: Caller, sightings: readonly Sighting[]): Promise<Seen[]> {
  if (sightings.length === 0) return [];
  const { db } = world;
  const known = await knownActors(
    db,
    sightings.map(({ actor }) => actor),
  );
  const tickets = await findTickets(
    db,
    sightings.flatMap(({ ticket }) => ticket ?? []),
  );
  const rightly = await claimants(db, sightings, known, tickets);
  const odd = sightings.filter((one) => !known.has(one.actor) || (one.act !== "posted" && !rightly(one)));
  const fresh = await firstSeen(world, odd);
  const strangers = odd.map(({ actor }) => actor).filter((actor) => !known.has(actor));
  if (strangers.length > 0) db.send(sql.actors_insert, { actors: [...new Set(strangers)], at: await world.at() });
  const now = await world.at();
  const seen: Seen[] = [];
  for (const one of sightings) {
    const seat = known.get(one.actor)?.name ?? null;
    const isFresh = fresh.delete(keyOf(one));
    const row = one.ticket === undefined ? undefined : tickets.get(one.ticket);
    const found = isFresh ? collisionOf(one, row, now) : null;
    const [opened] = await openCollisions(world, caller, found === null ? [] : [found]);
    const events = isFresh ? [sighted(one, row?.id ?? null, seat), ...(opened?.events ?? [])] : [];
    seen.push({ seat, fresh: isFresh, collision: opened?.id ?? null, events });
  }
  return seen;
}

const keyOf = ({ actor, act, ticket = "" }: { actor: string; act: string; ticket?: string | undefined }) =>
  JSON.stringify([actor, act, ticket]);

type Naming = Pick<Sighting, "actor" | "act" | "ticket">;
type Tickets = ReadonlyMap<string, Row>;

/** Tells whether an actor ever claimed the ticket that it names, or was given it. */
async function claimants(
  db: Reader,
  sightings: readonly Naming[],
  known: ReadonlyMap<string, Principal>,
  tickets: Tickets,
): Promise<(one: Naming) => boolean> {
  const pairs = sightings.flatMap(({ actor, ticket, act }) => {
    const [who, row] = [known.get(actor), tickets.get(ticket ?? "")];
    return who && row && act !== "posted" ? [{ who, row }] : [];
  });
  const rows = await (pairs.length === 0
    ? []
    : db.all<{ ticket: string; principal_id: number }>(sql.claimed_by, {
        tickets: pairs.map(({ row }) => row.id),
        principal_ids: pairs.map(({ who }) => who.id),
        names: pairs.map(({ who }) => who.name),
      }));
  const claimed = new Set(rows.map(({ ticket, principal_id }) => `${principal_id} ${ticket}`));
  return ({ actor, ticket }) => {
    const [who, row] = [known.get(actor), tickets.get(ticket ?? "")];
    // Who commits without naming a ticket has claimed nothing by it.
    if (!who || ticket === undefined) return true;
    // A claim of the same batch has no entry yet.
    const isGiven = row?.owner_id === who.id || row?.claimed_by === who.id;
    return row !== undefined && (isGiven || claimed.has(`${who.id} ${row.id}`));
  };
}

async function firstSeen({ db, at }: World, odd: readonly Sighting[]): Promise<Set<string>> {
  if (odd.length === 0) return new Set();
  const rows = await db.all<{ actor: string; act: string; ticket: string }>(sql.sightings_insert, {
    ...{ seen_at: await at(), actors: odd.map(({ actor }) => actor), acts: odd.map(({ act }) => act) },
    ...{ tickets: odd.map(({ ticket }) => ticket ?? ""), ats: odd.map((one) => one.at) },
    ...{ sources: odd.map(({ source }) => source), evidences: odd.map(({ evidence }) => evidence) },
  });
  return new Set(rows.map(keyOf));
}

/** Two at work under one number: whoever has it here, and who never claimed it. A post alone is no work. */
function collisionOf(one: Sighting, row: Row | undefined, now: Date): Found | null {
  const isTaken = row !== undefined && ["reserved", "in_progress", "done"].includes(row.state);
  if (!isTaken || one.act === "posted") return null;
  const since = row.claimed_at ?? row.filed_at;
  const at = new Date(Math.min(Date.parse(one.at), now.getTime())).toISOString();
  return {
    ...{ number: row.id, pattern: "unseen_actor", source: one.source, final: true },
    first: { seat: row.holder ?? row.filer, at: since.toISOString(), title: row.title, ticket: row.id },
    second: { seat: one.actor, at, title: one.title ?? one.evidence },
  };
}

function sighted({ ticket: named, ...one }: Sighting, id: string | null, seat: string | null): Event {
  const ticket = id ?? named;
  const data = { ...one, ...(ticket === undefined ? {} : { ticket }), registered: seat !== null };
  const said = Object.fromEntries(
    Object.entries({ ...data, ...(seat ? { seat } : {}) }).filter(([, v]) => v !== undefined),
  );
  return { kind: "actor.sighted", subject: id ?? one.actor, data: said };
}

const Sighted = z.object({
  actor: z.string(),
  seat: z.string().nullable().describe("Who it is here; null when nobody of that name is registered."),
  fresh: z.boolean().describe("Whether this is new, and nothing that was right or was seen before."),
  collision: z.int().nullable().describe("The collision that it opened, where another has the ticket."),
});

export const report = batchCommand({
  name: "sighting.report",
  summary: "Say what somebody did outside: posted, committed or claimed, under which ticket's number.",
  input: z.object({
    actor: Actor.describe("As it was seen: a seat's name, a commit's author, a chat's handle."),
    act: z.enum(ACTS),
    ticket: text(200).min(1).optional().describe("The ticket that it named."),
    title: text(500).trim().min(1).optional().describe("What it said it did, in a line."),
    at: instant().describe("When it was done there."),
    source: text(300).min(1).describe("Where it was seen: a repository, a feed, a chat."),
    evidence: text(500).min(1).describe("What shows it: a commit, a branch, a post."),
  }),
  output: Sighted,
  may: WORKERS,
  said_by: "programs",
  events: ["actor.sighted", "collision.opened"],
  refuses: ["entry.oversized"],
  unrecorded: "What was seen before, or is right, changes nothing.",
  async run(world, calls) {
    const outcomes: Act<z.output<typeof Sighted>>[] = [];
    for (const [caller, own] of Map.groupBy(calls, (call) => call.caller)) {
      const seen = await sight(
        world,
        caller,
        own.map(({ input }) => input),
      );
      for (const [index, { events, ...one }] of seen.entries())
        outcomes[calls.indexOf(own[index]!)] = { output: { actor: own[index]!.input.actor, ...one }, events };
    }
    return outcomes;
  },
});

export const check = query({
  name: "sighting.check",
  summary: "Look whether somebody who names a ticket ever claimed it, or was given it.",
  input: z.object({
    actor: Actor.describe("As it was seen: a seat's name, a commit's author."),
    ticket: text(200).min(1).describe("The ticket that it named."),
  }),
  output: z.object({
    seat: z.string().nullable().describe("Who it is here; null when nobody of that name is registered."),
    state: z.string().nullable().describe("The ticket's state; null when there is none of that number."),
    rightly: z.boolean(),
    known: z.boolean().describe("Whether sighting.report was told of it before, as of a commit."),
  }),
  may: roles,
  said_by: "programs",
  refuses: [],
  async read({ db }, { actor, ticket }) {
    const naming = { actor, ticket, act: "committed" } as const;
    const [known, tickets, before] = await Promise.all([
      knownActors(db, [actor]),
      findTickets(db, [ticket]),
      db.all(sql.sighting_known, naming),
    ]);
    const seat = known.get(actor)?.name ?? null;
    const rightly = seat !== null && (await claimants(db, [naming], known, tickets))(naming);
    return { seat, state: tickets.get(ticket)?.state ?? null, rightly, known: before.length > 0 };
  },
});
