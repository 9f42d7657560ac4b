import { after } from "node:test";
import pg from "pg";
import type { TestWorld } from "../harness.ts";

/**
 * Known-wrong ways to record what is known of a DONE, as a first draft has them. The checks of receipts.test.ts must
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

/** Looks whether there is a receipt, then writes one; nothing in the database minds a second. */
export async function lookThenGive(
  world: TestWorld,
  sessions: number,
): Promise<(session: number, id: string) => Promise<boolean>> {
  await world.sql("drop index tickets.one_receipt_for_each_stage");
  const clients = await connections(world, sessions);
  return async (session, id) => {
    const client = clients[session]!;
    const { rows } = await client.query(
      "select from tickets.receipts where ticket_id = $1 and stage = 'merged' and withdrawn_at is null",
      [id],
    );
    if (rows.length > 0) return false;
    const row = "(tenant_id, ticket_id, stage, round, at, by_id) values (1, $1, 'merged', $2, now(), 1)";
    await client.query(`insert into tickets.receipts ${row}`, [id, session + 1]);
    return true;
  };
}

/** Settles by the ticket's id alone: whose verification it was, and whether it still is one, is not asked. */
export async function settleUnfenced(
  world: TestWorld,
): Promise<(id: string, fencing_token: string) => Promise<boolean>> {
  const [client] = await connections(world, 1);
  return async (id) => {
    const { rowCount } = await client!.query(
      `update tickets.deliverables set state = 'verified', settled_at = now(), runner_id = null, fencing_token = null,
         lease_expires_at = null where tenant_id = 1 and ticket_id = $1`,
      [id],
    );
    return rowCount === 1;
  };
}
