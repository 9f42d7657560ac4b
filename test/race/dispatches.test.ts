import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { anotherDoor } from "../../src/kernel/door.fixture.ts";
import { long, testWorld } from "../harness.ts";
import { atOnce, WRITERS, writersPool } from "./mutants.ts";

/** DISPATCH-ONCE under attack: a denial makes one ticket for a seat, however often and wherever it is dispatched. */

const ROUNDS = long ? 40 : 8;
const world = await testWorld();
const { operator } = world;
await world.say(operator, "namespace.define", { prefix: "WEB", format: "WEB-NNNN", lane: "WEB" });
const leader = await world.seat("CLAUDE-CLI-BOX-WEB-10", "strategist");
await world.seat("CODEX-CLI-BOX-WEB-51");
const denial = async (): Promise<number> => {
  const act = { action: "deploy", resource_type: "environment", resource_id: "production" };
  const { decision, id } = await world.say(leader, "policy.decide", act);
  assert.equal(decision, false);
  return id;
};

/** "DISPATCH-ONCE" where one denial stands for two tickets of one seat. */
async function dispatchFaults(table: string): Promise<string[]> {
  const twice = await world.sql(`select 1 from ${table} group by decision_id, to_id having count(*) > 1`);
  return twice.length > 0 ? ["DISPATCH-ONCE"] : [];
}

describe("A denial that is dispatched many times at once", () => {
  const pool = writersPool(world);

  it("makes one ticket through the doors of several servers, and everyone is told which", async () => {
    const doors = [world.door, anotherDoor(world).door, anotherDoor(world).door];
    for (let round = 0; round < ROUNDS; round++) {
      const decision = await denial();
      const dispatches = Array.from({ length: WRITERS }, async (_, n) => {
        const { output } = await doors[n % 3]!.say(leader, "ticket.dispatch", { decision, to: "WEB-51" });
        return (output as { id: string }).id;
      });
      assert.equal(new Set(await Promise.all(dispatches)).size, 1);
    }
    assert.deepEqual(await dispatchFaults("delegation.dispatches"), []);
    const [{ tickets, dispatches }] = await world.sql(
      `select (select count(*)::int from tickets.tickets) as tickets,
         (select count(*)::int from delegation.dispatches) as dispatches`,
    );
    assert.deepEqual([tickets, dispatches], [ROUNDS, ROUNDS], "none was filed in vain");
    assert.equal((await world.ask(operator, "ticket.drift")).differences, 0);
  });

  /** Looks whether it was dispatched before, and dispatches: what a first draft does. One connection, one ticket. */
  async function rounds(table: string): Promise<{ found: string[]; errors: { code: string }[] }> {
    const errors: { code: string }[] = [];
    const [{ by, to }] = await world.sql(
      `select (select id::int from seats.principals where name = 'CLAUDE-CLI-BOX-WEB-10') as by,
         (select id::int from seats.principals where name = 'CODEX-CLI-BOX-WEB-51') as to`,
    );
    for (let round = 0; round < ROUNDS; round++) {
      const decision = await denial();
      const filings = Array.from({ length: WRITERS }, (_, n) =>
        world.say(operator, "ticket.file", { namespace: "WEB", title: `Round ${round}, ${n}` }),
      );
      const ids = (await Promise.all(filings)).map(({ id }) => id);
      const outcomes = await atOnce(pool, async (client) => {
        const look = `select 1 from ${table} where tenant_id = 1 and decision_id = $1 and to_id = $2`;
        if ((await client.query(look, [decision, to])).rows.length > 0) return;
        await client.query(
          `insert into ${table} (tenant_id, ticket_id, attempt, to_id, by_id, decision_id, dispatched_at)
           values (1, $1, 1, $2, $3, $4, now())`,
          [ids.pop(), to, by, decision],
        );
      });
      errors.push(...(outcomes.filter(Boolean) as { code: string }[]));
    }
    return { found: await dispatchFaults(table), errors };
  }

  it("is kept by the index one_dispatch_for_decision_and_seat, past the door and without any lock", async () => {
    const { found, errors } = await rounds("delegation.dispatches");
    assert.deepEqual(found, []);
    assert.ok(errors.length > 0, "some met");
    for (const { code } of errors) assert.equal(code, "23505");
  });

  it("makes two for those who look and then dispatch, without the index; the same check finds them", async () => {
    await world.sql("create table bare_dispatches (like delegation.dispatches including defaults)");
    await world.sql("grant select, insert on bare_dispatches to longwatch_app");
    assert.deepEqual((await rounds("bare_dispatches")).found, ["DISPATCH-ONCE"]);
  });
});
