import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import pg from "pg";
import { sqlError, testWorld } from "../../../test/harness.ts";
import { applicationConfig } from "../../kernel/door.fixture.ts";
import { entryHash, GENESIS } from "./chain.ts";

/**
 * Every way into the ledger's tables that we know of, with who takes it and what PostgreSQL answers (hazards 0.3).
 * What the owner and a superuser can do in spite of all stands here as well, and in README.md: we claim no more.
 */
const world = await testWorld();
await world.say(world.operator, "tenant.open", { name: "second" });
await Promise.all([1, 2, 3].map((n) => world.say(world.operator, "post.append", { subject: `post ${n}` })));
const HEAD = (await world.sql("select seq, hash from ledger.heads where tenant_id = 1"))[0] as {
  seq: number;
  hash: Buffer;
};
const older = (
  await world.sql("select entry_hash from ledger.entries where tenant_id = 1 and seq = $1", [HEAD.seq - 1])
)[0];

type Row = { tenant_id?: number; seq: number; hash: Buffer; leaf?: Buffer };
const LEAF = Buffer.from("{}");
const hex = (bytes: Buffer) => `'\\x${bytes.toString("hex")}'`;
const tuple = ({ tenant_id = 1, seq, hash, leaf = LEAF }: Row) =>
  `(${tenant_id}, ${seq}, now(), 'x', 1, null, ${hex(leaf)}, ${hex(hash)})`;
const insert = (...rows: Row[]) => `insert into ledger.entries values ${rows.map(tuple).join(", ")}`;

const one = { seq: HEAD.seq + 1, hash: entryHash(HEAD.hash, LEAF) };
const two = { seq: HEAD.seq + 2, hash: entryHash(one.hash, LEAF) };
const foreign = { tenant_id: 2, seq: 1, hash: entryHash(GENESIS, LEAF) };
const orphan = { tenant_id: 99, seq: 1, hash: entryHash(GENESIS, LEAF) };
const again = { seq: HEAD.seq, hash: HEAD.hash };
const large = Buffer.alloc(65_536, 0x20);

/** What no way of writing gets past, whoever writes: the chain itself. */
const badChains: [way: string, sql: string, code: string][] = [
  ["append with a gap", insert(two), "LW001"],
  ["append with a gap inside the batch", insert(one, { ...two, seq: two.seq + 1 }), "LW001"],
  ["append with a wrong hash", insert({ ...one, hash: two.hash }), "LW001"],
  ["append to an older entry (a fork)", insert({ ...one, hash: entryHash(older.entry_hash, LEAF) }), "LW001"],
  ["append two with their hashes swapped", insert({ ...one, hash: two.hash }, { ...two, hash: one.hash }), "LW001"],
  [
    "append in halves of one statement with a gap",
    `with a as (${insert(one)}) ${insert({ ...two, seq: two.seq + 1 })}`,
    "LW001",
  ],
  ["append under a number that is taken (a fork)", insert(again), "23505"],
  [
    "append an entry longer than a tile's entry",
    insert({ ...one, leaf: large, hash: entryHash(HEAD.hash, large) }),
    "23514",
  ],
  [
    "append an empty entry",
    insert({ ...one, leaf: Buffer.alloc(0), hash: entryHash(HEAD.hash, Buffer.alloc(0)) }),
    "23514",
  ],
];
const upsert = `${insert(again)} on conflict (tenant_id, seq) do update set kind = 'changed'`;
const merge = `merge into ledger.entries e using (values (1)) v on e.tenant_id = 1 and e.seq = 1
  when matched then update set kind = 'changed'`;
const changes: [way: string, sql: string][] = [
  ["update", "update ledger.entries set kind = 'changed' where seq = 1"],
  ["delete", "delete from ledger.entries where seq = 1"],
  ["truncate", "truncate ledger.entries"],
  ["merge", merge],
  ["on conflict do update", upsert],
];
const rewritten =
  "create or replace function ledger.extend_chain() returns trigger language plpgsql as 'begin return null; end'";

describe("longwatch_app", () => {
  const noRight: [way: string, sql: string][] = [
    ...changes,
    ["append to another tenant", insert(foreign)],
    ["append to a second tenant in one statement", insert(one, foreign)],
    ["append to a tenant that does not exist", insert(orphan)],
    ["lock an entry", "select from ledger.entries for update"],
    ["lock everybody out", "begin; lock table ledger.entries in access exclusive mode"],
    ["move heads.seq", "update ledger.heads set seq = 0"],
    ["move heads.hash", "update ledger.heads set hash = decode(repeat('00', 32), 'hex')"],
    ["delete the head", "delete from ledger.heads"],
    ["insert a head", "insert into ledger.heads (tenant_id) values (2)"],
    ["disable the triggers", "alter table ledger.entries disable trigger all"],
    ["disable one trigger", "alter table ledger.entries disable trigger extend_chain"],
    ["drop a trigger", "drop trigger refuse_change on ledger.entries"],
    ["add a trigger", "create trigger t before insert on ledger.entries execute function ledger.refuse_change()"],
    ["add a rule", "create rule r as on insert to ledger.entries do instead nothing"],
    ["set session_replication_role", "set session_replication_role = replica"],
    ["rewrite a column", "alter table ledger.entries alter column kind type text using 'changed'"],
    ["drop a column", "alter table ledger.entries drop column leaf"],
    ["drop the table", "drop table ledger.entries"],
    ["replace the trigger's function", rewritten],
    ["put rows into a child table", "create temp table child () inherits (ledger.entries)"],
    ["open the wall", "alter table ledger.entries disable row level security"],
    ["become the owner", "set role longwatch_owner"],
    ["read past the wall", "set row_security = off; select from ledger.entries"],
    ["write the server's files", "copy (select 1) to program 'true'"],
  ];
  for (const [way, sql] of noRight)
    it(`cannot ${way} (42501)`, async () => {
      assert.equal((await sqlError(world.asApplication(sql))).code, "42501");
    });

  for (const [way, sql, code] of badChains)
    it(`cannot ${way} (${code})`, async () => assert.equal((await sqlError(world.asApplication(sql))).code, code));

  it("gains nothing by granting itself more, which is only a warning, and may do what it may and no more", async () => {
    await world.asApplication("grant update, delete on ledger.entries, ledger.heads to longwatch_app");
    // Of what holds the record; golden/schema.sql has the rights to all other tables.
    const record = "table_schema = 'ledger' and table_name in ('entries', 'heads', 'payloads')";
    const rights =
      await world.sql(`select table_name || ' ' || privilege_type as may from information_schema.table_privileges
      where ${record} and grantee in ('longwatch_app', 'PUBLIC') order by 1`);
    assert.deepEqual(
      rights.map(({ may }) => may),
      ["entries INSERT", "entries SELECT", "heads SELECT", "payloads DELETE", "payloads INSERT", "payloads SELECT"],
    );
    const columns =
      await world.sql(`select table_name || '.' || column_name as may from information_schema.column_privileges
      where ${record} and grantee in ('longwatch_app', 'PUBLIC') and privilege_type = 'UPDATE'`);
    assert.deepEqual(
      columns.map(({ may }) => may),
      ["heads.authority_revision"],
    );
  });

  it("cannot append without naming its tenant", async () => {
    const error = await sqlError(world.asApplication(`reset longwatch.tenant_id; ${insert(one)}`));
    assert.ok(["42704", "22P02"].includes(error.code), error.code);
  });

  it("cannot make the owner's functions run its own code by shadowing names in pg_temp", async () => {
    const client = new pg.Client(applicationConfig(world));
    await client.connect();
    after(() => client.end());
    await client.query("select set_config('longwatch.tenant_id', '1', false)");
    await client.query(`create function pg_temp.evil(v pg_catalog.bytea) returns boolean language plpgsql as
      $$ begin raise 'evil ran as %', current_user using errcode = 'EVIL0'; end $$`);
    await client.query(
      "create temp table fresh (tenant_id int, seq int); create temp table heads (tenant_id int, seq int)",
    );
    for (const type of ["bytea", "text"])
      await client.query(`create domain pg_temp.${type} as pg_catalog.bytea check (pg_temp.evil(value))`);
    // The application's own cast finds its own type; the trigger's must not.
    assert.equal((await sqlError(client.query("select '\\x02'::pg_temp.bytea"))).code, "EVIL0");
    assert.equal((await sqlError(client.query(insert(two)))).code, "LW001");
    await client.query(`begin; ${insert(one)}; rollback`);
  });

  it("finds pg_temp last in every function that runs with the owner's rights", async () => {
    const functions = await world.sql(`select p.oid::regprocedure::text as name, p.proconfig from pg_proc p
      join pg_namespace n on n.oid = p.pronamespace
      where p.prosecdef and n.nspname not in ('pg_catalog', 'information_schema')`);
    assert.ok(functions.length >= 5);
    for (const { name, proconfig } of functions) assert.deepEqual(proconfig, ["search_path=pg_catalog, pg_temp"], name);
  });

  it("can append a well-formed entry that says anything: what it says is the server's word", async () => {
    await world.asApplication(`begin; ${insert(one, two)}; rollback`);
  });
});

for (const [who, role] of [
  ["the owner", "longwatch_owner"],
  ["a superuser", "none"],
] as const)
  describe(who, () => {
    /** Runs statements as this role in a transaction that is undone; answers the last one's rows. */
    async function trying(...statements: string[]): Promise<any[]> {
      const client = new pg.Client(world.admin);
      await client.connect();
      try {
        await client.query(`set role ${role}; begin`);
        let rows: any[] = [];
        for (const statement of statements) rows = (await client.query(statement)).rows;
        return rows;
      } finally {
        await client.end();
      }
    }
    const kinds = "select distinct kind from ledger.entries where tenant_id = 1";
    const update = "update ledger.entries set kind = 'changed'";

    for (const [way, sql] of changes)
      it(`is stopped by the trigger: ${way} (LW002)`, async () =>
        assert.equal((await sqlError(trying(sql))).code, "LW002"));
    for (const [way, sql, code] of badChains)
      it(`is stopped: ${way} (${code})`, async () => assert.equal((await sqlError(trying(sql))).code, code));
    it("is stopped: append two tenants' chains by one statement (LW001)", async () => {
      for (const rows of [[one, foreign], [one, orphan], [one, { ...orphan, seq: one.seq + 1 }], [orphan]])
        assert.equal((await sqlError(trying(insert(...rows)))).code, "LW001");
    });

    if (who === "the owner")
      it("cannot set session_replication_role (42501)", async () => {
        assert.equal((await sqlError(trying("set session_replication_role = replica"))).code, "42501");
      });
    else {
      it("is stopped by the triggers in session_replication_role = replica too: they are ENABLE ALWAYS", async () => {
        const replica = "set session_replication_role = replica";
        assert.equal((await sqlError(trying(replica, insert(two)))).code, "LW001");
        for (const [, sql] of changes) assert.equal((await sqlError(trying(replica, sql))).code, "LW002");
      });
      it("CAN switch a trigger off in the catalogue and then change entries", async () => {
        const off = "update pg_trigger set tgenabled = 'D' where tgrelid = 'ledger.entries'::regclass";
        assert.deepEqual(await trying(off, update, kinds), [{ kind: "changed" }]);
      });
    }

    // These are claims about what is NOT prevented; only an anchor outside the database sees them.
    const gutted =
      "create or replace function ledger.refuse_change() returns trigger language plpgsql as 'begin return new; end'";
    const can: [way: string, ...statements: string[]][] = [
      ["disable the triggers and then change entries", "alter table ledger.entries disable trigger all", update],
      ["drop a trigger and then change entries", "drop trigger refuse_change on ledger.entries", update],
      ["replace the trigger's function and then change entries", gutted, update],
      [
        "rewrite a column, which fires no trigger",
        "alter table ledger.entries alter column kind type text using 'changed'",
      ],
      [
        "drop a column and add it anew",
        "alter table ledger.entries drop column kind, add column kind text default 'changed'",
      ],
    ];
    for (const [way, ...statements] of can)
      it(`CAN ${way}`, async () => assert.deepEqual(await trying(...statements, kinds), [{ kind: "changed" }]));
    it("CAN move a head, which no trigger guards", async () => {
      const moved = await trying(
        "update ledger.heads set seq = 0 where tenant_id = 1",
        "select seq from ledger.heads where tenant_id = 1",
      );
      assert.deepEqual(moved, [{ seq: 0 }]);
    });
    it("CAN put rows beside the chain into a child table", async () => {
      const child = "create table ledger.child () inherits (ledger.entries)";
      const rows = await trying(child, `insert into ledger.child values ${tuple({ seq: 1, hash: GENESIS })}`, kinds);
      assert.ok(rows.some(({ kind }) => kind === "x"));
    });
    it("CAN remove it all", async () => {
      await trying("drop table ledger.entries cascade");
    });
  });
