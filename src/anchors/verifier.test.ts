import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { testWorld } from "../../test/harness.ts";
import { Signers } from "./signers.ts";
import { at, directory, flip, log, signedLedger, tamper } from "./verifier.fixture.ts";
import { ENTRIES_A_SLICE, Verifier } from "./verifier.ts";

describe("The scheduled verifier", async () => {
  const world = await testWorld();

  it("goes round a whole ledger in slices, and looks at the newest entries as they come", async () => {
    const { verifier, verifierWith, coverage, checks, tenant, token } = await signedLedger(world, "round");
    await verifier.tick();
    for (let n = 0; n < 3; n++) await verifier.tick();
    await world.say(token, "post.append", { subject: "one more" });
    await verifier.tick();
    const ranges = await world.sql(
      "select after, upto, whole from ledger.verifications where tenant_id = $1 order by id desc limit 4",
      [tenant.id],
    );
    const { entries, covered } = await coverage();
    assert.deepEqual(
      ranges.map((range) => Object.values(range)),
      [
        [entries - 1, entries, false],
        [2 * ENTRIES_A_SLICE, entries - 1, false],
        [ENTRIES_A_SLICE, 2 * ENTRIES_A_SLICE, false],
        [0, ENTRIES_A_SLICE, false],
      ],
    );
    assert.equal(covered, 1);
    assert.equal((await checks()).filter(({ whole }) => whole).length, 1);
    // Another process goes on where this one was, but a data directory that never saw the ledger whole begins with it.
    await verifierWith().tick();
    assert.deepEqual((await checks()).at(-1), { whole: false });
    await verifierWith({ memory: await directory() }).tick();
    assert.deepEqual(await checks(), [{ whole: true }]);
  });

  it("checks the whole once a day, before the last check stops counting", async () => {
    const { verifier, tenant, checks } = await signedLedger(world, "daily");
    const age = (hours: number) =>
      world.sql(`update ledger.verifications set at = at - interval '${hours} hours' where tenant_id = ${tenant.id}`);
    await verifier.tick();
    await age(22);
    await verifier.tick();
    assert.deepEqual((await checks()).at(-1), { whole: false });
    await age(1);
    await verifier.tick();
    assert.deepEqual(await checks(), [{ whole: true }]);
  });

  it("says that all is well again after what was broken was mended", async () => {
    const ledger = await signedLedger(world, "mended");
    const { verifier, tenant, coverage, told } = ledger;
    await verifier.tick();
    await tamper(world, ledger, [`update ledger.entries set leaf = ${flip("leaf")} ${at(10)}`]);
    await verifier.tick();
    await tamper(world, ledger, [`update ledger.entries set leaf = ${flip("leaf")} ${at(10)}`]);
    // A slice that finds nothing does not take back what the whole found.
    await verifier.tick();
    assert.equal((await coverage()).broken.first_broken, 10);
    assert.ok(verifier.alarms.includes("ledger.broken"));
    await world.sql(`update ledger.verifications set at = at - interval '1 hour' where tenant_id = ${tenant.id}`);
    await verifier.tick();
    assert.equal((await coverage()).broken, null);
    assert.ok(!verifier.alarms.includes("ledger.broken"));
    assert.equal((await told()).length, 1);
  });
});

describe("Of two processes", async () => {
  const world = await testWorld();
  const tenants = async () => [{ id: 1, name: "home" }];

  it("the one that signs verifies; the other tells of what it found, and takes over", async () => {
    for (let n = 0; n < 5; n++) await world.say(world.operator, "post.append", { subject: `post ${n}` });
    const [anchors, keys] = [await directory(), await directory()];
    const start = () => new Signers({ ...world, tenants, anchors, keys, log });
    const servers = [start(), start()] as const;
    after(() => Promise.all(servers.map((signers) => signers.stop())));
    while (!servers.some((signers) => signers.holds(1))) await new Promise((resolve) => setTimeout(resolve, 5));
    const [first, second] = servers[0].holds(1) ? servers : [servers[1], servers[0]];
    world.keepOutside(first);
    const verifiers = await Promise.all(
      [first, second].map(async (signers) => {
        const holds = (id: number) => signers.holds(id);
        return new Verifier({ ...world, tenants, outside: signers, holds, memory: await directory(), log });
      }),
    );
    const [one, other] = verifiers as [Verifier, Verifier];
    const checks = async () => (await world.sql("select id from ledger.verifications order by id")).map(({ id }) => id);
    await other.tick();
    assert.deepEqual(await checks(), []);
    await one.tick();
    const [checked] = await checks();
    await other.tick();
    assert.deepEqual(await checks(), [checked]);
    await tamper(world, { tenant: { id: 1, name: "home" } }, [
      `update ledger.entries set leaf = ${flip("leaf")} ${at(3)}`,
    ]);
    await one.tick();
    assert.deepEqual(other.alarms, []);
    await other.tick();
    assert.deepEqual(other.alarms, ["ledger.broken"]);
    // The first one ends.
    await first.stop();
    const heir = start();
    after(() => heir.stop());
    while (!heir.holds(1) && !second.holds(1)) await new Promise((resolve) => setTimeout(resolve, 5));
    const before = (await checks()).length;
    const holds = (id: number) => heir.holds(id) || second.holds(id);
    await new Verifier({ ...world, tenants, outside: heir, holds, memory: await directory(), log }).tick();
    assert.equal((await checks()).length, before + 1);
  });
});

describe("The alarm ledger.unanchored (AUD-LAG)", async () => {
  const world = await testWorld();

  it("is raised when an entry is a minute old without a checkpoint, and falls when it has one", async () => {
    const { verifier, tenant, token, anchors, keys } = await signedLedger(world, "late", 3);
    await verifier.watch();
    assert.deepEqual(verifier.alarms, []);
    await world.say(token, "post.append", { subject: "unsigned" });
    await verifier.watch();
    assert.deepEqual(verifier.alarms, []);
    const { seq } = await world.ask(token, "ledger.head");
    const later = (seconds: number) =>
      tamper(world, { tenant }, [`update ledger.entries set at = at - interval '${seconds} s' ${at(seq)}`]);
    await later(59);
    const { anchored } = await world.ask(token, "ledger.coverage");
    assert.deepEqual([anchored.size, anchored.lag_entries], [seq - 1, 1]);
    assert.ok(anchored.lag_seconds >= 59, String(anchored.lag_seconds));
    await later(2);
    await verifier.watch();
    assert.deepEqual(verifier.alarms, ["ledger.unanchored"]);
    // After a freeze the entries that the old log covers wait for the new one, as long as it was needed.
    await tamper(world, { tenant }, [`update ledger.entries set at = at - interval '100 s' ${at(1)}`]);
    await world.say(token, "ledger.freeze", { reason: "a new name" });
    await verifier.watch();
    assert.deepEqual(verifier.alarms, []);
    await later(-61);
    await new Signers({ ...world, tenants: async () => [tenant], anchors, keys, log }).stop();
    await verifier.watch();
    assert.deepEqual(verifier.alarms, []);
  });
});
