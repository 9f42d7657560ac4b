import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import { anotherDoor } from "../../src/kernel/door.fixture.ts";
import { long, testWorld } from "../harness.ts";
import { atOnce, WRITERS, writersPool } from "./mutants.ts";

/** MERGE-FACTS under attack: however many tell of a merge at once, its ticket is merged once. */

const ROUNDS = long ? 40 : 6;
const world = await testWorld();
const { operator, say, ask } = world;
await say(operator, "namespace.define", { prefix: "CMB", format: "CMB-NNNN" });
const place = { repository: "acme/shop", branch: "main" };
const commit = (word: string) => createHash("sha1").update(word).digest("hex");
const file = async () => (await say(operator, "ticket.file", { namespace: "CMB", title: "Work" })).id as string;

/** "MERGE-FACTS" where one commit stands twice for one ticket. */
async function mergeFaults(table: string): Promise<string[]> {
  const twice = await world.sql(`select 1 from ${table} group by ticket_id, commit having count(*) > 1`);
  return twice.length > 0 ? ["MERGE-FACTS"] : [];
}

describe("A merge that many tell of at once", () => {
  const pool = writersPool(world);

  it("gives its ticket one receipt, through the doors of several servers and in any order", async () => {
    const doors = [world.door, anotherDoor(world).door, anotherDoor(world).door];
    for (let round = 0; round < ROUNDS; round++) {
      const id = await file();
      const commits = [`${id} one`, `${id} two`].map((word) => ({ commit: commit(word), message: `${id}: ${word}` }));
      const told = await Promise.all(
        Array.from({ length: WRITERS }, async (_, n) => {
          const order = n % 2 ? commits : commits.toReversed();
          const { output } = await doors[n % 3]!.say(operator, "merge.report", { ...place, commits: order });
          return (output as { merged: string[] }).merged;
        }),
      );
      assert.deepEqual(told.flat(), [id], "one of them told something new");
      const { receipts } = await ask(operator, "ticket.show", { id });
      assert.deepEqual(
        receipts.map(({ stage }: { stage: string }) => stage),
        ["merged"],
      );
    }
    assert.deepEqual(await mergeFaults("landing.merges"), []);
  });

  /** Looks whether the fact is known, and writes it: what a first draft does. */
  async function rounds(table: string): Promise<{ found: string[]; errors: { code: string }[] }> {
    const errors: { code: string }[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const fact = [await file(), commit(`draft ${round}`)];
      const outcomes = await atOnce(pool, async (client) => {
        const look = `select from ${table} where tenant_id = 1 and ticket_id = $1 and commit = $2`;
        if ((await client.query(look, fact)).rowCount !== 0) return;
        await client.query(
          `insert into ${table} (tenant_id, repository, branch, seen_at, ticket_id, commit)
           values (1, 'acme/shop', 'main', now(), $1, $2)`,
          fact,
        );
      });
      errors.push(...(outcomes.filter(Boolean) as { code: string }[]));
    }
    return { found: await mergeFaults(table), errors };
  }

  it("is kept by the key of merges, past the door and without any lock", async () => {
    const { found, errors } = await rounds("landing.merges");
    assert.deepEqual(found, []);
    assert.ok(errors.length > 0, "some met");
    for (const { code } of errors) assert.equal(code, "23505");
  });

  it("is told twice by those who look and then write, without the key; the same check finds them", async () => {
    await world.sql("create table bare_merges (like landing.merges including defaults)");
    await world.sql("grant select, insert on bare_merges to longwatch_app");
    assert.deepEqual((await rounds("bare_merges")).found, ["MERGE-FACTS"]);
  });
});
