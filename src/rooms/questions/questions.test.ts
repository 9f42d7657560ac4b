import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sqlError, testWorld } from "../../../test/harness.ts";

const world = await testWorld();
const { operator, say, ask, refused, sql } = world;
const worker = await world.seat("CODEX-CLI-BOX-WEB-01");
const other = await world.seat("CODEX-CLI-BOX-WEB-02");
const strategist = await world.seat("CLAUDE-STRAT", "strategist");
const coordinator = await world.seat("ORA-OPS", "coordinator");
await say(operator, "namespace.define", { prefix: "CMB", format: "CMB-NNNN", lane: "web" });

const file = async (input: object = {}): Promise<string> =>
  (await say(worker, "ticket.file", { namespace: "CMB", title: "Work", ...input })).id;
const asked = (input: object = {}, token = worker) =>
  say(token, "question.ask", { topic: "schema", question: `One table or two? ${++count}`, ...input });
const stateOf = async (id: string) => (await ask(operator, "ticket.show", { id })).state;
const show = (id: number) => ask(operator, "question.show", { id });
const decide = (id: number, token = strategist, input: object = {}) =>
  say(token, "question.answer", { id, answer: "Two", reason: "they grow apart", ...input });
const kindsAbout = async (about: string) =>
  (await ask(operator, "feed.read", { about, limit: 100 })).entries.map(({ kind }: { kind: string }) => kind);
let count = 0;

describe("A question", () => {
  it("goes where the routing table says: to strategists, to the operator, or to nobody", async () => {
    assert.equal((await asked()).goes_to, "strategist");
    assert.equal((await asked({ topic: "budget" })).goes_to, "operator");
    const { code, hint } = await refused(worker, "question.ask", { topic: "cache_flush", question: "May I?" });
    assert.equal(code, "question.nobody_asked");
    assert.match(hint!, /longwatch post append/);
    const unknown = await refused(worker, "question.ask", { topic: "shcema", question: "x" });
    assert.deepEqual([unknown.code, (unknown.facts.nearest as string[])[0]], ["route.unknown", "schema"]);
    assert.equal(
      (await refused(worker, "question.ask", { topic: "schema", question: "x", goes_to: "operator" })).code,
      "input.invalid",
    );
    await say(operator, "route.set", { topic: "schema", goes_to: "operator" });
    assert.equal((await asked()).goes_to, "operator", "the tenant's own table wins");
    await say(operator, "route.set", { topic: "schema", goes_to: "strategist" });
  });

  it("blocks its ticket, which names it, and the answer puts the ticket back and is posted with an ACK", async () => {
    const id = await file();
    await say(worker, "ticket.claim", { id });
    const question = await asked({ ticket: id, question: "Keep the column?", options: ["yes", "no"] });
    assert.equal(question.blocks, true);
    const blocked = await ask(operator, "ticket.show", { id });
    assert.deepEqual([blocked.state, blocked.blocked_reason], ["blocked", `question ${question.id}: Keep the column?`]);
    assert.equal((await refused(worker, "ticket.claim", { id })).code, "ticket.blocked");
    const { resumed } = await decide(question.id, strategist, { answer: "yes", reason: "it is read" });
    assert.equal(resumed, id);
    assert.equal((await say(worker, "ticket.claim", { id })).id, id);
    assert.deepEqual((await kindsAbout(id)).slice(2), [
      "ticket.released",
      "ticket.unblocked",
      "post.appended",
      "ticket.claimed",
    ]);
    const { entries } = await ask(operator, "feed.read", { about: id, posts: true });
    assert.match(entries[0].data.subject, /is decided: yes$/);
    assert.deepEqual(entries[0].data.markers, [{ marker: "RESPONSES", value: "[ACK]" }]);
    assert.equal(entries[0].actor, "CLAUDE-STRAT");
  });

  it("about an adoption is answered, and its words adopt nothing", async () => {
    const { id } = await asked({ question: "Do we ADOPT the second way?" });
    await decide(id, strategist, { answer: "No: ADOPT nothing" });
    assert.equal((await show(id)).state, "answered");
    assert.deepEqual((await ask(operator, "adoption.list")).adoptions, []);
  });

  it("blocks its ticket although its asker's lease on it has ended", async () => {
    const id = await file();
    await say(worker, "ticket.claim", { id });
    await sql("update tickets.tickets set lease_expires_at = statement_timestamp() where id = $1", [id]);
    assert.equal((await asked({ ticket: id })).blocks, true);
    assert.equal(await stateOf(id), "blocked");
    assert.deepEqual((await kindsAbout(id)).slice(2), ["ticket.lapsed", "ticket.blocked"]);
  });

  it("waits when no strategist is here; nothing takes it to the operator", async () => {
    const { id } = await asked();
    await world.door.sayInside(world.home_tenant_id, "longwatch", "question.survey", {});
    assert.deepEqual([(await show(id)).goes_to, (await show(id)).state], ["strategist", "open"]);
    const { items } = await ask(operator, "question.list");
    assert.ok(items.every((line: string) => !line.startsWith(`${id} `)));
  });

  it("of several about one ticket lets it go on with the last answer", async () => {
    const id = await file();
    const [one, two] = [await asked({ ticket: id }), await asked({ ticket: id })];
    assert.deepEqual([one.blocks, two.blocks], [true, true]);
    assert.equal((await decide(one.id)).resumed, null);
    assert.equal(await stateOf(id), "blocked");
    assert.equal((await decide(two.id)).resumed, id);
    assert.equal(await stateOf(id), "awaiting_claim");
  });

  it("lifts no other blocker, and stops nobody else's work", async () => {
    const [blocked, held, free] = [await file(), await file(), await file()];
    await say(worker, "ticket.block", { id: blocked, reason: "the pump" });
    await say(other, "ticket.claim", { id: held });
    for (const ticket of [blocked, held]) assert.equal((await asked({ ticket })).blocks, false);
    assert.equal((await asked({ ticket: free, blocks: false })).blocks, false);
    assert.deepEqual(
      [await stateOf(blocked), await stateOf(held), await stateOf(free)],
      ["blocked", "in_progress", "awaiting_claim"],
    );
    const moved = await file();
    const { id } = await asked({ ticket: moved });
    await say(worker, "ticket.unblock", { id: moved, reason: "by hand" });
    await say(worker, "ticket.block", { id: moved, reason: "the pump" });
    assert.equal((await decide(id)).resumed, null);
    assert.equal(await stateOf(moved), "blocked");
  });

  it("is decided by those it goes to, never by who asked it, and once", async () => {
    const [small, large] = [await asked(), await asked({ topic: "budget" })];
    assert.equal(
      (await refused(worker, "question.answer", { id: small.id, answer: "x", reason: "x" })).code,
      "role.forbidden",
    );
    const above = await refused(strategist, "question.answer", { id: large.id, answer: "x", reason: "x" });
    assert.deepEqual([above.code, above.facts.goes_to], ["question.above_you", "operator"]);
    const own = await asked({}, strategist);
    assert.equal(
      (await refused(strategist, "question.answer", { id: own.id, answer: "x", reason: "x" })).code,
      "question.own",
    );
    await decide(large.id, operator);
    await decide(small.id);
    const again = await refused(operator, "question.answer", { id: small.id, answer: "One", reason: "x" });
    assert.deepEqual([again.code, again.facts.answer], ["question.answered", "Two"]);
    assert.equal(
      (await refused(operator, "question.answer", { id: 99999, answer: "x", reason: "x" })).code,
      "question.unknown",
    );
    const seat = await world.seat("OPS-SEAT", "operator");
    const { id } = await asked({ topic: "budget" });
    assert.equal((await refused(seat, "question.answer", { id, answer: "x", reason: "x" })).code, "question.above_you");
  });

  it("asked twice is one, and what was decided is told instead of asked again", async () => {
    const ticket = await file();
    const said = { ticket, question: "Blue or green?" };
    const first = await asked(said);
    const second = await asked(said, other);
    assert.deepEqual([second.id, second.asked, first.asked], [first.id, false, true]);
    await decide(first.id, strategist, { answer: "Green" });
    const { code, facts } = await refused(worker, "question.ask", { topic: "schema", ...said });
    assert.deepEqual([code, facts.answer], ["question.answered", "Green"]);
    assert.deepEqual(await kindsAbout(`question-${first.id}`), ["question.asked", "question.answered"]);
  });

  it("is taken back by who asked it, and its ticket goes on", async () => {
    const ticket = await file();
    const { id } = await asked({ ticket });
    const theirs = await refused(other, "question.withdraw", { id, reason: "mine now" });
    assert.deepEqual([theirs.code, theirs.facts.asker], ["question.of_another", "CODEX-CLI-BOX-WEB-01"]);
    await say(worker, "question.withdraw", { id, reason: "found it in the docs" });
    assert.equal(await stateOf(ticket), "awaiting_claim");
    assert.equal(
      (await refused(strategist, "question.answer", { id, answer: "x", reason: "x" })).code,
      "question.withdrawn",
    );
  });

  it("about access keeps no secret, and blocks with the whole block of fields only", async () => {
    const ticket = await file();
    const question = "May I have a new API key? The old one, token=abc123def456, is refused";
    const naked = await refused(worker, "question.ask", { topic: "credentials", question, ticket });
    assert.deepEqual([naked.code, naked.fields[0]!.field], ["blocker.unclassified", "details"]);
    const fields = ["AUTH_BLOCKER_CLASS: stale_secret", "PRODUCT_LANE: web", "SERVICE: mail", "ACCOUNT: bot"];
    const more = [
      "SOURCE_SURFACE: vault",
      "STATE_OF_GRANT: refused",
      "LAST_VALIDATED: today",
      "NEXT_SAFE_ACTION: rotate",
    ];
    const details = [...fields, ...more].join("\n");
    const long = { question, details: `${details}\nACCOUNT: ${"a".repeat(2000)}` };
    const cut = await refused(worker, "question.ask", { topic: "credentials", ...long, ticket });
    assert.deepEqual([cut.code, cut.fields[0]!.field], ["input.invalid", "details"]);
    const { id } = await say(worker, "question.ask", { topic: "credentials", question, details, ticket });
    assert.equal((await show(id)).question, "May I have a new API key? The old one, token=… is refused");
    assert.match((await ask(operator, "ticket.show", { id: ticket })).blocked_reason, /token=….*\nAUTH_BLOCKER_CLASS/);
    const [{ found }] = await sql(
      "select count(*)::int as found from ledger.entries where convert_from(leaf, 'UTF8') like '%abc123%'",
    );
    assert.equal(found, 0);
  });
});

describe("A decision's age", () => {
  it("J32: is kept when it is moved to another topic and another decider", async () => {
    const ticket = await file();
    const { id } = await asked({ topic: "budget", ticket });
    await sql("alter table questions.questions disable trigger question_keeps_its_age");
    await sql("update questions.questions set asked_at = asked_at - interval '2 hours' where id = $1", [id]);
    await sql("alter table questions.questions enable always trigger question_keeps_its_age");
    const before = (await show(id)).asked_at;
    const taken = { id, topic: "schema", reason: "I know it" };
    assert.equal((await refused(strategist, "question.reroute", taken)).code, "question.above_you");
    const moved = await say(coordinator, "question.reroute", { id, topic: "schema", reason: "it is about tables" });
    assert.deepEqual([moved.goes_to, moved.age_seconds >= 7200], ["strategist", true]);
    const after = await show(id);
    assert.deepEqual([after.asked_at, after.relabels, after.state], [before, 1, "open"]);
    assert.equal(await stateOf(ticket), "blocked");
    assert.equal(
      (await refused(coordinator, "question.reroute", { id, topic: "schema", reason: "x" })).code,
      "question.as_it_is",
    );
    assert.equal(
      (await refused(coordinator, "question.reroute", { id, topic: "queue_drain", reason: "x" })).code,
      "question.nobody_asked",
    );
    const { deciders } = await ask(operator, "question.pace");
    const pace = deciders.find(({ goes_to }: { goes_to: string }) => goes_to === "strategist");
    assert.ok(pace.oldest_seconds >= 7200);
    assert.equal(pace.relabelled, 1);
    assert.ok((await decide(id)).age_seconds >= 7200);
  });

  it("J32: is never set anew, by the application or by the owner's plain SQL; no verdict is taken back", async () => {
    const { id } = await asked();
    const application = await sqlError(
      world.asApplication(`update questions.questions set asked_at = now() where id = ${id}`),
    );
    assert.equal(application.code, "42501");
    for (const change of ["asked_at = asked_at + interval '1 s'", "asked_by = 1", "question = 'other'"]) {
      const { code } = await sqlError(sql(`update questions.questions set ${change} where id = ${id}`));
      assert.equal(code, "LW023", change);
    }
    await decide(id);
    assert.equal((await sqlError(sql(`update questions.questions set answer = 'One' where id = ${id}`))).code, "LW024");
    assert.equal((await sqlError(sql(`delete from questions.questions where id = ${id}`))).code, "LW002");
  });
});

it("after all this the tables and the ledger agree, and no question is without its entry", async () => {
  const { differences, found } = await ask(operator, "ticket.drift");
  assert.equal(differences, 0, JSON.stringify(found));
  const rows = await sql(`select q.id from questions.questions q where not exists (select from ledger.entries e
    where e.subject = 'question-' || q.id and e.kind = 'question.asked')`);
  assert.deepEqual(rows, []);
});
