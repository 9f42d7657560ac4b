import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { pino } from "pino";
import { derivedPassword } from "../../src/database/migrate.ts";
import { Refusal } from "../../src/kernel/refusal.ts";
import { openWorld } from "../../src/world.ts";
import { type TestWorld, testWorld } from "../harness.ts";
import { countWithoutTime, IDLER } from "./turn_mutants.ts";

const SESSIONS = 16;

/** A world with two nodes; a seat whose one token many programs say the same with. */
async function yard() {
  const world = await testWorld();
  const applicationPassword = derivedPassword(world.admin.password as string);
  const node = await openWorld({ admin: world.admin, applicationPassword, log: pino({ level: "silent" }) });
  after(async () => {
    await node.door.close();
    await node.database.end();
  });
  const doors = [world.door, node.door] as const;
  const token = await world.seat(IDLER);
  const idle = async (session: number) => {
    try {
      return (await doors[session % 2]!.say(token, "turn.close", { empty: true })).output as { closed: boolean };
    } catch (error) {
      if (error instanceof Refusal && error.kind !== "internal") return { closed: false };
      throw error;
    }
  };
  const pass = () =>
    world.sql(
      `update turns.cycles set at = at - interval '2 minutes', previous_at = previous_at - interval '2 minutes'`,
    );
  return { world, idle, pass };
}

/** IDLE-APART: of many who tell the same idle cycle at once, one counts. */
async function oneCycle(world: TestWorld, tell: (session: number) => Promise<unknown>): Promise<void> {
  await Promise.all(Array.from({ length: SESSIONS }, (_, session) => tell(session)));
  const [{ count }] = await world.sql(
    "select count(*)::integer as count from turns.cycles where at > now() - interval '1 minute'",
  );
  assert.equal(count, 1, "idle cycles were counted together");
}

describe("IDLE-APART:", () => {
  it("of many who tell an idle cycle at once over two nodes one counts, and the seat retires once", async () => {
    const { world, idle, pass } = await yard();
    for (let cycle = 1; cycle < 3; cycle++) {
      await oneCycle(world, idle);
      await pass();
    }
    const last = await Promise.all(Array.from({ length: SESSIONS }, (_, session) => idle(session)));
    assert.equal(last.filter(({ closed }) => closed).length, 1);
    const { entries } = await world.ask(world.operator, "feed.read", { limit: 1000 });
    const kinds = entries.map(({ kind }: { kind: string }) => kind);
    for (const [kind, times] of [
      ["turn.idled", 3],
      ["post.appended", 1],
      ["seat.retired", 1],
    ] as const)
      assert.equal(kinds.filter((one: string) => one === kind).length, times, kind);
  });

  it("turns red on a count that does not ask how long ago the last cycle was", async () => {
    const world = await testWorld();
    await world.seat(IDLER);
    const mutant = await countWithoutTime(world, SESSIONS);
    await assert.rejects(oneCycle(world, mutant), /idle cycles were counted together/);
  });
});
