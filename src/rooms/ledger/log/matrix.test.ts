import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import pg from "pg";
import { sqlError, testWorld } from "../../../../test/harness.ts";

/**
 * The ways into the tables beside the chain: who takes each, and what PostgreSQL answers (hazards 0.3, 0.4).
 * `null` is a way that is open. The owner and a superuser can switch the triggers off as in ../matrix.test.ts.
 */
const world = await testWorld();
const { token } = await world.say(world.operator, "tenant.open", { name: "second" });
await world.say(token, "post.append", { subject: "a name", personal: true });
await world.say(world.operator, "post.append", { subject: "a name", personal: true });

const HASH = "decode(repeat('ab', 32), 'hex')";
const SALT = "decode(repeat('00', 32), 'hex')";
const [REFUSED, NO_RIGHT, BACK, UNTOLD] = ["LW002", "42501", "LW002", "LW005"];

type Way = string | null;
type Table = {
  table: string;
  /** A row of a tenant, as `insert` takes it; none where one is there already. */
  row: (tenant: number) => string;
  /** A change that no ordinary statement of ours makes. */
  change: string;
  app: { change: Way; remove: Way };
  owner: { change: Way; remove: Way };
};

const closed = { app: { change: NO_RIGHT, remove: NO_RIGHT }, owner: { change: REFUSED, remove: REFUSED } };
const tables: Table[] = [
  { table: "logs", row: (t) => `(${t}, 1, 'o', 'members', now(), now())`, change: "origin = 'p'", ...closed },
  { table: "log_keys", row: (t) => `(${t}, 'o', 'o+00000000+A', 0)`, change: "vkey = 'x'", ...closed },
  {
    ...{ table: "tiles", row: (t) => `(${t}, 1, 1, 0, ${HASH})`, change: "hashes = " + SALT, ...closed },
    app: { change: REFUSED, remove: NO_RIGHT },
  },
  { table: "anchors", row: (t) => `(${t}, 'o', 1, ${HASH}, 'note', now())`, change: "note = 'x'", ...closed },
  { table: "cosignatures", row: (t) => `(${t}, 'o', 1, 'w', 'line', now())`, change: "line = 'x'", ...closed },
  { table: "producers", row: (t) => `(${t}, 'p', 1, 1, null, null, null, now())`, change: "name = 'x'", ...closed },
  {
    ...{ table: "productions", change: "digest = 'x'", ...closed },
    row: (t) => `(${t}, 'p', 1, 1, '[1,3]', 'recorded', null, 'd')`,
  },
  {
    ...{ table: "payloads", change: `payload = '\\x7b7d'`, row: (t) => `(${t}, 1, ${SALT}, '\\x7b7d')` },
    app: { change: NO_RIGHT, remove: UNTOLD },
    owner: { change: "LW004", remove: UNTOLD },
  },
  {
    ...{ table: "watched_logs", change: "size = 0, root = null, cosigned_at = null" },
    row: (t) => `(${t}, 'o', '{k}', now(), null, 9, ${HASH}, now())`,
    app: { change: BACK, remove: NO_RIGHT },
    owner: { change: BACK, remove: REFUSED },
  },
  {
    // Which key it signs with is in each cosignature; these rows only show it.
    ...{ table: "witness_keys", change: "vkey = 'x'", row: (t) => `(${t}, 'k', now())` },
    app: { change: NO_RIGHT, remove: NO_RIGHT },
    owner: { change: null, remove: null },
  },
  {
    // Scaffolding: a finding is an entry as well.
    ...{ table: "verifications", change: "whole = true" },
    row: (t) => `(${t}, 1, now(), 0, 5, true, null, null, null, false)`,
    app: { change: NO_RIGHT, remove: null },
    owner: { change: null, remove: null },
  },
];

const insert = ({ table, row }: Table, tenant: number) =>
  `insert into ledger.${table} ${table === "verifications" ? "overriding system value " : ""}values ${row(tenant)}`;

before(async () => {
  for (const one of tables)
    if (one.table !== "payloads") for (const tenant of [1, 2]) await world.sql(insert(one, tenant));
});

/** Runs a statement in a transaction that is undone, put-off triggers and all; answers the error's code. */
async function tried(role: string, statement: string): Promise<Way> {
  const client = new pg.Client(world.admin);
  await client.connect();
  try {
    await client.query(`${role}; begin; ${statement}; set constraints all immediate`);
    return null;
  } catch (error) {
    return (error as { code: string }).code;
  } finally {
    await client.end();
  }
}

const owner = "set role longwatch_owner";
const replica = "set session_replication_role = replica";

for (const one of tables)
  describe(`ledger.${one.table}`, () => {
    const name = `ledger.${one.table}`;
    const mine = "tenant_id = 1";
    const update = `update ${name} set ${one.change} where ${mine}`;
    const remove = `delete from ${name} where ${mine}`;

    it(`is changed by longwatch_app: ${one.app.change ?? "yes"}, and emptied: ${one.app.remove ?? "yes"}`, async () => {
      const code = (sql: string) =>
        world.asApplication(`begin; ${sql}; set constraints all immediate; rollback`).then(
          () => null,
          (error) => error.code,
        );
      assert.equal(await code(update), one.app.change);
      assert.equal(await code(remove), one.app.remove);
      assert.equal(await code(`truncate ${name} cascade`), NO_RIGHT);
    });

    it(`is changed by the owner: ${one.owner.change ?? "yes"}, and emptied: ${one.owner.remove ?? "yes"}`, async () => {
      // A superuser who passes by ordinary triggers meets these all the same; foreign keys are off for him.
      for (const role of [owner, replica]) {
        assert.equal(await tried(role, update), one.owner.change, role);
        assert.equal(await tried(role, remove), one.owner.remove, role);
        const isKept = !["witness_keys", "verifications"].includes(one.table);
        assert.equal(await tried(role, `truncate ${name} cascade`), isKept ? REFUSED : null, role);
      }
    });

    it("shows and takes nothing of another tenant, and does not tell whether it is there", async () => {
      assert.deepEqual(await world.asApplication(`select count(*)::integer as n from ${name} where tenant_id = 2`), [
        { n: 0 },
      ]);
      // The row that is there, and one that is not: the same answer.
      for (const sql of [
        insert(one, 2),
        insert(one, 2).replace("(2, ", "(3, "),
        `${insert(one, 2)} on conflict do nothing`,
      ])
        assert.equal((await sqlError(world.asApplication(sql))).code, NO_RIGHT, sql);
    });
  });

describe("a log that is frozen", () => {
  it("is not opened again, by the application, the owner or a superuser", async () => {
    const sql = "update ledger.logs set frozen_at = null where tenant_id = 1";
    assert.equal((await sqlError(world.asApplication(sql))).code, REFUSED);
    for (const role of [owner, replica]) assert.equal(await tried(role, sql), REFUSED, role);
  });

  it("may still be read by others from now on, or no more", async () => {
    await world.asApplication("begin; update ledger.logs set audience = 'everyone' where tenant_id = 1; rollback");
  });
});
