import assert from "node:assert/strict";
import { test } from "node:test";
import { testWorld } from "../../../test/harness.ts";
import type { Refusal } from "../../kernel/refusal.ts";

/** Rules told beside a refusal, at the instant of the refusal. */

const world = await testWorld();
const { operator, say } = world;
const mechanisms = ["refusal:import.contradicts"];
const rule = (id: string, title: string, more: object) => {
  const words = { type: "doctrine", title, rule: "Keep the words.", activation_test: "Now?" };
  return { ...words, id, dated: "2025-03-01", mode: "warn", ...more };
};
const imports = (input: object) => say(operator, "doctrine.import", input);
const told = (refusal: Refusal) => refusal.rules.map(({ id }) => id);

await imports(rule("ORA-2025-0001", "The first", { mode: "text" }));
const contradiction = rule("ORA-2025-0001", "Other words", { mode: "text" });
const refused = () => imports(contradiction).catch((refusal) => refusal);

test("A rule whose record was undone with its batch is told to nobody", async () => {
  // Too long for an entry, which is found out behind the refusal beside it: both shared a transaction until then.
  const long = { words: "x".repeat(70_000) };
  const both = [imports(rule("ORA-2025-0002", "Undone", { mechanisms, extra: long })), refused()] as const;
  const [undone, beside] = await Promise.allSettled(both);
  assert.equal((undone as PromiseRejectedResult).reason.code, "entry.oversized");
  for (const refusal of [(beside as PromiseFulfilledResult<Refusal>).value, await refused()]) {
    assert.equal(refusal.code, "import.contradicts");
    assert.deepEqual(told(refusal), []);
  }
});

test("A rule is told beside a refusal of the batch that brings it, and no more in the one that ends it", async () => {
  await refused();
  const brought = await Promise.all([refused(), imports(rule("ORA-2025-0003", "Brought", { mechanisms }))]);
  assert.deepEqual(told(brought[0]), ["ORA-2025-0003"]);
  const end = rule("ORA-2025-0004", "Its successor", { mode: "text", supersedes: ["ORA-2025-0003"] });
  const ended = await Promise.all([refused(), imports(end)]);
  assert.deepEqual(told(ended[0]), []);
  assert.deepEqual(told(await refused()), []);
});
