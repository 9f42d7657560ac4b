import { z } from "zod";
import type { Reader } from "../../../kernel/database.ts";
import { query, roles } from "../../../kernel/operation.ts";
import { statements } from "../../../kernel/sql.ts";
import { WAITING_TYPES } from "../links.ts";
import { findTickets, idsIn } from "../ticket.ts";

const sql = statements("tickets/collisions", "open_ids", "waits_of");

/** How a ticket waits for another: by a link, as a parent for its child, or in the words that it is blocked with. */
export type Way = "link" | "child" | "words";

/** Which open tickets wait for which open tickets. */
export type Waits = Map<string, Map<string, Way>>;

type Edge = { id: string; awaited: string; by: Way };

/** Words may name a ticket by any of its names. */
async function edgesOf(db: Reader, ids: readonly string[]): Promise<Edge[]> {
  const rows = await db.all<{ id: string; awaited: string | null; by: Way; words: string | null }>(sql.waits_of, {
    ids,
    waiting_types: WAITING_TYPES,
  });
  const named = (words: string | null) => (words === null ? [] : idsIn(words));
  const found = await findTickets(
    db,
    rows.flatMap(({ words }) => named(words)),
  );
  return rows
    .flatMap(({ id, awaited, by, words }): Edge[] =>
      awaited === null
        ? named(words).flatMap((ref) => (found.has(ref) ? [{ id, awaited: found.get(ref)!.id, by }] : []))
        : [{ id, awaited, by }],
    )
    .filter(({ id, awaited }) => id !== awaited);
}

/**
 * What these tickets wait for, as if they were open, and those in turn, as far as it goes: the rest of the queue costs
 * nothing.
 */
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
      if (row === undefined || (!waits.has(awaited) && (row.state === "done" || row.state === "cancelled"))) continue;
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

/** One way round in each knot, in which each waits for the others: the shortest through its smallest id. */
export function cyclesIn(waits: Waits): string[][] {
  const rounds = knotsIn(waits).map((knot) => shortestBack(waits, knot));
  return rounds.sort(([a], [b]) => (a! < b! ? -1 : 1));
}

/** Tarjan's strongly connected components, those of more than one. Each ticket and each wait is looked at once. */
function knotsIn(waits: Waits): Set<string>[] {
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const open: string[] = [];
  const isOpen = new Set<string>();
  const knots: Set<string>[] = [];
  const lower = (id: string, to: number) => lowest.set(id, Math.min(lowest.get(id)!, to));
  const entered = (id: string) => {
    lowest.set(id, order.size);
    order.set(id, order.size);
    open.push(id);
    isOpen.add(id);
    return { id, left: (waits.get(id) ?? new Map<string, Way>()).keys() };
  };
  for (const root of waits.keys()) {
    const path = order.has(root) ? [] : [entered(root)];
    for (let step = path.at(-1); step !== undefined; step = path.at(-1)) {
      const { id, left } = step;
      const next = left.next();
      if (next.done !== true) {
        if (!order.has(next.value)) path.push(entered(next.value));
        else if (isOpen.has(next.value)) lower(id, order.get(next.value)!);
        continue;
      }
      path.pop();
      if (path.length > 0) lower(path.at(-1)!.id, lowest.get(id)!);
      if (lowest.get(id) !== order.get(id)) continue;
      const knot = new Set<string>();
      while (!knot.has(id)) knot.add(open.pop()!);
      for (const one of knot) isOpen.delete(one);
      if (knot.size > 1) knots.push(knot);
    }
  }
  return knots;
}

/** The shortest way from a knot's smallest ticket back to itself. */
function shortestBack(waits: Waits, knot: ReadonlySet<string>): string[] {
  const from = [...knot].reduce((a, b) => (a < b ? a : b));
  const cameFrom = new Map<string, string>();
  // Each level is one wait farther away; the list grows while it is gone through.
  const reached = [from];
  for (const id of reached)
    for (const awaited of waits.get(id)!.keys()) {
      if (awaited === from) {
        const way = [id];
        while (way[0] !== from) way.unshift(cameFrom.get(way[0]!)!);
        return way;
      }
      if (!knot.has(awaited) || cameFrom.has(awaited)) continue;
      cameFrom.set(awaited, id);
      reached.push(awaited);
    }
  throw new Error(`no way leads back to ${from}`);
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
