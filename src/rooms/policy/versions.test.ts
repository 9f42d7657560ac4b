import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { sqlError, testWorld } from "../../../test/harness.ts";
import { encoded, type PolicySource } from "./rules.ts";
import { shipped } from "./shipped.ts";

const world = await testWorld();
const { operator, home_tenant_id: tenant_id } = world;

/** The shipped policy with another first reason. */
function changed(reason: string): PolicySource {
  const [first, ...others] = shipped.rules;
  return { ...shipped, rules: [{ ...first!, reason }, ...others] };
}

const propose = (source: PolicySource, note?: string) =>
  world.say(operator, "policy.propose", { text: JSON.stringify(source), ...(note ? { note } : {}) });
const active = async () => (await world.ask(operator, "policy.list")).versions.filter((one: any) => one.active);

describe("A tenant's policy", () => {
  test("is the shipped one as version 1, before and after it is kept", async () => {
    const before = await active();
    assert.deepEqual([before[0].version, before[0].digest], [1, encoded(shipped).digest]);
    assert.deepEqual(await world.sql("select from policy.versions"), []);
    assert.deepEqual(await propose(changed("Other words."), "words"), {
      version: 2,
      digest: encoded(changed("Other words.")).digest,
      rules: shipped.rules.length,
    });
    const after = await active();
    assert.equal(after.length, 1);
    assert.deepEqual([after[0].version, after[0].digest], [1, before[0].digest]);
    assert.ok(after[0].active_since);
    const [row] = await world.sql("select source from policy.versions where version = 1");
    assert.equal(row.source.toString(), encoded(shipped).bytes.toString());
  });

  test("is printed as what can be proposed again, and the same again is refused", async () => {
    const { version, text, active: isActive } = await world.ask(operator, "policy.show");
    assert.deepEqual([version, isActive], [1, true]);
    const refusal = await world.refused(operator, "policy.propose", { text });
    assert.deepEqual([refusal.code, refusal.facts.version], ["policy.known", 1]);
    assert.equal((await world.ask(operator, "policy.show", { version: 2 })).active, false);
    assert.equal((await world.refused(operator, "policy.propose", { text: "{" })).code, "policy.malformed");
  });

  test("is exactly one at any instant, through any number of activations at once", async () => {
    for (const reason of ["a", "b", "c"]) await propose(changed(reason));
    const wanted = Array.from({ length: 40 }, (_, index) => 1 + (index % 5));
    const outcomes = await Promise.allSettled(
      wanted.map((version) => world.say(operator, "policy.activate", { version })),
    );
    assert.ok(outcomes.filter(({ status }) => status === "fulfilled").length > 30);
    for (const outcome of outcomes)
      if (outcome.status === "rejected") assert.equal(outcome.reason.code, "policy.active");
    const [{ count, broken }] = await world.sql(
      `select count(*)::int as count, count(*) filter (where gap)::int as broken from (
         select lower(active) is distinct from lag(upper(active)) over (order by lower(active))
           and row_number() over (order by lower(active)) > 1 as gap from policy.activations) chain`,
    );
    assert.equal(count, outcomes.filter(({ status }) => status === "fulfilled").length + 1);
    assert.equal(broken, 0, "each begins where the one before ended");
    assert.equal((await active()).length, 1);
  });

  test("is activated by operators only, and only when there is such a version", async () => {
    const strategist = await world.seat("CLAUDE-STRAT-01", "strategist");
    assert.equal((await world.refused(strategist, "policy.activate", { version: 1 })).code, "role.forbidden");
    assert.equal((await world.refused(operator, "policy.activate", { version: 99 })).code, "policy.unknown");
    await assert.rejects(world.ask(operator, "policy.show", { version: 99 }), { code: "policy.unknown" });
  });
});

describe("PostgreSQL refuses", () => {
  const insert = (source: object, digest?: string) => {
    const { bytes, digest: own } = encoded(source as PolicySource);
    return sqlError(
      world.asApplication(
        `insert into policy.versions (tenant_id, version, digest, source)
         values ($1, 1000 + (random() * 1000)::int, $2, $3)`,
        [tenant_id, digest ?? own, bytes],
      ),
    );
  };

  test("a boundary without its protocol, however it is left out", async () => {
    const boundary = (protocol: unknown, effect: unknown = "forbid") => ({
      ...shipped,
      rules: [...shipped.rules, { name: "x", effect, cedar: "", reason: "r", protocol }],
    });
    const half = { do: "That.", via: "claim" };
    for (const one of [
      boundary(null),
      boundary(undefined),
      boundary({}),
      boundary(half),
      boundary({ ...half, command: "" }),
      boundary(null, "Forbid"),
      boundary(null, undefined),
      { ...shipped, unmatched: { reason: "r" } },
      { rules: shipped.rules },
    ])
      assert.equal((await insert(one)).constraint, "boundary_with_protocol", JSON.stringify(one).slice(-90));
  });

  test("a digest that is not the source's, and a change of a version", async () => {
    assert.equal((await insert(changed("x"), "0".repeat(64))).constraint, "digest_of_source");
    for (const statement of ["update policy.versions set note = 'x'", "delete from policy.versions"])
      assert.equal((await sqlError(world.sql(statement))).code, "LW002");
    assert.equal((await sqlError(world.asApplication("update policy.versions set note = 'x'"))).code, "42501");
  });

  test("two active policies, and none", async () => {
    const second = `insert into policy.activations (tenant_id, version, active) values ($1, 1, tstzrange(now(), null))`;
    assert.equal((await sqlError(world.asApplication(second, [tenant_id]))).constraint, "one_active_policy");
    const ended = `update policy.activations set active = tstzrange(lower(active), clock_timestamp())
                   where upper_inf(active)`;
    assert.match((await sqlError(world.asApplication(ended))).message, /without an active policy/);
    const moved = `update policy.activations set active = tstzrange(lower(active) - interval '1 day', upper(active))`;
    assert.match((await sqlError(world.sql(moved))).message, /it is not changed/);
    assert.match((await sqlError(world.sql("delete from policy.activations"))).message, /it is not changed/);
    assert.equal((await active()).length, 1);
  });
});

test("Another tenant's policy is its own", async () => {
  const { token } = await world.say(operator, "tenant.open", { name: "elsewhere" });
  assert.deepEqual(
    (await world.ask(token, "policy.list")).versions.map((one: any) => one.version),
    [1],
  );
  const { version } = await world.say(token, "policy.propose", { text: JSON.stringify(changed("elsewhere")) });
  assert.equal(version, 2);
});
