import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { sqlError, type TestWorld, testWorld } from "../../../test/harness.ts";

/** What a decision is made of, and what it leaves. Denials' offers are in offers.test.ts and denials.test.ts. */

const world = await testWorld();
const { operator } = world;
const strategist = await world.seat("CLAUDE-CLI-BOX-WEB-01", "strategist");
const NAME = "CODEX-CLI-BOX-WEB-02";
const implementer = await world.seat(NAME);
await world.say(operator, "namespace.define", { prefix: "WEB", format: "WEB-NNNN", lane: "WEB" });

const push = {
  action: "push",
  resource_type: "branch",
  resource_id: "origin/main",
  resource_properties: { production: true },
};
const migrate = { ...push, action: "migrate", resource_type: "database", resource_id: "orders" };
const wipe = { ...migrate, action: "delete" };

const decide = (token: string, input: object, key?: string, on: TestWorld = world) =>
  on.say(token, "policy.decide", input, key);
const stored = async (id: number) => (await world.ask(operator, "policy.decisions", { id })).decisions[0];
/** Writes as nobody can whom the trigger stops: a superuser who takes it away. */
const tamper = async (change: string, id: number) => {
  await world.sql("alter table policy.decisions disable trigger refuse_change");
  try {
    await world.sql(`update policy.decisions set ${change} where id = $1`, [id]);
  } finally {
    await world.sql("alter table policy.decisions enable always trigger refuse_change");
  }
};
const newest = async () => (await world.sql("select coalesce(max(id), 0)::int as id from policy.decisions"))[0].id;

async function claimed<T>(act: (id: string) => Promise<T>): Promise<T> {
  await world.say(operator, "ticket.file", { namespace: "WEB", title: "Land it" });
  const { id, claim_token } = await world.say(implementer, "ticket.claim", { lane: "WEB" });
  try {
    return await act(id);
  } finally {
    await world.say(implementer, "ticket.release", { id, claim_token, reason: "done with it", state: "cancelled" });
  }
}

describe("Who asks", () => {
  test("J81: and names another is refused before anything is decided, and the attempt is in the ledger", async () => {
    const before = await newest();
    for (const subject_id of ["CLAUDE-CLI-BOX-WEB-01", "WEB-01", "operator", `${NAME}x`, "nobody"]) {
      const refusal = await world.refused(implementer, "policy.decide", { ...push, subject_id });
      assert.deepEqual([refusal.code, refusal.kind], ["identity.mismatch", "denied"]);
      const other = await world.refused(implementer, "policy.decide", { ...push, subject_id, subject_type: "user" });
      assert.equal(other.code, "identity.mismatch");
    }
    assert.equal(await newest(), before);
    const { entries } = await world.ask(operator, "feed.read", { limit: 1 });
    assert.deepEqual([entries[0].kind, entries[0].data.code], ["command.denied", "identity.mismatch"]);
  });

  test("may be called me, or by its own whole name", async () => {
    for (const subject_id of ["me", NAME]) {
      const { id } = await decide(implementer, { ...push, subject_id });
      assert.equal((await stored(id)).subject, NAME);
    }
  });

  test("cannot talk itself into another role: what is known of it stands in place of what it says", async () => {
    const lies = { role: "operator", kind: "person", claims: ["WEB-9999"], sub_agent: false, scope: ["push"], mood: 1 };
    const { id, decision, rules } = await decide(implementer, { ...push, subject_properties: lies });
    assert.deepEqual([decision, rules], [false, ["claim-first"]]);
    const { input } = await stored(id);
    assert.deepEqual(input.subject, {
      type: "seat",
      id: NAME,
      properties: {
        role: "implementer",
        kind: "seat",
        claims: [],
        sub_agent: false,
        lane: "WEB",
        state: "idle",
        mood: 1,
      },
    });
    assert.deepEqual(input.context, { standing: { rung: "L0", approved: false, consented: false } });
  });

  test("as a sub-agent that nobody registered has its seat's claims and does nothing that is decided", async () => {
    await claimed(async (ticket) => {
      assert.equal((await decide(implementer, push)).decision, true);
      const { id, decision, rules, protocol } = await decide(implementer, { ...push, subject_id: "me/helper" });
      assert.deepEqual([decision, rules, protocol.via], [false, ["sub-agents-stay-in-scope"], "propose"]);
      const { subject } = (await stored(id)).input;
      assert.deepEqual([subject.type, subject.id], ["sub_agent", `${NAME}/helper`]);
      assert.deepEqual([subject.properties.claims, subject.properties.scope], [[ticket], []]);
    });
  });

  test("as a registered sub-agent does what its scope says, for its seat's ticket, until it ends", async () => {
    const { token } = await world.say(implementer, "seat.spawn", { suffix: "landing", scope: ["push"] });
    assert.deepEqual((await decide(token, push)).rules, ["claim-first"]);
    await claimed(async () => {
      assert.equal((await decide(token, push)).decision, true);
      assert.equal((await decide(implementer, { ...push, subject_id: "me/landing" })).decision, true);
      assert.deepEqual((await decide(token, { ...push, action: "merge" })).rules, ["sub-agents-stay-in-scope"]);
      const deeper = await decide(implementer, { ...push, subject_id: "me/landing/deeper" });
      assert.deepEqual(deeper.rules, ["sub-agents-stay-in-scope"]);
      await world.say(implementer, "seat.dismiss", { seat: `${NAME}/landing` });
      assert.equal((await decide(implementer, { ...push, subject_id: "me/landing" })).decision, false);
    });
  });

  test("for others has to be an operator, a service, a gatekeeper or an auditor, and may use short names", async () => {
    const gatekeeper = await world.seat("GATE-CLI-BOX-GATE-01", "gatekeeper");
    const { id, rules } = await decide(gatekeeper, { ...push, subject_id: "WEB-02" });
    const { subject, asked_by } = await stored(id);
    assert.deepEqual([subject, asked_by, rules], [NAME, "GATE-CLI-BOX-GATE-01", ["claim-first"]]);
    const unknown = await decide(gatekeeper, {
      ...push,
      subject_id: "nobody",
      subject_properties: { role: "operator" },
    });
    assert.equal(unknown.decision, false, "an unknown seat has no role, whatever is said of it");
  });
});

describe("A decision", () => {
  test("for an implementer with a claim is yes, and says so in the ledger with the digest of its input", async () => {
    await claimed(async () => {
      const { id, decision, reasons, rules, protocol, policy, state_version } = await decide(implementer, push);
      assert.deepEqual([decision, rules, protocol], [true, ["implementers-may"], null]);
      assert.ok(reasons.length > 0);
      const { entries } = await world.ask(operator, "feed.read", { limit: 1 });
      const [entry] = entries;
      assert.deepEqual([entry.kind, entry.subject, entry.data.id], ["policy.decided", NAME, id]);
      // Nothing stands between the head it was decided under and its own entry.
      assert.equal(entry.seq, state_version + 1);
      const [row] = await world.sql(
        "select encode(sha256(input), 'hex') as digest, policy_digest from policy.decisions where id = $1",
        [id],
      );
      assert.deepEqual([row.digest, row.policy_digest], [entry.data.input_sha256, policy]);
    });
  });

  test("counts on a lease only as long as it runs", async () => {
    await claimed(async (id) => {
      assert.equal((await decide(implementer, push)).decision, true);
      const late = "update tickets.tickets set lease_expires_at = now() + $2 * interval '1 hour' where id = $1";
      await world.sql(late, [id, -1]);
      assert.equal((await decide(implementer, push)).decision, false);
      await world.sql(late, [id, 1]);
    });
  });

  test("said again under one key is the same decision, and is made once", async () => {
    const first = await decide(strategist, push, "decide-once");
    assert.deepEqual(await decide(strategist, push, "decide-once"), first);
    const rows = await world.sql("select from policy.decisions where id >= $1", [first.id]);
    assert.equal(rows.length, 1);
    assert.notEqual((await decide(strategist, push, "another-key")).id, first.id);
  });

  test("of many at once has a number of its own, 1 to n without a gap", async () => {
    const before = await newest();
    const ids = await Promise.all(
      Array.from({ length: 100 }, async (_, n) => (await decide([implementer, strategist][n % 2]!, push)).id),
    );
    assert.deepEqual(
      ids.toSorted((a, b) => a - b),
      ids.map((_, n) => before + n + 1),
    );
    // A slow machine replays a part of them at a time.
    for (let first = 1; first <= before + 100;) {
      const { replayed, equal, last } = await world.ask(operator, "policy.replay", { first, last: before + 100 });
      assert.deepEqual([replayed, equal], [last - first + 1, replayed]);
      first = last + 1;
    }
  });

  test("is refused with the field named when more is said than can be kept", async () => {
    const fields = ["subject_properties", "action_properties", "resource_properties", "context"];
    for (const field of fields) {
      for (const value of [{ text: "x".repeat(8200) }, { text: "\0" }, { text: "\ud800" }, { n: Infinity }]) {
        const refusal = await world.refused(strategist, "policy.decide", { ...push, [field]: value });
        assert.deepEqual([refusal.code, refusal.fields.map((one) => one.field)], ["input.invalid", [field]]);
      }
    }
    const long = await world.refused(strategist, "policy.decide", { ...push, resource_id: "x".repeat(2001) });
    assert.deepEqual([long.code, long.fields[0]!.field], ["input.invalid", "resource_id"]);
    await decide(strategist, { ...push, context: { text: "x".repeat(8000) }, resource_id: "ü".repeat(2000) });
  });

  test("made again of its stored bytes is the same; one that was changed in the table is found", async () => {
    const { id } = await decide(strategist, push);
    const whole = await world.ask(operator, "policy.replay", { first: 1, last: id, limit: 5000 });
    assert.deepEqual([whole.equal, whole.different], [whole.replayed, []]);
    await tamper("reasons = '{because}'", id);
    const { equal, different } = await world.ask(operator, "policy.replay", { first: id });
    assert.deepEqual([equal, different[0].id, different[0].recorded.reasons], [0, id, ["because"]]);
  });

  test("by a policy that another has replaced is still made again by the one that made it", async () => {
    const { id, policy } = await decide(strategist, push);
    const { text } = await world.ask(operator, "policy.show");
    const source = JSON.parse(text);
    source.rules[0].reason = "Other words.";
    const { version } = await world.say(operator, "policy.propose", { text: JSON.stringify(source) });
    await world.say(operator, "policy.activate", { version });
    const after = await decide(strategist, push);
    assert.deepEqual([after.reasons.includes("Other words."), after.policy === policy], [true, false]);
    assert.equal((await world.ask(operator, "policy.replay", { first: id, last: after.id })).different.length, 0);
    await world.say(operator, "policy.activate", { version: 1 });
  });
});

describe("The ladder", () => {
  test("opens one request for an act that needs approval, and the allow that it leads to uses it up", async () => {
    await claimed(async () => {
      const first = await decide(implementer, migrate);
      const { approval } = first.protocol;
      assert.deepEqual([first.decision, first.rung, first.protocol.via], [false, "L1", "approval"]);
      assert.ok(approval > 0 && first.protocol.command.includes(String(approval)));
      assert.equal(
        (await decide(implementer, migrate)).protocol.approval,
        approval,
        "one request, however often asked",
      );
      await world.say(strategist, "approval.decide", { id: approval, verdict: "grant", reason: "reviewed the plan" });
      const many = await Promise.all(Array.from({ length: 16 }, () => decide(implementer, migrate)));
      const allowed = many.filter(({ decision }) => decision);
      assert.equal(allowed.length, 1, "granted once, used once");
      const uses = await world.sql("select decision, approval from policy.uses");
      assert.deepEqual(
        uses.map((use) => [use.decision, use.approval].map(Number)),
        [[allowed[0].id, approval]],
      );
      const again = many.find(({ decision }) => !decision)!.protocol.approval;
      assert.notEqual(again, approval);
      await world.say(strategist, "approval.decide", { id: again, verdict: "reject", reason: "not twice on one day" });
      const rejected = await decide(implementer, migrate);
      assert.deepEqual([rejected.protocol.approval, rejected.protocol.approval_state], [again, "rejected"]);
      assert.match(rejected.protocol.do, /rejected: not twice on one day\. Go on/);
    });
  });

  test("takes the operator's consent word for word, once, and leaves it where it was not needed", async () => {
    const words = "Yes: delete the orders database tonight.";
    const scope = { subject: NAME, action: "delete", resource_type: "database", resource_id: "orders" };
    await claimed(async () => {
      const { rung, protocol } = await decide(implementer, wipe);
      assert.deepEqual([rung, protocol.via], ["L2", "consent"]);
      await world.say(operator, "consent.give", { ...scope, words });
      const context = { consent_words: "Yes, delete the orders database tonight." };
      const refusal = await world.refused(implementer, "policy.decide", { ...wipe, context });
      assert.equal(refusal.code, "consent.paraphrased");
      const many = await Promise.all(
        Array.from({ length: 16 }, () =>
          decide(implementer, { ...wipe, context: { consent_words: words } }).catch((e) => e),
        ),
      );
      assert.equal(many.filter(({ decision }) => decision === true).length, 1, "used once");
      // Those of the same batch find it taken, those of a later one find it used.
      assert.ok(many.every(({ decision, code }) => decision !== undefined || code === "consent.ended"));
    });
    await world.say(operator, "consent.give", { ...scope, words });
    const elsewhere = { ...wipe, resource_properties: { production: false } };
    await claimed(async () => assert.equal((await decide(implementer, elsewhere)).decision, true));
    const { consents } = await world.ask(operator, "consent.list", { subject: NAME, state: "live" });
    assert.equal(consents.length, 1, "an act on the lowest rung needs no consent and uses none");
  });
});

test("No denial can be kept without reasons, or without a protocol that leads somewhere, by constraint", async () => {
  const { id } = await decide(strategist, push);
  const wrong: Record<string, string> = {
    "reasons = '{}'": "denial_has_reasons",
    "protocol = null": "denial_has_protocol",
    "protocol = '{}'": "protocol_leads_somewhere",
    "protocol = protocol - 'do'": "protocol_says_what_to_do",
    [`protocol = protocol || '{"command": ""}'`]: "protocol_says_what_to_do",
    [`protocol = protocol || '{"via": "wait"}'`]: "protocol_leads_somewhere",
    [`protocol = protocol - 'via'`]: "protocol_leads_somewhere",
    [`protocol = protocol || '{"via": "dispatch", "offers": [], "free_at": null}'`]: "protocol_leads_somewhere",
    [`protocol = protocol || '{"via": "escalate", "escalation": null}'`]: "protocol_leads_somewhere",
    [`protocol = protocol || '{"via": "approval"}'`]: "protocol_leads_somewhere",
    "effect = 'maybe'": "decision_effect",
  };
  for (const [change, constraint] of Object.entries(wrong)) {
    const error = await sqlError(tamper(change, id));
    assert.equal(error.constraint, constraint, change);
  }
  await assert.rejects(world.asApplication("update policy.decisions set effect = 'allow'"), { code: "42501" });
  await assert.rejects(world.asApplication("delete from policy.decisions"), { code: "42501" });
});
