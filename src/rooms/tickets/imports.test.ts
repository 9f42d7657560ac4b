import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { testWorld } from "../../../test/harness.ts";
import { cutOff } from "./provisional/spool.fixture.ts";

const world = await testWorld();
const { operator } = world;
const alice = await world.seat("Alice");
const file = (namespace: string, input: object = {}, token = alice) =>
  world.say(token, "ticket.file", { namespace, title: "Work", ...input });
const define = (prefix: string, format: string) => world.say(operator, "namespace.define", { prefix, format });
await define("CMB", "CMB-NNNN");

describe("an import", () => {
  const old = { namespace: "CMB", title: "Old work", filed_at: "2026-04-15T03:51:49Z" };
  const bring = (input: object) => world.say(operator, "ticket.import", { ...old, ...input });

  it("gets a number here, keeps its old id as a name, and comes in once, though it comes twice", async () => {
    const [one, two] = await Promise.all([bring({ alias: "gt-1" }), bring({ alias: "gt-1" })]);
    assert.match(one.id, /^CMB-\d+$/);
    assert.deepEqual([two.id, two.imported], [one.id, false]);
    assert.deepEqual(await bring({ alias: "gt-1" }), { id: one.id, alias: "gt-1", imported: false });
    assert.equal((await world.ask(alice, "ticket.show", { id: "gt-1" })).id, one.id);
    assert.equal(
      (await world.refused(operator, "ticket.import", { ...old, alias: "gt-1", title: "Else" })).code,
      "import.contradicts",
    );
  });

  it("from a clock that is ahead is filed and ended no later than now, and its entry keeps what it said", async () => {
    const ahead = { filed_at: "9000-01-01T00:00:00Z", closed_at: "9000-01-02T00:00:00Z" };
    const { id } = await bring({ alias: "gt-ahead", state: "done", ...ahead });
    const instants = "select filed_at <= now() and closed_at <= now() as past from tickets.tickets where id = $1";
    assert.deepEqual(await world.sql(instants, [id]), [{ past: true }]);
    const { entries } = await world.ask(operator, "feed.read", { about: id });
    assert.equal(entries.at(-1).data.filed_at, ahead.filed_at);
  });

  it("that is refused is not told to its twin of the same batch as done", async () => {
    const twins = [0, 1].map(() =>
      world.refused(operator, "ticket.import", { ...old, namespace: "NONE", alias: "gt-2" }),
    );
    assert.deepEqual(
      (await Promise.all(twins)).map(({ code }) => code),
      ["namespace.unknown", "namespace.unknown"],
    );
  });

  it("whose old id has the form of its namespace keeps it as its number, whatever order they come in", async () => {
    await define("OLD", "OLD-NNNN");
    const ids = await Promise.all(
      ["OLD-0003", "OLD-0001", "OLD-0037", "OLD-36", "OLD-0000"].map((alias) => bring({ namespace: "OLD", alias })),
    );
    const [third, first, last, ...others] = ids.map(({ id }) => id);
    assert.deepEqual([third, first, last], ["OLD-0003", "OLD-0001", "OLD-0037"]);
    const { id } = await file("OLD");
    assert.deepEqual([...others, id].sort(), ["OLD-0038", "OLD-0039", "OLD-0040"], "no name stands for other work");
    assert.equal((await bring({ namespace: "OLD", alias: "OLD-0003" })).imported, false);
    assert.equal((await bring({ namespace: "OLD", alias: "OLD-0002" })).id, "OLD-0002", "a late one finds its place");
  });

  it("whose old id is the number of a ticket here does not hide that ticket", async () => {
    const { id } = await file("OLD", { title: "the real one" });
    const { id: imported } = await bring({ namespace: "OLD", alias: id });
    assert.notEqual(imported, id);
    assert.equal((await world.ask(alice, "ticket.show", { id })).title, "the real one");
    assert.equal((await world.say(alice, "ticket.claim", { id })).id, id);
  });

  it("whose old id has the form of another namespace is no other work's number there, now or later", async () => {
    await define("NOW", "NOW-NN");
    for (const alias of ["NOW-07", "LAT-0004", "LAT-2026-0009"]) await bring({ alias });
    assert.equal((await file("NOW")).id, "NOW-08");
    await define("LAT", "LAT-NNNN");
    assert.equal((await file("LAT")).id, "LAT-0005");
  });

  it("that is refused moves no counter", async () => {
    await define("GAP", "GAP-NNNN");
    const refusal = await world.refused(operator, "ticket.import", { ...old, namespace: "NONE", alias: "GAP-0100" });
    assert.equal(refusal.code, "namespace.unknown");
    assert.equal((await file("GAP")).id, "GAP-0001");
  });

  it("whose old id a filing of a contest holds, or has won, leaves it to that one", async () => {
    await world.say(operator, "spool.configure", { contest_seconds: 20 });
    const [{ contact_at, ...spool }] = await cutOff(world, "CON");
    for (const n of [1, 2]) spool.file(`CON-000${n}~aaaaa`, { namespace: "CON", title: `Work ${n}` }, { contact_at });
    await spool.handIn();
    assert.equal((await bring({ namespace: "CON", alias: "CON-0001" })).id, "CON-0003");
    // Won, and not carried out: as behind a post that waits for another contest.
    const won =
      "update tickets.spooled set state = 'waiting', due_at = null, held = null, final_id = held, outcome = $1";
    await world.sql(`${won} where namespace = 'CON'`, ["confirmed"]);
    assert.equal((await bring({ namespace: "CON", alias: "CON-0002" })).id, "CON-0004");
    await world.say(operator, "spool.settle", { early: true });
    const titles = await world.sql("select title from tickets.tickets where namespace = 'CON' order by id");
    assert.deepEqual(
      titles.map(({ title }) => title),
      ["Work 1", "Work 2", "Old work", "Old work"],
    );
  });
});

it("after all this the tables and the ledger agree", async () => {
  const { differences, found } = await world.ask(operator, "ticket.drift");
  assert.equal(differences, 0, JSON.stringify(found));
});
