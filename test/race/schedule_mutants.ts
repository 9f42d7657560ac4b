import { after } from "node:test";
import pg from "pg";
import type { TestWorld } from "../harness.ts";

/** Known-wrong ways to run a schedule, as a first draft has them, without the constraints that refuse them. */

async function connections({ admin }: TestWorld, count: number): Promise<pg.Client[]> {
  const clients = Array.from({ length: count }, () => new pg.Client(admin));
  // The database is dropped under them when the test is over.
  for (const client of clients) client.on("error", () => {});
  await Promise.all(clients.map((client) => client.connect()));
  after(() => Promise.all(clients.map((client) => client.end())));
  return clients;
}

/** Each node reads what is due, and then makes the runs. */
export async function lookThenFire(world: TestWorld, calls: number): Promise<(call: number) => Promise<void>> {
  await world.sql("alter table runtime.runs drop constraint one_run_for_an_instant");
  await world.sql("drop index runtime.one_run_waits");
  const clients = await connections(world, calls);
  return async (call) => {
    const { rows } = await clients[call]!.query("select name, next_at, seat_id from runtime.schedules");
    for (const { name, next_at, seat_id } of rows)
      await clients[call]!.query(
        `insert into runtime.runs (tenant_id, schedule, number, cadence, due_at, fired_at, missed, seat_id)
         values (1, $1, $2, 1, $3, now(), 0, $4)`,
        [name, call + 1, next_at, seat_id],
      );
  };
}

/** Each call takes all that waits, and asks nobody what the session is at. */
export async function takeUnfenced(world: TestWorld, calls: number): Promise<(call: number) => Promise<void>> {
  await world.sql("drop index runtime.one_prompt_a_run");
  const clients = await connections(world, calls);
  return async (call) => {
    await clients[call]!.query(
      "update runtime.runs set taken_by = gen_random_uuid(), taken_at = now() where taken_at is null",
    );
  };
}
