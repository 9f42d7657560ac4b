import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { pino } from "pino";
import { testWorld } from "../../../../test/harness.ts";
import { Signer } from "../../../anchors/signer.ts";
import { HEAD_RECORDED, type RecordedHead } from "./heads.ts";
import { lostHeads } from "./survey.ts";

describe("A tenant", async () => {
  const world = await testWorld();
  const directory = await mkdtemp(join(tmpdir(), "longwatch-survey-"));
  after(() => rm(directory, { recursive: true, force: true }));
  const second = await world.say(world.operator, "tenant.open", { name: "second" });
  const third = await world.say(world.operator, "tenant.open", { name: "third" });
  const { database, door } = world;
  const sign = async (tenant_id: number, tenant: string) => {
    const log = pino({ level: "silent" });
    const where = { anchors: join(directory, "anchors"), keys: join(directory, "keys") };
    await new Signer({ tenant_id, tenant, database, door, log, ...where }).pass(true);
  };
  const survey = async () => (await world.door.sayInside(1, "longwatch", "ledger.survey", {})).output;
  const recorded = async (): Promise<RecordedHead[]> => {
    const rows = await world.sql("select leaf from ledger.entries where tenant_id = 1 and kind = $1 order by seq", [
      HEAD_RECORDED,
    ]);
    return rows.map(({ leaf }) => JSON.parse(leaf.toString()).data);
  };
  const lost = async () => {
    const tx = await database.begin(1, "read only");
    const found = await lostHeads(tx, await recorded());
    await tx.commit();
    return found.map(({ tenant, reason }) => [tenant, reason]);
  };

  it("is recorded with how far its log has come, once for each time that it grew", async () => {
    await world.say(second.token, "post.append", { subject: "here" });
    await world.say(third.token, "post.append", { subject: "here too" });
    await sign(2, "second");
    await sign(3, "third");
    assert.deepEqual(await survey(), { recorded: 2 });
    assert.deepEqual(await survey(), { recorded: 0 });
    await world.say(second.token, "post.append", { subject: "and more" });
    await sign(2, "second");
    assert.deepEqual(await survey(), { recorded: 1 });
    assert.deepEqual(
      (await recorded()).map(({ tenant }) => tenant),
      ["second", "third", "second"],
    );
    assert.deepEqual(await lost(), []);
    assert.equal((await world.ask(world.operator, "ledger.verify")).whole, true);
  });

  it("is shown no other's head, and records nothing of its own", async () => {
    assert.deepEqual((await door.sayInside(2, "longwatch", "ledger.survey", {})).output, { recorded: 0 });
    assert.deepEqual(await world.asApplication("select * from ledger.every_head()", [], 2), []);
  });

  it("is missed when its newest checkpoint is cut off, rewritten, or gone with all of the tenant", async () => {
    const unlocked = (sql: string) =>
      world.sql(`begin; set local session_replication_role = replica;
        alter table ledger.anchors disable trigger all; ${sql};
        alter table ledger.anchors enable always trigger refuse_change; commit`);
    await unlocked("update ledger.anchors set root = sha256(root) where tenant_id = 3");
    const [head] = (await recorded()).filter(({ tenant }) => tenant === "third");
    assert.deepEqual(await lost(), [["third", `its checkpoint of ${head!.size} entries changed`]]);
    const newest = (await recorded()).findLast(({ tenant }) => tenant === "second")!.size;
    await unlocked(`delete from ledger.anchors where tenant_id = 2 and tree_size = ${newest}`);
    assert.deepEqual((await lost())[1], ["second", `its checkpoint of ${newest} entries is gone`]);
    const report = await world.ask(world.operator, "ledger.verify");
    assert.equal(report.whole, false);
    assert.match(report.reason, /it recorded how far the tenant (second|third) had come, and its checkpoint of/);
    await unlocked("delete from ledger.anchors where tenant_id = 2");
    assert.deepEqual((await lost())[0], ["second", "the tenant, or all of its log, is gone"]);
  });
});
