import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { testWorld } from "../../../../test/harness.ts";
import { cutOff, spoolOn } from "./spool.fixture.ts";

const world = await testWorld();
const { operator, say, ask, refused, sql } = world;

const define = (prefix: string) => say(operator, "namespace.define", { prefix, format: `${prefix}-NNNN` });
const twoCutOff = (prefix: string) => cutOff(world, prefix);
const settle = () => say(operator, "spool.settle", { early: true });
const file = (token: string, namespace: string, title: string, key?: string) =>
  say(token, "ticket.file", { namespace, title }, key);
const entries = async (subject: string, kind: string) =>
  (await ask(operator, "feed.read", { limit: 1000 })).entries.filter(
    (entry: { kind: string; subject: string }) => entry.kind === kind && entry.subject === subject,
  );

describe("a filing without the server", () => {
  it("J2: has a provisional id, is confirmed by itself within 30 s, and is found by that id then", async () => {
    await define("CON");
    const spool = spoolOn(world, await world.seat("CON-01"));
    spool.file("CON-0001~aaaaa", { namespace: "CON", title: "Mend {{ITEM_ID}} for CON-0001~aaaaa" });
    const handed = await spool.handIn();
    assert.deepEqual(handed.settled, []);
    const wait = Date.parse(handed.settle_by) - Date.parse(handed.answered_at);
    assert.ok(wait > 0 && wait <= 20_000, `it is settled after ${wait} ms`);
    const early = await refused(operator, "ticket.claim", { id: "CON-0001~aaaaa" });
    assert.match(early.hint ?? "", /no number yet/);
    await settle();
    const { outcomes } = await spool.outcomes();
    assert.deepEqual(outcomes, [
      { n: 1, provisional: "CON-0001~aaaaa", id: "CON-0001", outcome: "confirmed", reason: null, code: null },
    ]);
    const ticket = await ask(operator, "ticket.show", { id: "CON-0001~aaaaa" });
    assert.deepEqual([ticket.id, ticket.title, ticket.filer], ["CON-0001", "Mend CON-0001 for CON-0001", "CON-01"]);
    const [confirmed] = await entries("CON-0001", "ticket.confirmed");
    assert.equal(confirmed.actor, "CON-01");
    assert.deepEqual(confirmed.data.markers, [{ marker: "CONFIRMED", value: "CON-0001~aaaaa is CON-0001" }]);
  });

  it("keeps its number from everybody who files at the server until the contest is over", async () => {
    await define("KEP");
    const spool = spoolOn(world, await world.seat("KEP-01"));
    spool.file("KEP-0001~aaaaa", { namespace: "KEP", title: "Offline" });
    await spool.handIn();
    assert.equal((await file(operator, "KEP", "At the server")).id, "KEP-0002");
    await settle();
    assert.equal((await ask(operator, "ticket.show", { id: "KEP-0001" })).title, "Offline");
  });

  it("J3: of two at one instant that expect one number the smaller seat name has it, whoever came first", async () => {
    const [a, b] = await twoCutOff("TIE");
    const at = { contact_at: a.contact_at, elapsed_ms: 1_000 };
    a.file("TIE-0001~aaaaa", { namespace: "TIE", title: "Of A" }, at);
    b.file("TIE-0001~bbbbb", { namespace: "TIE", title: "Of B" }, at);
    await b.handIn();
    await a.handIn();
    await settle();
    assert.equal((await ask(operator, "ticket.show", { id: "TIE-0001" })).title, "Of A");
    assert.equal((await ask(operator, "ticket.show", { id: "TIE-0001~bbbbb" })).id, "TIE-0002");
  });

  it("that was posted earlier has the number, the other one is amended; both are posts, and a collision", async () => {
    const [a, b] = await twoCutOff("WIN");
    a.file("WIN-0001~aaaaa", { namespace: "WIN", title: "Later" }, { contact_at: a.contact_at, elapsed_ms: 2_000 });
    b.file("WIN-0001~bbbbb", { namespace: "WIN", title: "Earlier" }, { contact_at: b.contact_at, elapsed_ms: 1_000 });
    await a.handIn();
    await b.handIn();
    await settle();
    const [outcome] = (await a.outcomes()).outcomes;
    assert.deepEqual([outcome.id, outcome.outcome], ["WIN-0002", "amended"]);
    assert.match(outcome.reason, /WIN-0001 is that of WIN-B, which posted first/);
    const [amended] = await entries("WIN-0002", "ticket.amended");
    assert.deepEqual(amended.data.markers, [{ marker: "AMENDMENT", value: "WIN-0001~aaaaa is WIN-0002" }]);
    const [opened] = await entries("WIN-0001", "collision.opened");
    const [settled] = await entries("WIN-0001", "collision.settled");
    assert.deepEqual([opened.data.first.seat, opened.data.second.seat], ["WIN-B", "WIN-A"]);
    assert.deepEqual([settled.data.outcome, settled.data.amended_to], ["amended", "WIN-0002"]);
  });

  it("J4: is amended by another entry; its own words stay in the ledger as they were posted", async () => {
    const [a, b] = await twoCutOff("AME");
    b.file("AME-0001~bbbbb", { namespace: "AME", title: "B" }, { contact_at: b.contact_at, elapsed_ms: 1 });
    const words = { namespace: "AME", title: "A files AME-0001~aaaaa", body: "Word for word: AME-0001~aaaaa" };
    a.file("AME-0001~aaaaa", words, { contact_at: a.contact_at, elapsed_ms: 2 });
    await b.handIn();
    await a.handIn();
    await settle();
    const [pending] = await entries("AME-0001~aaaaa", "ticket.pending");
    assert.deepEqual(pending.data.filing, words);
    assert.equal((await ask(operator, "ticket.show", { id: "AME-0002" })).title, "A files AME-0002");
    const edited = await a.refused([{ ...a.posts[0]!, input: { ...words, title: "Edited" } }]);
    assert.equal(edited.code, "spool.contradicts");
    const change = "update ledger.entries set leaf = 'x' where kind = 'ticket.pending'";
    await assert.rejects(world.asApplication(change), { code: "42501" });
  });

  it("comes too late for a number that was given: that one does not move, and it is said so", async () => {
    const [a] = await twoCutOff("LAT");
    assert.equal((await file(operator, "LAT", "Given at the server")).id, "LAT-0001");
    a.file("LAT-0001~aaaaa", { namespace: "LAT", title: "Earlier" }, { contact_at: a.contact_at, elapsed_ms: 1 });
    await a.handIn();
    await settle();
    const [outcome] = (await a.outcomes()).outcomes;
    assert.deepEqual([outcome.id, outcome.outcome], ["LAT-0002", "amended"]);
    assert.match(outcome.reason, /a number that is given does not move/);
    const [opened] = await entries("LAT-0001", "collision.opened");
    assert.equal(opened.data.final, true);
  });

  it("that expects no number is confirmed with the one it gets", async () => {
    const spool = spoolOn(world, await world.seat("NON-01"));
    await define("NON");
    spool.file("NON-?~aaaaa", { namespace: "NON", title: "First" });
    await spool.handIn();
    await settle();
    const [outcome] = (await spool.outcomes()).outcomes;
    assert.deepEqual([outcome.id, outcome.outcome], ["NON-0001", "confirmed"]);
  });

  it("in a namespace that is not there waits for it until the contest is over, and is refused then", async () => {
    const spool = spoolOn(world, await world.seat("UND-01"));
    spool.file("UND-?~aaaaa", { namespace: "UND", title: "In time" });
    spool.file("UNE-?~bbbbb", { namespace: "UNE", title: "Never" });
    await spool.handIn();
    await define("UND");
    await settle();
    const { outcomes } = await spool.outcomes();
    assert.deepEqual(
      outcomes.map((one: any) => [one.id, one.outcome, one.code]),
      [
        ["UND-0001", "confirmed", null],
        [null, "refused", "namespace.unknown"],
      ],
    );
  });

  it("gets its number at once where contests last no time, and by the clock where they last", async () => {
    await define("NOW");
    const spool = spoolOn(world, await world.seat("NOW-01"));
    await say(operator, "spool.configure", { contest_seconds: 15 });
    spool.file("NOW-0001~aaaaa", { namespace: "NOW", title: "Soon" });
    await spool.handIn();
    assert.equal((await say(operator, "spool.settle", {})).settled, 0);
    await sql("update tickets.spooled set due_at = due_at - interval '15 s' where namespace = 'NOW'");
    assert.equal((await say(operator, "spool.settle", {})).settled, 1);
    await say(operator, "spool.configure", { contest_seconds: 0 });
    spool.file("NOW-0002~aaaaa", { namespace: "NOW", title: "At once" });
    const { settled, settle_by } = await spool.handIn();
    assert.deepEqual([settled[1].id, settle_by], ["NOW-0002", null]);
    await say(operator, "spool.configure", { contest_seconds: 15 });
    const { code } = await refused(operator, "spool.configure", { contest_seconds: 21 });
    assert.equal(code, "input.invalid");
  });
});

describe("a spool", () => {
  it("that is handed in again is answered the same, and files nothing twice", async () => {
    await define("REP");
    const spool = spoolOn(world, await world.seat("REP-01"));
    for (let n = 1; n <= 5; n++) spool.file(`REP-000${n}~aaaaa`, { namespace: "REP", title: `Filing ${n}` });
    await Promise.all([spool.handIn(spool.posts.slice(0, 3)), spool.handIn(), spool.handIn()]);
    await settle();
    const [first, again] = [await spool.handIn(), await spool.handIn()];
    assert.deepEqual(first.settled, again.settled);
    assert.deepEqual(
      first.settled.map(({ id }: any) => id),
      [1, 2, 3, 4, 5].map((n) => `REP-000${n}`),
    );
    assert.equal((await ask(operator, "ticket.list", { namespace: "REP" })).tickets.length, 5);
  });

  it("cannot leave out a post, change one, or be another seat's", async () => {
    const spool = spoolOn(world, await world.seat("GAP-01"));
    spool.post({ subject: "One" });
    spool.post({ subject: "Two" });
    spool.post({ subject: "Three" });
    await spool.handIn(spool.posts.slice(0, 1));
    const gap = await spool.refused(spool.posts.slice(2));
    assert.deepEqual([gap.code, gap.facts.next], ["spool.gap", 2]);
    const holed = await spool.refused([spool.posts[0]!, spool.posts[2]!]);
    assert.equal(holed.code, "spool.gap");
    const other = await spool.refused([{ ...spool.posts[0]!, input: { subject: "Other" } }]);
    assert.deepEqual([other.code, other.kind, other.facts.n], ["spool.contradicts", "mismatch", 1]);
    const thief = spoolOn(world, await world.seat("GAP-02"), spool.name);
    thief.post({ subject: "One" });
    const held = await thief.refused();
    assert.deepEqual([held.code, held.facts.seat], ["spool.held", "GAP-01"]);
    const row =
      "insert into tickets.spooled select (s).* from (select jsonb_populate_record(s, '{\"n\": 9}') s " +
      "from tickets.spooled s where n = 1 and spool = $1) s";
    await assert.rejects(sql(row, [spool.name]));
  });

  it("tells of a post that it lost, and the ledger proves that none is missing", async () => {
    const spool = spoolOn(world, await world.seat("LOS-01"));
    spool.post({ subject: "Before" });
    spool.post({}, { lost: "the last line was torn" });
    spool.post({ subject: "After" });
    const { settled } = await spool.handIn();
    assert.deepEqual(
      settled.map(({ outcome }: any) => outcome),
      ["posted", "lost", "posted"],
    );
    const { entries: told } = await ask(operator, "feed.read", { limit: 1000 });
    const lost = told.filter((entry: any) => entry.kind === "spool.lost" && entry.data.spool === spool.name);
    assert.deepEqual(
      lost.map(({ data }: any) => [data.n, data.reason]),
      [[2, "the last line was torn"]],
    );
    const complete = await ask(operator, "ledger.completeness", { producer: `spool/${spool.name}` });
    const [{ recorded, dropped, last, whole }] = complete.producers;
    assert.deepEqual([recorded, dropped, last, whole], [2, { torn: 1 }, 3, true]);
  });

  it("has its posts carried out in order, behind the numbers that they cite, in the name of its seat", async () => {
    const [a, b] = await twoCutOff("CIT");
    const at = { contact_at: a.contact_at };
    b.file("CIT-0001~bbbbb", { namespace: "CIT", title: "First" }, { ...at, elapsed_ms: 1 });
    a.file("CIT-0001~aaaaa", { namespace: "CIT", title: "Parent" }, { ...at, elapsed_ms: 2 });
    const child = { namespace: "CIT", title: "Child", parent: "CIT-0001~aaaaa", blocked_by: ["CIT-0001~bbbbb"] };
    a.file("CIT-0002~aaaaa", { ...child, body: "Of CIT-0001~aaaaa" }, { ...at, elapsed_ms: 3 });
    a.post({ item: "CIT-0001~aaaaa", subject: "About CIT-0001~aaaaa" }, { ...at, elapsed_ms: 4 });
    a.post({ kind: "actionable", item: "CIT-0001~aaaaa", state: "PARKED", subject: "p" }, { ...at, elapsed_ms: 5 });
    await a.handIn();
    assert.equal((await a.outcomes()).outcomes.length, 0, "the posts wait for the filings that they stand behind");
    await b.handIn();
    await settle();
    const { outcomes } = await a.outcomes();
    assert.deepEqual(
      outcomes.map((one: any) => [one.outcome, one.id]),
      [
        ["amended", "CIT-0003"],
        ["confirmed", "CIT-0002"],
        ["posted", "CIT-0003"],
        ["posted", "CIT-0003"],
      ],
    );
    const shown = await ask(operator, "ticket.show", { id: "CIT-0002" });
    assert.equal(shown.body, "Of CIT-0003");
    assert.deepEqual(
      shown.links.map(({ type, target }: any) => [type, target]),
      [
        ["blocks", "CIT-0001"],
        ["parent-child", "CIT-0003"],
      ],
    );
    assert.equal((await ask(operator, "ticket.show", { id: "CIT-0003" })).state, "parked");
    const [post] = await entries("CIT-0003", "post.appended");
    assert.deepEqual([post.actor, post.data.subject], ["CIT-A", "About CIT-0003"]);
    assert.deepEqual(await entries("CIT-0001~aaaaa", "post.appended"), []);
  });
});

it("after all this the tables and the ledger agree, and the ledger is whole", async () => {
  const { differences, found } = await ask(operator, "ticket.drift");
  assert.equal(differences, 0, JSON.stringify(found));
  assert.equal((await ask(operator, "ledger.verify")).whole, true);
});
