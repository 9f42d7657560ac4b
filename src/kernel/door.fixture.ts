import { after } from "node:test";
import type pg from "pg";
import type { TestWorld } from "../../test/harness.ts";
import { derivedPassword } from "../database/migrate.ts";
import { journal } from "../rooms/ledger/index.ts";
import { operations } from "../rooms/rooms.ts";
import { rememberingAuthority } from "../rooms/seats/index.ts";
import { Wakes } from "../surfaces/streams/wakes.ts";
import { Database, type DatabaseOptions } from "./database.ts";
import { Door, type DoorOptions } from "./door.ts";
import type { Operation } from "./operation.ts";

/** How the application connects to a test's database. */
export function applicationConfig({ admin }: Pick<TestWorld, "admin">): pg.PoolConfig {
  return { ...admin, user: "longwatch_app", password: derivedPassword(admin.password as string) };
}

/**
 * Another node of the same installation: a door with a pool, a memory and wakes of its own on the same database.
 * Closed when the file's tests are over.
 */
export function anotherDoor(
  world: Pick<TestWorld, "admin">,
  { pool, extra, ...options }: Partial<DoorOptions> & { pool?: DatabaseOptions; extra?: Operation[] } = {},
) {
  const database = new Database({ ...applicationConfig(world), max: 4, ...pool });
  const wakes = new Wakes();
  const door = new Door({
    database,
    journal,
    authority: rememberingAuthority(),
    operations: [...operations, ...(extra ?? [])],
    strict: true,
    onCommit: (tenant_id, seq) => wakes.grew(tenant_id, seq),
    ...options,
  });
  after(async () => {
    await door.close();
    await database.end();
  });
  return { door, database, wakes };
}

/** The refusal's code, or "accepted". Anything else that was thrown is thrown on. */
export function codeOf(outcome: Promise<unknown>): Promise<string> {
  return outcome.then(
    () => "accepted",
    (error) => {
      if (typeof error.code === "string" && error.name === "Refusal") return error.code;
      throw error;
    },
  );
}

/** How often each value occurs. */
export function tally(values: readonly string[]): { [value: string]: number } {
  const counts: { [value: string]: number } = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}
