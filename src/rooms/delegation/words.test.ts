import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sqlError, testWorld } from "../../../test/harness.ts";

const world = await testWorld();
const { operator } = world;
const LEADER = "CLAUDE-DESKTOP-Studio-CAMBER-01";
const PEER = "GEMINI-CLI-Studio-CAMBER-09";
const [FIRST, SECOND] = ["02", "03"].map((number) => `CODEX-CLI-Studio-CAMBER-${number}`) as [string, string];
const leader = await world.seat(LEADER, "strategist");
await world.seat(PEER, "strategist");
const first = await world.seat(FIRST);
const second = await world.seat(SECOND);
await world.say(operator, "namespace.define", { prefix: "WRK", format: "WRK-NNNN" });

const events = async (about: string) =>
  (await world.ask(operator, "feed.read", { about, limit: 1000 })).entries as { kind: string; data: any }[];
const show = (id: string) => world.ask(operator, "ticket.show", { id });
const tickets = async (): Promise<number> => (await world.sql("select count(*)::int from tickets.tickets"))[0].count;

describe("a dispatch in one's own words", () => {
  const words = { title: "Rename the flag", intent: "The flag says what it does, because two seats misread it." };

  it("says what is wanted and what it rests on, and takes the best idle seat when none is named", async () => {
    const out = await world.say(leader, "ticket.dispatch", { ...words, diagnosis: "entry 12", body: "In flags.ts." });
    assert.ok([FIRST, SECOND].includes(out.to));
    const { body, owner } = await show(out.id);
    assert.equal(owner, out.to);
    assert.equal(body, `INTENT: ${words.intent}\nPRIOR-DIAGNOSTIC: entry 12\nCLAIMER MAY DECOMPOSE\n\nIn flags.ts.`);
  });

  it("without a title or an intent is refused with each that is missing", async () => {
    for (const [input, missing] of [
      [{}, ["title", "intent"]],
      [{ title: "x" }, ["intent"]],
      [{ intent: "x" }, ["title"]],
    ] as const) {
      const refusal = await world.refused(leader, "ticket.dispatch", { ...input, to: FIRST });
      assert.equal(refusal.code, "dispatch.incomplete");
      assert.deepEqual(
        refusal.fields.map(({ field }) => field),
        missing,
      );
    }
    const mixed = await world.refused(leader, "ticket.dispatch", { id: "WRK-0001", title: "x", to: FIRST });
    assert.equal(mixed.code, "dispatch.incomplete");
  });

  it("in words that no ticket closes needs a closing condition, its own or its parent's (0109)", async () => {
    for (const title of ["Fix all imports", "Every test is green", "The COMPLETE history", "Historical rows"]) {
      const refusal = await world.refused(leader, "ticket.dispatch", { ...words, title, to: FIRST });
      assert.equal(refusal.code, "dispatch.unbounded", title);
      assert.equal(refusal.fields[0]!.field, "closes_when");
    }
    const broad = { ...words, title: "Fix all imports", to: FIRST };
    const bare = await world.say(operator, "ticket.file", { namespace: "WRK", title: "parent" });
    assert.equal(
      (await world.refused(leader, "ticket.dispatch", { ...broad, parent: bare.id })).code,
      "dispatch.unbounded",
    );
    const objective = { namespace: "WRK", title: "parent", closes_when: "npm run imports prints 0" };
    const parent = await world.say(operator, "ticket.file", objective);
    await world.say(leader, "ticket.dispatch", { ...broad, parent: parent.id });
    const own = await world.say(leader, "ticket.dispatch", { ...broad, closes_when: "npm run imports prints 0" });
    assert.equal((await show(own.id)).closes_when, "npm run imports prints 0");
    // A word of a denied command is no promise, nor is a part of another word.
    await world.say(leader, "ticket.dispatch", { ...words, title: "Recall the installer", to: FIRST });
    const act = { action: "deploy", resource_type: "environment", resource_id: "production" };
    const denied = await world.say(leader, "policy.decide", {
      ...act,
      context: {},
      action_properties: { text: "x --all" },
    });
    assert.match((await world.say(leader, "ticket.dispatch", { decision: denied.id })).title, /--all$/);
  });

  it("takes its number from the lane's namespace, else asks which", async () => {
    await world.say(operator, "namespace.define", { prefix: "CMB", format: "CMB-NNNN", lane: "CAMBER" });
    assert.match((await world.say(leader, "ticket.dispatch", { ...words, to: FIRST })).id, /^CMB-/);
    await world.seat("Laneless");
    const refusal = await world.refused(leader, "ticket.dispatch", { ...words, to: "Laneless" });
    assert.deepEqual([refusal.code, refusal.facts.namespaces], ["namespace.unclear", ["CMB", "WRK"]]);
    const out = await world.say(leader, "ticket.dispatch", { ...words, to: "Laneless", namespace: "WRK" });
    assert.match(out.id, /^WRK-/);
    await world.say(operator, "seat.retire", { seat: "Laneless" });
  });

  it("to a strategist by a strategist is denied, with what to do instead, and nothing is filed", async () => {
    const count = await tickets();
    const to = PEER;
    const refusal = await world.refused(leader, "ticket.dispatch", { ...words, to });
    assert.equal(refusal.code, "dispatch.denied");
    assert.match(refusal.message, /strategists are peers/);
    assert.match(refusal.hint!, /longwatch post append/);
    const { decisions } = await world.ask(operator, "policy.decisions", { id: refusal.facts.decision });
    assert.deepEqual(
      [decisions[0].subject, decisions[0].action, decisions[0].resource_id, decisions[0].effect],
      [LEADER, "direct", to, "deny"],
    );
    assert.equal(await tickets(), count);
    // The operator gives work to whom he likes.
    assert.equal((await world.say(operator, "ticket.dispatch", { ...words, to })).to, to);
  });

  it("to a seat that is away, at work or no seat, or to oneself, is refused with one that is idle", async () => {
    const refusedTo = (to: string, token = leader) => world.refused(token, "ticket.dispatch", { ...words, to });
    await world.say(second, "seat.beat", { status: "busy" });
    const busy = await refusedTo(SECOND);
    assert.deepEqual([busy.code, busy.facts.state, busy.facts.idle], ["seat.not_idle", "busy", [FIRST]]);
    await world.say(second, "seat.beat", { status: "idle" });
    await world.seat("Gone");
    await world.say(operator, "seat.retire", { seat: "Gone" });
    assert.equal((await refusedTo("Gone")).facts.state, "retired");
    assert.equal((await refusedTo("longwatch", operator)).code, "seat.not_a_seat");
    const keeper = await world.seat("Keeper", "coordinator");
    assert.equal((await refusedTo("Keeper", keeper)).code, "dispatch.to_itself");
    // One that has been idle for long is as good as any.
    await world.sql("update seats.principals set adopted_at = now() - interval '3 hours' where name = $1", [SECOND]);
    assert.equal((await world.say(leader, "ticket.dispatch", { ...words, to: SECOND })).to, SECOND);
  });

  it("is not for implementers, and not for a strategist's sub-agent", async () => {
    assert.equal((await world.refused(first, "ticket.dispatch", { ...words, to: SECOND })).code, "role.forbidden");
    const scope = ["ticket.dispatch"];
    assert.equal(
      (await world.refused(leader, "seat.spawn", { suffix: "a", scope })).code,
      "scope.not_smaller",
      "it cannot even be handed on",
    );
    const { token } = await world.say(leader, "seat.spawn", { suffix: "a", scope: [] });
    assert.equal((await world.refused(token, "ticket.dispatch", words)).code, "scope.too_small");
  });

  it("may be a steward's and a coordinator's", async () => {
    const keeper = await world.seat("Second-Keeper", "coordinator");
    const steward = await world.seat("Steward", "steward");
    for (const token of [keeper, steward])
      assert.equal((await world.say(token, "ticket.dispatch", { ...words, to: FIRST })).to, FIRST);
  });
});

describe("a ticket that is there", () => {
  it("J14: is given to a seat; given anew only on a diagnosis, and the first giving is superseded", async () => {
    const { id } = await world.say(operator, "ticket.file", { namespace: "WRK", title: "here already" });
    const out = await world.say(leader, "ticket.dispatch", { id, to: FIRST });
    assert.deepEqual([out.id, out.to, out.title], [id, FIRST, "here already"]);
    const refusal = await world.refused(leader, "ticket.dispatch", { id, to: SECOND });
    assert.deepEqual([refusal.code, refusal.fields[0]!.field], ["diagnosis.missing", "diagnosis"]);
    await world.say(leader, "ticket.dispatch", { id, to: SECOND, diagnosis: "FIRST is out of quota since 12:03Z" });
    assert.equal((await show(id)).owner, SECOND);
    const { dispatches } = await world.ask(leader, "dispatch.list", { limit: 200 });
    assert.deepEqual(
      dispatches.filter((one: any) => one.id === id).map(({ to }: any) => to),
      [SECOND],
    );
    assert.deepEqual(
      (await events(id)).map(({ kind, data }) => `${kind} ${data.attempt ?? ""}`.trim()),
      ["ticket.filed", "ticket.assigned", "ticket.dispatched 1", "ticket.assigned", "ticket.dispatched 2"],
    );
    await world.say(second, "ticket.claim", { id });
    assert.equal(
      (await world.refused(leader, "ticket.dispatch", { id, to: FIRST, diagnosis: "x" })).code,
      "ticket.in_progress",
    );
    const anew = `insert into delegation.dispatches (tenant_id, ticket_id, attempt, by_id, dispatched_at)
      select 1, '${id}', 3, by_id, now() from delegation.dispatches limit 1`;
    assert.equal((await sqlError(world.asApplication(anew))).constraint, "given_anew_is_diagnosed");
  });
});

it("the ledger tells the queue after all of it", async () => {
  const { differences, found } = await world.ask(operator, "ticket.drift");
  assert.equal(differences, 0, JSON.stringify(found));
});
