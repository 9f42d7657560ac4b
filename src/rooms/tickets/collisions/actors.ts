import { z } from "zod";
import type { Reader } from "../../../kernel/database.ts";
import { command, query, roles, text } from "../../../kernel/operation.ts";
import { Refusal } from "../../../kernel/refusal.ts";
import { statements } from "../../../kernel/sql.ts";
import { giveAlias, KEEPERS, resolveName } from "../../seats/index.ts";
import { Actor, ACTS, knownActors } from "./sightings.ts";

const sql = statements("tickets/collisions", "sightings_of", "actors_open", "actor_find", "actor_settle");

const SIGHTINGS_MAX = 20;

export const Unregistered = z.object({
  actor: z.string(),
  since: z.iso.datetime().describe("When it was first seen from here."),
  sightings: z
    .array(
      z.object({
        act: z.enum(ACTS),
        ticket: z.string().nullable(),
        at: z.iso.datetime(),
        source: z.string(),
        evidence: z.string(),
      }),
    )
    .describe("What it did; the first 20."),
});

/** Actors that nobody here is, after one in the order of their names. `next` is null at the end. */
export async function unregistered(
  db: Reader,
  after: string,
  limit: number,
): Promise<{ actors: z.output<typeof Unregistered>[]; next: string | null }> {
  const rows = await db.all<{ actor: string; opened_at: Date }>(sql.actors_open, { after, limit });
  const names = rows.map(({ actor }) => actor);
  // Whoever has registered since under the name that was seen is no stranger any more.
  const known = await knownActors(db, names);
  const open = rows.filter(({ actor }) => !known.has(actor));
  const seen = open.length === 0 ? [] : await db.all(sql.sightings_of, { actors: names, limit: SIGHTINGS_MAX });
  const own = Map.groupBy(seen, ({ actor }) => actor as string);
  const actors = open.map(({ actor, opened_at }) => ({
    actor,
    since: opened_at.toISOString(),
    sightings: (own.get(actor) ?? []).map(({ act, ticket, at, source, evidence }) => ({
      ...{ act, ticket: ticket === "" ? null : ticket, at: at.toISOString(), source, evidence },
    })),
  }));
  return { actors, next: rows.length === limit ? rows.at(-1)!.actor : null };
}

export const list = query({
  name: "actor.list",
  summary: "List the actors that posted, committed or claimed somewhere and that nobody here is.",
  input: z.object({
    after: text(300).default("").describe("Only names after this one: the `next` of the page before."),
    limit: z.int().min(1).max(500).default(50).describe("At most this many."),
  }),
  output: z.object({
    actors: z.array(Unregistered),
    next: z.string().nullable().describe("Give this as `after` for the next page; null at the end."),
  }),
  may: roles,
  said_by: "programs",
  refuses: [],
  read: ({ db }, { after, limit }) => unregistered(db, after, limit),
});

export const settle = command({
  name: "actor.settle",
  summary: "Say which seat or person an actor is, or why it need not be one.",
  input: z.object({
    actor: Actor.describe("As actor.list tells it."),
    seat: text(120).min(1).optional().describe("Who it is. The actor's name finds that seat from now on."),
    reason: text(2000).trim().min(1).describe("Why. The ledger keeps it."),
  }),
  output: z.object({ actor: z.string(), seat: z.string().nullable() }),
  may: KEEPERS,
  said_by: "programs",
  events: ["actor.settled"],
  refuses: ["actor.unknown", "actor.settled", "seat.unknown", "seat.ambiguous"],
  async run(world, { caller, input: { actor, reason, seat: name } }) {
    const [known] = await world.db.all(sql.actor_find, { actor });
    if (!known)
      throw new Refusal("missing", "actor.unknown", `No actor was seen as ${actor}.`, {
        hint: "actor.list lists those that were.",
      });
    if (known.settled_at !== null)
      throw new Refusal("conflict", "actor.settled", `${actor} is settled: ${known.reason}`, {
        facts: { settled_at: known.settled_at.toISOString(), reason: known.reason },
      });
    const seat = name === undefined ? null : await resolveName(world.db, name);
    world.db.send(sql.actor_settle, {
      ...{ actor, reason, at: await world.at(), settled_by: caller.principal_id, principal_id: seat?.id ?? null },
    });
    if (seat) giveAlias(world.db, seat.id, actor);
    const output = { actor, seat: seat?.name ?? null };
    return { output, events: [{ kind: "actor.settled", subject: actor, data: { ...output, reason } }] };
  },
});
