import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fc } from "../../../test/cases.ts";
import { type DecisionInput, evaluate, prepare } from "./engine.ts";
import { verdictOf } from "./remembering.ts";
import type { PolicySource } from "./rules.ts";
import { shipped } from "./shipped.ts";

/** What is remembered is what the engine says: for any run of inputs that differ in little, under several policies. */

const { protocol } = shipped.unmatched;
const forbid = (name: string, cedar: string): PolicySource["rules"][number] => ({
  name,
  effect: "forbid",
  cedar,
  reason: name,
  protocol,
});
const policies = [
  shipped,
  { ...shipped, rules: [forbid("by-name", `forbid (principal == Seat :: "A", action, resource);`), ...shipped.rules] },
  {
    ...shipped,
    rules: [forbid("itself", `forbid (principal, action, resource) when { principal == resource };`), ...shipped.rules],
  },
  {
    ...shipped,
    rules: [forbid("mood", `forbid (principal, action, resource) when { principal.mood == "bad" };`), ...shipped.rules],
  },
  { ...shipped, entities: [{ type: "seat", id: "A", properties: { role: "auditor" } }] },
].map((source) => prepare(source));

const properties = fc.record(
  {
    role: fc.constantFrom("implementer", "strategist", "operator"),
    claims: fc.constantFrom([], ["T-1"]),
    mood: fc.constantFrom("bad", "good"),
  },
  { requiredKeys: [] },
);
const input: fc.Arbitrary<DecisionInput> = fc.record({
  subject: fc.record({ type: fc.constantFrom("seat", "user"), id: fc.constantFrom("A", "B"), properties }),
  action: fc.record({ name: fc.constantFrom("push", "direct"), properties: fc.constant({}) }),
  resource: fc.record({ type: fc.constantFrom("seat", "branch"), id: fc.constantFrom("A", "main"), properties }),
  context: fc.constant({ standing: { rung: "L0", approved: false, consented: false } }),
});

describe("A verdict that is remembered", () => {
  test("is the engine's, whatever was asked before", () => {
    fc.assert(
      fc.property(fc.constantFrom(...policies), fc.array(input, { minLength: 2, maxLength: 20 }), (policy, inputs) => {
        for (const one of inputs) assert.deepEqual(verdictOf(policy, one), evaluate(policy, one));
      }),
      { numRuns: 200 },
    );
  });

  test("is there again for another seat of whom the same is known", () => {
    const [policy] = policies as [ReturnType<typeof prepare>];
    const asked = (id: string): DecisionInput => ({
      subject: { type: "seat", id, properties: { role: "implementer", claims: ["T-1"] } },
      action: { name: "push", properties: {} },
      resource: { type: "branch", id: "remembered", properties: {} },
      context: { standing: { rung: "L0", approved: false, consented: false } },
    });
    assert.equal(verdictOf(policy, asked("A")), verdictOf(policy, asked("B")));
    assert.notEqual(verdictOf(policies[1]!, asked("A")), verdictOf(policies[1]!, asked("B")));
  });
});
