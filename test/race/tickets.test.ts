import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { pino } from "pino";
import { derivedPassword } from "../../src/database/migrate.ts";
import type { Door } from "../../src/kernel/door.ts";
import { Refusal } from "../../src/kernel/refusal.ts";
import { openWorld } from "../../src/world.ts";
import { long, type TestWorld, testWorld } from "../harness.ts";
import { countedCeiling, highestPlusOne, selectThenUpdate } from "./claim_mutants.ts";

const world = await testWorld();
const { operator } = world;
/** Two nodes on one database: each has a Database, a committer and a memory of its own. */
const doors = [world.door, await anotherDoor(world)] as const;
const seats = await Promise.all(Array.from({ length: 64 }, (_, n) => world.seat(`Racer-${n}`)));

async function anotherDoor({ admin }: TestWorld): Promise<Door> {
  const applicationPassword = derivedPassword(admin.password as string);
  const { door, database } = await openWorld({ admin, applicationPassword, log: pino({ level: "silent" }) });
  after(async () => {
    await door.close();
    await database.end();
  });
  return door;
}

const define = (prefix: string, on = world) =>
  on.say(on.operator, "namespace.define", { prefix, format: `${prefix}-NNNN` });

async function fileMany(on: TestWorld, count: number, input: object): Promise<string[]> {
  const filed = Array.from({ length: count }, () =>
    on.say(on.operator, "ticket.file", { title: "Raced for", ...input }),
  );
  return (await Promise.all(filed)).map(({ id }) => id);
}

/** Says it as a session over one of the doors; a refusal of these codes is null. */
async function over(session: number, name: string, input: object, nothing: string[]): Promise<any> {
  try {
    return (await doors[session % 2]!.say(seats[session]!, name, input)).output;
  } catch (error) {
    if (error instanceof Refusal && nothing.includes(error.code)) return null;
    throw error;
  }
}

/** TICKET-ONE-WINNER: sessions that claim until the lane is empty get every ticket, and each ticket one session. */
async function oneWinnerEach(
  ids: string[],
  sessions: number,
  next: (session: number) => Promise<string | null>,
): Promise<void> {
  const winners = new Map<string, number>();
  const run = async (session: number) => {
    for (let id = await next(session); id !== null; id = await next(session))
      winners.set(id, (winners.get(id) ?? 0) + 1);
  };
  await Promise.all(Array.from({ length: sessions }, (_, session) => run(session)));
  assert.deepEqual(
    [...winners].filter(([, count]) => count > 1),
    [],
    "a ticket was won twice",
  );
  assert.equal(winners.size, ids.length, "a ticket was not claimed");
}

/** NUMBER-GAP-FREE: every filing is acknowledged, and a namespace's numbers are 1 to n, each once. */
async function gapFree(
  namespaces: string[],
  sessions: number,
  each: number,
  file: (session: number, namespace: string) => Promise<string>,
) {
  const ids: string[] = [];
  const run = async (session: number) => {
    for (let n = 0; n < each; n++) ids.push(await file(session, namespaces[(session + n) % namespaces.length]!));
  };
  const outcomes = await Promise.allSettled(Array.from({ length: sessions }, (_, session) => run(session)));
  for (const outcome of outcomes)
    if (outcome.status === "rejected") assert.fail(`a filing was lost: ${outcome.reason}`);
  for (const namespace of namespaces) {
    const own = ids.filter((id) => id.startsWith(`${namespace}-`));
    assert.deepEqual(
      own.sort(byNumber),
      own.map((_, n) => `${namespace}-${String(n + 1).padStart(4, "0")}`),
    );
  }
  assert.equal(ids.length, sessions * each);
}

const byNumber = (a: string, b: string) => Number(a.split("-")[1]) - Number(b.split("-")[1]);

/** SURFACE-ONE-OWNER: of many claims on one surface at once, one is given. */
async function oneOwner(ids: string[], claim: (session: number, id: string) => Promise<boolean>): Promise<void> {
  const given = await Promise.all(ids.map((id, session) => claim(session, id)));
  assert.equal(given.filter(Boolean).length, 1);
}

describe("claims", () => {
  const rounds = long ? 100 : 3;
  const count = long ? 1000 : 200;

  it(`by 32 sessions for ${count} tickets at once have one winner each, ${rounds} times over`, async () => {
    await define("WIN");
    for (let round = 0; round < rounds; round++) {
      const lane = `WIN${round}`;
      const ids = await fileMany(world, count, { namespace: "WIN", lane });
      await oneWinnerEach(
        ids,
        32,
        async (session) => (await over(session, "ticket.claim", { lane }, ["lane.empty"]))?.id ?? null,
      );
    }
  });

  it("of one surface by 16 sessions at once have one owner, by id and by lane", async () => {
    await define("SUR");
    for (let round = 0; round < rounds * 4; round++) {
      const input = { namespace: "SUR", lane: `SUR${round}`, surface_key: `race:surface:${round}` };
      const ids = await fileMany(world, 16, input);
      const wish = (session: number, id: string) => ((session + round) % 3 === 0 ? { lane: input.lane } : { id });
      await oneOwner(
        ids,
        async (session, id) =>
          (await over(session, "ticket.claim", wish(session, id), [
            "surface.held",
            "ticket.in_progress",
            "lane.empty",
          ])) !== null,
      );
    }
  });

  it("whose leases end while 8 sessions fight for them stay fenced", async () => {
    await define("FEN");
    const tally = await fight(long ? 60_000 : 3_000);
    const { acted, lost, ended } = tally;
    assert.ok(ended > 20 && lost > 20 && acted > 100, `the fight was none: ${JSON.stringify(tally)}`);
    // The ledger's order is the order of the commits: at each act its actor held the ticket.
    const holders = new Map<string, string>();
    let told = 0;
    for (let after = 0; ;) {
      const { entries } = await world.ask(operator, "feed.read", { after, limit: 1000 });
      for (const { kind, subject, actor } of entries) {
        if (!subject?.startsWith("FEN-")) continue;
        const holder = holders.get(subject);
        if (kind === "ticket.claimed") assert.equal(holder, undefined, `${subject} was claimed from under ${holder}`);
        if (["ticket.renewed", "ticket.released", "ticket.finished"].includes(kind))
          assert.equal(holder, actor, `${subject} ${kind}`);
        if (["ticket.claimed", "ticket.renewed", "ticket.released", "ticket.finished"].includes(kind)) told++;
        if (kind === "ticket.claimed") holders.set(subject, actor);
        else if (kind !== "ticket.renewed") holders.delete(subject);
      }
      if (entries.length < 1000) break;
      after = entries.at(-1).seq;
    }
    assert.equal(told, acted, "every acknowledged act is in the ledger, and no other");
  });
});

/**
 * Sessions claim, renew, release and finish with fresh and with stale tokens, while leases end at random, for so long
 * and until enough of each has happened.
 */
async function fight(milliseconds: number): Promise<{ acted: number; lost: number; ended: number }> {
  const lane = "FEN";
  await fileMany(world, 12, { namespace: "FEN" });
  const tally = { acted: 0, lost: 0, ended: 0 };
  const end = performance.now() + milliseconds;
  const isFight = () => tally.ended > 20 && tally.lost > 20 && tally.acted > 100;
  const goesOn = () => performance.now() < end || (!isFight() && performance.now() < end + 300_000);
  const run = async (session: number) => {
    const known: { id: string; claim_token: string }[] = [];
    while (goesOn()) {
      const claim = await over(session, "ticket.claim", { lane }, ["lane.empty"]);
      if (claim) {
        tally.acted++;
        known.push({ id: claim.id, claim_token: claim.claim_token });
      }
      await sleep(Math.random() * 10);
      for (const { id, claim_token } of known.splice(0, known.length > 6 ? 3 : 0).concat(known.slice(-2))) {
        const [name, more] = (
          [
            ["renew", {}],
            ["renew", {}],
            ["release", { reason: "r" }],
            ["finish", { work_proof: "commit 1a2b3c4" }],
          ] as const
        )[Math.floor(Math.random() * 4)]!;
        const done = await over(session, `ticket.${name}`, { id, claim_token, ...more }, ["lease.lost"]);
        if (done) tally.acted++;
        else tally.lost++;
        if (done && name === "finish") await fileMany(world, 1, { namespace: "FEN" });
      }
    }
  };
  const expire = async () => {
    while (goesOn()) {
      const rows =
        await world.sql(`update tickets.tickets set lease_expires_at = clock_timestamp() where state = 'in_progress'
        and id = (select id from tickets.tickets where namespace = 'FEN' and state = 'in_progress'
          order by random() limit 1) returning 1`);
      tally.ended += rows.length;
      await sleep(5);
    }
  };
  await Promise.all([...Array.from({ length: 8 }, (_, session) => run(session)), expire()]);
  return tally;
}

describe("filings", () => {
  const each = long ? 500 : 20;

  it(`by 64 sessions into 5 namespaces over two doors, ${each} each, lose, skip and double no number`, async () => {
    const namespaces = ["AAA", "BBB", "CCC", "DDD", "EEE"];
    for (const prefix of namespaces) await define(prefix);
    let keys = 0;
    await gapFree(namespaces, 64, each, async (session, namespace) => {
      const key = `filing-${keys++}`;
      const input = { namespace, title: `Filed under ${key}` };
      const say = (door: Door, signal?: AbortSignal) =>
        door.say(seats[session]!, "ticket.file", input, { key, signal });
      // Some filings are refused beside it, some callers leave and come back, some ask both nodes at once.
      if (keys % 5 === 0)
        await assert.rejects(world.door.say(seats[session]!, "ticket.file", { ...input, parent: "AAA-999999" }), {
          code: "ticket.unknown",
        });
      if (keys % 7 === 0)
        await say(doors[0], AbortSignal.timeout(1)).catch((error) => assert.equal(error.code, "caller.left"));
      const asked = keys % 3 === 0 ? doors : [doors[session % 2]!];
      const answers = await Promise.all(asked.map((door) => say(door)));
      const ids = new Set(
        [...answers, await say(doors[(session + 1) % 2]!)].map(({ output }) => (output as { id: string }).id),
      );
      assert.equal(ids.size, 1, `${key} was filed as ${[...ids]}`);
      return [...ids][0]!;
    });
    const [{ count }] = await world.sql("select count(*)::int from tickets.tickets where namespace = any ($1)", [
      namespaces,
    ]);
    assert.equal(count, 64 * each, "each key left one ticket");
  });
});

describe("a mutant", () => {
  /** Runs a check on a known-wrong implementation until it turns red, for a minute at the most. */
  async function turnsRed(check: (round: number) => Promise<void>): Promise<void> {
    const end = performance.now() + 60_000;
    for (let round = 0; performance.now() < end; round++) {
      const red = await check(round).then(
        () => null,
        (error) => error,
      );
      if (red === null) continue;
      return assert.ok(red instanceof assert.AssertionError, red);
    }
    assert.fail("the check stayed green: it would not see this bug");
  }

  it("that selects a ticket and then updates it turns TICKET-ONE-WINNER red", async () => {
    const yard = await testWorld();
    await define("MUT", yard);
    const next = await selectThenUpdate(yard, 32);
    await turnsRed(async (round) => {
      const lane = `M${round}`;
      const ids = await fileMany(yard, 50, { namespace: "MUT", lane });
      await oneWinnerEach(ids, 32, (session) => next(session, lane));
    });
  });

  it("that takes the highest number plus one turns NUMBER-GAP-FREE red", async () => {
    const yard = await testWorld();
    await define("MUT", yard);
    const file = await highestPlusOne(yard, 16);
    await turnsRed(() => gapFree(["MUT"], 16, 5, file));
  });

  it("that counts the active claims and then adds one turns SURFACE-ONE-OWNER red", async () => {
    const yard = await testWorld();
    await define("MUT", yard);
    const claim = await countedCeiling(yard, 16);
    await turnsRed(async (round) => {
      const ids = await fileMany(yard, 16, { namespace: "MUT", surface_key: `mutant:${round}` });
      await oneOwner(ids, claim);
    });
  });
});

it("after all the races the tables and the ledger agree, and the ledger is whole", async () => {
  const { differences, found } = await world.ask(operator, "ticket.drift");
  assert.equal(differences, 0, JSON.stringify(found));
  assert.equal((await world.ask(operator, "ledger.verify")).whole, true);
});
