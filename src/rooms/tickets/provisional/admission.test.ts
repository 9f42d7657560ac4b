import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { testWorld } from "../../../../test/harness.ts";
import { spoolOn } from "./spool.fixture.ts";

const world = await testWorld();
const { operator, say, ask, sql } = world;

const define = (prefix: string) => say(operator, "namespace.define", { prefix, format: `${prefix}-NNNN` });
const settle = () => say(operator, "spool.settle", { early: true });
const told = async (kind: string, spool: string) =>
  (await ask(operator, "feed.read", { limit: 1000 })).entries.filter(
    (entry: any) => entry.kind === kind && entry.data.spool === spool,
  );
const spoolOf = async (seat: string) => {
  const token = await world.seat(seat);
  return { ...spoolOn(world, token), token };
};

describe("a post that the rules refuse", () => {
  it("takes no number, holds nobody up, and its words are kept in its entry", async () => {
    await define("REF");
    const spool = await spoolOf("REF-01");
    spool.file("REF-0001~aaaaa", { namespace: "REF", title: "Lost child", parent: "REF-9999" });
    spool.file("REF-0001~bbbbb", { namespace: "REF" });
    spool.post({ kind: "actionable", subject: "Of nothing", state: "DONE" });
    spool.file("REF-0001~ccccc", { namespace: "REF", title: "Good" });
    spool.file("XXX-0001~ddddd", { namespace: "REF", title: "Under another name" });
    spool.post({ subject: "x".repeat(501) });
    spool.post({ kind: "actionable", item: "REF-0001~ccccc", state: "PARKED", subject: "y", body: "b".repeat(40_000) });
    await spool.handIn();
    await settle();
    const { outcomes } = await spool.outcomes();
    assert.deepEqual(
      outcomes.map(({ outcome, id, code }: any) => [outcome, id, code]),
      [
        ["refused", null, "ticket.unknown"],
        ["refused", null, "input.invalid"],
        ["refused", null, "post.needs_item"],
        ["confirmed", "REF-0001", null],
        ["refused", null, "input.invalid"],
        ["refused", null, "input.invalid"],
        ["refused", null, "entry.oversized"],
      ],
    );
    const [first] = await told("spool.refused", spool.name);
    assert.equal(first.data.said.title, "Lost child");
    assert.equal((await ask(operator, "ticket.list", { namespace: "REF" })).tickets.length, 1);
  });

  it("after it was given a number leaves a cancelled ticket there: no number is missing", async () => {
    await define("CAN");
    const spool = await spoolOf("CAN-01");
    // Both wait for each other, which is seen when the second is carried out.
    spool.file("CAN-0001~aaaaa", {
      namespace: "CAN",
      title: "Cites what never came: CAN-0009~zzzzz",
      parent: "CAN-0009~zzzzz",
    });
    spool.file("CAN-0002~bbbbb", { namespace: "CAN", title: "Good" });
    await spool.handIn();
    await settle();
    const { outcomes } = await spool.outcomes();
    assert.deepEqual(
      outcomes.map(({ outcome, id, code }: any) => [outcome, id, code]),
      [
        ["refused", "CAN-0001", "ticket.unknown"],
        ["confirmed", "CAN-0002", null],
      ],
    );
    assert.equal((await ask(operator, "ticket.show", { id: "CAN-0001~aaaaa" })).state, "cancelled");
    assert.equal((await say(operator, "ticket.file", { namespace: "CAN", title: "Next" })).id, "CAN-0003");
  });

  it("bears a provisional id that is another's already", async () => {
    await define("NAM");
    const [spool, copy] = [await spoolOf("NAM-01"), await spoolOf("NAM-02")];
    spool.file("NAM-0001~aaaaa", { namespace: "NAM", title: "First" });
    copy.file("NAM-0001~aaaaa", { namespace: "NAM", title: "Second" });
    copy.file("NAM-0001~bbbbb", { namespace: "NAM", title: "Third" });
    copy.file("NAM-0001~bbbbb", { namespace: "NAM", title: "Fourth" });
    await spool.handIn();
    await copy.handIn();
    await settle();
    const { outcomes } = await copy.outcomes();
    assert.deepEqual(
      outcomes.map(({ code }: any) => code),
      ["provisional.taken", null, "provisional.taken"],
    );
    assert.equal((await ask(operator, "ticket.show", { id: "NAM-0001~aaaaa" })).title, "First");
  });
});

describe("who hands in", () => {
  it("is held to what its role and its scope may say at the door", async () => {
    await define("MAY");
    const { code } = await world.refused(await world.seat("MAY-01", "witness"), "spool.hand_in", {});
    assert.equal(code, "role.forbidden");
    const parent = await world.seat("MAY-02");
    const scope = ["spool.hand_in", "post.append"];
    const { token } = await say(parent, "seat.spawn", { suffix: "sub", scope });
    const sub = spoolOn(world, token);
    sub.file("MAY-0001~aaaaa", { namespace: "MAY", title: "A number of my own" });
    assert.equal((await sub.refused()).code, "sub_agent.allocates");
    const narrow = await say(parent, "seat.spawn", { suffix: "mute", scope: ["spool.hand_in"] });
    const mute = spoolOn(world, narrow.token);
    mute.post({ subject: "I may not post" });
    const { settled } = await mute.handIn();
    assert.deepEqual([settled[0].outcome, settled[0].code], ["refused", "scope.too_small"]);
  });

  it("has nothing moved in its name once it has retired; what it filed and told stands", async () => {
    await define("RET");
    const spool = await spoolOf("RET-01");
    spool.file("RET-0001~aaaaa", { namespace: "RET", title: "Filed" });
    spool.post({ kind: "actionable", item: "RET-0001~aaaaa", state: "IN_PROGRESS", subject: "Mine" });
    spool.post({ item: "RET-0001~aaaaa", subject: "About it" });
    await spool.handIn();
    await say(operator, "seat.retire", { seat: "RET-01" });
    await settle();
    const { outcomes } = await ask(operator, "spool.outcomes", { spool: spool.name });
    assert.deepEqual(
      outcomes.map(({ outcome, code }: any) => [outcome, code]),
      [
        ["confirmed", null],
        ["refused", "seat.retired"],
        ["posted", null],
      ],
    );
    assert.equal((await ask(operator, "ticket.show", { id: "RET-0001" })).state, "awaiting_claim");
  });

  it("fills the number that it had reserved, and no other's", async () => {
    await define("RES");
    const [mine, other] = [await spoolOf("RES-01"), await spoolOf("RES-02")];
    const { id } = await say(mine.token, "ticket.reserve", { namespace: "RES", title: "Mine" });
    other.file(null, { reservation: id, title: "Mine" });
    mine.file(null, { reservation: id, title: "Mine" });
    const { settled } = await other.handIn();
    assert.equal(settled[0].code, "reservation.held");
    assert.deepEqual(
      (await mine.handIn()).settled.map(({ outcome, id }: any) => [outcome, id]),
      [["confirmed", id]],
    );
  });
});

describe("a request whose answer was lost", () => {
  it("is not done a second time by the spool, whichever of the two comes first", async () => {
    await define("KEY");
    const spool = await spoolOf("KEY-01");
    const before = { namespace: "KEY", title: "Came through" };
    await say(spool.token, "ticket.file", before, "key-1");
    spool.file("KEY-0001~aaaaa", before, { key: "key-1" });
    const late = { namespace: "KEY", title: "Comes late" };
    spool.file("KEY-0002~bbbbb", late, { key: "key-2" });
    spool.post({ subject: "Posted late" }, { key: "key-3" });
    spool.post({ subject: "Under a used key" }, { key: "key-1" });
    await spool.handIn();
    await say(spool.token, "ticket.file", late, "key-2");
    await say(spool.token, "post.append", { subject: "Posted late" }, "key-3");
    await settle();
    const { outcomes } = await spool.outcomes();
    assert.deepEqual(
      outcomes.map(({ outcome, id, code }: any) => [outcome, id, code]),
      [
        ["confirmed", "KEY-0001", null],
        ["confirmed", "KEY-0002", null],
        ["posted", null, null],
        ["refused", null, "key.mismatch"],
      ],
    );
    assert.equal((await ask(operator, "ticket.list", { namespace: "KEY" })).tickets.length, 2);
    const { entries } = await ask(operator, "feed.read", { limit: 1000 });
    const posts = entries.filter(
      (entry: any) => entry.kind === "post.appended" && entry.data.subject === "Posted late",
    );
    assert.equal(posts.length, 1);
    assert.equal((await ask(operator, "ticket.show", { id: "KEY-0001~aaaaa" })).title, "Came through");
  });
});

describe("a post with personal words", () => {
  it("leaves them in nothing that outlives their erasure", async () => {
    const spool = await spoolOf("PER-01");
    spool.post({ subject: "About Ada Secretname", personal: true }, { key: "key-personal" });
    await spool.handIn();
    const { entries } = await ask(operator, "feed.read", { limit: 1000 });
    const { seq } = entries.findLast((entry: any) => entry.kind === "post.appended");
    await say(operator, "ledger.erase", { seq, reason: "asked for" });
    for (const table of ["tickets.spooled", "tickets.spools", "kernel.requests", "ledger.payloads"]) {
      const rows = await sql(`select t::text as text from ${table} t`);
      assert.ok(!rows.some(({ text }) => text.includes("Secretname")), table);
    }
    const leaves = await sql("select convert_from(leaf, 'UTF8') as text from ledger.entries");
    assert.ok(!leaves.some(({ text }) => text.includes("Secretname")));
  });
});

describe("namespace.protocol", () => {
  const protocol = (token: string, namespace: string) => ask(token, "namespace.protocol", { namespace });
  const holds = (answer: any) => answer.exemptions.filter((one: any) => one.holds).map(({ name }: any) => name);

  it("tells which protocol applies, because of whom, and which exemption has lapsed", async () => {
    await define("ACT");
    await sql("update seats.principals set heard_at = now() - interval '1 hour'");
    const first = await world.seat("ACT-01");
    const alone = await protocol(first, "ACT");
    assert.deepEqual(
      [alone.applies, alone.next_id, holds(alone)],
      ["exempt", "ACT-0001", ["single_seat", "first_use"]],
    );
    const second = await world.seat("ACT-02");
    await say(first, "ticket.file", { namespace: "ACT", title: "Mine" });
    const own = await protocol(first, "ACT");
    assert.deepEqual([own.applies, own.next_id, holds(own)], ["exempt", "ACT-0002", ["lane_private"]]);
    await say(second, "ticket.file", { namespace: "ACT", title: "Mine too" });
    const both = await protocol(first, "ACT");
    assert.deepEqual([both.applies, holds(both)], ["reserve", []]);
    assert.match(both.because, /ACT-02 is at work too/);
    const seats = both.concurrent.map(({ seat, filed_here }: any) => [seat, filed_here]);
    assert.deepEqual(seats.sort(), [
      ["ACT-01", true],
      ["ACT-02", true],
    ]);
    await assert.rejects(protocol(first, "NONE"), { code: "namespace.unknown" });
  });
});

it("after all this the tables and the ledger agree, and the ledger is whole", async () => {
  const { differences, found } = await ask(operator, "ticket.drift");
  assert.equal(differences, 0, JSON.stringify(found));
  assert.equal((await ask(operator, "ledger.verify")).whole, true);
});
