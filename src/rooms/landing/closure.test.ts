import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sqlError, testWorld } from "../../../test/harness.ts";
import { landingYard, sha } from "./landing.fixture.ts";

const world = await testWorld();
const { operator, say, ask, refused } = world;
const environment = "production";
const yard = await landingYard(world, environment, "CODEX-CLI-BOX-HWD-01");
const { owner, begin, show, standing } = yard;
const missing = [
  { kind: "route", name: "POST /api/checkout", needed_by: "src/cart.ts", commit: sha("routes") },
  { kind: "file", name: "src/routes/refund.ts", needed_by: "src/cart.ts", commit: sha("routes") },
];
const fenceOf = ({ deploy, fencing_token }: { deploy: number; fencing_token: string }) => ({ deploy, fencing_token });
const WORDS = "Ship HWD without the two route handlers, I know what it breaks.";
const consent = (words: string) =>
  say(operator, "consent.give", {
    ...{ words, subject: yard.seat, action: "deploy", resource_type: "environment", resource_id: environment },
  });

describe("a patch that is not whole", () => {
  it("J26: ends its deploy with what is missing and whose commit has it, and nothing was touched", async () => {
    const held = await begin();
    const refusal = await refused(owner, "deploy.report_closure", { ...fenceOf(held), checked: 12, missing });
    assert.deepEqual([refusal.code, refusal.kind], ["closure.incomplete", "denied"]);
    assert.match(refusal.message, /route POST \/api\/checkout, file src\/routes\/refund\.ts/);
    assert.match(refusal.hint!, /commits that are named.*longwatch approval show/s);
    assert.deepEqual(refusal.facts.missing, missing);
    const shown = await show(held.deploy);
    assert.deepEqual([shown.state, shown.closure, shown.missing], ["refused", "incomplete", missing]);
    assert.equal((await standing()).state, "settled");
    const kinds = shown.entries.map(({ kind }: { kind: string }) => kind);
    assert.deepEqual(kinds, ["deploy.begun", "deploy.refused"]);
    const [decision] = await world.sql("select effect, rules from policy.decisions where id = $1", [
      refusal.facts.decision,
    ]);
    assert.deepEqual([decision.effect, decision.rules], ["deny", ["whole-patches-land"]]);
  });

  it("goes through on the operator's own words, once, and the deploy names the consent", async () => {
    const { id } = await consent(WORDS);
    const held = await begin();
    const paraphrase = { ...fenceOf(held), checked: 12, missing, consent_words: WORDS.toLowerCase() };
    assert.equal((await refused(owner, "deploy.report_closure", paraphrase)).code, "consent.paraphrased");
    assert.equal((await show(held.deploy)).state, "running", "a wrong quotation decides nothing");
    const out = await say(owner, "deploy.report_closure", { ...paraphrase, consent_words: WORDS });
    assert.deepEqual([out.closure, out.forced_by], ["forced", id]);
    assert.equal((await show(held.deploy)).forced_by, id);
    await say(owner, "deploy.settle", { ...fenceOf(held), outcome: "refused", cause: "thought better of it" });
    const again = await begin();
    const { code } = await refused(owner, "deploy.report_closure", { ...fenceOf(again), checked: 1, missing });
    assert.equal(code, "closure.incomplete", "the words were used up");
  });

  it("goes through for the operator himself on his words only", async () => {
    await say(owner, "binding.hand_over", { environment, to: "operator", reason: "by hand" });
    const ticket = (await say(operator, "ticket.file", { namespace: "HWD", title: "By hand" })).id;
    const one = await say(operator, "deploy.begin", { environment, ticket, sha: sha("by hand") });
    const { code } = await refused(operator, "deploy.report_closure", { ...fenceOf(one), checked: 1, missing });
    assert.equal(code, "closure.incomplete");
    await say(operator, "binding.hand_over", { environment, to: yard.seat, reason: "back" });
  });

  it("J26: of a thousand missing things leaves one entry that fits, and the whole list with the deploy", async () => {
    const many = Array.from({ length: 1000 }, (_, n) => ({ kind: "export", name: `${"鍵".repeat(450)}${n}` }));
    const held = await begin();
    const refusal = await refused(owner, "deploy.report_closure", { ...fenceOf(held), checked: 2000, missing: many });
    assert.equal(refusal.code, "closure.incomplete");
    assert.equal((await show(held.deploy)).missing.length, 1000);
  });
});

describe("a closure", () => {
  it("comes before anything is run, and once", async () => {
    const held = await begin();
    const fence = fenceOf(held);
    for (const stage of ["verify", "deploy", "health"])
      assert.equal((await refused(owner, "deploy.report", { ...fence, stage })).code, "closure.unproven");
    await say(owner, "deploy.report_closure", { ...fence, checked: 4 });
    assert.equal((await refused(owner, "deploy.report_closure", { ...fence, checked: 4 })).code, "closure.reported");
    await say(owner, "deploy.report", { ...fence, stage: "verify" });
    await say(owner, "deploy.settle", { ...fence, outcome: "refused", cause: "npm test: 2 failed" });
  });

  it("is held by PostgreSQL: not past it without one, not forced without a consent", async () => {
    const held = await begin();
    const change = (what: string) =>
      sqlError(world.asApplication(`update landing.deploys set ${what} where tenant_id = 1 and id = ${held.deploy}`));
    assert.equal((await change("stage = 'deploy'")).constraint, "whole_before_verify");
    const forced = `closure = 'forced', missing = '["x"]'`;
    assert.equal((await change(forced)).constraint, "forced_by_consent");
    assert.equal((await change(`closure = 'whole', missing = '["x"]'`)).constraint, "missing_iff_not_whole");
    assert.equal((await change(`${forced}, forced_by = 999999`)).code, "23503");
    await say(owner, "deploy.settle", { ...fenceOf(held), outcome: "refused", cause: "made room" });
  });
});

it("after all this every decision is made again as it was, and the ledger is whole", async () => {
  const { replayed, equal } = await ask(operator, "policy.replay", { first: 1, last: 1_000_000, limit: 5000 });
  assert.deepEqual([replayed > 0, equal], [true, replayed]);
  assert.equal((await ask(operator, "ledger.verify")).whole, true);
  assert.deepEqual((await ask(operator, "landing.drift")).found, []);
});
