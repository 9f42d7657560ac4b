import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sqlError, testServer } from "../../../test/harness.ts";

const world = await testServer();
const { operator, say, refused, ask, sql } = world;
await say(operator, "namespace.define", { prefix: "CMB", format: "CMB-NNNN", lane: "WEB" });
const name = "CODEX-CLI-BOX-WEB-01";
const alice = (await say(operator, "seat.adopt", { name, role: "implementer", lane: "WEB" })).token;
const strategist = await world.seat("CLAUDE-CLI-BOX-STRAT-01", "strategist");
const rule = { type: "doctrine", title: "A rule", rule: "Do.", activation_test: "Now?" };
const brief = (token = alice) => ask(token, "brief.read");

describe("J50: a brief has at most seven principles, and the rest is told where it applies", () => {
  it("J50: says who the reader is, seven principles, what it holds, was given and can claim", async () => {
    const ticket = async (more: object) =>
      (await say(operator, "ticket.file", { namespace: "CMB", title: "Work", ...more })).id;
    const [held, given, open] = [await ticket({}), await ticket({ owner: name }), await ticket({ priority: 3 })];
    await ticket({ owner: "CLAUDE-CLI-BOX-STRAT-01" });
    await ticket({ lane: "OTHER" });
    await say(alice, "ticket.claim", { id: held });
    const told = await brief();
    assert.deepEqual([told.seat, told.role, told.lane, told.principles.length], [name, "implementer", "WEB", 7]);
    const ids = (part: string) => told[part].map(({ id }: { id: string }) => id);
    assert.deepEqual([ids("held"), ids("waiting"), ids("claimable")], [[held], [given], [given, open]]);
    assert.ok(told.rules_elsewhere >= 8);
    for (const words of [name, "Claim it before you change it", held, given, open, told.digest])
      assert.ok(told.text.includes(words), words);
  });

  it("J50: an eighth is refused, by command and by constraint", async () => {
    const ids: string[] = [];
    while (ids.length < 8) ids.push((await say(strategist, "doctrine.file", rule)).id);
    assert.equal((await refused(strategist, "brief.set", { principles: ids })).code, "input.invalid");
    await say(strategist, "brief.set", { principles: ids.slice(0, 7) });
    const eighth = `insert into doctrine.principles (tenant_id, version, place, record_id)
      select tenant_id, version, 8, $1 from doctrine.principles limit 1`;
    assert.equal((await sqlError(sql(eighth, [ids[7]]))).constraint, "at_most_seven_principles");
    const twice = `insert into doctrine.principles (tenant_id, version, place, record_id)
      select tenant_id, version + 1, place, record_id from doctrine.principles`;
    assert.match((await sqlError(sql(twice))).constraint!, /boot_sets|fkey/);
    await say(strategist, "brief.set", { principles: [ids[0]] });
    assert.deepEqual(
      (await brief()).principles.map(({ id }: { id: string }) => id),
      [ids[0]],
    );
  });

  it("J50: a refusal carries the rule that applies, over HTTP too, and no other", async () => {
    const { id } = await say(alice, "ticket.reserve", { namespace: "CMB", title: "One thing" });
    const { rules, facts } = await refused(alice, "ticket.file", { reservation: id, title: "Another" });
    assert.deepEqual([rules.map((one) => one.id), facts.rules], [["ORA-0000-0001"], undefined]);
    const headers = { authorization: `Bearer ${alice}`, "content-type": "application/json" };
    const body = JSON.stringify({ reservation: id, title: "Another" });
    const answer = await fetch(`${world.url}/v1/ticket/file`, { method: "POST", headers, body });
    const problem = (await answer.json()) as { rules: { title: string }[] };
    assert.equal(problem.rules[0]!.title, "A number is reserved where it is written");
    const other = await refused(alice, "ticket.file", { namespace: "NONE", title: "x" });
    assert.deepEqual([other.code, other.rules], ["namespace.unknown", []]);
  });

  it("J50: a rule that is filed, changed or superseded is told from the next refusal on", async () => {
    const told = async () => (await refused(alice, "ticket.claim", { id: "CMB-9999" })).rules.map(({ id }) => id);
    assert.deepEqual(await told(), []);
    const hard = { mode: "reject", mechanisms: ["refusal:ticket.unknown"], sunset_on: "2999-01-01" };
    const { id } = await say(strategist, "doctrine.file", { ...rule, ...hard });
    assert.deepEqual(await told(), [id]);
    const { id: better } = await say(strategist, "doctrine.file", { ...rule, ...hard, supersedes: [id] });
    assert.deepEqual(await told(), [better]);
    await say(strategist, "doctrine.enforce", { id: better, mode: "text", mechanisms: [], reason: "enough" });
    assert.deepEqual(await told(), []);
    assert.equal((await refused(strategist, "doctrine.observe", { id, evidence: "x" })).code, "record.superseded");
  });

  it("J50: a guard's denial carries the rule that stands behind it", async () => {
    const evaluation = {
      subject: { type: "seat", id: "me" },
      action: { name: "deploy" },
      resource: { type: "environment", id: "production" },
    };
    const headers = { authorization: `Bearer ${strategist}`, "content-type": "application/json" };
    const url = `${world.url}/access/v1/evaluation`;
    const answer = await fetch(url, { method: "POST", headers, body: JSON.stringify(evaluation) });
    const { decision, context } = (await answer.json()) as any;
    assert.equal(decision, false);
    assert.deepEqual(
      context.doctrine.map(({ title }: { title: string }) => title),
      ["Who decides does not execute"],
    );
  });
});

describe("an acknowledgement", () => {
  it("takes the digest of the brief that stands, counts once, and not for a changed brief", async () => {
    const { digest, acknowledged } = await brief();
    assert.equal(acknowledged, false);
    assert.deepEqual(await say(alice, "brief.acknowledge", { digest }), { digest, acknowledged: true });
    assert.deepEqual(await say(alice, "brief.acknowledge", { digest }), { digest, acknowledged: false });
    assert.equal((await brief()).acknowledged, true);
    await say(alice, "ticket.file", { namespace: "CMB", title: "The queue moves and the brief stays" });
    assert.equal((await brief()).acknowledged, true);
    const { id } = await say(strategist, "doctrine.file", rule);
    await say(strategist, "brief.set", { principles: [id] });
    const { code, facts } = await refused(alice, "brief.acknowledge", { digest });
    assert.deepEqual([code, facts.digest], ["brief.outdated", (await brief()).digest]);
    assert.equal((await brief()).acknowledged, false);
  });
});
