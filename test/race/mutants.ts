import { randomInt } from "node:crypto";
import { after, before } from "node:test";
import pg from "pg";
import { applicationConfig } from "../../src/kernel/door.fixture.ts";
import { entryHash, GENESIS } from "../../src/rooms/ledger/chain.ts";
import type { TestWorld } from "../harness.ts";
import { ceilingFaults, chainFaults, readingFaults } from "./checks.ts";

/**
 * Known-wrong ways to do what the ledger does. Each is what a reasonable person writes first, and each must be found
 * out by the check that our own code passes; if one is not, the check is worth nothing (mutants.test.ts).
 */
export type Mutant = {
  /** The invariant that it breaks. */
  breaks: string;
  prepare: string;
  /** One round of work on a fresh table; answers what the check found. */
  round(pool: pg.Pool): Promise<string[]>;
};

/** How many act at once. The tests of one run share PostgreSQL's 100 connections, and the race beside takes 50. */
export const WRITERS = 12;
export const CEILING = 5;
const LEAF = Buffer.from("{}");

const BARE = `create table bare (seq bigint, leaf bytea, entry_hash bytea);
  create table bare_heads (id int primary key); insert into bare_heads values (1)`;
const LAST = "select seq, entry_hash from bare order by seq desc limit 1";

type Row = { seq: number; entry_hash: Buffer };

/**
 * As many connections of the application's role as there are writers, and one more, each inside the home tenant. They
 * are opened before the file's first test, so that all set out together.
 */
export function writersPool(world: TestWorld): pg.Pool {
  const pool = new pg.Pool({ ...applicationConfig(world), max: WRITERS + 1 });
  pool.on("connect", (client) => void client.query("set longwatch.tenant_id = 1"));
  // The database is dropped under those that still say goodbye when the file is over.
  pool.on("error", () => {});
  before(() => atOnce(pool, async (client) => void (await client.query("select 1"))));
  after(() => pool.end());
  return pool;
}

/** Runs `act` on as many connections at once as there are writers, each in a transaction. */
export async function atOnce(pool: pg.Pool, act: (client: pg.PoolClient) => Promise<void>): Promise<unknown[]> {
  const outcomes = Array.from({ length: WRITERS }, async () => {
    const client = await pool.connect();
    try {
      await client.query("begin");
      await act(client);
      await client.query("commit");
      return null;
    } catch (error) {
      await client.query("rollback");
      return error;
    } finally {
      client.release();
    }
  });
  return Promise.all(outcomes);
}

async function appendAfter(client: pg.PoolClient, [last]: Row[]): Promise<void> {
  const hash = entryHash(last?.entry_hash ?? GENESIS, LEAF);
  await client.query("insert into bare values ($1, $2, $3)", [(last?.seq ?? 0) + 1, LEAF, hash]);
}

async function bareFaults(pool: pg.Pool): Promise<string[]> {
  return chainFaults((await pool.query("select * from bare order by seq")).rows);
}

/** Polls a table while `writing` goes on, then once more; answers what the reading got wrong. */
async function polled(
  pool: pg.Pool,
  poll: (cursor: number) => Promise<number[]>,
  writing: Promise<unknown>,
): Promise<string[]> {
  let over = false;
  const written = writing.finally(() => {
    over = true;
  });
  const seen: number[] = [];
  for (let last = false; !last;) {
    last = over;
    seen.push(...(await poll(seen.at(-1) ?? 0)));
  }
  await written;
  const { rows } = await pool.query("select id from outbox order by id");
  return readingFaults(
    seen,
    rows.map(({ id }) => id),
  );
}

export const mutants: { [name: string]: Mutant } = {
  "reads the last entry and inserts the next, without a lock": {
    breaks: "AUD-NOFORK",
    prepare: BARE,
    async round(pool) {
      await atOnce(pool, async (client) => appendAfter(client, (await client.query(LAST)).rows));
      return bareFaults(pool);
    },
  },

  "locks the head in the statement that reads the last entry (its snapshot is older than its lock)": {
    breaks: "AUD-NOFORK",
    prepare: BARE,
    async round(pool) {
      const lockAndRead = `with head as materialized (select id from bare_heads for update)
        select b.seq, b.entry_hash from head left join bare b on true order by b.seq desc nulls last limit 1`;
      await atOnce(pool, async (client) => {
        const { rows } = await client.query(lockAndRead);
        await appendAfter(client, rows[0].seq === null ? [] : rows);
      });
      return bareFaults(pool);
    },
  },

  "numbers its entries by a sequence, on our table with the chain's trigger dropped": {
    breaks: "AUD-LINK",
    prepare: "drop trigger if exists extend_chain on ledger.entries; create sequence numbers",
    round: (pool) => sequenceWriters(pool),
  },

  "counts what runs in the statement that takes the lock (SNAPSHOT_BEFORE_LOCK)": {
    breaks: "over the ceiling",
    prepare: "create table running (id int)",
    async round(pool) {
      await atOnce(pool, async (client) => {
        await client.query(`with l as materialized (select pg_advisory_xact_lock(1))
          insert into running select 1 from l where (select count(*) from running) < ${CEILING}`);
      });
      const { rows } = await pool.query("select count(*)::int as count from running");
      return ceilingFaults(rows[0].count, CEILING);
    },
  },

  "polls an outbox for ids above its cursor": {
    breaks: "missed",
    prepare: "create table outbox (id bigint primary key generated always as identity)",
    async round(pool) {
      const writing = atOnce(pool, async (client) => {
        await client.query("insert into outbox default values");
        await client.query("select pg_sleep($1)", [randomInt(20) / 1000]);
      });
      const poll = "select id from outbox where id > $1 order by id";
      return polled(pool, async (cursor) => (await pool.query(poll, [cursor])).rows.map(({ id }) => id), writing);
    },
  },
};

/** Writers that take numbers from a sequence and link to the last entry that they see; one in four gives up. */
export async function sequenceWriters(pool: pg.Pool): Promise<string[]> {
  await atOnce(pool, async (client) => {
    await client.query("set local longwatch.tenant_id = 1");
    const last = "select seq, entry_hash from ledger.entries where tenant_id = 1 order by seq desc limit 1";
    const before: Row | undefined = (await client.query(last)).rows[0];
    const { rows } = await client.query("select nextval('numbers') as seq");
    if (rows[0].seq % 4 === 0) throw new Error("gave up");
    await client.query("insert into ledger.entries values (1, $1, now(), 'x', 1, null, $2, $3)", [
      rows[0].seq,
      LEAF,
      entryHash(before?.entry_hash ?? GENESIS, LEAF),
    ]);
  });
  return chainFaults((await pool.query("select seq, leaf, entry_hash from ledger.entries where tenant_id = 1")).rows);
}
