import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { testWorld } from "../../../../test/harness.ts";
import { doneYard, work_proof } from "./done.fixture.ts";

const world = await testWorld();
const { operator, say, ask, sql } = world;
const { alice, bob, claimed, finish, show, told, drift } = await doneYard(world);
const none = "none - a look";
const infra = { work_proof, user_value: "infra-only" };
const user = { work_proof, user_value: "user: u; surface: s; change: c; closure_date: 2026-05-01" };
const substance = () => ask(operator, "ticket.substance");
const all = async (kind: string) =>
  (await ask(operator, "feed.read", { limit: 1000 })).entries.filter((one: any) => one.kind === kind);
const aged = (id: string, seconds: number) =>
  sql("update tickets.tickets set claimed_at = claimed_at - make_interval(secs => $2) where id = $1", [id, seconds]);

describe("a no-op", () => {
  it("J18: is a DONE within a minute of its claim with no artifact, and is marked", async () => {
    const id = await finish({ work_proof: none });
    assert.equal((await show(id)).no_op, true);
    assert.equal((await told(id)).at(-1)!.data.no_op, true);
    assert.deepEqual(
      (await substance()).no_ops.map((one: any) => [one.id, one.seat]),
      [[id, "Alice"]],
    );
  });

  it("is none of a minute's work, nor of anything with an artifact", async () => {
    const slow = await claimed();
    await aged(slow.id, 60);
    await say(alice, "ticket.finish", { ...slow, work_proof: none });
    assert.equal((await show(slow.id)).no_op, false);
    const merged = await finish({ work_proof: none, merge: "1a2b3c4" });
    assert.equal((await show(merged)).no_op, false);
    assert.equal((await show(await finish({ work_proof }))).no_op, false);
  });
});

describe("a run of none", () => {
  it("J17: flags the seat at its third in a row, once; an artifact ends it", async () => {
    for (const expected of [0, 0, 1, 1]) {
      await finish({ work_proof: none }, {}, bob);
      assert.equal((await all("substance.flagged")).length, expected);
    }
    const [flag] = await all("substance.flagged");
    assert.deepEqual([flag.subject, flag.data.run], ["Bob", 3]);
    assert.deepEqual(
      (await substance()).seats.map(({ seat, run }: any) => [seat, run]),
      [["Bob", 4]],
    );
    await finish({ work_proof }, {}, bob);
    assert.deepEqual((await substance()).seats, []);
  });

  it("is a session's: another of the same seat begins anew", async () => {
    for (let n = 0; n < 2; n++) await finish({ work_proof: none }, {}, bob);
    const fresh = (await say(operator, "seat.adopt", { name: "Bob", replace: true })).token;
    await finish({ work_proof: none }, {}, fresh);
    assert.deepEqual((await substance()).seats, []);
  });

  it("is counted one by one in a batch: of many at once the third is told", async () => {
    const carol = await world.seat("Carol");
    const claims = await Promise.all(Array.from({ length: 12 }, () => claimed({}, carol)));
    await Promise.all(claims.map((one) => say(carol, "ticket.finish", { ...one, work_proof: none })));
    const flags = (await all("substance.flagged")).filter((one: any) => one.subject === "Carol");
    assert.equal(flags.length, 1);
    assert.equal((await substance()).seats.find(({ seat }: any) => seat === "Carol").run, 12);
  });
});

describe("a run without users", () => {
  it("J19: escalates at a lane's fourth infra-only DONE, and ends with one for a user", async () => {
    const lane = { lane: "PIPES" };
    for (let n = 0; n < 3; n++) await finish(infra, lane);
    await finish(infra, { lane: "OTHER" });
    assert.equal((await all("substance.escalated")).filter((one: any) => one.data.scope === "lane").length, 0);
    // What names nobody, where nobody asked, neither counts for the lane nor ends its run.
    await finish({ work_proof }, lane);
    await finish(infra, lane);
    const [one] = (await all("substance.escalated")).filter((two: any) => two.data.scope === "lane");
    assert.deepEqual([one.subject, one.data.run, one.data.severity], ["PIPES", 4, "warning"]);
    assert.equal((await substance()).lanes[0].lane, "PIPES");
    await finish(user, lane);
    assert.deepEqual((await substance()).lanes, []);
  });

  it("J19: of ten in the whole fleet is critical", async () => {
    const before = (await all("substance.escalated")).length;
    for (let n = 0; n < 9; n++) await finish(infra, { lane: `L${n}` });
    assert.deepEqual([(await all("substance.escalated")).length, (await substance()).fleet], [before, null]);
    const id = await finish({ work_proof }, { lane: "L10" });
    const last = (await all("substance.escalated")).at(-1);
    assert.deepEqual([last.data.scope, last.data.severity, last.data.ticket], ["fleet", "critical", id]);
    assert.equal((await substance()).fleet.run, 10);
    await finish(user);
    assert.equal((await substance()).fleet, null);
  });
});

it("after all this the ledger and the tables agree", async () => {
  assert.deepEqual(await drift(), []);
});
