import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { testWorld } from "../../../test/harness.ts";

const world = await testWorld();
const { operator } = world;

const production = { resource_type: "environment", resource_id: "production" };
const names = ["CODEX-CLI-AIR-HEARTWOOD-01", "CODEX-CLI-AIR-HEARTWOOD-02", "CODEX-CLI-AIR-CAMBER-03"];
const tokens = new Map<string, string>();
for (const name of names) tokens.set(name, await world.seat(name));
tokens.set("CLAUDE-STRAT-01", await world.seat("CLAUDE-STRAT-01", "strategist"));
await world.say(operator, "namespace.define", { prefix: "HWD", format: "HWD-NNNN" });

const search = (token: string, input: object) => world.ask(token, "policy.search", input);
const decides = async (input: object) => (await world.say(operator, "policy.decide", input)).decision;

/** Gives a seat a ticket and lets it claim it. */
async function claim(name: string): Promise<void> {
  const { id } = await world.say(operator, "ticket.file", { namespace: "HWD", title: `work of ${name}`, owner: name });
  await world.say(tokens.get(name)!, "ticket.claim", { id });
}

describe("A search", () => {
  test("finds the seats that may do it now: those who hold a claim, and nobody else", async () => {
    const asked = { for: "subject", subject_type: "seat", action: "deploy", ...production };
    assert.deepEqual((await search(operator, asked)).results, []);
    await claim(names[1]!);
    await claim(names[2]!);
    const { results, next } = await search(operator, asked);
    assert.deepEqual([results, next], [[names[2], names[1]], null]);
    // POL-ROUNDTRIP and its other half: whoever is found is allowed, whoever is not is denied.
    for (const name of [...names, "CLAUDE-STRAT-01"])
      assert.equal(await decides({ subject_id: name, action: "deploy", ...production }), results.includes(name), name);
  });

  test("goes on behind the last one, although others came meanwhile", async () => {
    const asked = { for: "subject", subject_type: "seat", action: "deploy", ...production, limit: 1 };
    const first = await search(operator, asked);
    assert.deepEqual([first.results, first.next], [[names[2]], names[2]]);
    await claim(names[0]!);
    const rest = await search(operator, { ...asked, after: first.next, limit: 10 });
    assert.deepEqual([rest.results, rest.next], [[names[0], names[1]], null]);
  });

  test("finds what one may do, each of which is allowed, and nothing for a strategist", async () => {
    for (const name of [names[0]!, "CLAUDE-STRAT-01"]) {
      const asked = { for: "action", subject_type: "seat", subject_id: "me", ...production };
      const { results } = await search(tokens.get(name)!, asked);
      const every = [...results, "deploy", "delete", "reconfigure_guard", "direct"];
      for (const action of new Set(every))
        assert.equal(
          await decides({ subject_id: name, action, ...production }),
          results.includes(action),
          `${name} ${action}`,
        );
      assert.equal(results.includes("deploy"), name === names[0]);
      // What needs an approval first is not allowed now.
      assert.equal(results.includes("migrate"), false);
    }
  });

  test("finds the resources that were decided about lately", async () => {
    const asked = { for: "resource", subject_id: names[0], action: "deploy", resource_type: "environment" };
    assert.deepEqual((await search(operator, asked)).results, ["production"]);
    assert.deepEqual((await search(operator, { ...asked, resource_type: "branch" })).results, []);
  });

  test("keeps to who asks and to what it was asked", async () => {
    const [, token] = [...tokens][0]!;
    const other = { for: "action", subject_id: names[1], ...production };
    await assert.rejects(search(token, other), { code: "identity.mismatch" });
    await assert.rejects(search(operator, { for: "subject", resource_type: "environment" }), (error: any) => {
      assert.deepEqual(
        [error.code, error.fields.map((one: any) => one.field)],
        ["search.incomplete", ["action", "resource_id"]],
      );
      return true;
    });
    const elsewhere = await world.say(operator, "tenant.open", { name: "elsewhere" });
    const asked = { for: "subject", subject_type: "seat", action: "deploy", ...production };
    assert.deepEqual((await search(elsewhere.token, asked)).results, []);
  });
});
