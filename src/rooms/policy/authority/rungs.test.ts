import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { testWorld } from "../../../../test/harness.ts";
import { actingDoor } from "./authority.fixture.ts";

const world = await testWorld();
const { operator, say, ask, refused } = world;
const { act } = await actingDoor(world);
const worker = await world.seat("CODEX-CLI-BOX-WEB-01");
const strategist = await world.seat("CLAUDE-STRAT", "strategist");

let things = 0;
/** A thing that nothing was asked of before. */
const thing = () => ({ resource_id: `thing-${++things}` });

describe("the ladder", () => {
  it("ships as the specification says, and what it does not name stands on L0", async () => {
    const { ladder } = await ask(strategist, "rung.list");
    const short = ladder.map((row: any) => `${row.action} ${row.production} ${row.elsewhere}`);
    assert.deepEqual(short, [
      "delete L2 L0",
      "migrate L1 L0",
      "reconfigure_guard L2 L2",
      "spend L2 L2",
      "write_outside L1 L1",
    ]);
    const { ladder: one } = await ask(strategist, "rung.list", { action: "toString" });
    assert.deepEqual([one[0].production, one[0].shipped], ["L0", true]);
  });

  it("J36: lets go what waits when its act comes down to L0, and moves it without making it younger", async () => {
    const action = "rewrite_history";
    const rung = (to: string, where = "everywhere") =>
      say(operator, "rung.set", { action, rung: to, where, reason: `try ${to}` });
    await rung("L1");
    const input = { ...thing(), action };
    const { approval } = await act(worker, input);
    const before = await ask(operator, "approval.show", { id: approval });
    assert.deepEqual((await rung("L2")).moved, [approval]);
    const moved = await ask(operator, "approval.show", { id: approval });
    assert.deepEqual([moved.rung, moved.state, moved.asked_at], ["L2", "pending", before.asked_at]);
    assert.equal((await act(worker, input)).approval, approval);
    assert.deepEqual((await rung("L0", "elsewhere")).released, []);
    const { released } = await rung("L0");
    assert.deepEqual(released, [approval]);
    assert.equal((await act(worker, input)).acted, true);
    const gone = await ask(operator, "approval.show", { id: approval });
    assert.deepEqual([gone.state, gone.decided_by], ["released", null]);
    const { entries } = await ask(operator, "feed.read", { about: `approval-${approval}` });
    assert.deepEqual([entries[0].kind, entries[0].actor], ["approval.released", "operator"]);
    const refusal = await refused(operator, "approval.decide", { id: approval, verdict: "grant", reason: "r" });
    assert.equal(refusal.code, "approval.released");
  });

  it("takes no grant from below: what a strategist granted is nothing once the act stands on L2", async () => {
    const action = "rotate_logs";
    await say(operator, "rung.set", { action, rung: "L1", reason: "r" });
    const input = { ...thing(), action };
    const { approval } = await act(worker, input);
    await say(strategist, "approval.decide", { id: approval, verdict: "grant", reason: "r" });
    await say(operator, "rung.set", { action, rung: "L2", reason: "r" });
    const above = await act(worker, input);
    assert.deepEqual([above.acted, above.approval === approval], [false, false]);
  });

  it("is set by the operator only, for one named action", async () => {
    assert.equal(
      (await refused(strategist, "rung.set", { action: "a", rung: "L0", reason: "r" })).code,
      "role.forbidden",
    );
    for (const action of ["*", "", "de*"])
      assert.equal(
        (await refused(operator, "rung.set", { action, rung: "L0", reason: "r" })).fields[0]!.field,
        "action",
      );
  });
});
