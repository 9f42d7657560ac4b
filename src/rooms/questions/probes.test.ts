import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { testWorld } from "../../../test/harness.ts";
import { landingYard, sha } from "../landing/landing.fixture.ts";

const world = await testWorld();
const { operator, say, ask, refused, sql } = world;
const worker = await world.seat("CODEX-CLI-BOX-WEB-01");
const strategist = await world.seat("CLAUDE-STRAT", "strategist");
await say(operator, "namespace.define", { prefix: "CMB", format: "CMB-NNNN", lane: "web" });

let count = 0;
const file = async (): Promise<string> => (await say(worker, "ticket.file", { namespace: "CMB", title: "Work" })).id;
const finish = async (id: string) => {
  const { claim_token } = await say(worker, "ticket.claim", { id });
  await say(worker, "ticket.finish", { id, claim_token, work_proof: "commit 1a2b3c4" });
};
const asked = (input: object = {}) =>
  say(worker, "question.ask", { topic: "budget", question: `Did you pay it? ${++count}`, ...input });
const list = (token = operator) => ask(token, "question.list");
const ids = (lines: string[]) => lines.map((line) => Number(line.split(" ")[0]));
const survey = async () =>
  (await world.door.sayInside(world.home_tenant_id, "longwatch", "question.survey", {})).output as {
    closed: number[];
    stalled: string[];
    alarms: string[];
  };
const earlier = async (change: string) => {
  await sql("alter table questions.questions disable trigger question_keeps_its_age");
  await sql(change);
  await sql("alter table questions.questions enable always trigger question_keeps_its_age");
};
const flips = async () =>
  (await ask(operator, "feed.read", { about: "decisions-operator", limit: 50 })).entries.map(
    ({ kind }: { kind: string }) => kind,
  );

describe("What waits for a person", () => {
  it("J33: is not listed once its probe says that it is done, and closes by itself, with its ticket", async () => {
    const [target, ticket] = [await file(), await file()];
    const { id } = await asked({ ticket, probe: `ticket ${target} is done` });
    assert.deepEqual(ids((await list()).items), [id]);
    assert.deepEqual((await survey()).closed, []);
    await finish(target);
    const listed = await list();
    assert.deepEqual([listed.headline, listed.items, ids(listed.done)], ["0 items blocked on you", [], [id]]);
    assert.deepEqual((await survey()).closed, [id]);
    assert.equal((await ask(operator, "question.show", { id })).state, "done");
    assert.equal((await ask(operator, "ticket.show", { id: ticket })).state, "awaiting_claim");
    assert.deepEqual((await survey()).closed, []);
  });

  it("J33: is done with the ticket that it blocks, if it has no other probe", async () => {
    const ticket = await file();
    const { id } = await asked({ ticket });
    await say(worker, "ticket.unblock", { id: ticket, reason: "it was paid already" });
    assert.deepEqual(ids((await list()).items), [id]);
    await finish(ticket);
    assert.deepEqual(ids((await list()).done), [id]);
    assert.deepEqual((await survey()).closed, [id]);
    assert.equal((await ask(operator, "ticket.show", { id: ticket })).state, "done");
  });

  it("J33: is probed before it is asked a first or a second time", async () => {
    const target = await file();
    const said = { question: "Shall I go on?", probe: `ticket ${target} is done`, topic: "budget" };
    const { id } = await asked(said);
    await finish(target);
    const again = await asked(said);
    assert.deepEqual([again.id, again.asked, again.state], [id, false, "done"]);
    const moot = await refused(worker, "question.ask", { ...said, question: "Now?" });
    assert.deepEqual([moot.code, moot.facts.probe], ["question.moot", `ticket ${target} is done`]);
  });

  it("J33: with a command is put before a person only after somebody ran it; done closes it", async () => {
    const ticket = await file();
    const { id } = await asked({ ticket, probe: "command: test -e invoice.pdf" });
    const unprobed = await list();
    assert.deepEqual([unprobed.items, ids(unprobed.unprobed)], [[], [id]]);
    const { probes } = await ask(operator, "question.probes");
    assert.deepEqual(
      [probes[0].id, probes[0].command, probes[0].asker],
      [id, "test -e invoice.pdf", "CODEX-CLI-BOX-WEB-01"],
    );
    await say(worker, "question.probed", { id, outcome: "open" });
    assert.deepEqual(ids((await list()).items), [id]);
    await earlier(`update questions.questions set probed_at = probed_at - interval '25 hours' where id = ${id}`);
    assert.deepEqual(ids((await list()).unprobed), [id], "what was found yesterday is looked up again");
    assert.equal(
      (await say(worker, "question.probed", { id, outcome: "done", evidence: "it is there" })).state,
      "done",
    );
    assert.equal((await ask(operator, "ticket.show", { id: ticket })).state, "awaiting_claim");
    const { id: bare } = await asked();
    assert.equal(
      (await refused(worker, "question.probed", { id: bare, outcome: "done" })).code,
      "question.not_commanded",
    );
    await say(worker, "question.withdraw", { id: bare, reason: "test" });
  });

  it("is found done by a day, by entries that came behind it, and by numbers of tickets", async () => {
    const past = await refused(worker, "question.ask", { topic: "budget", question: "q", probe: "date 2026-01-01" });
    assert.equal(past.code, "question.moot");
    const { id } = await asked({ probe: "ledger has seat.adopted about GEMINI-CLI-BOX-WEB-09" });
    assert.deepEqual((await survey()).closed, []);
    await world.seat("GEMINI-CLI-BOX-WEB-09");
    assert.deepEqual((await survey()).closed, [id]);
    await say(operator, "namespace.define", { prefix: "CNT", format: "CNT-NNNN" });
    const counted = await asked({ probe: "namespace CNT has at least 1 awaiting_claim" });
    await say(worker, "ticket.file", { namespace: "CNT", title: "x" });
    assert.deepEqual((await survey()).closed, [counted.id]);
  });

  it("is found done by the release that an environment serves", async () => {
    const yard = await landingYard(world, "production", "CODEX-CLI-BOX-HWD-01");
    const wanted = sha("production 2");
    const { id } = await asked({ probe: `release ${wanted} is served in production` });
    await yard.land();
    assert.deepEqual((await survey()).closed, []);
    assert.equal((await yard.land()).sha, wanted);
    assert.deepEqual((await survey()).closed, [id]);
  });

  it("is asked with a probe that can be looked up, and holds no secret", async () => {
    const refusal = (probe: string) => refused(worker, "question.ask", { topic: "budget", question: "q", probe });
    for (const probe of ["when it rains", "release abc is served in production", "command:", "select 1"]) {
      const { code, fields } = await refusal(probe);
      assert.deepEqual([code, fields[0]!.field], ["input.invalid", "probe"], probe);
    }
    assert.equal((await refusal("ticket CMB-9999 is done")).code, "ticket.unknown");
    assert.equal((await refusal(`release ${"a".repeat(40)} is served in moon`)).code, "environment.unknown");
    assert.match((await refusal("command: curl -H 'Authorization: Bearer abcdef123456' x")).message, /secret/);
  });

  it("is told in one line each and nothing else, the oldest first, a page at a time", async () => {
    const options = ["yes", "no"];
    const made = [await asked({ options }), await asked({ question: "What of\u001b[2J\nthis?" }), await asked()];
    const { headline, items } = await list();
    assert.equal(headline, "3 items blocked on you");
    assert.deepEqual(
      ids(items),
      made.map(({ id }) => id),
    );
    assert.match(items[0], /^\d+ {2}\d+ s {2}budget: Did you pay it\? \d+ \(yes \| no\)$/);
    for (const line of items) assert.doesNotMatch(line, /[\n\u001b]/);
    const page = await ask(operator, "question.list", { limit: 2 });
    assert.deepEqual([page.headline, page.next], ["2+ items blocked on you", made[1].id]);
    assert.deepEqual(ids((await ask(operator, "question.list", { limit: 2, after: page.next })).items), [made[2].id]);
    assert.equal((await list(strategist)).headline, "0 items blocked on you");
    assert.equal((await list(worker)).headline, "3 items that you asked");
    for (const { id } of made) await say(operator, "question.answer", { id, answer: "yes", reason: "paid" });
  });
});

describe("A window in which nobody decides", () => {
  it("J32: raises an alarm while questions wait, once, and ends it with a verdict: the flips alternate", async () => {
    assert.deepEqual((await survey()).alarms, []);
    const { id } = await asked();
    await earlier(`update questions.questions set closed_at = closed_at - interval '2 hours' where state = 'answered'`);
    assert.deepEqual((await survey()).alarms, [], "it has not waited for an hour");
    await earlier(`update questions.questions set asked_at = asked_at - interval '61 minutes' where id = ${id}`);
    assert.deepEqual(await survey(), { closed: [], stalled: ["operator"], alarms: ["decisions.stalled"] });
    await survey();
    assert.deepEqual(await flips(), ["decisions.stalled"]);
    await say(operator, "question.reroute", { id, topic: "schema", reason: "moved away" });
    const moved = await survey();
    assert.deepEqual(moved.stalled, ["strategist"], "moving it away is no verdict, and it is as old as before");
    await say(strategist, "question.answer", { id, answer: "yes", reason: "read" });
    assert.deepEqual((await survey()).alarms, []);
    assert.deepEqual(await flips(), ["decisions.stalled", "decisions.resumed"]);
    const { deciders } = await ask(operator, "question.pace");
    const rendered = deciders.map((one: { goes_to: string; rendered: number; rendered_an_hour: number[] }) => [
      one.goes_to,
      one.rendered,
      one.rendered_an_hour.slice(0, 3),
    ]);
    assert.deepEqual(rendered, [
      ["strategist", 1, [1, 0, 0]],
      ["operator", 0, [0, 0, 3]],
    ]);
  });

  it("is one at a time, by constraint", async () => {
    const insert = (minute: number) =>
      sql(`insert into questions.stalls (tenant_id, goes_to, noticed_at, since)
        values (1, 'operator', now() + interval '${minute} min', now())`);
    await insert(1);
    await assert.rejects(insert(2), { constraint: "one_open_stall" });
  });
});
