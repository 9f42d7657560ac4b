import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import pg from "pg";
import { freshDatabase } from "../harness.ts";
import { ceilingFaults, chainFaults, readingFaults } from "./checks.ts";
import { atOnce, CEILING, mutants, sequenceWriters, WRITERS } from "./mutants.ts";

/** A mutant that lives through so many rounds is not found by its check. Most die in the first. */
const ROUNDS_MAX = 25;

/** A suite's own database with a tenant that has no entries, and a pool with a connection for each writer. */
function ground(config: pg.ClientConfig): pg.Pool {
  const pool = new pg.Pool({ ...config, max: WRITERS + 1 });
  before(async () => {
    await pool.query("select seats.open_tenant('home')");
    // Opened before the race, so that they set out together.
    await atOnce(pool, async (client) => void (await client.query("select 1")));
  });
  after(() => pool.end());
  return pool;
}

const [wild, guarded] = [await freshDatabase(), await freshDatabase()];

describe("a mutant that", () => {
  const pool = ground(wild);
  for (const [name, { breaks, prepare, round }] of Object.entries(mutants))
    it(`${name} is found: ${breaks}`, async () => {
      const found = new Set<string>();
      for (let n = 0; n < ROUNDS_MAX && !found.has(breaks); n++) {
        await pool.query("drop table if exists bare, bare_heads, running, outbox; drop sequence if exists numbers");
        await pool.query("alter table ledger.entries disable trigger all; delete from ledger.entries");
        await pool.query(prepare);
        for (const fault of await round(pool)) found.add(fault);
      }
      assert.ok(found.has(breaks), `it lived through ${ROUNDS_MAX} rounds; found: ${[...found].join() || "nothing"}`);
    });
});

describe("the same writers under our guards", () => {
  const pool = ground(guarded);

  it("are refused by the trigger where their number or link is wrong, and the chain stays whole", async () => {
    await pool.query("create sequence numbers");
    for (let round = 0; round < 5; round++) assert.deepEqual(await sequenceWriters(pool), []);
    const { rows } = await pool.query("select seq from ledger.entries");
    assert.ok(rows.length > 0, "those that were right were let in");
  });

  it("hold the ceiling when the lock is a statement of its own before the count", async () => {
    await pool.query("create table running (id int)");
    const errors = await atOnce(pool, async (client) => {
      await client.query("select pg_advisory_xact_lock(1)");
      await client.query(`insert into running select 1 where (select count(*) from running) < ${CEILING}`);
    });
    const { rows } = await pool.query("select count(*)::int as count from running");
    assert.deepEqual([errors.filter(Boolean), rows[0].count], [[], CEILING]);
    assert.deepEqual(ceilingFaults(rows[0].count, CEILING), []);
  });
});

describe("the checks", () => {
  it("find no fault with what is right, and each fault by itself", async () => {
    const { entryHash, GENESIS } = await import("../../src/rooms/ledger/chain.ts");
    const leaf = (text: string) => Buffer.from(text);
    const one = { seq: 1, leaf: leaf("1"), entry_hash: entryHash(GENESIS, leaf("1")) };
    const two = { seq: 2, leaf: leaf("2"), entry_hash: entryHash(one.entry_hash, leaf("2")) };
    const three = { seq: 3, leaf: leaf("3"), entry_hash: entryHash(two.entry_hash, leaf("3")) };
    const fork = { seq: 2, leaf: leaf("2'"), entry_hash: entryHash(one.entry_hash, leaf("2'")) };
    assert.deepEqual(chainFaults([]), []);
    assert.deepEqual(chainFaults([one, two, three]), []);
    assert.deepEqual(chainFaults([one, two, fork, three]), ["AUD-NOFORK"]);
    assert.deepEqual(chainFaults([one, three]), ["AUD-DENSE", "AUD-LINK"]);
    assert.deepEqual(chainFaults([two, three]), ["AUD-DENSE", "AUD-LINK"]);
    assert.deepEqual(chainFaults([one, { ...two, leaf: leaf("x") }]), ["AUD-LINK"]);
    assert.deepEqual(readingFaults([1, 2, 3], [1, 2, 3]), []);
    assert.deepEqual(readingFaults([1, 3], [1, 2, 3]), ["missed"]);
    assert.deepEqual(readingFaults([1, 2, 2, 3], [1, 2, 3]), ["doubled"]);
    assert.deepEqual(readingFaults([1, 3, 2], [1, 2, 3]), ["disordered"]);
  });
});
