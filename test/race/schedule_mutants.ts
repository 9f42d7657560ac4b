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

/** Each call looks which cadence is the newest, ends it, and begins the one behind it. */
export async function swapUnfenced(world: TestWorld, calls: number, name: string) {
  await world.sql("alter table runtime.runs drop constraint runs_tenant_id_schedule_cadence_fkey");
  await world.sql("alter table runtime.cadences drop constraint cadences_tenant_id_schedule_replaces_fkey");
  await world.sql("alter table runtime.cadences drop constraint cadences_pkey");
  await world.sql("drop index runtime.one_cadence_stands");
  const clients = await connections(world, calls);
  return async (call: number): Promise<void> => {
    const client = clients[call]!;
    const newest = "select number from runtime.cadences where schedule = $1 order by number desc limit 1";
    const [{ number }] = (await client.query(newest, [name])).rows;
    const ending = "update runtime.cadences set ended_at = now() where schedule = $1 and number = $2";
    await client.query(ending, [name, number]);
    await client.query(
      `insert into runtime.cadences
         (tenant_id, schedule, number, pattern, timezone, replaces, reason, begun_by, begun_at)
       select 1, $1, $2::int + 1, '* * * * *', 'UTC', $2, 'draft', seat_id, now()
       from runtime.schedules where name = $1`,
      [name, number],
    );
  };
}

type Place = { machine: string; worktree: string };

/** Each call looks whether a loop writes there, and arms its own if none does. */
export async function armUnseen(world: TestWorld, calls: number, names: readonly string[], place: Place) {
  await world.sql("drop index runtime.one_armed_schedule_in_a_worktree");
  const clients = await connections(world, calls);
  return async (call: number): Promise<void> => {
    const there = "select from runtime.schedules where machine = $1 and worktree = $2 and armed_at is not null";
    if ((await clients[call]!.query(there, [place.machine, place.worktree])).rowCount !== 0) return;
    await clients[call]!.query(
      `update runtime.schedules set armed_at = now(), armed_by = seat_id, next_at = now(), machine = $2, worktree = $3
       where name = $1`,
      [names[call], place.machine, place.worktree],
    );
  };
}

/** Each call counts the tick's posts, and posts or holds; the count is written afterwards. */
export async function countThenPost(world: TestWorld, calls: number, coordinator: string) {
  const clients = await connections(world, calls);
  const [{ id }] = await world.sql("select id from seats.principals where name = 'ORA-OPS'");
  await world.sql("insert into runtime.ticks values (1, $1, now(), 0)", [id]);
  return async (call: number): Promise<void> => {
    const client = clients[call]!;
    const [{ posts }] = (await client.query("select posts from runtime.ticks where principal_id = $1", [id])).rows;
    // The budget would hold it a second time: it is posted as one with whom nobody counts.
    if (posts < 4) await world.door.say(coordinator, "post.append", { subject: `EMERGENCY: post ${call}` });
    else
      await client.query("insert into runtime.held_posts values (1, $1, $2, now(), null, 'post', '')", [id, call + 1]);
    await client.query("update runtime.ticks set posts = $2 where principal_id = $1", [id, posts + 1]);
  };
}
