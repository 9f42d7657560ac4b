import assert from "node:assert/strict";
import { describe, it } from "node:test";
import pg from "pg";
import { freshDatabase } from "../../test/harness.ts";
import { derivedPassword, migrate } from "./migrate.ts";

const admin = await freshDatabase();
const start = (config: pg.ClientConfig = admin) => migrate(config, derivedPassword(admin.password));

async function sql(text: string): Promise<any[]> {
  const client = new pg.Client(admin);
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

describe("a database that is brought up to date", () => {
  it("knows whose rows each table has, also when the start before ended too early to say so", async () => {
    const untold = `select c.oid::regclass::text as name from pg_attribute a join pg_class c on c.oid = a.attrelid
      where a.attname = 'tenant_id' and c.relkind = 'r' and a.attoptions is distinct from array['n_distinct=1']`;
    assert.deepEqual(await sql(untold), []);
    await sql("alter table tickets.tickets alter column tenant_id reset (n_distinct)");
    assert.deepEqual(await sql(untold), [{ name: "tickets.tickets" }]);
    assert.deepEqual(await start(), [], "there is nothing left to migrate");
    assert.deepEqual(await sql(untold), []);
  });

  it("is refused, and not touched, when its PostgreSQL is older than 18", async () => {
    await sql(`create schema older; create function older.current_setting(name text) returns text language sql as
      $$ select case name when 'server_version' then '17.9' when 'server_version_num' then '170009' end $$`);
    const older = { ...admin, options: "-c search_path=older,pg_catalog" };
    await assert.rejects(start(older), /needs PostgreSQL 18 or newer; this is 17\.9/);
    assert.deepEqual(await start(), []);
  });
});
