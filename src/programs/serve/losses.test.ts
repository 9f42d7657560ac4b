import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import pg from "pg";
import { pino } from "pino";
import { testWorld } from "../../../test/harness.ts";
import { anotherDoor, codeOf, tally } from "../../kernel/door.fixture.ts";
import { type Command, command as defined } from "../../kernel/operation.ts";
import { z } from "zod";
import { Losses } from "./losses.ts";

const world = await testWorld();
const log = pino({ level: "silent" });
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** A server process: a door of its own, and what counts its losses in a directory of its own. */
function node(
  directory = mkdtempSync(join(tmpdir(), "longwatch-losses-")),
  options: { wait_milliseconds_max?: number; extra?: Command[] } = {},
) {
  after(() => rmSync(directory, { recursive: true, force: true }));
  const losses = new Losses({ directory, log });
  after(() => losses.close());
  const { door } = anotherDoor(world, { onLost: (lost) => losses.add(lost), ...options });
  losses.serve(door);
  const post = (subject: string) => codeOf(door.say(world.operator, "post.append", { subject }));
  return { directory, losses, door, post };
}

/** What the ledger knows of a node's losses: for each epoch, the reasons and the last number. */
async function told(directory: string) {
  const { producers, whole } = await world.ask(world.operator, "ledger.completeness", {});
  assert.equal(whole, true);
  const id = readFileSync(join(directory, "node"), "utf8");
  return producers
    .filter(({ producer }: any) => producer === `node/${id}`)
    .map(({ recorded, dropped, last }: any) => ({ recorded, dropped, last }));
}

/** The application's sessions that wait for a lock. */
const WAITING = `from pg_stat_activity where datname = current_database()
  and usename = 'longwatch_app' and wait_event_type = 'Lock'`;

async function untilOneWaits(): Promise<void> {
  while ((await world.sql(`select ${WAITING}`)).length === 0) await pause(2);
}

/** Holds the head's lock, lets `act` begin, and kills each session of the application that waits for it. */
async function withConnectionKilled(act: () => Promise<string>[], beforeIt = () => {}): Promise<string[]> {
  const holder = new pg.Client(world.admin);
  await holder.connect();
  await holder.query("begin; select from ledger.heads for update");
  const says = act();
  await untilOneWaits();
  beforeIt();
  let answered = false;
  const codes = Promise.all(says).finally(() => (answered = true));
  // Those that missed the first batch are in the next one.
  for (; !answered; await pause(2)) await world.sql(`select pg_terminate_backend(pid) ${WAITING}`);
  await holder.query("commit");
  await holder.end();
  return codes;
}

describe("What a server could not record", () => {
  it("because its connection broke is told to the ledger as lost when the database is back", async () => {
    const { directory, losses, door, post } = node();
    assert.equal(await post("fine"), "accepted");
    const codes = await withConnectionKilled(() => Array.from({ length: 40 }, (_, n) => post(`lost ${n}`)));
    assert.deepEqual(tally(codes), { "database.away": 40 });
    await losses.flush({ within_seconds: 60 });
    assert.deepEqual(await told(directory), [{ recorded: 0, dropped: { database_away: 40 }, last: 40 }]);
    await door.close();
    await losses.close();
    assert.deepEqual(readdirSync(directory), ["node"], "nothing is owed");
  });

  it("because its queue was too long is told as well; what a caller took back is not lost", async () => {
    const { directory, losses, door, post } = node(undefined, { wait_milliseconds_max: 2_000 });
    assert.equal(await post("fine"), "accepted");
    const holder = new pg.Client(world.admin);
    await holder.connect();
    await holder.query("begin; select from ledger.heads for update");
    const begun = post("begun");
    await untilOneWaits();
    const left = new AbortController();
    const taken = codeOf(door.say(world.operator, "post.append", { subject: "left" }, { signal: left.signal }));
    const late = [post("late 1"), post("late 2")];
    left.abort();
    assert.deepEqual([await taken, ...(await Promise.all(late))], ["caller.left", "queue.full", "queue.full"]);
    await holder.end();
    assert.equal(await begun, "accepted");
    await losses.flush({ within_seconds: 60 });
    assert.deepEqual(await told(directory), [{ recorded: 0, dropped: { queue_full: 2 }, last: 2 }]);
  });

  it("before it shut down is told by the next process, whose numbers begin anew", async () => {
    const first = node();
    assert.equal(await first.post("fine"), "accepted");
    // The door is shut before the database is back: nothing can be told any more.
    const codes = await withConnectionKilled(
      () => [first.post("lost 1"), first.post("lost 2")],
      () => void first.door.close(),
    );
    assert.deepEqual(tally(codes), { "database.away": 2 });
    await first.losses.close();
    assert.deepEqual(await told(first.directory), []);
    assert.equal(readdirSync(first.directory).length, 2, "its number, and what it owes");
    const second = node(first.directory);
    await second.losses.flush({ within_seconds: 60 });
    assert.deepEqual(await told(first.directory), [{ recorded: 0, dropped: { crashed: 2 }, last: 2 }]);
    await second.losses.close();
    assert.deepEqual(readdirSync(first.directory), ["node"]);
  });

  it("in a process that lives on beside it is left to that process", async () => {
    const { directory, losses } = node();
    // The parent of a test runs as long as the test.
    writeFileSync(join(directory, `1-${process.ppid}.memory`), "");
    await losses.close();
    const { losses: next } = node(directory);
    await next.close();
    assert.ok(readdirSync(directory).includes(`1-${process.ppid}.memory`));
  });

  it("is not what it refused, denied or failed: that has entries of its own, business undone or not", async () => {
    const fails = defined({
      name: "room.fail",
      summary: "Write something, then fail.",
      input: z.object({}),
      output: z.object({}),
      may: ["operator"],
      events: ["room.failed"],
      refuses: [],
      run: () => Promise.reject(new Error("the business transaction is rolled back")),
    });
    const { directory, losses, door } = node(undefined, { extra: [fails as Command] });
    const seat = await world.seat("CLAUDE-CLI-BOX-WEB-09");
    const outcomes = [
      await codeOf(door.say(world.operator, "room.fail", {})),
      await codeOf(door.say(world.operator, "ticket.file", { namespace: "NONE", title: "x" })),
      await codeOf(door.say(seat, "tenant.open", { name: "mine" })),
    ];
    assert.deepEqual(outcomes, ["kernel.bug", "namespace.unknown", "role.forbidden"]);
    await losses.flush({ within_seconds: 60 });
    assert.deepEqual(await told(directory), []);
    const kinds = await world.sql("select kind from ledger.entries where tenant_id = 1 order by seq desc limit 3");
    assert.deepEqual(
      kinds.map(({ kind }) => kind),
      ["command.denied", "command.refused", "command.failed"],
    );
  });
});
