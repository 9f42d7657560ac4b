import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { testWorld } from "../../../../test/harness.ts";
import { spoolOn } from "./spool.fixture.ts";

const world = await testWorld();
const { operator, say, ask, sql } = world;

const define = (prefix: string) => say(operator, "namespace.define", { prefix, format: `${prefix}-NNNN` });
const now = () => new Date().toISOString();
const settle = () => say(operator, "spool.settle", { early: true });
const told = async (kind: string, spool: string) =>
  (await ask(operator, "feed.read", { limit: 1000 })).entries.filter(
    (entry: any) => entry.kind === kind && entry.data.spool === spool,
  );
const spoolOf = async (seat: string) => {
  const token = await world.seat(seat);
  return { ...spoolOn(world, token), token };
};

describe("a post that cannot be carried out", () => {
  const verdicts = ({ outcomes }: any) => outcomes.map(({ outcome, id, code }: any) => [outcome, id, code]);

  it("by a bug of ours is refused with that, and holds up nobody else's", async () => {
    await define("BUG");
    await sql(
      "create function tickets.bug() returns trigger language plpgsql as " +
        "$$ begin if new.title = 'Bug' then raise 'a bug'; end if; return new; end $$",
    );
    await sql("create trigger bug before insert on tickets.tickets for each row execute function tickets.bug()");
    const [spool, other] = [await spoolOf("BUG-01"), await spoolOf("BUG-02")];
    spool.file("BUG-0001~aaaaa", { namespace: "BUG", title: "Bug" });
    spool.file("BUG-0002~bbbbb", { namespace: "BUG", title: "Good" });
    spool.post({ subject: "About it", item: "BUG-0002~bbbbb" });
    other.file("BUG-0003~ccccc", { namespace: "BUG", title: "Of another seat" });
    await spool.handIn();
    await other.handIn();
    await settle();
    await sql("drop trigger bug on tickets.tickets");
    assert.deepEqual(verdicts(await spool.outcomes()), [
      ["refused", "BUG-0001", "kernel.bug"],
      ["confirmed", "BUG-0002", null],
      ["posted", "BUG-0002", null],
    ]);
    assert.deepEqual(verdicts(await other.outcomes()), [["confirmed", "BUG-0003", null]]);
    const [refused] = await told("spool.refused", spool.name);
    assert.equal(refused.data.said.title, "Bug");
    assert.equal((await ask(operator, "ticket.show", { id: "BUG-0001~aaaaa" })).state, "cancelled");
  });

  it("since its entry would be too large, is refused when its turn comes", async () => {
    await define("BIG");
    const spool = await spoolOf("BIG-01");
    spool.file("BIG-0001~aaaaa", { namespace: "BIG", title: "First" });
    spool.post({ subject: "Not valid either", nonsense: "n".repeat(100_000) });
    spool.file("BIG-?~bbbbb", { namespace: "BIG", title: "Grows", body: "{{ITEM_ID}}".repeat(5_000) });
    await define("LONGERPREFIX");
    spool.file("LONGERPREFIX-?~ccccc", { namespace: "LONGERPREFIX", title: "G", body: "{{ITEM_ID}}".repeat(4_900) });
    await spool.handIn();
    await settle();
    assert.deepEqual(verdicts(await spool.outcomes()), [
      ["confirmed", "BIG-0001", null],
      ["refused", null, "input.invalid"],
      ["confirmed", "BIG-0002", null],
      ["refused", "LONGERPREFIX-0001", "entry.oversized"],
    ]);
  });

  it("as it was said, since no entry can hold it, is taken in the nearest words that one can", async () => {
    await define("ODD");
    const spool = await spoolOf("ODD-01");
    const deep = JSON.parse("[".repeat(5_000) + "]".repeat(5_000));
    spool.file("ODD-0001~aaaaa", { namespace: "ODD", title: "Half a sign: \ud83d" });
    spool.file("ODD-0002~bbbbb", { namespace: "ODD", title: "Endless", priority: Infinity });
    spool.post({ subject: "Deep", body: deep, ["\0\ud83d"]: "what is this" });
    await say(spool.token, "spool.hand_in", { spool: spool.name, posts: spool.posts, sent_at: now() }, "key-odd");
    await settle();
    assert.deepEqual(verdicts(await spool.outcomes()), [
      ["confirmed", "ODD-0001", null],
      ["refused", null, "input.invalid"],
      ["refused", null, "input.invalid"],
    ]);
    assert.equal((await ask(operator, "ticket.show", { id: "ODD-0001" })).title, "Half a sign: \ufffd");
  });
});

it("whatever a spooled post can leave is declared by who carries it out", () => {
  const eventsOf = (name: string) => (world.door.operations.get(name) as { events: readonly string[] }).events;
  for (const said of ["ticket.file", "post.append"])
    for (const carrier of ["spool.hand_in", "spool.settle"])
      for (const kind of eventsOf(said)) assert.ok(eventsOf(carrier).includes(kind), `${carrier} leaves ${kind}`);
});

it("after all this the tables and the ledger agree, and the ledger is whole", async () => {
  const { differences, found } = await ask(operator, "ticket.drift");
  assert.equal(differences, 0, JSON.stringify(found));
  assert.equal((await ask(operator, "ledger.verify")).whole, true);
});
