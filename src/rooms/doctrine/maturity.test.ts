import assert from "node:assert/strict";
import { test } from "node:test";
import { collided } from "./collided.fixture.ts";
import { passingDays, toldOf } from "./doctrine.fixture.ts";

const NUMBERS = "ORA-0000-0001";

test("the number rule climbs from M2 to M4 by its gates, falls after a collision, and opens its review", async () => {
  const world = await passingDays();
  const { days, survey, ask, say } = world;
  await say("namespace.define", { prefix: "CMB", format: "CMB-NNNN" });
  const standing = async () => (await ask("doctrine.show", { id: NUMBERS })).maturity;
  const reaches = async (as_of = world.now()) =>
    (await ask("doctrine.evaluate", { id: NUMBERS, as_of: as_of.toISOString() })).reached;

  assert.deepEqual((await survey()).promoted, []);
  assert.deepEqual([await standing(), await reaches()], ["M2", "M2"]);
  days(6);
  await survey();
  assert.equal(await standing(), "M2");
  days(2);
  assert.equal(await reaches(), "M3");
  assert.ok((await survey()).promoted.includes(NUMBERS));
  assert.equal(await standing(), "M3");
  days(7);
  assert.ok((await survey()).promoted.includes(NUMBERS));
  assert.equal(await standing(), "M4");
  assert.deepEqual((await survey()).promoted, []);

  days(1);
  await collided(world, { number: "CMB-0036", pattern: "unseen_actor" });
  const fallen = await survey();
  assert.deepEqual([fallen.taken_back, fallen.alarms], [[NUMBERS], ["doctrine.taken_back"]]);
  assert.equal(await standing(), "M2");
  const [review] = fallen.reviews;
  assert.equal(fallen.reviews.length, 1);
  const ticket = await ask("ticket.show", { id: review });
  assert.deepEqual([ticket.type, ticket.lane, ticket.state], ["review", "strategist", "awaiting_claim"]);
  assert.match(ticket.title, /^Review ORA-0000-0001/);
  assert.match(ticket.body, /Taken back from M4 to M2: a collision on CMB-0036/);
  assert.deepEqual((await survey()).reviews, [], "a review opens once");

  // The history says how it stood before, whatever it is now.
  assert.equal(await reaches(new Date(world.now().getTime() - 2 * 86_400_000)), "M4");
  const kinds = (await toldOf(world, NUMBERS)).map(({ kind, data }) => `${kind} ${data.maturity ?? ""}`.trim());
  assert.deepEqual(kinds, [
    ...["doctrine.promoted M3", "doctrine.promoted M4"],
    ...["doctrine.violated", "doctrine.taken_back M2", "doctrine.review_opened"],
  ]);

  await say("doctrine.review", { id: NUMBERS, note: "The seat was unknown; it is registered now." });
  assert.deepEqual((await survey()).alarms, []);
  days(6);
  assert.deepEqual((await survey()).promoted, []);
  days(1.5);
  assert.deepEqual((await survey()).promoted, [NUMBERS]);
  assert.equal(await standing(), "M4", "both windows are clean again, and the first is the longer ago");
});

test("a collision of another pattern breaks no gate, a filing without a reservation only M4", async () => {
  const world = await passingDays();
  const { days, survey, ask, say } = world;
  await say("namespace.define", { prefix: "CMB", format: "CMB-NNNN" });
  await survey();
  days(15);
  await survey();
  const standing = async () => (await ask("doctrine.show", { id: NUMBERS })).maturity;
  assert.equal(await standing(), "M4");
  await collided(world, { number: "lane:web:login", pattern: "surface" });
  assert.deepEqual((await survey()).taken_back, []);
  await collided(world, { number: "CMB-0002", kind: "ticket.amended" });
  assert.deepEqual((await survey()).taken_back, [NUMBERS]);
  assert.equal(await standing(), "M3");
});

test("a level that holds is proposed, given by a person, and withdrawn when it holds no more", async () => {
  const world = await passingDays();
  const { days, survey, ask, say } = world;
  const refused = async (name: string, input: object) => {
    const answer = await say(name, input).catch((error) => error);
    return answer.code;
  };
  const { id } = await say("doctrine.file", {
    type: "doctrine",
    title: "Say what broke",
    rule: "Name the broken thing in the first line.",
    activation_test: "Do I report a failure?",
    gates: ["M1: observations_at_least n=1", "M3: no_violation window=P7D"],
  });
  assert.deepEqual((await survey()).proposed, []);
  assert.equal(await refused("doctrine.promote", { id, to: "M1" }), "gate.broken");
  await say("doctrine.observe", { id, evidence: "Three reports named it at the end." });
  assert.deepEqual((await survey()).proposed, [id]);
  assert.deepEqual((await survey()).proposed, [], "it is proposed once");
  assert.equal((await ask("doctrine.show", { id })).proposed, "M1");
  assert.deepEqual(await say("doctrine.promote", { id }), { id, maturity: "M1", was: "M0" });
  assert.equal(await refused("doctrine.promote", { id, to: "M2" }), "gate.unreasoned");
  await say("doctrine.promote", { id, to: "M2", reason: "The mechanism is understood." });
  assert.equal(await refused("doctrine.promote", { id, to: "M3" }), "gate.broken");
  days(8);
  assert.deepEqual((await survey()).proposed, [id]);
  await say("doctrine.violate", { id, evidence: "A report began with the weather." });
  await survey();
  assert.equal((await ask("doctrine.show", { id })).proposed, null);
  days(8);
  await say("doctrine.promote", { id, to: "M3" });
  assert.equal(await refused("doctrine.promote", { id, to: "M4" }), "gate.none");
  await say("doctrine.violate", { id, evidence: "Another one did." });
  assert.deepEqual((await survey()).taken_back, [id]);
  assert.equal((await ask("doctrine.show", { id })).maturity, "M2", "what was given by judgement stays");
});

test("reviews open by themselves on their day and at a sunset, once, also without a namespace", async () => {
  const world = await passingDays();
  const { days, survey, ask, say } = world;
  const day = (count: number) => new Date(world.now().getTime() + count * 86_400_000).toISOString().slice(0, 10);
  const rule = { type: "doctrine", rule: "Do.", activation_test: "Now?" };
  // Its review's ticket cuts this title short, in the middle of a character.
  const title = `Looked at each ten days${"\u{1f4a5}".repeat(238)}`;
  const { id } = await say("doctrine.file", { ...rule, title, review_days: 10 });
  const hard = { mode: "reject", mechanisms: ["refusal:lease.lost"], sunset_on: day(20) };
  const { id: ends } = await say("doctrine.file", { ...rule, title: "Ends", ...hard });
  await survey();
  days(11);
  assert.deepEqual((await survey()).reviews, [], "nothing gives numbers yet");
  const opened = async (one: string) =>
    (await toldOf(world, one)).filter(({ kind }) => kind === "doctrine.review_opened").map(({ data }) => data.because);
  assert.match((await opened(id))[0], /^Its review is due/);
  await say("namespace.define", { prefix: "CMB", format: "CMB-NNNN" });
  await say("doctrine.review", { id, note: "Still true." });
  days(10);
  const { reviews } = await survey();
  assert.equal(reviews.length, 2);
  assert.match((await opened(ends))[0], /^Its sunset was/);
  assert.deepEqual((await survey()).reviews, []);
  // Whoever finishes the ticket without a word has looked, too.
  for (const ticket of reviews) await say("ticket.cancel", { id: ticket, reason: "looked" });
  assert.deepEqual((await survey()).reviews, []);
  const settled = (await ask("doctrine.show", { id: ends })).reviews[0];
  assert.match(settled.note, /is cancelled/);
});

test("a review trigger is a query that runs: it opens one for what happened, and another for what comes", async () => {
  const world = await passingDays();
  const { days, survey, ask, say } = world;
  await say("namespace.define", { prefix: "CMB", format: "CMB-NNNN" });
  const triggers = { review_triggers: ["not no_violation window=P30D"], adopts: true };
  const { id } = await say("doctrine.file", { type: "decision", title: "One way", rule: "Go left.", ...triggers });
  await survey();
  days(1);
  const opened = async () => (await survey()).reviews.length;
  assert.equal(await opened(), 0);
  await say("doctrine.violate", { id, evidence: "Somebody went right." });
  assert.deepEqual([await opened(), await opened()], [1, 0]);
  const [review] = (await ask("doctrine.show", { id })).reviews;
  assert.match(review.because, /^Its trigger "not no_violation window=P30D" is true: a violation at/);
  assert.equal((await say("doctrine.review", { id, note: "It was told." })).ticket, review.ticket);
  assert.equal(await opened(), 0);
  days(1);
  await say("doctrine.violate", { id, evidence: "Somebody went right again." });
  assert.equal(await opened(), 1);
});

test("a demotion by judgement holds, also of a shipped record that nobody has written about yet", async () => {
  const world = await passingDays();
  const { days, survey, ask, say } = world;
  const id = "ORA-0000-0002";
  const standing = async () => {
    const { maturity, proposed } = await ask("doctrine.show", { id });
    return [maturity, proposed];
  };
  await say("doctrine.demote", { id, to: "M1", reason: "It was gone past by hand." });
  assert.deepEqual(await standing(), ["M1", null]);
  assert.deepEqual((await survey()).proposed, [id]);
  assert.deepEqual(await standing(), ["M1", "M2"], "its gates hold, and a person decides");
  await say("doctrine.promote", { id });
  days(8);
  assert.ok((await survey()).promoted.includes(id), "it adopts again since a person gave it a level");
});

test("a gate needs a window of some length, and `not` makes none hold that is not full", async () => {
  const { say, ask, survey } = await passingDays();
  const rule = { type: "doctrine", title: "A rule", rule: "Do.", activation_test: "Now?", adopts: true };
  for (const window of ["P0D", "PT0H", "P0W0D"])
    await assert.rejects(
      say("doctrine.file", { ...rule, gates: [`M3: no_violation window=${window}`] }),
      /must be an ISO 8601 duration such as P7D, not zero/,
    );
  const { id } = await say("doctrine.file", { ...rule, gates: ["M3: not no_violation window=P7D"] });
  await survey();
  assert.equal((await ask("doctrine.show", { id })).maturity, "M0");
});

test("what goes on being true opens one review, and a trigger of a clean window waits until it is full", async () => {
  const world = await passingDays();
  const { days, survey, ask, say } = world;
  await say("namespace.define", { prefix: "CMB", format: "CMB-NNNN" });
  const filed = async (...review_triggers: string[]): Promise<string> =>
    (await say("doctrine.file", { type: "decision", title: "One way", rule: "Go left.", review_triggers })).id;
  const unheld = await filed("not mechanism_runs", "observations_at_least n=1");
  const quiet = await filed("no_violation window=P30D");
  const opened = async () => (await survey()).reviews.length;
  const reviewed = async (id: string) => {
    await say("doctrine.review", { id, note: "It is known." });
  };
  assert.deepEqual([await opened(), await opened()], [1, 0]);
  await reviewed(unheld);
  assert.equal(await opened(), 0, "whoever looked knows that it is so");
  await say("doctrine.observe", { id: unheld, evidence: "Seen." });
  assert.equal(await opened(), 1);
  await reviewed(unheld);
  assert.equal(await opened(), 0);
  days(31);
  assert.equal(await opened(), 1);
  assert.match((await ask("doctrine.show", { id: quiet })).reviews[0].because, /"no_violation window=P30D" is true/);
  await reviewed(quiet);
  assert.equal(await opened(), 0);
  days(31);
  assert.equal(await opened(), 1, "another such window has passed since");
});

test("more collisions than anybody looks at are no clean window", async () => {
  const world = await passingDays();
  const { days, survey, ask } = world;
  await survey();
  days(20);
  await collided(world, { number: "CMB-0001", pattern: "unseen_actor" });
  for (let n = 0; n < 1000; n += 100) await collided(world, { number: "CMB-0002", pattern: "surface", times: 100 });
  const as_of = world.now().toISOString();
  const { reached, gates } = await ask("doctrine.evaluate", { id: NUMBERS, as_of });
  assert.equal(reached, "M2");
  assert.match(gates.find(({ level }: { level: number }) => level === 3).because, /^so many of them since/);
});
