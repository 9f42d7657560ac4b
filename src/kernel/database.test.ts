import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { connect, createServer, type Server, type Socket } from "node:net";
import { after, describe, it } from "node:test";
import pg from "pg";
import { long, testWorld } from "../../test/harness.ts";
import { connectionLost, Database } from "./database.ts";
import { anotherDoor, codeOf, tally } from "./door.fixture.ts";

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

/** A network between the server and PostgreSQL that can be cut, and that can lose an answer. */
class Line {
  loseNextCommit = false;
  #server: Server | null = null;
  #sockets = new Set<Socket>();
  #port = 0;

  async open(): Promise<pg.PoolConfig> {
    const { host, port } = world.admin;
    this.#server = createServer((near) => {
      const far = connect(`${host}/.s.PGSQL.${port}`);
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#sockets.add(one);
        one.on("error", () => {});
        one.on("close", () => other.destroy());
      }
      near.on("data", (bytes) => far.write(bytes));
      far.on("data", (bytes) => {
        if (this.loseNextCommit && bytes.includes("COMMIT\0")) {
          this.loseNextCommit = false;
          near.destroy();
        } else near.write(bytes);
      });
    });
    await new Promise<void>((resolve) => this.#server!.listen(this.#port, "127.0.0.1", resolve));
    this.#port = (this.#server.address() as { port: number }).port;
    return { host: "127.0.0.1", port: this.#port };
  }

  async cut(): Promise<void> {
    const closed = new Promise((resolve) => this.#server!.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets.clear();
    await closed;
  }
}

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
  const line = new Line();
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
    const other = new Database(world.admin);
    const tx = await other.begin(1, "read only");
    const read = tx.all({ name: "slow", text: "select pg_sleep(15)", parameters: [] });
    read.catch(() => {});
    await pause(100);
    const since = Date.now();
    const ended = other.end();
    const error = await tx.rollback(await read.catch((reason) => reason));
    assert.ok(connectionLost(error), String(error));
    await ended;
    assert.ok(Date.now() - since < 5_000);
  });

  it("is not what a missing file tells of", async () => {
    const error = await readFile(new URL("nowhere", import.meta.url)).catch((reason) => reason);
    assert.equal(error.code, "ENOENT");
    assert.equal(connectionLost(error), false);
    const away = new pg.Client({ host: "/nowhere" });
    assert.equal(connectionLost(await away.connect().catch((reason) => reason)), true);
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
