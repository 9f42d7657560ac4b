import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import pg from "pg";
import { testWorld } from "../../test/harness.ts";
import { anotherDoor, codeOf, tally } from "./door.fixture.ts";

const world = await testWorld();
const headSeq = async () => (await world.sql("select seq from ledger.heads where tenant_id = 1"))[0].seq as number;

/** The entries that `act` leaves. */
async function leaves(act: () => Promise<unknown>) {
  const before = await headSeq();
  await act();
  return (await world.ask(world.operator, "feed.read", { after: before, limit: 1000 })).entries;
}

/** Holds the head's lock as another node would, while `act` runs. */
async function withHeadHeld(act: () => Promise<void>): Promise<void> {
  const holder = new pg.Client(world.admin);
  await holder.connect();
  await holder.query("begin; select from ledger.heads for update");
  try {
    await act();
  } finally {
    await holder.end();
  }
}

/** Resolves when a session of ours waits for a lock. */
async function untilWaiting(): Promise<void> {
  const query = `select from pg_stat_activity where datname = current_database() and usename = 'longwatch_app'
    and wait_event_type = 'Lock'`;
  while ((await world.sql(query)).length === 0) await pause(2);
}

describe("a caller who leaves", () => {
  it("takes back what has not begun: nothing of it happens; what has begun is finished", async () => {
    const [begun, waiting] = [new AbortController(), new AbortController()];
    const entries = await leaves(async () => {
      const says: Promise<string>[] = [];
      await withHeadHeld(async () => {
        says.push(
          codeOf(world.door.say(world.operator, "post.append", { subject: "begun" }, { signal: begun.signal })),
        );
        await untilWaiting();
        const late = codeOf(
          world.door.say(world.operator, "post.append", { subject: "taken back" }, { signal: waiting.signal }),
        );
        await pause(10);
        begun.abort();
        waiting.abort();
        assert.equal(await late, "caller.left", "answered while the head is still held");
      });
      assert.deepEqual(await Promise.all(says), ["accepted"]);
    });
    assert.deepEqual(
      entries.map(({ data }: { data: { subject: string } }) => data.subject),
      ["begun"],
    );
  });

  it("had left before: nothing happens", async () => {
    const entries = await leaves(async () => {
      const signal = AbortSignal.abort();
      assert.equal(
        await codeOf(world.door.say(world.operator, "post.append", { subject: "x" }, { signal })),
        "caller.left",
      );
    });
    assert.deepEqual(entries, []);
  });
});

describe("a command that waits", () => {
  it("too long to begin is refused, may be tried again, and has done nothing", async () => {
    const { door } = anotherDoor(world, { wait_milliseconds_max: 2_000 });
    // Warm: what waits for its connection has not begun.
    await door.ask(world.operator, "ledger.head", {});
    const entries = await leaves(async () => {
      let begun = Promise.resolve("");
      await withHeadHeld(async () => {
        begun = codeOf(door.say(world.operator, "post.append", { subject: "begun" }));
        await untilWaiting();
        const refusal = await door.say(world.operator, "post.append", { subject: "late" }).catch((error) => error);
        assert.deepEqual([refusal.kind, refusal.code], ["timeout", "queue.full"]);
      });
      assert.equal(await begun, "accepted");
    });
    assert.deepEqual(
      entries.map(({ data }: { data: { subject: string } }) => data.subject),
      ["begun"],
    );
  });

  it("for a head that another node does not let go is answered as away, not as a bug of ours", async () => {
    const bugs: string[] = [];
    const { door } = anotherDoor(world, { pool: { statement_timeout: 200 }, log: (_, name) => bugs.push(name) });
    const entries = await leaves(() =>
      withHeadHeld(async () => {
        assert.equal(await codeOf(door.say(world.operator, "post.append", { subject: "stuck" })), "database.away");
      }),
    );
    assert.deepEqual([entries, bugs], [[], []]);
  });

  it("is not forgotten, whenever it comes: a door that has just gone idle takes it up at once", async () => {
    // A queue that looks, waits a turn and then sleeps loses the command that came in between.
    for (let turns = 0; turns < 60; turns++) {
      await world.door.say(world.operator, "seat.import", { name: "Idle" });
      for (let turn = 0; turn < turns; turn++) await null;
      const late = pause(60_000, "nobody took it up", { ref: false });
      const said = world.door.say(world.operator, "seat.import", { name: "Idle" });
      assert.notEqual(await Promise.race([said, late]), "nobody took it up", `after ${turns} turns`);
    }
  });
});

describe("a door that closes", () => {
  it("finishes what it accepted, and refuses the rest with a retry", async () => {
    const { door } = anotherDoor(world);
    await door.ask(world.operator, "ledger.head", {});
    const entries = await leaves(async () => {
      let accepted: Promise<string>[] = [];
      let closed = Promise.resolve();
      await withHeadHeld(async () => {
        accepted = Array.from({ length: 300 }, (_, n) =>
          codeOf(door.say(world.operator, "post.append", { subject: `${n}` })),
        );
        await untilWaiting();
        closed = door.close();
        const refusal = await door.say(world.operator, "post.append", { subject: "late" }).catch((error) => error);
        assert.deepEqual([refusal.kind, refusal.code], ["unavailable", "server.closing"]);
        assert.equal(await codeOf(door.ask(world.operator, "ledger.head", {})), "server.closing");
      });
      let answered = 0;
      for (const one of accepted) one.then(() => answered++);
      await closed;
      assert.equal(answered, 300, "closed means that nothing is on its way");
      assert.deepEqual(tally(await Promise.all(accepted)), { accepted: 300 });
    });
    assert.equal(entries.length, 300);
  });
});
