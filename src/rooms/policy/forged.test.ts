import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { sqlError, testWorld } from "../../../test/harness.ts";
import { type DecisionInput, evaluate, prepare } from "./engine.ts";
import { verdictOf } from "./remembering.ts";
import { shipped } from "./shipped.ts";

/** What somebody gains who lies about a thing, writes past the code, or writes a policy that is hard to read. */

const world = await testWorld();
const { operator } = world;
const implementer = await world.seat("CODEX-CLI-BOX-WEB-01");
await world.say(operator, "namespace.define", { prefix: "WEB", format: "WEB-NNNN", lane: "WEB" });
await world.say(operator, "ticket.file", { namespace: "WEB", title: "Clean up" });
await world.say(implementer, "ticket.claim", { lane: "WEB", lease_seconds: 3600 });

const wipe = { action: "delete", resource_type: "database", resource_id: "orders" };
const harmless = { ...wipe, resource_properties: { production: false } };

async function activate(source: object): Promise<void> {
  const { version } = await world.say(operator, "policy.propose", { text: JSON.stringify(source) });
  await world.say(operator, "policy.activate", { version });
}

describe("Production", () => {
  test("that the policy knows is on its own rung, whatever the request says of it", async () => {
    assert.deepEqual((await world.say(implementer, "policy.decide", harmless)).rung, "L0");
    await activate({ ...shipped, entities: [{ type: "database", id: "orders", properties: { production: true } }] });
    const { decision, rung } = await world.say(implementer, "policy.decide", harmless);
    assert.deepEqual([decision, rung], [false, "L2"]);
    const asked = await world.say(implementer, "policy.decide", wipe);
    const elsewhere = { ...harmless, resource_id: "scratch" };
    assert.equal((await world.say(implementer, "policy.decide", elsewhere)).decision, true);
    await world.say(operator, "approval.decide", { id: asked.protocol.approval, verdict: "grant", reason: "a copy" });
    assert.equal((await world.say(implementer, "policy.decide", harmless)).decision, true);
    const { results } = await world.ask(implementer, "policy.search", { ...harmless, for: "action", subject_id: "me" });
    assert.ok(!results.includes("delete"));
  });
});

describe("A boundary that is written past the code", () => {
  test("is held to its protocol even where its parts are no text", async () => {
    const unmatched = { protocol: { do: "a", via: "claim", command: "c" } };
    const numbers = { do: 1, via: 1, command: 1 };
    for (const rule of [
      { effect: 5 },
      { effect: null },
      { effect: ["forbid"] },
      { effect: "forbid", protocol: numbers },
      { effect: "forbid", protocol: { ...unmatched.protocol, command: 1 } },
      { effect: "forbid", protocol: [] },
    ]) {
      const text = JSON.stringify({ rules: [rule], unmatched });
      const refused = await sqlError(
        world.sql(
          `insert into policy.versions (tenant_id, version, digest, source)
            values (1, 99, encode(sha256(convert_to($1, 'utf8')), 'hex'), convert_to($1, 'utf8'))`,
          [text],
        ),
      );
      assert.equal(refused.constraint, "boundary_with_protocol", text);
    }
  });

  test("does not come of a decision that is changed or removed afterwards", async () => {
    for (const change of [
      "update policy.decisions set effect = 'allow', protocol = null",
      "delete from policy.decisions",
      "truncate policy.decisions cascade",
    ])
      assert.match((await sqlError(world.sql(change))).message, /append|chang|kept|never/i);
  });
});

const about = (id: string): DecisionInput => ({
  subject: { type: "seat", id, properties: {} },
  action: { name: "push", properties: {} },
  resource: { type: "branch", id: "main", properties: {} },
  context: { standing: { rung: "L0", approved: false, consented: false } },
});

describe("A policy that is hard to read", () => {
  test("names somebody even behind a comment that ends with a carriage return", () => {
    const cedar = `permit (principal == Seat:://\r"A", action, resource);`;
    const policy = prepare({
      ...shipped,
      rules: [{ name: "one", effect: "permit", cedar, reason: "A may.", protocol: null }],
    });
    for (const id of ["A", "B"]) assert.deepEqual(verdictOf(policy, about(id)), evaluate(policy, about(id)));
    assert.equal(policy.namesSomebody, true);
    assert.equal(prepare(shipped).namesSomebody, false);
  });

  test("and slow to decide holds nobody up, and is tried for three seconds at the most", async () => {
    await world.sql(
      `insert into policy.decisions select tenant_id, id + n * 100000, at, asked_by, subject_id, subject, action,
         resource_type, resource_id, effect, rung, rules, errors, reasons, protocol, input, policy_digest, state_version
       from policy.decisions, generate_series(1, 5000) n where id = 1`,
    );
    const set = `[${Array.from({ length: 480 }, (_, index) => index).join(",")}]`;
    const cedar = `permit (principal, action, resource) when { ${set}.containsAll(${set}) };`;
    const rules = Array.from({ length: 40 }, (_, index) => ({
      ...{ name: `slow-${index}`, effect: "permit", cedar, reason: "It is slow.", protocol: null },
    }));
    const computed = (since?: NodeJS.CpuUsage) => process.threadCpuUsage(since);
    const sum = ({ user, system }: NodeJS.CpuUsage) => user + system;
    const begun = computed();
    let [longest, last] = [0, begun];
    const watch = setInterval(() => {
      longest = Math.max(longest, sum(computed(last)));
      last = computed();
    }, 1);
    try {
      const text = JSON.stringify({ ...shipped, rules });
      const told = await world.ask(operator, "policy.dry_run", { text, newest: 5000 });
      assert.ok(told.examined > 0 && told.examined < 5_000, `${told.examined} were examined`);
    } finally {
      clearInterval(watch);
    }
    // What it computed, on a slow machine too, was many turns.
    assert.ok(longest < sum(computed(begun)) / 2, `${longest} µs at one turn`);
  });
});
