import assert from "node:assert/strict";
import { describe, it } from "node:test";
import pg from "pg";
import { anotherDoor } from "../../src/kernel/door.fixture.ts";
import { long, testWorld } from "../harness.ts";
import { atOnce, writersPool } from "./mutants.ts";

/** SUB-SMALLER under attack: no sub-agent lives on when its parent's session has ended, whoever meets whom. */

const ROUNDS = long ? 60 : 12;
const world = await testWorld();
const PARENT = "CODEX-CLI-BOX-WEB-01";

/** "SUB-SMALLER" where a sub-agent has a session and its parent has none. */
async function orphanFaults(table: string): Promise<string[]> {
  const [{ count }] = await world.sql(
    `select count(*)::int as count from ${table} c join ${table} p on p.tenant_id = c.tenant_id and p.name = c.parent
     where c.kind = 'sub_agent' and c.incarnation is not null and p.incarnation is null`,
  );
  return count > 0 ? ["SUB-SMALLER"] : [];
}

describe("A seat that ends while sub-agents of it begin", () => {
  const pool = writersPool(world);

  it("leaves none behind through the doors of two servers, and each that came too late is refused", async () => {
    const doors = [world.door, anotherDoor(world).door];
    let spawned = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const token = await world.seat(`CODEX-CLI-BOX-WEB-${100 + round}`);
      const spawns = Array.from({ length: 6 }, (_, n) =>
        doors[n % 2]!.say(token, "seat.spawn", { suffix: `part-${n}`, scope: ["ticket.show"] })
          .then(() => spawned++)
          .catch((error) => assert.match(error.code, /^(token\.|seat\.)/)),
      );
      const end = doors[round % 2]!.say(world.operator, "seat.retire", { seat: `CODEX-CLI-BOX-WEB-${100 + round}` });
      await Promise.all([...spawns, end]);
      assert.deepEqual(await orphanFaults("seats.principals"), []);
    }
    assert.ok(spawned > 0, "some came in time, and ended with their seat");
  });

  /** Rounds of many who begin a sub-agent, and one who ends the parent's session, on plain connections. */
  async function rounds(table: string, begin: (client: pg.PoolClient, name: string) => Promise<unknown>) {
    const found = new Set<string>();
    const errors: { code: string }[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      await world.sql(`update ${table} set incarnation = gen_random_uuid(), adopted_at = now() where name = $1`, [
        PARENT,
      ]);
      let turn = 0;
      const outcomes = await atOnce(pool, async (client) => {
        const n = turn++;
        if (n !== 3) return void (await begin(client, `${PARENT}/r${round}-${n}`));
        await client.query(
          `update ${table} set incarnation = null, adopted_at = null where tenant_id = 1 and name = $1`,
          [PARENT],
        );
      });
      errors.push(...(outcomes.filter(Boolean) as { code: string }[]));
      for (const fault of await orphanFaults(table)) found.add(fault);
    }
    return { found: [...found], errors };
  }

  const insertInto = (table: string) => (client: pg.PoolClient, name: string) =>
    client.query(
      `insert into ${table} (tenant_id, name, kind, role, scope, incarnation, adopted_at)
       values (1, $1, 'sub_agent', 'implementer', '{ticket.show}', gen_random_uuid(), now())`,
      [name],
    );

  it("leaves none behind past the door either: the triggers lock the parent before they look", async () => {
    await world.seat(PARENT);
    const { found, errors } = await rounds("seats.principals", insertInto("seats.principals"));
    assert.deepEqual(found, []);
    for (const { code } of errors) assert.equal(code, "LW016");
  });

  it("leaves some behind where the end only looks for those that are there: the same check finds them", async () => {
    await world.sql(`create table bare_principals (like seats.principals including defaults including generated)`);
    await world.sql(`insert into bare_principals (tenant_id, id, name, kind, role)
      values (1, -1, '${PARENT}', 'seat', 'implementer')`);
    await world.sql("alter table bare_principals alter column id set default -2");
    await world.sql("grant select, insert, update on bare_principals to longwatch_app");
    await world.sql(`create function bare_end() returns trigger language plpgsql as $$ begin
        update bare_principals set incarnation = null where parent = new.name; return null; end $$`);
    await world.sql(`create trigger bare_end after update of incarnation on bare_principals for each row
        when (new.incarnation is null) execute function bare_end()`);
    const { found } = await rounds("bare_principals", insertInto("bare_principals"));
    assert.deepEqual(found, ["SUB-SMALLER"]);
  });
});
