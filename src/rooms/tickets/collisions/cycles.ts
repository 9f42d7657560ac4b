import { z } from "zod";
import type { Reader } from "../../../kernel/database.ts";
import { query, roles } from "../../../kernel/operation.ts";
import { statements } from "../../../kernel/sql.ts";
import { WAITING_TYPES } from "../links.ts";
import { findTickets } from "../ticket.ts";

const sql = statements("tickets/collisions", "open_ids", "waits_of");

/** How a ticket waits for another: by a link, as a parent for its child, or in the words that it is blocked with. */
export type Way = "link" | "child" | "words";

/** Which open tickets wait for which open tickets. */
export type Waits = Map<string, Map<string, Way>>;

const ID = /(?<![A-Za-z0-9-])[A-Z][A-Z0-9]{0,11}-\d+(?:-\d+)*(?![A-Za-z0-9])/g;

/** The ids of tickets that a text names. */
export function idsIn(words: string): string[] {
  return [...words.matchAll(ID)].map(([id]) => id);
}

async function edgesOf(db: Reader, ids: readonly string[]): Promise<{ id: string; awaited: string; by: Way }[]> {
  const rows = await db.all<{ id: string; awaited: string | null; by: Way; words: string | null }>(sql.waits_of, {
    ids,
    waiting_types: WAITING_TYPES,
  });
  return rows
    .flatMap(({ id, awaited, by, words }) =>
      awaited === null ? idsIn(words!).map((named) => ({ id, awaited: named, by })) : [{ id, awaited, by }],
    )
    .filter(({ id, awaited }) => id !== awaited);
}

/** What these open tickets wait for, and those in turn, as far as it goes: the rest of the queue costs nothing. */
export async function waitsFrom(db: Reader, roots: readonly string[]): Promise<Waits> {
  const waits: Waits = new Map(roots.map((id) => [id, new Map()]));
  for (let frontier = [...waits.keys()]; frontier.length > 0;) {
    const edges = await edgesOf(db, frontier);
    const found = await findTickets(
      db,
      edges.map(({ awaited }) => awaited),
    );
    frontier = [];
    for (const { id, awaited, by } of edges) {
      const row = found.get(awaited);
      if (row === undefined || row.id !== awaited || row.state === "done" || row.state === "cancelled") continue;
      waits.get(id)!.set(awaited, by);
      if (waits.has(awaited)) continue;
      waits.set(awaited, new Map());
      frontier.push(awaited);
    }
  }
  return waits;
}

async function everyWait(db: Reader): Promise<Waits> {
  const ids = (await db.all<{ id: string }>(sql.open_ids)).map(({ id }) => id);
  const waits: Waits = new Map(ids.map((id) => [id, new Map()]));
  for (const { id, awaited, by } of await edgesOf(db, ids)) if (waits.has(awaited)) waits.get(id)!.set(awaited, by);
  return waits;
}

/**
 * The knots in which each waits for the others, one way round for each: the shortest through its smallest id. What
 * waits for a knot is not in it.
 */
export function cyclesIn(waits: Waits): string[][] {
  const awaitedBy = turned(waits);
  const seen = new Set<string>();
  const cycles: string[][] = [];
  for (const id of knotted(waits, awaitedBy)) {
    if (seen.has(id)) continue;
    const cycle = shortestBack(waits, id);
    if (cycle === null) continue;
    const behind = reachable(awaitedBy, id);
    for (const other of reachable(waits, id)) if (behind.has(other)) seen.add(other);
    cycles.push(cycle);
  }
  return cycles;
}

function turned(waits: Waits): Waits {
  const awaitedBy: Waits = new Map([...waits.keys()].map((id) => [id, new Map()]));
  for (const [id, awaited] of waits) for (const [one, way] of awaited) awaitedBy.get(one)?.set(id, way);
  return awaitedBy;
}

/** What is left when everything is taken away that waits for nothing that is left, in the order of the ids. */
function knotted(waits: Waits, awaitedBy: Waits): string[] {
  const counts = new Map([...waits].map(([id, awaited]) => [id, awaited.size]));
  const free = [...counts].filter(([, count]) => count === 0).map(([id]) => id);
  for (let id = free.pop(); id !== undefined; id = free.pop()) {
    counts.delete(id);
    for (const waiter of awaitedBy.get(id)!.keys()) {
      counts.set(waiter, counts.get(waiter)! - 1);
      if (counts.get(waiter) === 0) free.push(waiter);
    }
  }
  return [...counts.keys()].sort();
}

function reachable(waits: Waits, from: string): Set<string> {
  const seen = new Set<string>();
  const open = [from];
  for (let id = open.pop(); id !== undefined; id = open.pop())
    for (const next of waits.get(id)?.keys() ?? [])
      if (!seen.has(next)) {
        seen.add(next);
        open.push(next);
      }
  return seen;
}

/** The shortest way from a ticket back to itself; null when there is none. */
function shortestBack(waits: Waits, from: string): string[] | null {
  const cameFrom = new Map<string, string>();
  let level = [from];
  while (level.length > 0) {
    const next: string[] = [];
    for (const id of level)
      for (const awaited of waits.get(id)?.keys() ?? []) {
        if (awaited === from) {
          const way = [id];
          while (way[0] !== from) way.unshift(cameFrom.get(way[0]!)!);
          return way;
        }
        if (cameFrom.has(awaited)) continue;
        cameFrom.set(awaited, id);
        next.push(awaited);
      }
    level = next;
  }
  return null;
}

/** Every cycle among the open tickets. */
export async function everyCycle(db: Reader): Promise<string[][]> {
  return cyclesIn(await everyWait(db));
}

export const cycles = query({
  name: "ticket.cycles",
  summary: "Name every cycle of open tickets that wait for each other; ticket.rule breaks one.",
  input: z.object({}),
  output: z.object({
    cycles: z.array(z.array(z.string())).describe("Each ticket waits for the next, and the last for the first."),
  }),
  may: roles,
  said_by: "programs",
  refuses: [],
  async read({ db }) {
    return { cycles: await everyCycle(db) };
  },
});
