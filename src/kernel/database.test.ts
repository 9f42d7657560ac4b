import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import type { Socket } from "node:net";
import { after, before, describe, it } from "node:test";
import pg from "pg";
import { long, testWorld } from "../../test/harness.ts";
import { connectionLost, Database } from "./database.ts";
import { anotherDoor, applicationConfig, codeOf, tally } from "./door.fixture.ts";
import { Line } from "./line.fixture.ts";

const world = await testWorld();
const verify = () => world.ask(world.operator, "ledger.verify");
const postsNamed = async (like: string): Promise<string[]> => {
  const rows = await world.sql(
    `select convert_from(leaf, 'UTF8')::jsonb -> 'data' ->> 'subject' as subject from ledger.entries
     where kind = 'post.appended' and convert_from(leaf, 'UTF8') like $1 order by seq`,
    [`%"subject":"${like}-%`],
  );
  return rows.map(({ subject }) => subject);
};
const backends = `from pg_stat_activity where datname = current_database() and usename = 'longwatch_app'`;
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

describe("a connection that is killed", () => {
  it("in the middle of a batch answers database.away to all of it, and nothing of it is half done", async () => {
    const { door } = anotherDoor(world);
    await door.ask(world.operator, "ledger.head", {});
    const holder = new pg.Client(world.admin);
    await holder.connect();
    await holder.query("begin; select from ledger.heads for update");
    const says = Array.from({ length: 40 }, (_, n) =>
      codeOf(door.say(world.operator, "post.append", { subject: `killed-${n}` }, { key: `killed-${n}` })),
    );
    let [answered, kills] = [false, 0];
    const codes = Promise.all(says).finally(() => (answered = true));
    // What a loaded machine did not put into the first batch is in the next one.
    for (; !answered; await pause(2))
      kills += (await world.sql(`select pg_terminate_backend(pid) ${backends} and wait_event_type = 'Lock'`)).length;
    assert.ok(kills > 0);
    assert.deepEqual(tally(await codes), { "database.away": 40 });
    await holder.query("commit");
    await holder.end();
    assert.deepEqual(await postsNamed("killed"), []);
    assert.deepEqual(await world.sql("select from kernel.requests where key like 'killed-%'"), []);
    assert.equal(
      await codeOf(door.say(world.operator, "post.append", { subject: "killed-0" }, { key: "killed-0" })),
      "accepted",
    );
  });

  it("again and again loses no effect and doubles none, when each caller repeats its key till answered", async () => {
    const { door } = anotherDoor(world);
    const count = long ? 3_000 : 300;
    let running = true;
    let [kills, done] = [0, 0];
    const killing = (async () => {
      for (; running; await pause(15)) {
        kills += (await world.sql(`select pg_terminate_backend(pid) ${backends}`)).length;
        // A loaded machine may need longer than that to come back: what never serves has nothing to lose.
        for (const before = done; running && done === before;) await pause(1);
      }
    })();
    const codes: string[] = [];
    const persist = async (n: number) => {
      for (;;) {
        const say = door.say(world.operator, "post.append", { subject: `stubborn-${n}` }, { key: `stubborn-${n}` });
        const code = await codeOf(say);
        codes.push(code);
        if (code === "accepted") return void done++;
        await pause(5);
      }
    };
    const callers = Array.from({ length: 30 }, async (_, caller) => {
      for (let n = caller; n < count; n += 30) await persist(n);
    });
    await Promise.all(callers);
    running = false;
    await killing;
    assert.ok(kills > 0);
    const { accepted, "database.away": away, ...strange } = tally(codes);
    assert.deepEqual([accepted, strange], [count, {}]);
    assert.ok(away! > 0, "somebody was hit");
    const found = await postsNamed("stubborn");
    assert.deepEqual([found.length, new Set(found).size], [count, count]);
    assert.equal((await verify()).whole, true);
  });
});

describe("a PostgreSQL that is gone", () => {
  const line = new Line(world.admin);
  after(() => line.cut());

  it("refuses commands, queries and looks with a retry, and serves again when it is back", async () => {
    const logged: unknown[] = [];
    const { door } = anotherDoor(world, { pool: await line.open(), log: (error) => logged.push(error) });
    const say = (n: number) => codeOf(door.say(world.operator, "post.append", { subject: `gone-${n}` }));
    assert.equal(await say(0), "accepted");
    await line.cut();
    assert.deepEqual(await Promise.all([say(1), say(2)]), ["database.away", "database.away"]);
    assert.equal(await codeOf(door.ask(world.operator, "ledger.head", {})), "database.away");
    assert.equal(await codeOf(door.identify(world.operator)), "database.away");
    assert.equal(await codeOf(door.identify("lw_never_seen")), "database.away");
    assert.equal(await codeOf(door.sayInside(1, "longwatch", "request.sweep", {})), "database.away");
    await line.open();
    assert.deepEqual(
      [await say(3), await codeOf(door.ask(world.operator, "ledger.head", {}))],
      ["accepted", "accepted"],
    );
    assert.deepEqual(await postsNamed("gone"), ["gone-0", "gone-3"]);
    assert.deepEqual(logged, [], "its absence is no bug of ours");
  });

  it("waits at its end for nobody who only reads", async () => {
    // Nothing else ends the statement.
    const other = new Database({ ...world.admin, statement_timeout: 0, silence_milliseconds_max: 400_000 });
    const tx = await other.begin(1, "read only");
    const read = tx.all({ name: "slow", text: "select pg_sleep(300)", parameters: [] });
    read.catch(() => {});
    await pause(100);
    const since = Date.now();
    const ended = other.end();
    const error = await tx.rollback(await read.catch((reason) => reason));
    assert.ok(connectionLost(error), String(error));
    await ended;
    assert.ok(Date.now() - since < 150_000);
  });

  it("is not what a missing file tells of", async () => {
    const error = await readFile(new URL("nowhere", import.meta.url)).catch((reason) => reason);
    assert.equal(error.code, "ENOENT");
    assert.equal(connectionLost(error), false);
    // Neither the socket nor the name can be found: an empty label is in no DNS, and in none is it asked for.
    for (const host of ["/nowhere", "no..where"]) {
      const away = new pg.Client({ host, connectionTimeoutMillis: 60_000 });
      assert.equal(connectionLost(await away.connect().catch((reason) => reason)), true, host);
    }
  });

  it("in the instant of the commit leaves the outcome unknown; the repeat under the key finds it done", async () => {
    await line.cut();
    const { door } = anotherDoor(world, { pool: await line.open() });
    // Nobody waits for the commit of a question, so one that is asked here could still lose its own below.
    await door.say(world.operator, "post.append", { subject: "before" });
    line.loseNextCommit = true;
    const say = () => door.say(world.operator, "post.append", { subject: "lost-answer" }, { key: "lost-answer" });
    assert.equal(await codeOf(say()), "database.away");
    assert.equal(line.loseNextCommit, false, "the answer to the commit was lost");
    const { seq } = await say();
    assert.deepEqual(await postsNamed("lost"), ["lost-answer"]);
    assert.deepEqual(await world.sql("select seq from kernel.requests where key = 'lost-answer'"), [{ seq }]);
  });
});

describe("a PostgreSQL that falls silent", () => {
  const line = new Line(world.admin);
  let address: pg.PoolConfig;
  before(async () => {
    address = await line.open();
  });
  after(() => line.cut());

  it("breaks what waits for it, is away for the others, and goes on with the same callers when it speaks", async () => {
    const logged: unknown[] = [];
    const pool = { ...address, connectionTimeoutMillis: 3_000, silence_milliseconds_max: 3_000 };
    const { door, database } = anotherDoor(world, { pool, log: (error) => logged.push(error) });
    const say = (n: number) =>
      codeOf(door.say(world.operator, "post.append", { subject: `silent-${n}` }, { key: `silent-${n}` }));
    const accepted = async (n: number) => {
      while ((await say(n)) !== "accepted") await pause(10);
    };
    const unasked = await database.pool.connect();
    await accepted(0);
    line.hush();
    const look = codeOf(door.ask(world.operator, "ledger.head", {}));
    const plain = database.pool.query("select 1").catch((error) => error);
    assert.deepEqual(await Promise.all([say(1), look]), ["database.away", "database.away"]);
    assert.ok(connectionLost(await plain));
    assert.equal(await say(2), "database.away", "over a new connection, which is not answered either");
    line.speak();
    // What was answered so may have been done, or not: with its key it is done once.
    for (const n of [3, 2, 1]) await accepted(n);
    assert.deepEqual((await postsNamed("silent")).sort(), ["silent-0", "silent-1", "silent-2", "silent-3"]);
    assert.equal((await unasked.query("select 1 as one")).rows[0].one, 1, "who waits for nothing is left alone");
    unasked.release();
    assert.deepEqual(logged, [], "its silence is no bug of ours");
  });

  const isLinux = process.platform === "linux";
  it("is asked by the kernel, by both, while nobody waits for it", { skip: !isLinux }, async () => {
    const { database } = anotherDoor(world, { pool: address });
    const client = (await database.pool.connect()) as unknown as pg.Client & pg.PoolClient;
    const { localPort } = client.connection.stream as Socket;
    const local = `0100007F:${localPort!.toString(16).toUpperCase().padStart(4, "0")}`;
    // The sixth column names the timer that runs; 02 is the one that asks. Until all is acknowledged, it is another.
    const timer = async () => {
      const lines = (await readFile("/proc/net/tcp", "utf8")).split("\n").map((line) => line.trim().split(/\s+/));
      return lines.find(([, from]) => from === local)?.[5]?.split(":")[0];
    };
    for (const since = Date.now(); (await timer()) !== "02"; await pause(50))
      assert.ok(Date.now() - since < 60_000, `timer ${await timer()}`);
    client.release();
    const kept = await world.sql(
      `select from pg_db_role_setting join pg_roles r on r.oid = setrole
       where rolname = 'longwatch_app' and 'tcp_keepalives_idle=10' = any (setconfig)`,
    );
    assert.equal(kept.length, 1, "PostgreSQL asks the other way");
  });

  it("holds up no end: every connection is closed, those that wait and those that only said farewell", async () => {
    const database = new Database({ ...applicationConfig(world), ...address });
    const [idle, asked] = await Promise.all([database.pool.connect(), database.pool.connect()]);
    idle.release();
    line.hush();
    const answer = asked.query("select 1").catch((error) => error);
    void answer.then(() => asked.release(true));
    await database.end();
    assert.ok(connectionLost(await answer));
    assert.deepEqual(
      [idle, asked].map((client) => (client as unknown as pg.Client).connection.stream.destroyed),
      [true, true],
    );
    line.speak();
  });
});
