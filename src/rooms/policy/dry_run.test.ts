import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { testWorld } from "../../../test/harness.ts";
import { shipped } from "./shipped.ts";

const world = await testWorld();
const { operator } = world;
const strategist = await world.seat("CLAUDE-STRAT-01", "strategist");

const deploy = { action: "deploy", resource_type: "environment", resource_id: "production" };

/** The shipped policy without one of its rules. */
const without = (name: string) =>
  JSON.stringify({ ...shipped, rules: shipped.rules.filter((one) => one.name !== name) });

describe("A dry run", () => {
  test("tells which recorded decisions another policy would have made otherwise, and why", async () => {
    const denied = await world.say(strategist, "policy.decide", deploy);
    const allowed = await world.say(operator, "policy.decide", deploy);
    const open = without("operators-may");
    const { version } = await world.say(operator, "policy.propose", { text: open });
    for (const input of [{ version }, { text: open }]) {
      const told = await world.ask(operator, "policy.dry_run", input);
      assert.deepEqual([told.examined, told.allowed, told.denied, told.reworded], [2, 0, 1, 0]);
      assert.deepEqual(told.changes, [
        {
          decision: allowed.id,
          subject: "operator",
          action: "deploy",
          resource: "environment production",
          was: { effect: "allow", reasons: ["The operator may."] },
          would_be: { effect: "deny", reasons: [shipped.unmatched.reason] },
        },
      ]);
    }
    // The strategist is told by the other boundary, and stays denied.
    const other = await world.ask(operator, "policy.dry_run", { text: without("strategists-delegate") });
    assert.deepEqual([other.examined, other.denied, other.reworded, other.changes], [2, 0, 1, []]);
    assert.equal(denied.decision, false);
  });

  test("changes nothing under the policy that decided, looks at the newest only, and records nothing", async () => {
    const [{ count }] = await world.sql("select count(*)::int as count from policy.decisions");
    const same = await world.ask(operator, "policy.dry_run", { version: 1 });
    assert.deepEqual([same.examined, same.reworded, same.changes], [count, 0, []]);
    assert.equal((await world.ask(operator, "policy.dry_run", { version: 1, newest: 1 })).examined, 1);
    assert.deepEqual(await world.sql("select count(*)::int as count from policy.decisions"), [{ count }]);
  });

  test("needs a version or a text, and one that can decide", async () => {
    await assert.rejects(world.ask(operator, "policy.dry_run", {}), { code: "policy.one_of" });
    await assert.rejects(world.ask(operator, "policy.dry_run", { version: 1, text: "{}" }), { code: "policy.one_of" });
    await assert.rejects(world.ask(operator, "policy.dry_run", { version: 77 }), { code: "policy.unknown" });
    await assert.rejects(world.ask(operator, "policy.dry_run", { text: "{}" }), { code: "policy.malformed" });
  });
});

describe("An explanation", () => {
  test("tells what would be decided and from what, by any version, and leaves no trace", async () => {
    const before = await world.sql(
      "select (select count(*) from policy.decisions)::int, (select max(seq) from ledger.entries)::int",
    );
    const asked = { ...deploy, subject_id: "CLAUDE-STRAT-01" };
    const told = await world.ask(operator, "policy.explain", asked);
    assert.deepEqual([told.decision, told.rules], [false, ["strategists-delegate", "implementers-land"]]);
    assert.equal(told.input.subject.properties.role, "strategist");
    assert.deepEqual(told.input.context.standing, { rung: "L0", approved: false, consented: false });
    assert.match(told.protocol.command, /\{decision\}/);
    assert.equal((await world.ask(operator, "policy.explain", { ...deploy, version: 2 })).decision, false);
    assert.equal((await world.ask(operator, "policy.explain", { ...deploy, version: 1 })).decision, true);
    const after = await world.sql(
      "select (select count(*) from policy.decisions)::int, (select max(seq) from ledger.entries)::int",
    );
    assert.deepEqual(after, before);
  });

  test("shows what could not be decided, which is not told to the asker", async () => {
    const asked = { ...deploy, subject_id: "operator", resource_properties: { production: "perhaps" } };
    const told = await world.ask(operator, "policy.explain", asked);
    assert.equal(told.decision, false);
    assert.match(told.errors[0], /^implementers-land: type error/);
    assert.equal((await world.say(operator, "policy.decide", asked)).reasons.join().includes("type error"), false);
  });

  test("is for those who read the rules", async () => {
    const implementer = await world.seat("CODEX-01");
    await assert.rejects(world.ask(implementer, "policy.explain", deploy), { code: "role.forbidden" });
  });
});
