import { after } from "node:test";
import pg from "pg";
import type { TestWorld } from "../harness.ts";

/**
 * Known-wrong ways to open and to rule on collisions, as a first draft has them. The checks of collisions.test.ts must
 * turn red on each of them, or they check nothing.
 */

async function connections({ admin }: TestWorld, count: number): Promise<pg.Client[]> {
  const clients = Array.from({ length: count }, () => new pg.Client(admin));
  // The database is dropped under them when the test is over.
  for (const client of clients) client.on("error", () => {});
  await Promise.all(clients.map((client) => client.connect()));
  after(() => Promise.all(clients.map((client) => client.end())));
  return clients;
}

/** Looks whether a collision is known, then writes it; nothing in the database minds a second. */
export async function lookThenOpen(
  world: TestWorld,
  sessions: number,
): Promise<(session: number, number: string) => Promise<void>> {
  await world.sql("alter table tickets.collisions drop constraint collision_once");
  const clients = await connections(world, sessions);
  return async (session, number) => {
    const client = clients[session]!;
    const { rows } = await client.query("select from tickets.collisions where digest = $1", [number]);
    if (rows.length > 0) return;
    await client.query(
      `insert into tickets.collisions (tenant_id, id, number, pattern, first_seat, first_at, first_title, second_seat,
         second_at, second_title, final, source, digest, opened_at, opened_by)
       values (1, $1, $2, 'reservation', 'a', now(), 'x', 'b', now(), 'y', true, 's', $2, now(), 1)`,
      [1000 * (session + 1) + Number(number.slice(-3)), number],
    );
  };
}

/** Reads who waits before it takes the lock under which others write, and rules by what it read then. */
export async function readThenRule(
  world: TestWorld,
): Promise<(id: string, meanwhile: () => Promise<void>) => Promise<void>> {
  const [client] = await connections(world, 1);
  return async (id, meanwhile) => {
    const { rows } = await client!.query("select ticket_id from tickets.links where target_id = $1", [id]);
    await meanwhile();
    await client!.query("begin");
    await client!.query("select from ledger.heads for update");
    if (rows.length === 0)
      await client!.query("update tickets.tickets set state = 'cancelled', closed_at = now() where id = $1", [id]);
    await client!.query("commit");
  };
}
