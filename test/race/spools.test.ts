import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import fc from "fast-check";
import { pino } from "pino";
import { derivedPassword } from "../../src/database/migrate.ts";
import { openWorld } from "../../src/world.ts";
import { long, testWorld } from "../harness.ts";
import { checkFleet } from "./spool_checks.ts";
import { Fleet, type Seat, type Server } from "./spool_fleet.ts";
import { forgetsKeys, forgetsNumbers, trustsWallClocks } from "./spool_mutants.ts";

/**
 * Protocol B against a model: spools on machines that lose the server, their answers and their clocks. When all are
 * back, numbers are unique and dense, nothing is lost or twice, and all see the same winners.
 */
const world = await testWorld();
/** Two nodes on one database. */
const doors = [world.door, await anotherDoor()] as const;
// Their order by name, byte by byte, is not that of the machines.
const names = ["SPOOL-M", "SPOOL-C", "SPOOL-X", "SPOOL-A", "SPOOL-c", "SPOOL-B"];
const seats: Seat[] = [];
for (const name of names) seats.push({ name, token: await world.seat(name) });
await world.sql("update seats.principals set created_at = now() - interval '60 days'");
await world.say(world.operator, "spool.configure", { contest_seconds: 20 });

async function anotherDoor() {
  const applicationPassword = derivedPassword(world.admin.password as string);
  const { door, database } = await openWorld({
    admin: world.admin,
    applicationPassword,
    log: pino({ level: "silent" }),
  });
  after(async () => {
    await door.close();
    await database.end();
  });
  return door;
}

let turn = 0;
const server: Server = {
  async say({ token }, name, input, key) {
    return (await doors[turn++ % 2]!.say(token, name, input, { key })).output;
  },
  ask: ({ token }, name, input) => doors[turn++ % 2]!.ask(token, name, input),
  async settle() {
    for (let waiting = true; waiting;) ({ waiting } = await world.say(world.operator, "spool.settle", { early: true }));
  },
};

/** How many steps were taken, by what they did. */
const tally = new Map<string, number>();

type Step = fc.AsyncCommand<{ at: number }, Fleet>;

function step(
  name: string,
  machine: number,
  ms: number,
  run: (fleet: Fleet, machine: Fleet["machines"][0]) => unknown,
): Step {
  return {
    check: () => true,
    async run(_, fleet) {
      fleet.at += ms;
      tally.set(name, (tally.get(name) ?? 0) + 1);
      await run(fleet, fleet.machines[machine]!);
    },
    toString: () => `${name}(${machine}, ${ms} ms)`,
  };
}

const on = fc.nat({ max: names.length - 1 });
// Often no time at all goes by: two machines then post at one instant.
const ms = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 60_000 }));
const count = fc.integer({ min: 1, max: 20 });
const fates = ["answered", "unanswered", "twice", "again"] as const;
const steps: fc.Arbitrary<Step>[] = [
  // What happens more often stands here more often.
  ...[0, 0, 0, 0, 1].map((which) =>
    fc.tuple(on, ms, fc.constantFrom("answered", "answered", "unanswered", "late")).map(([machine, wait, fate]) => {
      const run = (fleet: Fleet, one: Fleet["machines"][0]) =>
        fleet.file(one, fleet.namespaces[which]!, fate as "late");
      return step(`file ${fate}`, machine, wait, run);
    }),
  ),
  fc.tuple(on, ms).map(([machine, wait]) => step("narrate", machine, wait, (fleet, one) => fleet.narrate(one))),
  ...["answered", ...fates].map((fate) =>
    fc
      .tuple(on, ms, count)
      .map(([machine, wait, most]) =>
        step(`hand in ${fate}`, machine, wait, (fleet, one) => fleet.handIn(one, most, fate as "again")),
      ),
  ),
  ...[false, true].map((online) =>
    fc
      .tuple(on, ms)
      .map(([machine, wait]) => step(online ? "connect" : "cut", machine, wait, (_, one) => (one.online = online))),
  ),
  fc.tuple(on, ms).map(([machine, wait]) => step("restart", machine, wait, (_, one) => (one.restarted = true))),
  fc.tuple(on, ms).map(([machine, wait]) => step("look", machine, wait, (fleet, one) => fleet.look(one))),
  ms.map((wait) => step("storm", 0, wait, (fleet) => fleet.storm())),
  ms.map((wait) =>
    step("calm", 0, wait, (fleet) => {
      for (const one of fleet.machines) one.online = true;
    }),
  ),
  fc.tuple(on, ms).map(([machine, wait]) => step("tear", machine, wait, (fleet, one) => fleet.tear(one))),
  fc.tuple(on, ms).map(([machine, wait]) => step("arrive", machine, wait, (fleet, one) => fleet.arrive(one))),
  fc.tuple(on, ms, fc.integer({ min: -36_000_000, max: 36_000_000 })).map(([machine, wait, skew]) =>
    step("set clock", machine, wait, (_, one) => {
      one.skew_ms = skew;
      // Before it ever posted a clock may be off as it will; later it was set.
      if (one.posts.length > 0) one.clock_sets++;
    }),
  ),
  fc.tuple(on, ms).map(([machine, wait]) => step("settle", machine, wait, (fleet) => fleet.server.settle())),
];

let run = 0;
let judged = 0;

/** One fleet's life, and what is found at its end. */
async function live(commands: Iterable<Step>, under: Server): Promise<void> {
  const id = ++run;
  const namespaces = [`M${id}`, `N${id}`];
  for (const prefix of namespaces)
    await world.say(world.operator, "namespace.define", { prefix, format: `${prefix}-NNNN` });
  const { seq } = await world.ask(world.operator, "ledger.head");
  const fleet = new Fleet(under, seats, namespaces, String(id));
  await fc.asyncModelRun(() => ({ model: { at: 0 }, real: fleet }), commands as never);
  await fleet.heal();
  await checkFleet(world, fleet, seq);
  judged += fleet.judged;
}

const lives = (length: number) => fc.commands(steps, { maxCommands: length, size: "max" });

describe("spools", () => {
  const wanted = long ? 25_000 : 600;
  // 100,000 steps in the long form, in parts that each end in time.
  const parts = long ? 4 : 1;

  for (let part = 1; part <= parts; part++)
    it(`that lost the server agree when they are back, over ${wanted} steps (${part} of ${parts})`, async () => {
      tally.clear();
      judged = 0;
      const seed = Number(process.env.LONGWATCH_SEED ?? (Date.now() + part * 1e6) % 2 ** 31);
      const taken = () => [...tally.values()].reduce((sum, one) => sum + one, 0);
      let runs = 0;
      for (; taken() < wanted; runs++)
        await fc.assert(
          fc.asyncProperty(lives(long ? 300 : 120), (commands) => live(commands, server)),
          { seed: seed + runs, numRuns: 1, endOnFailure: true },
        );
      console.log(`${taken()} steps in ${runs} lives, seeds ${seed} to ${seed + runs - 1}; ${judged} contests judged`);
      console.log(JSON.stringify(Object.fromEntries(tally)));
      assert.ok(!long || judged > wanted / 200, `only ${judged} numbers were contended for`);
      const outcomes = await world.sql("select outcome, count(*)::int from tickets.spooled group by 1 order by 1");
      console.log(JSON.stringify(outcomes));
      for (const outcome of ["amended", "confirmed", "lost", "posted"])
        assert.ok(
          outcomes.some((one) => one.outcome === outcome && one.count > 0),
          `nothing was ever ${outcome}`,
        );
    });

  it("leave tables and a ledger that agree", async () => {
    const { differences, found } = await world.ask(world.operator, "ticket.drift");
    assert.equal(differences, 0, JSON.stringify(found.slice(0, 5)));
    assert.equal((await world.ask(world.operator, "ledger.verify")).whole, true);
  });
});

describe("a mutant", () => {
  const mutants: [string, (server: Server) => Server][] = [
    ["takes posts without their numbers", forgetsNumbers],
    ["trusts wall clocks", trustsWallClocks],
    ["forgets the keys of requests", forgetsKeys],
  ];
  for (const [what, mutate] of mutants)
    it(`that ${what} is found out`, async () => {
      const lived = fc.asyncProperty(lives(150), (commands) => live(commands, mutate(server)));
      const { failed, errorInstance } = await fc.check(lived, { seed: 6, numRuns: 25, endOnFailure: true });
      assert.ok(failed, "the check stayed green: it would not see this bug");
      assert.ok(errorInstance instanceof assert.AssertionError, String(errorInstance));
      await server.settle();
    });
});
