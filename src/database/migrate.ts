import { createHash, createHmac } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { tellTenants } from "./statistics.ts";

// In a clone this file is src/database/migrate.ts, in the package it is part of dist/longwatch.js.
const inClone = new URL("../../migrations/", import.meta.url);
const directory = existsSync(inClone) ? inClone : new URL("../migrations/", import.meta.url);

/** Any number, the same in every process: only one migrates a database at a time. */
const MIGRATION_LOCK = 4_780_001;

/** transaction_timeout came with 17, pg_restore_attribute_stats with 18; and no older one is tested. */
const POSTGRESQL_MIN = 18;

export type Migration = { name: string; sql: string; digest: string };

/** The linear, forward-only history, oldest first. */
export function migrations(): Migration[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith(".sql"))
    .sort()
    .map((name) => {
      const sql = readFileSync(new URL(name, directory), "utf8");
      return { name, sql, digest: createHash("sha256").update(sql).digest("hex") };
    });
}

/**
 * Brings a database up to this version and sets the application's password.
 * `admin` may create roles and schemas. Runs twice without harm; two servers at once wait for each other.
 * Throws when PostgreSQL is too old, when the database is newer than this program, or when a migration was changed
 * after it ran.
 */
export async function migrate(admin: pg.ClientConfig, applicationPassword: string | null): Promise<string[]> {
  const client = new pg.Client(admin);
  client.on("error", () => {}); // a connection that breaks between two statements is told by the next one
  await client.connect();
  try {
    await refuseOlder(client);
    await client.query("select pg_advisory_lock($1)", [MIGRATION_LOCK]);
    await untilAlone(() => createRoles(client, applicationPassword));
    await client.query("set role longwatch_owner");
    await client.query(`create table if not exists public.longwatch_migrations (
      name text primary key, digest text not null, at timestamptz not null default statement_timestamp())`);
    const { rows } = await client.query<{ name: string; digest: string }>(
      "select name, digest from public.longwatch_migrations",
    );
    const ran: string[] = [];
    for (const migration of pending(rows)) {
      await client.query("begin");
      await client.query(migration.sql);
      await client.query("insert into public.longwatch_migrations (name, digest) values ($1, $2)", [
        migration.name,
        migration.digest,
      ]);
      await client.query("commit");
      ran.push(migration.name);
    }
    // Each time: a server that ended behind its last migration has told nothing.
    await tellTenants(client);
    return ran;
  } finally {
    await client.end();
  }
}

/** Before anything is made there: an older one would take the migrations, and fail at the first command. */
async function refuseOlder(client: pg.Client): Promise<void> {
  const { rows } = await client.query(
    "select current_setting('server_version') as version, current_setting('server_version_num')::integer as number",
  );
  if (rows[0].number < POSTGRESQL_MIN * 10_000)
    throw new Error(`Longwatch needs PostgreSQL ${POSTGRESQL_MIN} or newer; this is ${rows[0].version}.`);
}

function pending(done: readonly { name: string; digest: string }[]): Migration[] {
  const known = migrations();
  for (const { name, digest } of done) {
    const migration = known.find((one) => one.name === name);
    if (!migration)
      throw new Error(`The database has migration ${name}, which this Longwatch does not know. Start a newer version.`);
    if (migration.digest !== digest)
      throw new Error(`Migration ${name} was changed after it ran on this database. Restore the file as it was.`);
  }
  const names = new Set(done.map(({ name }) => name));
  return known.filter(({ name }) => !names.has(name));
}

/** How long other databases of the same cluster may be in the way: each needs milliseconds. */
const COLLISION_SECONDS_MAX = 10;

/**
 * Roles belong to the whole cluster, but the lock above only to this database: a Longwatch that starts on another
 * database at the same moment makes PostgreSQL refuse one of both.
 */
async function untilAlone(work: () => Promise<void>): Promise<void> {
  for (const since = Date.now(); ; await sleep(10 + Math.random() * 40)) {
    try {
      return await work();
    } catch (error) {
      const { code, message } = error as { code?: string; message: string };
      const collided = code === "42710" || code === "23505" || /tuple concurrently (updated|deleted)/.test(message);
      if (!collided || Date.now() - since > COLLISION_SECONDS_MAX * 1000) throw error;
    }
  }
}

/** longwatch_owner owns everything and cannot log in; longwatch_app works and owns nothing (hazards 0.3). */
async function createRoles(client: pg.Client, applicationPassword: string | null): Promise<void> {
  const { rows } = await client.query(
    "select rolname from pg_roles where rolname in ('longwatch_owner', 'longwatch_app')",
  );
  const there = new Set(rows.map(({ rolname }) => rolname));
  if (!there.has("longwatch_owner")) await client.query("create role longwatch_owner nologin");
  if (!there.has("longwatch_app")) await client.query("create role longwatch_app login");
  const { rows: me } = await client.query("select current_user, current_database() as database");
  const { current_user, database } = me[0];
  await client.query(`grant longwatch_owner to ${pg.escapeIdentifier(current_user)}`);
  await client.query(`grant create on database ${pg.escapeIdentifier(database)} to longwatch_owner`);
  await client.query(`grant connect on database ${pg.escapeIdentifier(database)} to longwatch_app`);
  await client.query("grant create, usage on schema public to longwatch_owner");
  for (const [setting, value] of Object.entries({ ...PLANNER, ...NETWORK }))
    await client.query(`alter role longwatch_app set ${setting} = ${value}`);
  if (applicationPassword !== null)
    await client.query(`alter role longwatch_app password ${pg.escapeLiteral(applicationPassword)}`);
}

/**
 * Every statement of ours goes by an index and is planned once a connection. Without these a plan made while a table
 * was new and unmeasured sorts a whole lane until the first ANALYZE (seen: claims at 20 ms instead of 0.5), and the
 * first five runs of each statement are planned anew, at 1 to 2 ms each.
 */
const PLANNER = {
  enable_seqscan: "off",
  enable_bitmapscan: "off",
  enable_hashjoin: "off",
  enable_mergejoin: "off",
  plan_cache_mode: "force_generic_plan",
  random_page_cost: "1.1",
  jit: "off",
};

/**
 * A server of ours that vanished, machine and all, is known to be gone after 25 s, not after the system's two hours: so
 * long it would hold the signers' locks. Within ordinary transactions it has 5 s (kernel/database.ts).
 */
const NETWORK = { tcp_keepalives_idle: "10", tcp_keepalives_interval: "5", tcp_keepalives_count: "3" };

/**
 * The application's password on an external server: made from the administrator's, so that every node of one
 * database finds the same one without a place to keep it.
 */
export function derivedPassword(administratorPassword: string): string {
  return createHmac("sha256", administratorPassword).update("longwatch_app").digest("base64url");
}
