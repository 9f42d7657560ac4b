import assert from "node:assert/strict";
import { describe, it, test } from "node:test";
import { sqlError, testWorld } from "../../../test/harness.ts";
import { shipped } from "./shipped.ts";

const world = await testWorld();
const { operator, say, refused, ask, sql } = world;
const alice = await world.seat("CODEX-CLI-BOX-WEB-01");
const strategist = await world.seat("CLAUDE-CLI-BOX-STRAT-01", "strategist");
await say(operator, "namespace.define", { prefix: "CMB", format: "CMB-NNNN" });
const rule = { type: "doctrine", title: "A rule", rule: "Do.", activation_test: "Now?" };
const file = async (more: object = {}): Promise<string> =>
  (await say(strategist, "doctrine.file", { ...rule, ...more })).id;
const show = (id: string) => ask(operator, "doctrine.show", { id });
const survey = async () =>
  (await world.door.sayInside(world.home_tenant_id, "longwatch", "doctrine.survey", {})).output as any;

describe("J48: a rule shows honestly how it is held", () => {
  it("J48: text only, a running mechanism, or one that is not there; a similar name is none", async () => {
    assert.equal((await show(await file())).held_by, "text only");
    const hard = { mode: "reject", sunset_on: "2999-01-01" };
    assert.equal(
      (await show(await file({ ...hard, mechanisms: ["refusal:lease.lost"] }))).held_by,
      "a running mechanism",
    );
    for (const mechanism of [
      "refusal:lease.losst",
      "policy:claims-first",
      "constraint:bypass_has_proofs",
      "event:a.b",
    ]) {
      const { code, fields } = await refused(strategist, "doctrine.file", {
        ...rule,
        ...hard,
        mechanisms: [mechanism],
      });
      assert.deepEqual([code, fields[0]!.field], ["mechanism.unreal", "mechanisms"], mechanism);
    }
    for (const mechanism of ["refusal:role.forbidden", "policy:claim-first", "constraint:one_claim_per_surface"])
      assert.equal((await show(await file({ ...hard, mechanisms: [mechanism] }))).held_by, "a running mechanism");
    // A policy that is activated without the rule takes the mechanism away.
    const id = await file({ ...hard, mechanisms: ["policy:claim-first"] });
    const source = JSON.parse((await ask(operator, "policy.show")).text);
    const others = { ...source, rules: source.rules.filter(({ name }: { name: string }) => name !== "claim-first") };
    const { version } = await say(operator, "policy.propose", { text: JSON.stringify(others) });
    await say(operator, "policy.activate", { version });
    assert.equal((await show(id)).held_by, "a mechanism that is not there");
    await say(operator, "policy.activate", { version: 1 });
  });

  it("J48: an event only warns, and nothing that is not there warns", async () => {
    const soft = { mode: "warn", mechanisms: ["event:debt.raised"] };
    assert.equal((await show(await file(soft))).mode, "warn");
    assert.equal((await refused(strategist, "doctrine.file", { ...rule, mode: "warn" })).code, "mechanism.unreal");
    const asHard = { ...soft, mode: "reject", sunset_on: "2999-01-01" };
    assert.equal((await refused(strategist, "doctrine.file", { ...rule, ...asHard })).code, "mechanism.unreal");
    const error = await sqlError(sql("update doctrine.records set mode = 'warn' where mechanisms = '{}'"));
    assert.equal(error.constraint, "enforcement_has_a_mechanism");
  });

  it("J48: when it last fired, when it was last broken, and how many have read these words", async () => {
    const mechanisms = ["refusal:reservation.other_content"];
    const id = await file({ mode: "reject", sunset_on: "2020-01-01", mechanisms, violated_by: ["collision.opened"] });
    const before = await show(id);
    assert.deepEqual([before.last_fired_at, before.last_violated_at, before.readers], [null, null, 0]);
    assert.equal(before.past_sunset, true);
    const { id: ticket } = await say(alice, "ticket.reserve", { namespace: "CMB", title: "One thing" });
    await refused(alice, "ticket.file", { reservation: ticket, title: "Another thing" });
    await say(alice, "doctrine.violate", { id, evidence: "Seen by hand.", seat: "CODEX-CLI-BOX-WEB-01" });
    await survey();
    const after = await show(id);
    assert.equal(after.mechanisms[0].fired, 1);
    assert.ok(after.last_fired_at !== null && after.last_violated_at !== null);
    await survey();
    assert.equal((await show(id)).mechanisms[0].fired, 1, "an entry is counted once");
    await say(operator, "brief.set", { principles: [id] });
    for (const token of [alice, strategist])
      await say(token, "brief.acknowledge", { digest: (await ask(token, "brief.read")).digest });
    assert.equal((await show(id)).readers, 2);
  });
});

describe("J49: a hard rule ends or is renewed, and a bypass leaves its proof", () => {
  const hard = { mode: "reject", mechanisms: ["refusal:lease.lost"], sunset_on: "2999-01-01" };

  it("J49: without a sunset date it is refused, by command and by constraint", async () => {
    const { code, fields } = await refused(strategist, "doctrine.file", { ...rule, ...hard, sunset_on: undefined });
    assert.deepEqual([code, fields[0]!.field], ["sunset.missing", "sunset_on"]);
    const id = await file(hard);
    const lifted = { id, sunset_on: null, reason: "for ever" };
    assert.equal((await refused(strategist, "doctrine.enforce", lifted)).code, "sunset.missing");
    const error = await sqlError(sql("update doctrine.records set sunset_on = null where id = $1", [id]));
    assert.equal(error.constraint, "hard_rule_has_a_sunset");
    // On its way out it is a warning, then a text, and may be without a date.
    await say(strategist, "doctrine.enforce", { id, mode: "warn", sunset_on: null, reason: "it is habit by now" });
    assert.deepEqual((await ask(operator, "doctrine.show", { id })).mode, "warn");
  });

  it("J49: a bypass rests on a consent, an allowing decision or an entry; without one there is none", async () => {
    const id = await file(hard);
    const said = { id, reason: "The runner was lost." };
    assert.equal((await refused(alice, "doctrine.bypass", said)).code, "bypass.unproven");
    assert.equal((await refused(alice, "doctrine.bypass", { ...said, consent: 999 })).code, "bypass.unproven");
    const denied = await say(alice, "policy.decide", {
      action: "deploy",
      resource_type: "environment",
      resource_id: "x",
    });
    const { code } = await refused(alice, "doctrine.bypass", { ...said, decision: denied.id });
    assert.deepEqual([denied.decision, code], [false, "bypass.unproven"], "a denial proves nothing");
    const { seq } = await ask(operator, "ledger.head");
    await say(alice, "doctrine.bypass", { ...said, entry: seq });
    const [bypass] = (await show(id)).bypasses;
    assert.deepEqual([bypass.by, bypass.entry, bypass.reason], ["CODEX-CLI-BOX-WEB-01", seq, said.reason]);
    const bare = `insert into doctrine.bypasses (tenant_id, record_id, n, at, said_by, reason)
      select tenant_id, record_id, 9, at, said_by, reason from doctrine.bypasses`;
    assert.equal((await sqlError(sql(bare))).constraint, "bypass_has_proof");
    assert.equal(
      (await refused(alice, "doctrine.bypass", { ...said, id: await file(), entry: seq })).code,
      "bypass.soft",
    );
  });

  it("only an operator or a strategist makes a rule hard", async () => {
    assert.equal((await refused(alice, "doctrine.file", { ...rule, ...hard })).code, "enforcement.not_yours");
    const { id } = await say(alice, "doctrine.file", rule);
    assert.equal((await refused(alice, "doctrine.enforce", { id, reason: "x", ...hard })).code, "role.forbidden");
  });
});

test("whatever holds a shipped rule exists in this server, and none of it costs a row before a survey", async () => {
  const fresh = await testWorld();
  const { records } = await fresh.ask(fresh.operator, "doctrine.list", { limit: 500 });
  assert.equal(records.length, shipped.length);
  const missing = records.filter(({ held_by }: { held_by: string }) => held_by === "a mechanism that is not there");
  assert.deepEqual(
    missing.map(({ id }: { id: string }) => id),
    [],
  );
  assert.deepEqual(await fresh.sql("select id from doctrine.records"), []);
  const [{ seq }] = await fresh.sql("select seq from ledger.heads");
  for (let times = 0; times < 2; times++)
    await fresh.door.sayInside(fresh.home_tenant_id, "longwatch", "doctrine.survey", {});
  assert.deepEqual(await fresh.sql("select seq from ledger.heads"), [{ seq }], "a first survey tells nothing new");
  assert.equal((await fresh.sql("select id from doctrine.records")).length, shipped.length);
});

test("a record's words never change: the application may not, and a second record amends or supersedes", async () => {
  const id = await file();
  for (const column of ["title", "rule", "content", "digest", "type", "dated"])
    assert.equal(
      (await sqlError(world.asApplication(`update doctrine.records set ${column} = ${column}`))).code,
      "42501",
    );
  assert.equal((await sqlError(world.asApplication("delete from doctrine.records"))).code, "42501");
  const amending = await file({ amends: [id] });
  assert.equal((await show(id)).superseded_by, null);
  const better = await file({ supersedes: [id] });
  const { superseded_by, linked_from } = await show(id);
  assert.deepEqual(
    [superseded_by, linked_from],
    [
      better,
      [
        { id: amending, relation: "amends" },
        { id: better, relation: "supersedes" },
      ],
    ],
  );
  const { records } = await ask(operator, "doctrine.list", { limit: 500 });
  assert.ok(!records.some((one: { id: string }) => one.id === id));
  assert.equal((await refused(strategist, "doctrine.file", { ...rule, supersedes: [id] })).code, "record.superseded");
  assert.equal(
    (await refused(strategist, "doctrine.file", { ...rule, amends: ["ORA-1999-0001"] })).code,
    "record.unknown",
  );
});

test("a pattern rests on two observations, by command and by constraint; bad input is named", async () => {
  const filed = (more: object) => refused(alice, "doctrine.file", { type: "pattern", title: "x", ...more });
  assert.equal((await filed({ evidence: ["one"] })).code, "pattern.unfounded");
  assert.equal((await filed({ evidence: ["one", "one"] })).code, "pattern.unfounded", "the same one told twice");
  const { id } = await say(alice, "doctrine.file", { type: "pattern", title: "x", evidence: ["one", "two"] });
  const error = await sqlError(sql("update doctrine.records set observations = 1 where id = $1", [id]));
  assert.equal(error.constraint, "pattern_rests_on_two_observations");
  for (const gates of [
    ["M5: mechanism_runs"],
    ["M3: no_luck"],
    ["M3: no_collision window=7"],
    ["M2: observations_at_least"],
  ])
    assert.equal((await filed({ gates })).fields[0]!.field, "gates.0", gates[0]);
  // A survey would find its own answer to be another violation, and answer that.
  assert.equal((await filed({ violated_by: ["doctrine.violated"] })).fields[0]!.field, "violated_by.0");
  assert.equal((await refused(alice, "doctrine.file", { type: "doctrine", title: "x" })).code, "record.incomplete");
  assert.equal((await refused(alice, "doctrine.observe", { id: "CMB-1", evidence: "x" })).code, "input.invalid");
});

test("no tenant sees another's records", async () => {
  await say(operator, "tenant.open", { name: "other" });
  const [{ id }] = await sql("select id from kernel.tenants where name = 'other'");
  assert.deepEqual(await world.asApplication("select id from doctrine.records", [], id), []);
  assert.notEqual((await world.asApplication("select id from doctrine.records")).length, 0);
});

describe("Who ends a rule that holds others", () => {
  const held = { ...rule, mode: "warn", mechanisms: ["event:debt.raised"] };
  const denied = async (more: object, token = alice, name = "doctrine.file") => {
    const { code, fields } = await refused(token, name, { ...rule, ...more });
    return [code, fields[0]?.field];
  };

  it("is whoever may let one: no other ends it, or a principle, or lets a record take its own levels", async () => {
    const id = await file(held);
    const principle = (await ask(operator, "brief.read")).principles[0].id;
    for (const supersedes of [[id], [principle]])
      assert.deepEqual(await denied({ type: "observation", supersedes }), ["enforcement.not_yours", "supersedes"]);
    assert.deepEqual(await denied({ adopts: true }), ["enforcement.not_yours", "adopts"]);
    const plain = await file();
    await say(alice, "doctrine.file", { ...rule, supersedes: [plain] });
    await file({ supersedes: [id] });
  });

  it("is nobody by an import either, whose words end a shipped rule of which nothing was said yet", async () => {
    const keeper = await world.seat("CLAUDE-CLI-BOX-COORD-01", "coordinator");
    const from = { dated: "2025-01-01", maturity: 4 };
    const [shippedId] = shipped.filter(({ mode }) => mode !== "text").slice(-1);
    const gone = { ...from, id: "ORA-2025-0001", supersedes: [shippedId!.id] };
    assert.deepEqual(await denied(gone, keeper, "doctrine.import"), ["enforcement.not_yours", "supersedes"]);
    const own = { ...rule, ...from, mode: "warn", mechanisms: ["event:debt.raised"] };
    const { mode, warnings } = await say(keeper, "doctrine.import", { ...own, id: "ORA-2025-0002" });
    assert.equal(mode, "text");
    assert.deepEqual(warnings, [
      "held as text, not warn: only an operator or a strategist says more",
      "it is M2, not M4: it has no gate for that",
    ]);
    assert.equal((await show("ORA-2025-0002")).maturity, "M2");
    const other = await testWorld();
    await other.say(other.operator, "doctrine.import", { ...rule, ...gone });
    assert.equal((await other.ask(other.operator, "doctrine.show", { id: shippedId!.id })).superseded_by, gone.id);
  });

  it("leaves room for the next number, and no record takes its own place", async () => {
    const from = { dated: "2025-01-01" };
    assert.deepEqual(await denied({ ...from, id: "ORA-2026-999999999" }, operator, "doctrine.import"), [
      ...["input.invalid", "id"],
    ]);
    const itself = { ...from, id: "ORA-2025-0003", supersedes: ["ORA-2025-0003"] };
    assert.deepEqual(await denied(itself, operator, "doctrine.import"), ["input.invalid", "supersedes"]);
  });

  it("and a sunset that is past already is none: nobody would be told of it", async () => {
    const id = await file({ ...held, mode: "reject", mechanisms: ["refusal:lease.lost"], sunset_on: "2999-01-01" });
    const past = { id, sunset_on: "2020-01-01", reason: "quietly" };
    assert.equal((await refused(strategist, "doctrine.enforce", past)).fields[0]!.field, "sunset_on");
  });
});

test("that to relabel is not to decide is held by the room of questions", async () => {
  const { id } = shipped.find(({ title }) => title === "To relabel is not to decide")!;
  assert.equal((await show(id)).held_by, "a running mechanism");
});
