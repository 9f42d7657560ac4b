import { after } from "node:test";
import pg from "pg";
import type { TestWorld } from "../harness.ts";

/**
 * Counts idle cycles as a first draft does: how many there were, then one more, and never how long ago the last was.
 * Nothing in the database minds. The check of turns.test.ts must turn red on it.
 */
export async function countWithoutTime(
  world: TestWorld,
  sessions: number,
): Promise<(session: number) => Promise<void>> {
  await world.sql(
    `alter table turns.cycles drop constraint cycles_apart, drop constraint cycle_follows,
       drop constraint cycle_of_three, drop constraint first_cycle_has_none_before, drop constraint cycles_pkey`,
  );
  const clients = Array.from({ length: sessions }, () => new pg.Client(world.admin));
  // The database is dropped under them when the test is over.
  for (const client of clients) client.on("error", () => {});
  await Promise.all(clients.map((client) => client.connect()));
  after(() => Promise.all(clients.map((client) => client.end())));
  return async (session) => {
    const { rows } = await clients[session]!.query("select count(*)::integer as count from turns.cycles");
    await clients[session]!.query(
      `insert into turns.cycles (tenant_id, seat_id, cycle, incarnation, at, previous_at, snapshot)
       select 1, p.id, $1, p.incarnation, now(), null, '{}' from seats.principals p where p.name = $2`,
      [rows[0].count + 1, IDLER],
    );
  };
}

/** The seat that everybody speaks for. */
export const IDLER = "CLAUDE-CLI-BOX-RACE-01";
