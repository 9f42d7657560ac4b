import type { Caller, Event, World } from "../../../kernel/operation.ts";
import { findTickets } from "../ticket.ts";
import { type Found, inOrder, openCollisions, type Party } from "./collision.ts";
import { knownActors } from "./sightings.ts";

/** A filing that comes out of another record: an import, a mirrored feed. */
export type Filing = Omit<Party, "ticket"> & { number: string; source: string };

/**
 * Opens a collision for each filing under a number that is here with another's other content; answers their events,
 * for each filing in order. The same filing again, or the same one's own words anew, is none.
 */
export async function refiled(world: World, caller: Caller, filings: readonly Filing[]): Promise<Event[][]> {
  if (filings.length === 0) return [];
  const [tickets, people] = await Promise.all([
    findTickets(
      world.db,
      filings.map(({ number }) => number),
    ),
    knownActors(
      world.db,
      filings.map(({ seat }) => seat),
    ),
  ]);
  const now = (await world.at()).getTime();
  const found = filings.map(({ number, source, ...filing }): Found | null => {
    const row = tickets.get(number);
    if (!row || row.title === filing.title || people.get(filing.seat)?.id === row.filed_by) return null;
    const here = { seat: row.filer, at: row.filed_at.toISOString(), title: row.title, ticket: row.id };
    const there = { ...filing, at: new Date(Math.min(Date.parse(filing.at), now)).toISOString() };
    const final = row.id === number;
    const [first, second] = final ? [here, there] : inOrder(here, there);
    return { number, pattern: "simultaneous_filing", first, second, source, ...(final ? { final } : {}) };
  });
  const opened = await openCollisions(
    world,
    caller,
    found.filter((one) => one !== null),
  );
  return found.map((one) => (one === null ? [] : opened.shift()!.events));
}
