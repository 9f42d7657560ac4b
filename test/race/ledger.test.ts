import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { anotherDoor, applicationConfig, codeOf, tally } from "../../src/kernel/door.fixture.ts";
import { Database } from "../../src/kernel/database.ts";
import type { Caller, Event } from "../../src/kernel/operation.ts";
import type { Head, Record } from "../../src/kernel/ports.ts";
import { journal } from "../../src/rooms/ledger/index.ts";
import { long, testWorld } from "../harness.ts";
import { chainFaults } from "./checks.ts";

const CONNECTIONS = 50;
const ROUNDS = long ? 100 : 6;

const world = await testWorld();
const [{ id: principal_id }] = await world.sql(
  "select id from seats.principals where tenant_id = 1 and name = 'operator'",
);
const caller: Caller = {
  tenant_id: 1,
  tenant: "home",
  principal_id,
  name: "operator",
  role: "operator",
  incarnation: null,
};
const event: Event = { kind: "post.appended", subject: null, data: { subject: "raced" } };
const record: Record = { caller, command: "post.append", event };

async function chain() {
  const links = await world.sql("select seq, leaf, entry_hash from ledger.entries where tenant_id = 1 order by seq");
  return { length: links.length, faults: chainFaults(links as never) };
}

/** A server's pool with a connection for each writer, closed when `act` is done: PostgreSQL has 100 for all tests. */
async function withConnections(
  act: (databases: Database[]) => Promise<void>,
  isolation = "read committed",
): Promise<void> {
  const options = `-c default_transaction_isolation=${isolation.replace(" ", "\\ ")}`;
  const database = new Database({ ...applicationConfig(world), max: CONNECTIONS, options });
  try {
    await act(Array(CONNECTIONS).fill(database));
  } finally {
    await database.end();
    // PostgreSQL takes a moment to let them go, and the next round needs their places.
    const left = `select count(*)::int as count from pg_stat_activity where datname = current_database()`;
    while ((await world.sql(left))[0].count > CONNECTIONS / 2) await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Appends 1 to 3 entries in a transaction of its own; answers how many, or the SQLSTATE. */
async function append(database: Database, look: "lock" | "peek", nth: number): Promise<number | string> {
  const tx = await database.begin(1, "read write");
  try {
    const head: Head = await journal[look](tx);
    const records = Array(1 + (nth % 3)).fill(record);
    journal.append(tx, head, records);
    if (nth % 7 === 0) throw Object.assign(new Error("changed its mind"), { code: "undone" });
    await tx.commit();
    return records.length;
  } catch (error) {
    return ((await tx.rollback(error)) as { code: string }).code;
  }
}

describe("AUD-DENSE, AUD-NOFORK, AUD-LINK", () => {
  it("hold when fifty connections and three doors append to one tenant at once, some of them in vain", async () => {
    const doors = [world.door, anotherDoor(world).door, anotherDoor(world).door];
    const { length: before } = await chain();
    let expected = before;
    await withConnections(async (databases) => {
      for (let round = 0; round < ROUNDS; round++) {
        const direct = databases.map((database, nth) => append(database, "lock", nth));
        const said = doors.flatMap((door) =>
          Array.from({ length: 30 }, (_, n) =>
            codeOf(door.say(world.operator, "post.append", { subject: `${n}`, ...(n % 5 ? {} : { item: "NO-1" }) })),
          ),
        );
        const outcomes = await Promise.all(direct);
        for (const outcome of outcomes) assert.ok(outcome === "undone" || typeof outcome === "number", String(outcome));
        assert.deepEqual(tally(await Promise.all(said)), { accepted: 72, "ticket.unknown": 18 });
        // A refusal has an entry too.
        expected += outcomes.reduce<number>(
          (sum, outcome) => sum + (typeof outcome === "number" ? outcome : 0),
          said.length,
        );
      }
    });
    assert.deepEqual(await chain(), { length: expected, faults: [] });
    const verified = await world.ask(world.operator, "ledger.verify");
    assert.deepEqual([verified.whole, verified.entries], [true, expected]);
  });

  for (const isolation of ["read committed", "repeatable read", "serializable"])
    it(`hold when the code forgets the lock: PostgreSQL refuses the fork (${isolation})`, async () => {
      const before = (await chain()).length;
      const outcomes: (number | string)[] = [];
      await withConnections(async (databases) => {
        for (let round = 0; round < ROUNDS; round++)
          outcomes.push(...(await Promise.all(databases.map((database, nth) => append(database, "peek", nth)))));
      }, isolation);
      const lengths = outcomes.filter((outcome) => typeof outcome === "number");
      const codes = Object.keys(tally(outcomes.filter((outcome) => typeof outcome === "string")));
      const added = lengths.reduce((sum, one) => sum + one, 0);
      assert.deepEqual(await chain(), { length: before + added, faults: [] });
      assert.ok(lengths.length >= ROUNDS, "in each round one at least gets in");
      for (const code of codes) assert.ok(["undone", "23505", "LW001", "40001"].includes(code), code);
      assert.ok(codes.length > 1, "some met");
      assert.equal((await world.ask(world.operator, "ledger.verify")).whole, true);
    });

  it("hold in every tenant by itself when several write at once", async () => {
    const names = ["alpha", "beta", "gamma"];
    const tokens = await Promise.all(
      names.map(async (name) => (await world.say<{ token: string }>(world.operator, "tenant.open", { name })).token),
    );
    const other = anotherDoor(world).door;
    const says = Array.from({ length: 300 }, (_, n) =>
      (n % 2 ? world.door : other).say(tokens[n % 3]!, "post.append", { subject: `${n}` }),
    );
    await Promise.all(says);
    for (const [index, token] of tokens.entries()) {
      const { whole, entries } = await world.ask(token, "ledger.verify");
      assert.deepEqual([whole, entries], [true, 100], names[index]);
    }
  });

  it("are never seen broken by a reader, however much is written while it reads", async () => {
    let writing = true;
    const writers = Array.from({ length: 20 }, async () => {
      while (writing) await world.door.say(world.operator, "post.append", { subject: "while it reads" });
    });
    const other = anotherDoor(world).door;
    const before = (await chain()).length;
    let seq = before;
    for (let n = 0; n < (long ? 40 : 10); n++) {
      const verified = (await other.ask(world.operator, "ledger.verify", {})) as any;
      assert.deepEqual([verified.whole, verified.reason], [true, null]);
      assert.equal(verified.entries, verified.seq);
      assert.ok(verified.seq >= seq, "it never shrinks");
      seq = verified.seq;
    }
    writing = false;
    await Promise.all(writers);
    assert.ok(seq > before, "it grew meanwhile");
  });
});
