import pg from "pg";
import type { Logger } from "pino";
import { migrate } from "./database/migrate.ts";
import { type Catalogue, catalogue } from "./kernel/catalogue.ts";
import { Database } from "./kernel/database.ts";
import { Door, type Lost } from "./kernel/door.ts";
import type { Outside } from "./kernel/ports.ts";
import { publicTenant, RecentLeaves, rememberingJournal } from "./rooms/ledger/index.ts";
import { rememberingGuidance } from "./rooms/doctrine/index.ts";
import { operations } from "./rooms/rooms.ts";
import { rememberingAuthority } from "./rooms/seats/index.ts";
import { Wakes } from "./surfaces/streams/wakes.ts";
import { version } from "./version.ts";

/** The first tenant, which a new database begins with. */
export const HOME = "home";

export type World = {
  database: Database;
  door: Door;
  wakes: Wakes;
  catalogue: Catalogue;
  home_tenant_id: number;
  /** Which installation this is: the same for all servers of one database, and for no other's. */
  installation: string;
  /** The tenant of a name whose log everyone may read; null for every other name. */
  publicLog(tenant: string): Promise<number | null>;
  /** What this process has just appended, for its signers. */
  recent: RecentLeaves;
  /** Says where the copies outside the database are, once somebody keeps them. */
  keepOutside(outside: Outside): void;
};

/**
 * Brings the database up to date and opens the door to it.
 * `admin` may create roles and schemas; the server works as longwatch_app with `applicationPassword`.
 */
export async function openWorld(options: {
  admin: pg.ClientConfig;
  applicationPassword: string | null;
  log: Logger;
  strict?: boolean;
  connections_max?: number;
  /** Told of what could not be recorded. */
  onLost?: (lost: Lost) => void;
}): Promise<World> {
  const { admin, applicationPassword, log } = options;
  const ran = await migrate(admin, applicationPassword);
  if (ran.length > 0) log.info({ migrations: ran }, "the database was brought up to date");
  const { id: home_tenant_id, installation } = await homeTenant(admin);
  const wakes = new Wakes();
  const database = new Database({
    ...admin,
    user: "longwatch_app",
    password: applicationPassword ?? undefined,
    max: options.connections_max ?? 16,
  });
  let outside: Outside | null = null;
  const recent = new RecentLeaves();
  const door = new Door({
    database,
    journal: rememberingJournal(recent),
    authority: rememberingAuthority(),
    guidance: rememberingGuidance(),
    operations,
    strict: options.strict ?? false,
    log: (error, command) => log.error({ err: error, command }, "a command failed; this is a bug"),
    outside: () => outside,
    onCommit: (tenant_id, seq) => wakes.grew(tenant_id, seq),
    onLost: options.onLost,
  });
  const keepOutside = (kept: Outside) => void (outside = kept);
  const publicLog = (tenant: string) => publicTenant(database, tenant);
  return {
    database,
    door,
    wakes,
    catalogue: catalogue(operations, version),
    home_tenant_id,
    installation,
    publicLog,
    recent,
    keepOutside,
  };
}

/** Every tenant there is. */
export async function everyTenant(database: Database): Promise<{ id: number; name: string }[]> {
  return (await database.pool.query<{ id: number; name: string }>("select id, name from kernel.every_tenant()")).rows;
}

/** The first tenant, opened if need be. Its first microsecond names the installation: dumped and restored it stays. */
async function homeTenant(admin: pg.ClientConfig): Promise<{ id: number; installation: string }> {
  const client = new pg.Client(admin);
  client.on("error", () => {}); // a connection that breaks between two statements is told by the next one
  await client.connect();
  try {
    const known = await client.query(
      "select id, to_hex((extract(epoch from created_at) * 1000000)::bigint) as installation " +
        "from kernel.tenants where name = $1",
      [HOME],
    );
    if (known.rows[0]) return known.rows[0];
    await client.query("select seats.open_tenant($1)", [HOME]);
  } catch (error) {
    // Another server of this database was first.
    if ((error as { constraint?: string }).constraint !== "tenants_name") throw error;
  } finally {
    await client.end();
  }
  return homeTenant(admin);
}
