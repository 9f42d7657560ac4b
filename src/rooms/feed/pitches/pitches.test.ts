import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fc } from "../../../../test/cases.ts";
import { sqlError, testWorld } from "../../../../test/harness.ts";
import { familyOf, type Response, tally, verdicts } from "./families.ts";

const world = await testWorld();
const { operator, say, ask, refused, sql } = world;
const claude = await world.seat("CLAUDE-CLI-BOX-WEB-01");
const claude2 = await world.seat("CLAUDE-CLI-BOX-WEB-02");
const codex = await world.seat("CODEX-CLI-BOX-WEB-01");
const gemini = await world.seat("GEMINI-STRAT", "strategist");
await say(operator, "namespace.define", { prefix: "CMB", format: "CMB-NNNN" });

const inside = async (command: string) =>
  (await world.door.sayInside(world.home_tenant_id, "longwatch", command, {})).output as {
    overdue: number[];
    alarms: string[];
  };
const survey = () => inside("adoption.survey");
const open = async () => (await ask(operator, "adoption.list")).adoptions as { id: number; overdue: boolean }[];
const adopt = async (subject = "ADOPT the second way", more: object = {}): Promise<number> => {
  const { warnings } = await say(claude, "post.append", { subject, ...more });
  return Number(/ADOPTS: (\d+)/.exec(warnings[0])![1]);
};
const file = async (body: string, token = codex, more: object = {}): Promise<string> =>
  (await say(token, "ticket.file", { namespace: "CMB", title: "Carry it out", body, ...more })).id;
const later = (id: number, minutes = 11) =>
  sql(`update feed.adoptions set adopted_at = adopted_at - make_interval(mins => $2) where id = $1`, [id, minutes]);
const kindsAbout = async (about: string) =>
  (await ask(operator, "feed.read", { about, limit: 100 })).entries.map(({ kind }: { kind: string }) => kind);

describe("An adoption", () => {
  it("J13: without a ticket for ten minutes is warned of by the clock, once, and in a query", async () => {
    const id = await adopt();
    assert.deepEqual(await survey(), { overdue: [], alarms: [] }, "ten minutes are not over");
    assert.deepEqual((await ask(operator, "adoption.list", { overdue: true })).adoptions, []);
    await later(id);
    assert.deepEqual(await survey(), { overdue: [id], alarms: ["adoption.unfiled"] });
    await survey();
    assert.deepEqual(await kindsAbout(`adoption-${id}`), ["adoption.made", "adoption.overdue"]);
    const [{ adopter, overdue, subject, age_seconds }] = (await ask(operator, "adoption.list", { overdue: true }))
      .adoptions;
    assert.deepEqual([adopter, overdue, subject], ["CLAUDE-CLI-BOX-WEB-01", true, "ADOPT the second way"]);
    assert.ok(age_seconds >= 660);
    await file(`Why not.\nADOPTS: ${id}`);
    assert.deepEqual(await survey(), { overdue: [], alarms: [] });
    assert.deepEqual((await kindsAbout(`adoption-${id}`)).at(-1), "adoption.carried");
  });

  it("is carried out by the ticket whose body names it, whoever files it, and by no other one", async () => {
    const [id, other] = [await adopt(), await adopt()];
    await file("something else");
    await file(`ADOPTS: ${id}00`);
    await survey();
    assert.deepEqual(
      (await open()).map((one) => one.id),
      [id, other],
    );
    const ticket = await file(`ADOPTS: ${id}, ${other}`);
    await survey();
    assert.deepEqual(await open(), []);
    const rows = await sql("select ticket_id from feed.adoptions where id = any ($1)", [[id, other]]);
    assert.deepEqual(rows, [{ ticket_id: ticket }, { ticket_id: ticket }]);
  });

  it("is carried out in the same act by an actionable post that files the ticket", async () => {
    const id = await adopt();
    await say(claude, "post.append", { kind: "actionable", reserve: "CMB", subject: "Do it", body: `ADOPTS: ${id}` });
    assert.deepEqual(await open(), []);
  });

  it("about a ticket is carried out by a later one that names that ticket, or is its child", async () => {
    const item = await file("the question");
    await survey();
    for (const filing of [
      { body: `follows ${item}.` },
      { body: `like ${item}9, it follows ${item}` },
      { body: "", more: { parent: item } },
    ]) {
      await adopt("RESPONSES: [ACK] ADOPT", { item });
      await file(`not ${item}9 and not X-${item}`);
      await survey();
      assert.equal((await open()).length, 1);
      await file(filing.body, claude, filing.more);
      await survey();
      assert.deepEqual(await open(), []);
    }
  });

  it("is dropped with a reason, or given its ticket by hand, once", async () => {
    const [id, other] = [await adopt(), await adopt()];
    await say(claude, "adoption.settle", { id, reason: "the second look said no" });
    const again = await refused(claude, "adoption.settle", { id, reason: "again" });
    assert.deepEqual([again.code, again.facts.reason], ["adoption.settled", "the second look said no"]);
    const ticket = await file("by hand");
    assert.equal((await say(claude, "adoption.settle", { id: other, ticket })).ticket, ticket);
    assert.equal((await refused(claude, "adoption.settle", { id: 9999, reason: "x" })).code, "adoption.unknown");
    assert.equal((await refused(claude, "adoption.settle", { id })).code, "input.invalid");
    assert.deepEqual(await open(), []);
  });

  it("is no adoption when the word only tells of one, and keeps no words of a personal post", async () => {
    const before = (await open()).length;
    for (const subject of ["We adopt seats here", "RESPONSES: [ACK] ADOPT_FOR_DOCTRINE_ONLY", "He ADOPTS it", "DEFER"])
      await say(claude, "post.append", { subject });
    assert.equal((await open()).length, before);
    const id = await adopt("ADOPT what Ada Byron said", { personal: true });
    assert.deepEqual(await sql("select subject from feed.adoptions where id = $1", [id]), [{ subject: null }]);
    await say(claude, "adoption.settle", { id, reason: "test" });
  });

  it("is made once, however often the post that made it is corrected", async () => {
    const correct = async (amends: number, more: object = {}): Promise<number> =>
      (await world.door.say(claude, "post.append", { subject: "ADOPT the second way, I meant", amends, ...more })).seq!;
    for (const personal of [false, true]) {
      const first = await world.door.say(claude, "post.append", { subject: "ADOPT the secnod way", personal });
      await correct(await correct(first.seq!, { personal }), { personal });
      const [made, ...others] = await open();
      assert.deepEqual(others, []);
      await say(claude, "adoption.settle", { id: made!.id, reason: "test" });
    }
    const { seq } = await world.door.say(claude, "post.append", { subject: "the second way" });
    await correct(seq!);
    const [made] = await open();
    await say(claude, "adoption.settle", { id: made!.id, reason: "what first adopts is a correction" });
  });

  it("is made by the correction of a post that has the word and could not adopt", async () => {
    const subject = "ADOPT the secnod way";
    const there = { source_ref: "post-1", author: "Ada", said_at: "2026-01-01T00:00:00Z" };
    for (const corrected of [
      await world.door.say(operator, "post.import", { ...there, subject }),
      await world.door.say(claude, "post.append", { kind: "actionable", reserve: "CMB", subject }),
    ]) {
      await say(claude, "post.append", { subject: "ADOPT the second way", amends: corrected.seq! });
      const made = await open();
      assert.equal(made.length, 1);
      await say(claude, "adoption.settle", { id: made[0]!.id, reason: "test" });
    }
  });

  it("is read from the ledger at a price that does not grow with it", async () => {
    await survey();
    const [{ seq }] = await sql("select seq from feed.surveyed");
    await file("one more");
    await survey();
    const [{ seq: after }] = await sql("select seq from feed.surveyed");
    assert.ok(after > seq, "a look begins where the last one ended");
  });
});

describe("A pitch", () => {
  const pitch = async (families_min = 1, token = claude): Promise<number> =>
    (await say(token, "pitch.make", { subject: "Cut the old path", body: "It is dead.", families_min })).id;
  const respond = (token: string, id: number, verdict: string, more: object = {}) =>
    say(token, "pitch.respond", { pitch: id, verdict, ...more });

  it("J51: that two providers have to be for is not adopted by the agreement of one's own seats", async () => {
    const id = await pitch(2);
    assert.equal((await respond(claude2, id, "ADOPT")).adopted, false, "same provider as the pitcher");
    assert.deepEqual((await ask(operator, "pitch.show", { id })).families, ["anthropic"]);
    const { adopted, adoption, next } = await respond(codex, id, "ADOPT");
    assert.equal(adopted, true);
    assert.match(next, new RegExp(`ADOPTS: ${adoption}`));
    const shown = await ask(operator, "pitch.show", { id });
    assert.deepEqual([shown.families, shown.adopted], [["anthropic", "openai"], true]);
    assert.deepEqual(
      shown.votes.map(({ family, vote }: { family: string; vote: string }) => [family, vote]),
      [
        ["anthropic", "ADOPT"],
        ["openai", "ADOPT"],
      ],
    );
    await say(codex, "adoption.settle", { id: adoption, reason: "test" });
  });

  it("is adopted by one answer where one provider is enough, and owes one ticket, however many adopt it", async () => {
    const id = await pitch();
    const { adoption } = await respond(claude2, id, "ADOPT");
    assert.equal((await respond(codex, id, "ADOPT")).adoption, null);
    assert.deepEqual(
      (await open()).map((one) => one.id),
      [adoption],
    );
    await file(`ADOPTS: ${adoption}`);
    await survey();
    assert.deepEqual(await open(), []);
    const ticket = await file("filed before");
    const other = await pitch();
    assert.equal((await respond(codex, other, "ADOPT", { ticket })).next, null);
    assert.deepEqual(await open(), []);
    assert.deepEqual(await kindsAbout(`pitch-${other}`), ["pitch.made", "pitch.responded"]);
  });

  it("counts everyone's newest verdict, and no vote of a provider whose seats disagree", async () => {
    const id = await pitch(2, gemini);
    await respond(claude, id, "ADOPT");
    await respond(claude2, id, "DEFER");
    const split = await ask(operator, "pitch.show", { id });
    assert.deepEqual(
      [split.adopted, split.votes],
      [false, [{ family: "anthropic", vote: null, seats: split.votes[0].seats }]],
    );
    assert.equal((await respond(claude2, id, "INFORM")).adopted, true, "INFORM takes the DEFER back and is no vote");
    assert.equal((await respond(operator, id, "ACK")).adopted, true);
    const { pitches } = await ask(operator, "pitch.list", { limit: 1 });
    assert.deepEqual([pitches[0].id, pitches[0].adopted, pitches[0].pitcher], [id, true, "GEMINI-STRAT"]);
    const [adopted] = await open();
    await say(claude, "adoption.settle", { id: adopted!.id, reason: "test" });
  });

  it("is not answered by its own seat, and one that is not there by nobody", async () => {
    const id = await pitch();
    assert.equal((await refused(claude, "pitch.respond", { pitch: id, verdict: "ADOPT" })).code, "pitch.own");
    assert.equal((await refused(codex, "pitch.respond", { pitch: 9999, verdict: "ADOPT" })).code, "pitch.unknown");
    await assert.rejects(ask(codex, "pitch.show", { id: 9999 }), { code: "pitch.unknown" });
  });

  it("and its answers are posts, which nobody edits", async () => {
    const id = await pitch();
    await respond(codex, id, "DEFER", { note: "After the freeze." });
    const { entries } = await ask(operator, "feed.read", { posts: true, limit: 2 });
    assert.deepEqual(
      entries.map(({ data }: { data: { subject: string; body: string } }) => [data.subject, data.body]),
      [
        [`PITCH ${id}: Cut the old path`, "It is dead."],
        [`RE PITCH ${id}: Cut the old path`, "RESPONSES: [ACK] DEFER\nAfter the freeze."],
      ],
    );
    const changed = await sqlError(world.asApplication("update feed.responses set verdict = 'ADOPT'"));
    assert.equal(changed.code, "42501");
  });
});

describe("The tally", () => {
  const response = fc.record({
    seat: fc.constantFrom(...Array.from({ length: 9 }, (_, n) => `seat-${n}`)),
    family: fc.constantFrom("a", "b", "c"),
    verdict: fc.constantFrom(...verdicts),
  });
  const votes = fc.uniqueArray(response, { selector: ({ seat }) => seat });

  it("J51: is the same however many seats of a provider repeat its vote", () => {
    fc.assert(
      fc.property(votes, fc.integer({ min: 1, max: 4 }), (said, families_min) => {
        const pitch = { family: "a", families_min };
        const twice: Response[] = [...said, ...said.map((one) => ({ ...one, seat: `${one.seat}+` }))];
        const [one, two] = [tally(said, pitch), tally(twice, pitch)];
        assert.deepEqual([one.families, one.adopted], [two.families, two.adopted]);
        assert.ok(one.families.length <= 3);
        if (one.adopted) assert.ok(one.families.length >= families_min);
      }),
    );
  });

  it("knows providers by the names of seats, and counts a person or an unknown one alone", () => {
    const family = (name: string, incarnation: string | null = "i") => familyOf({ name, incarnation });
    assert.equal(family("CLAUDE-DESKTOP-MacBook-Air-ORA-01"), "anthropic");
    assert.equal(family("CODEX-CLI-BOX-WEB-01/tests"), "openai");
    assert.equal(family("GEMINI-STRAT"), "google");
    assert.equal(family("LLAMA-CLI-BOX-WEB-01"), "llama");
    assert.deepEqual(
      ["OPUS-02", "GPT5-01", "CONSTRUCTOR-01"].map((name) => family(name)),
      [...["anthropic", "openai", "constructor"]],
    );
    assert.equal(family("operator", null), "operator");
  });
});
