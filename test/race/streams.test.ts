import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { applicationConfig } from "../../src/kernel/door.fixture.ts";
import { Database } from "../../src/kernel/database.ts";
import { journal } from "../../src/rooms/ledger/index.ts";
import { long, testServer } from "../harness.ts";
import { readingFaults } from "./checks.ts";
import { anotherNode, type Event, events, open as openAs } from "./followers.ts";

const WRITERS = 20;
const CUTS = 10;
const POSTS_EACH = long ? 500 : 40;
/** Longer than a stream that hangs may take to be found out. */
const TIMEOUT = { timeout: 600_000 };

const world = await testServer();
const second = await anotherNode(world);
const open = (url: string, last: number | string | null, options: Partial<Parameters<typeof openAs>[2]> = {}) =>
  openAs(url, last, { token: world.operator, ...options });
const head = async () => (await world.ask(world.operator, "ledger.head")).seq as number;

/** The status and the code of a problem. A stream that begins instead is none. */
async function problem(opened: Promise<Response>): Promise<[number, string]> {
  const response = await opened;
  if (response.status !== 200) return [response.status, ((await response.json()) as { code: string }).code];
  await response.body!.cancel();
  return [200, "a stream"];
}

/** Follows the stream to entry `until`, cut off again and again; resumes by the last id that it got. */
async function follow(url: string, from: number, until: Promise<number>): Promise<{ seen: number[]; cuts: number }> {
  const seen: number[] = [];
  let cuts = 0;
  let target = Number.POSITIVE_INFINITY;
  let cutting = new AbortController();
  const caughtUp = () => (seen.at(-1) ?? from) >= target;
  until.then((seq) => {
    target = seq;
    // It may have read everything before anybody knew that this was all.
    if (caughtUp()) cutting.abort();
  });
  // On a quick machine the writers may end before the last cut; the reader is cut off all the same.
  while (!caughtUp() || cuts <= CUTS) {
    cutting = new AbortController();
    const { signal } = cutting;
    const timer = setTimeout(() => cutting.abort(), cuts < CUTS || caughtUp() ? 5 + Math.random() * 40 : 60_000);
    const response = await open(url, seen.at(-1) ?? from, { signal }).catch((error) => {
      if (!signal.aborted) throw error;
    });
    if (response) {
      assert.equal(response.status, 200);
      for await (const event of events(response)) {
        assert.deepEqual([event.data.seq, event.data.kind], [event.id, event.kind]);
        seen.push(event.id);
        if (event.id >= target) break;
      }
    }
    clearTimeout(timer);
    cutting.abort();
    cuts++;
  }
  return { seen, cuts };
}

describe("the ledger's stream", TIMEOUT, () => {
  it("shows each entry once and in order to readers that are cut off ten times, while twenty write", async () => {
    const from = await head();
    const doors = [world.door, second.door];
    const database = new Database({ ...applicationConfig(world), max: 4 });
    const written = Array.from({ length: WRITERS }, async (_, writer) => {
      for (let n = 0; n < POSTS_EACH; n++) {
        await doors[writer % 2]!.say(world.operator, "post.append", { subject: `${writer}.${n}` });
        if (n % 8 === 0) await pause(Math.random() * 20);
      }
    });
    // A third node that is slow between its entries and its commit, and gives up half of the time.
    const slow = async () => {
      const { caller } = await journalCaller();
      for (let n = 0; n < 10; n++) {
        const tx = await database.begin(1, "read write");
        journal.append(tx, await journal.lock(tx), [
          { caller, command: "post.append", event: { kind: "post.appended", subject: null, data: {} } },
        ]);
        await pause(10);
        if (n % 2) await tx.rollback();
        else await tx.commit();
      }
    };
    const until = Promise.all([...written, slow()]).then(head);
    const readers = [world.url, second.url, world.url].map((url) => follow(url, from, until));
    const polling = poll(from, until);
    const results = await Promise.all(readers);
    await database.end();
    const committed = (await world.sql("select seq from ledger.entries where tenant_id = 1 and seq > $1", [from])).map(
      ({ seq }) => seq,
    );
    assert.equal(committed.length, WRITERS * POSTS_EACH + 5);
    for (const { seen, cuts } of results) {
      assert.ok(cuts > CUTS, `${cuts} cuts`);
      assert.deepEqual([readingFaults(seen, committed), seen.length], [[], committed.length]);
    }
    assert.deepEqual(readingFaults(await polling, committed), [], "feed.read after a number misses none either");
  });

  it("begins with what comes next without a cursor, and with the query's when there is no header", async () => {
    const from = await head();
    const cutting = new AbortController();
    const fresh = await open(world.url, null, { signal: cutting.signal });
    const queried = await open(world.url, null, { signal: cutting.signal, query: `?after=${from - 2}` });
    await world.say(world.operator, "post.append", { subject: "next" });
    assert.equal((await events(fresh).next()).value.id, from + 1);
    assert.equal((await events(queried).next()).value.id, from - 1);
    cutting.abort();
  });

  it("refuses a cursor that is no entry's number, and one that is ahead of the ledger, before it begins", async () => {
    for (const last of ["x", "-1", "1.5", "0x10", "1 2", "9".repeat(16)])
      assert.deepEqual(await problem(open(world.url, last)), [400, "input.invalid"], last);
    assert.deepEqual(await problem(open(world.url, null, { query: "?after=x" })), [400, "input.invalid"]);
    // A reader of a ledger that was set back would wait, and then miss what is written in between.
    assert.deepEqual(await problem(open(world.url, (await head()) + 1)), [409, "cursor.ahead"]);
  });

  it("refuses who has no good token, and lets a read-only one read", async () => {
    for (const token of ["lw_nobody", ""]) assert.equal((await open(world.url, 0, { token })).status, 401);
    const { token } = await world.say(world.operator, "token.issue", { scope: "read" });
    const response = await open(world.url, 0, { token });
    assert.equal((await events(response).next()).value.id, 1);
  });

  it("ends when its token is revoked, at this node or at another, and tells no entry after that", async () => {
    for (const [index, { url }] of [world, second].entries()) {
      const name = `Listener-${index}`;
      const token = await world.seat(name);
      const response = await open(url, await head(), { token });
      const heard: Event[] = [];
      const ended = (async () => {
        for await (const event of events(response)) heard.push(event);
      })();
      await world.say(world.operator, "post.append", { subject: "heard" });
      while (heard.length === 0) await pause(5);
      await world.say(world.operator, "token.revoke", { name });
      await world.say(world.operator, "post.append", { subject: "unheard" });
      const late = await Promise.race([ended, pause(120_000, "it goes on", { ref: false })]);
      assert.equal(late, undefined);
      assert.ok(!heard.some(({ kind, data }) => kind === "token.revoked" || data.data.subject === "unheard"));
      assert.equal((await open(url, heard.at(-1)!.id, { token })).status, 401);
    }
  });

  it("gathers nothing, however often a reader makes it wait", async () => {
    const warnings: string[] = [];
    const onWarning = ({ name }: Error) => warnings.push(name);
    process.on("warning", onWarning);
    const cutting = new AbortController();
    const heard = events(await open(world.url, await head(), { signal: cutting.signal }));
    // Each is larger than a socket's buffer, so that the stream waits for the reader each time.
    for (let n = 0; n < 15; n++) {
      const { seq } = await world.door.say(world.operator, "post.append", {
        subject: "large",
        body: "x".repeat(50_000),
      });
      assert.equal((await heard.next()).value.id, seq);
    }
    cutting.abort();
    process.off("warning", onWarning);
    assert.deepEqual(warnings, []);
  });

  it("ends when the server closes, which does not wait for its readers", async () => {
    const third = await anotherNode(world);
    const response = await open(third.url, await head());
    await third.app.close();
    for await (const _ of events(response)) assert.fail("nothing was written");
  });
});

async function journalCaller() {
  const [{ id }] = await world.sql("select id from seats.principals where tenant_id = 1 and name = 'operator'");
  return {
    caller: {
      tenant_id: 1,
      tenant: "home",
      principal_id: id,
      name: "operator",
      role: "operator" as const,
      incarnation: null,
    },
  };
}

/** Follows the feed by asking again and again for what comes after the last entry. */
async function poll(from: number, until: Promise<number>): Promise<number[]> {
  const seen: number[] = [];
  let target = Number.POSITIVE_INFINITY;
  until.then((seq) => {
    target = seq;
  });
  while ((seen.at(-1) ?? from) < target) {
    const { entries } = await world.ask(world.operator, "feed.read", { after: seen.at(-1) ?? from, limit: 100 });
    seen.push(...entries.map(({ seq }: { seq: number }) => seq));
    await pause(1);
  }
  return seen;
}
