import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { testWorld } from "../../../../test/harness.ts";
import { spoolOn } from "./spool.fixture.ts";

const world = await testWorld();
const { operator, say, ask } = world;
const define = (prefix: string) => say(operator, "namespace.define", { prefix, format: `${prefix}-NNNN` });
const settle = () => say(operator, "spool.settle", { early: true });

describe("a post that cites a filing of another spool", () => {
  it("waits for its number, and so does what stands behind it", async () => {
    await define("OTH");
    const [files, cites] = [spoolOn(world, await world.seat("OTH-01")), spoolOn(world, await world.seat("OTH-02"))];
    files.file("OTH-0001~aaaaa", { namespace: "OTH", title: "First" });
    cites.post({ subject: "About OTH-0001~aaaaa", item: "OTH-0001~aaaaa" });
    cites.post({ subject: "Next" });
    await files.handIn();
    assert.deepEqual((await cites.handIn()).settled, []);
    await settle();
    const { outcomes } = await cites.outcomes();
    assert.deepEqual(
      outcomes.map(({ outcome, id }: any) => [outcome, id]),
      [
        ["posted", "OTH-0001"],
        ["posted", null],
      ],
    );
  });

  it("waits for it though it is later by the clocks", async () => {
    await define("LAG");
    const [files, cites] = [spoolOn(world, await world.seat("LAG-01")), spoolOn(world, await world.seat("LAG-02"))];
    cites.post({ subject: "About LAG-0001~aaaaa", item: "LAG-0001~aaaaa" });
    await sleep(20);
    files.file("LAG-0001~aaaaa", { namespace: "LAG", title: "First" });
    await files.handIn();
    await cites.handIn();
    await settle();
    const { outcomes } = await cites.outcomes();
    assert.deepEqual([outcomes[0].outcome, outcomes[0].id], ["posted", "LAG-0001"]);
  });

  it("holds nobody up where both wait for each other: the earliest goes first", async () => {
    await define("RND");
    const [one, two] = [spoolOn(world, await world.seat("RND-01")), spoolOn(world, await world.seat("RND-02"))];
    one.post({ subject: "About the other's", item: "RND-0002~bbbbb" });
    await sleep(5);
    two.post({ subject: "About the other's", item: "RND-0001~aaaaa" });
    one.file("RND-0001~aaaaa", { namespace: "RND", title: "First" });
    two.file("RND-0002~bbbbb", { namespace: "RND", title: "Second" });
    await one.handIn();
    await two.handIn();
    await settle();
    await settle();
    const told = async (spool: typeof one) => (await spool.outcomes()).outcomes.map(({ outcome }: any) => outcome);
    assert.deepEqual(
      [await told(one), await told(two)],
      [
        ["refused", "confirmed"],
        ["posted", "confirmed"],
      ],
    );
  });

  it("leaves tables and ledger that agree", async () => {
    const { differences, found } = await ask(operator, "ticket.drift");
    assert.equal(differences, 0, JSON.stringify(found));
    assert.equal((await ask(operator, "ledger.verify")).whole, true);
  });
});
