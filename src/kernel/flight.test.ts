import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { testWorld } from "../../test/harness.ts";
import { connectionLost, Database, type TenantTransaction } from "./database.ts";
import type { Statement } from "./sql.ts";

const world = await testWorld();
/** One connection, so that each transaction shows in what state the one before left it. */
const database = new Database({ ...world.admin, max: 1 });
after(() => database.end());

await world.sql("create table public.notes (n integer check (n < 100))");
const insert: Statement = { name: "note", text: "insert into public.notes values ($1)", parameters: ["n"] };
const now: Statement = { name: "now", text: "select clock_timestamp() as at", parameters: [] };
const count: Statement = { name: "notes", text: "select count(*)::integer as count from public.notes", parameters: [] };
const backend: Statement = { name: "backend", text: "select pg_backend_pid() as pid", parameters: [] };

const begin = () => database.begin(1, "read write");
const notes = async () => (await world.sql("select n from public.notes order by n")).map(({ n }) => n);
const cleared = () => world.sql("truncate public.notes");
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => "kept",
    (error) => error.code ?? String(error),
  );

/** This process is at work, as it is with hashes. */
function busy(milliseconds: number): void {
  for (const until = performance.now() + milliseconds; performance.now() < until;);
}

/** What a transaction of the same connection finds afterwards. */
async function goesOn(): Promise<void> {
  const tx = await begin();
  const [row] = await tx.all<{ count: number }>(count);
  await tx.commit();
  assert.equal(row!.count, (await notes()).length);
}

async function withFirst(first: (tx: TenantTransaction) => void, rest: (tx: TenantTransaction) => void) {
  const tx = await begin();
  await tx.all(count);
  first(tx);
  tx.depart();
  rest(tx);
  return tx;
}

describe("a part of a flight that departs before the rest", () => {
  it("is one transaction with it, and each answer reaches who asked", async () => {
    await cleared();
    const tx = await withFirst(
      (tx) => tx.send(insert, { n: 1 }),
      (tx) => tx.send(insert, { n: 2 }),
    );
    const [row] = await tx.all<{ count: number }>(count);
    assert.equal(row!.count, 2);
    assert.deepEqual(await notes(), [], "nothing is there before the commit");
    await tx.commit();
    assert.deepEqual(await notes(), [1, 2]);
  });

  it("is at work while the rest is being made", async () => {
    const apart = async (busy_ms: number) => {
      const tx = await begin();
      await tx.all(count);
      const [[early], [late]] = await Promise.all([
        (() => {
          const asked = tx.all<{ at: Date }>(now);
          tx.depart();
          busy(busy_ms);
          return asked;
        })(),
        tx.all<{ at: Date }>(now),
      ]);
      await tx.commit();
      return late!.at.getTime() - early!.at.getTime();
    };
    // Had both left together, a millisecond would lie between them. A loaded machine wakes PostgreSQL late.
    for (let busy_ms = 250; (await apart(busy_ms)) < busy_ms / 10; busy_ms *= 4)
      assert.ok(busy_ms < 30_000, `both left together, ${busy_ms} ms after the first could`);
  });

  it("departs once, and not while an answer is on its way", async () => {
    await cleared();
    const tx = await begin();
    const asked = tx.all(count);
    tx.depart();
    tx.depart();
    tx.send(insert, { n: 3 });
    await asked;
    tx.depart();
    tx.send(insert, { n: 4 });
    await tx.commit();
    assert.deepEqual(await notes(), [3, 4]);
  });

  for (const [where, first, rest] of [
    ["in it", 100, 5],
    ["behind it", 5, 100],
  ] as const)
    it(`undoes all when a statement fails ${where}; the connection goes on`, async () => {
      await cleared();
      for (const pause_ms of [0, 30]) {
        const tx = await withFirst(
          (tx) => tx.send(insert, { n: first }),
          (tx) => tx.send(insert, { n: rest }),
        );
        // Long enough for PostgreSQL to say that it failed before it was asked.
        busy(pause_ms);
        assert.equal(await codeOf(tx.commit()), "23514");
        assert.deepEqual(await notes(), []);
        await goesOn();
      }
    });

  it("holds nothing for long when this process hangs before the rest", async () => {
    await cleared();
    const own = new Database({ ...world.admin, max: 1, idle_in_transaction_session_timeout: 1_500 });
    after(() => own.end());
    const tx = await own.begin(1, "read write");
    await tx.all(count);
    tx.send(insert, { n: 7 });
    tx.depart();
    busy(4_000);
    const error = await tx.commit().catch((reason) => reason);
    assert.ok(connectionLost(error), String(error));
    assert.deepEqual(await notes(), []);
    const next = await own.begin(1, "read write");
    const served = await next.all(backend);
    next.send(insert, { n: 8 });
    next.depart();
    await next.commit();
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    assert.deepEqual(await notes(), [8], "what is in time is kept, and its connection too");
    const last = await own.begin(1, "read only");
    assert.deepEqual(await last.all(backend), served);
    await last.commit();
  });

  it("is lost with its connection, which is not used again", async () => {
    await cleared();
    const tx = await withFirst(
      (tx) => tx.send(insert, { n: 6 }),
      () => {},
    );
    await world.sql(`select pg_terminate_backend(pid, 5000) from pg_stat_activity
      where datname = current_database() and application_name = 'longwatch' and state <> 'idle'`);
    const error = await tx.commit().catch((reason) => reason);
    assert.ok(connectionLost(error), String(error));
    assert.deepEqual(await notes(), []);
    await goesOn();
  });
});

describe("a statement whose values PostgreSQL refused when it was new to the connection", () => {
  it("answers its rows the next time", async () => {
    const half: Statement = { name: "half", text: "select $1::integer / 2 as half", parameters: ["n"] };
    const tx = await begin();
    const error = await tx.all(half, { n: "none" }).catch((reason) => reason);
    assert.equal(error.code, "22P02");
    await tx.rollback(error);
    const next = await begin();
    assert.deepEqual([await next.all(half, { n: 8 }), await next.all(half, { n: 6 })], [[{ half: 4 }], [{ half: 3 }]]);
    await next.commit();
  });
});
