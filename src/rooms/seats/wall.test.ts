import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sqlError, testWorld } from "../../../test/harness.ts";

const world = await testWorld();

describe("the wall between tenants", async () => {
  const opened = await world.say(world.operator, "tenant.open", { name: "second" });
  const [{ id: second }] = await world.sql("select id from kernel.tenants where name = 'second'");
  const tables: { table: string }[] = await world.sql(`select c.oid::regclass::text as table from pg_class c
    join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped
    where c.relkind in ('r', 'p') order by 1`);

  it("stands around every table that has tenant_id, and every other table is known by name", async () => {
    assert.ok(tables.length >= 11, "the catalogue was read");
    const open = await world.sql(`select c.oid::regclass::text as table from pg_class c
      join pg_namespace n on n.oid = c.relnamespace
      where c.relkind in ('r', 'p') and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
        and not exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id') order by 1`);
    // The tenants themselves are walled by their id; the migrations are not the application's to see.
    assert.deepEqual(
      open.map(({ table }) => table),
      ["kernel.tenants", "longwatch_migrations"],
    );
    const unwalled = await world.sql(
      `select c.oid::regclass::text as table from pg_class c where not c.relrowsecurity
      and c.oid = any ($1::regclass[])`,
      [tables.map(({ table }) => table)],
    );
    assert.deepEqual(unwalled, []);
    const policies = await world.sql(`select polrelid::regclass::text as table from pg_policy where polpermissive
      and pg_get_expr(polqual, polrelid) = '(tenant_id = kernel.tenant())' and polroles = '{0}'
      and (polwithcheck is null or pg_get_expr(polwithcheck, polrelid) = '(tenant_id = kernel.tenant())')
      and polcmd = '*'`);
    assert.deepEqual(policies.map(({ table }) => table).sort(), tables.map(({ table }) => table).sort());
  });

  it("is the first column of every primary, unique and foreign key", async () => {
    const others = await world.sql(`select i.indexrelid::regclass::text as key from pg_index i
      join pg_attribute a on a.attrelid = i.indrelid and a.attname = 'tenant_id'
      where i.indisunique and i.indkey[0] <> a.attnum
      union all
      select f.conrelid::regclass || '.' || f.conname from pg_constraint f
      join pg_attribute a on a.attrelid = f.conrelid and a.attname = 'tenant_id'
      where f.contype = 'f' and (f.conkey[1] <> a.attnum or f.confrelid <> 'kernel.tenants'::regclass
        and (select t.attname from pg_attribute t where t.attrelid = f.confrelid and t.attnum = f.confkey[1])
          <> 'tenant_id')`);
    // A token finds its tenant, so its hash alone has to be unique.
    assert.deepEqual(
      others.map(({ key }) => key),
      ["seats.tokens_hash"],
    );
  });

  it("shows a session of one tenant no row of another, and lets it write none", async () => {
    await fillTenant(world.operator);
    await fillTenant(opened.token);
    const filled = [];
    for (const { table } of tables) {
      const [{ count }] = await world.sql(`select count(*)::int from ${table} where tenant_id = 1`);
      if (count > 0) filled.push(table);
      const see = `select count(*) filter (where tenant_id <> ${second})::int as foreign, count(*)::int as own
        from ${table}`;
      const [seen] = await world.asApplication(see, [], second);
      assert.equal(seen.foreign, 0, table);
      if (count > 0) assert.ok(seen.own > 0, `${table} shows the session its own rows`);
      const [row] = await world.sql(`select to_jsonb(t) as row from ${table} t where tenant_id = 1 limit 1`);
      const [{ columns }] = await world.sql(
        `select string_agg(quote_ident(attname), ', ' order by attnum) as columns from pg_attribute
         where attrelid = $1::regclass and attnum > 0 and not attisdropped and attgenerated = ''`,
        [table],
      );
      const insert = `insert into ${table} (${columns}) overriding system value
        select ${columns} from jsonb_populate_record(null::${table}, $1)`;
      const error = await sqlError(world.asApplication(insert, [row?.row ?? { tenant_id: 1 }], second));
      assert.equal(error.code, "42501", `${table}: ${error.message}`);
      for (const statement of [
        `update ${table} set tenant_id = 1`,
        `delete from ${table} where tenant_id = 1 returning 1`,
      ]) {
        const outcome = await world.asApplication(statement, [], second).catch((refused) => refused);
        assert.ok(
          Array.isArray(outcome) ? outcome.length === 0 : outcome.code === "42501",
          `${table}: ${outcome.message}`,
        );
      }
    }
    assert.ok(filled.length >= 11, filled.join());
    assert.deepEqual(await world.asApplication("select name from kernel.tenants", [], second), [{ name: "second" }]);
  });

  it("fails a session that names no tenant, instead of showing it all", async () => {
    for (const { table } of [...tables, { table: "kernel.tenants" }]) {
      const read = await sqlError(world.asApplication(`reset longwatch.tenant_id; select * from ${table}`, undefined));
      assert.ok(["42704", "22P02"].includes(read.code), `${table}: ${read.code}`);
    }
    const after =
      "begin; set local longwatch.tenant_id = 1; commit; reset longwatch.tenant_id; select * from tickets.tickets";
    assert.ok((await sqlError(world.asApplication(after))).code);
  });

  it("is not the application's to take down: its role owns nothing and may do nothing special", async () => {
    const [role] = await world.sql(`select rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication,
      pg_has_role('longwatch_app', 'longwatch_owner', 'member') as member
      from pg_roles where rolname = 'longwatch_app'`);
    assert.ok(
      Object.values(role).every((value) => value === false),
      JSON.stringify(role),
    );
    const owned =
      await world.sql(`select count(*)::int as count from pg_shdepend d join pg_roles r on r.oid = d.refobjid
      where r.rolname = 'longwatch_app' and d.deptype = 'o'`);
    assert.deepEqual(owned, [{ count: 0 }]);
    for (const statement of [
      "alter table seats.tokens disable row level security",
      "drop policy own_tenant on tickets.tickets",
      "set role longwatch_owner",
      "create table public.mine (x int)",
      "truncate tickets.links",
      "select * from longwatch_migrations",
      "update ledger.heads set seq = 0",
    ])
      assert.equal((await sqlError(world.asApplication(statement))).code, "42501", statement);
  });

  it("stands at the door too: names and tickets of another tenant are as if they were not", async () => {
    await world.say(world.operator, "ticket.file", { namespace: "WAL", title: "home's own" });
    await world.seat("Home-Only");
    assert.equal((await world.ask(opened.token, "ticket.list")).tickets.length, 2);
    await assert.rejects(world.door.ask(opened.token, "ticket.show", { id: "WAL-0003" }), { code: "ticket.unknown" });
    await assert.rejects(world.door.ask(opened.token, "seat.find", { name: "Home-Only" }), { code: "seat.unknown" });
    const { entries } = await world.ask(opened.token, "feed.read", { limit: 1000 });
    assert.ok(entries.every(({ data }: { data: object }) => !JSON.stringify(data).includes("home's own")));
  });

  it("is opened by the first tenant's operator alone, once for each name", async () => {
    assert.equal((await world.refused(opened.token, "tenant.open", { name: "third" })).code, "tenant.not_first");
    assert.equal((await world.refused(world.operator, "tenant.open", { name: "second" })).code, "tenant.exists");
    const refusal = await sqlError(world.asApplication(`select seats.first_token(${second}, sha256('x'), 1)`));
    assert.equal(refusal.code, "LW003");
  });

  async function fillTenant(operator: string) {
    const { token } = await world.say(operator, "seat.adopt", { name: "Waller" });
    await world.say(operator, "namespace.define", { prefix: "WAL", format: "WAL-NNNN" });
    await world.say(token, "ticket.file", { namespace: "WAL", title: "a wall" }, "file-a-wall");
    const ticket = { namespace: "WAL", title: "an old wall", filed_at: "2026-01-01T00:00:00Z" };
    await world.say(operator, "ticket.import", { ...ticket, alias: "old-1" });
    await world.say(token, "ticket.link", { id: "WAL-0001", target: "old-1" });
    const post = { source_ref: "p1", author: "somebody", said_at: "2026-01-01T00:00:00Z", subject: "an old post" };
    await world.say(operator, "post.import", post);
    await world.say(token, "post.append", { subject: "a personal post", personal: true });
  }
});
