import assert from "node:assert/strict";
import { join } from "node:path";
import { it } from "node:test";
import { signedLedgers } from "./ledgers.ts";

/** Tampering that touches every tenant at once: in a world of its own. */
const { world, directory, anchors, ledger, verify, exportTo, tamper } = await signedLedgers();
const home = await ledger("home");
const acme = await ledger("acme");
await acme.post(10);
await acme.sign();
await home.post(5);
await home.sign();

it("a deleted tenant is found at the entry that opened it, by the server and by an export", async () => {
  const [{ seq }] = await world.sql("select seq from ledger.entries where kind = 'tenant.opened' and subject = 'acme'");
  assert.equal((await world.ask(world.operator, "ledger.verify")).whole, true);
  const tables = await world.sql(`select format('%I.%I', table_schema, table_name) as name
    from information_schema.columns where column_name = 'tenant_id' and table_schema not in ('information_schema')`);
  const off = "set local session_replication_role = replica";
  await tamper(
    ...tables.map(({ name }) => `alter table ${name} disable trigger all`),
    off,
    ...tables.map(({ name }) => `delete from ${name} where tenant_id = ${acme.id}`),
    `delete from kernel.tenants where id = ${acme.id}`,
    "set local session_replication_role = origin",
  );
  const found = await world.ask(world.operator, "ledger.verify");
  assert.deepEqual([found.whole, found.first_broken], [false, seq], found.reason);
  assert.match(found.reason, /the tenant acme, which it opened, is gone/);
  const file = join(directory, "home.jsonl");
  assert.deepEqual(await exportTo(file, world.operator), { code: 0, stderr: "" });
  const offline = await verify(["--file", file, "--anchors", anchors]);
  assert.deepEqual([offline.code, offline.report!.first_broken], [1, seq], offline.report!.reason!);
});

it("a column that the table's owner rewrote without a trigger is found in the first entry", async () => {
  await world.sql("set role longwatch_owner");
  await world.sql("alter table ledger.entries alter column subject type text using 'rewritten'");
  await world.sql("reset role");
  const found = await world.ask(world.operator, "ledger.verify");
  assert.deepEqual([found.whole, found.first_broken], [false, 1]);
  assert.match(found.reason, /its subject is rewritten/);
  const file = join(directory, "rewritten.jsonl");
  assert.equal((await exportTo(file, world.operator)).code, 0);
  const offline = await verify(["--file", file, "--anchors", anchors]);
  assert.deepEqual([offline.code, offline.report!.first_broken], [1, 1], offline.stderr);
  assert.match(offline.report!.reason!, /its subject is rewritten/);
});
