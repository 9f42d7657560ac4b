import { randomUUID } from "node:crypto";
import { after } from "node:test";
import pg from "pg";
import type { TestWorld } from "../harness.ts";

/**
 * Known-wrong ways to do what the tickets room does. Each is what a first draft looks like and passes every test with
 * one session. The checks of tickets.test.ts must turn red on each of them, or they check nothing.
 */

/** Sessions of a mutant each have a connection: nothing lines them up as the door does. */
async function connections({ admin }: TestWorld, count: number): Promise<pg.Client[]> {
  const clients = Array.from({ length: count }, () => new pg.Client(admin));
  // The database is dropped under them when the test is over.
  for (const client of clients) client.on("error", () => {});
  await Promise.all(clients.map((client) => client.connect()));
  after(() => Promise.all(clients.map((client) => client.end())));
  return clients;
}

const HOLD = `update tickets.tickets set state = 'in_progress', claimed_by = $2, claim_token = $3, claimed_at = now(),
  lease_expires_at = now() + interval '5 minutes' where tenant_id = 1 and id = $1`;

/** Reads the next ticket, then takes it, and never asks whether it still was free. */
export async function selectThenUpdate(
  world: TestWorld,
  sessions: number,
): Promise<(session: number, lane: string) => Promise<string | null>> {
  const clients = await connections(world, sessions);
  return async (session, lane) => {
    const client = clients[session]!;
    const { rows } = await client.query(
      `select id from tickets.tickets where tenant_id = 1 and lane = $1 and state = 'awaiting_claim'
       order by priority, filed_at, id limit 1`,
      [lane],
    );
    if (!rows[0]) return null;
    await client.query(HOLD, [rows[0].id, session + 1, randomUUID()]);
    return rows[0].id;
  };
}

/** The next number is one more than the highest that is there. */
export async function highestPlusOne(
  world: TestWorld,
  sessions: number,
): Promise<(session: number, namespace: string) => Promise<string>> {
  const clients = await connections(world, sessions);
  return async (session, namespace) => {
    const client = clients[session]!;
    const { rows } = await client.query(
      `select coalesce(max(substring(id from '[0-9]+$')::int), 0) + 1 as number from tickets.tickets
       where tenant_id = 1 and namespace = $1`,
      [namespace],
    );
    const id = `${namespace}-${String(rows[0].number).padStart(4, "0")}`;
    await client.query(
      `insert into tickets.tickets (tenant_id, id, state, priority, namespace, lane, title, filed_by, filed_at)
       values (1, $1, 'awaiting_claim', 2, $2, $2, 'mutant', 1, now())`,
      [id, namespace],
    );
    return id;
  };
}

/** A ceiling of one that is counted and then relied upon, with no constraint behind it. */
export async function countedCeiling(
  world: TestWorld,
  sessions: number,
): Promise<(session: number, id: string) => Promise<boolean>> {
  await world.sql("drop index tickets.one_claim_per_surface");
  const clients = await connections(world, sessions);
  return async (session, id) => {
    const client = clients[session]!;
    const { rows } = await client.query(
      `select count(*)::int as active from tickets.tickets t
       join tickets.tickets mine on mine.tenant_id = 1 and mine.id = $1
       where t.tenant_id = 1 and t.surface_key = mine.surface_key and t.state = 'in_progress'`,
      [id],
    );
    if (rows[0].active >= 1) return false;
    await client.query(HOLD, [id, session + 1, randomUUID()]);
    return true;
  };
}
