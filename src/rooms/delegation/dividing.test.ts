import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { testWorld } from "../../../test/harness.ts";

const world = await testWorld();
const { operator } = world;
const leader = await world.seat("CLAUDE-CLI-Studio-WEB-01", "strategist");
const SEATS = ["02", "03", "04"].map((number) => `CODEX-CLI-Studio-WEB-${number}`);
const tokens = new Map<string, string>();
for (const name of SEATS) tokens.set(name, await world.seat(name));
await world.say(operator, "namespace.define", { prefix: "WEB", format: "WEB-NNNN" });

const words = { intent: "The page is served in two languages.", diagnosis: "entry 4: the text stands in three files" };
const parentOf = async (more: object = {}): Promise<string> =>
  (await world.say(operator, "ticket.file", { namespace: "WEB", title: "Translate the page", ...more })).id;
const divide = (id: string, more: object = {}) =>
  world.say(leader, "ticket.divide", { id, child: ["Header", "Footer"], ...words, ...more });
const refusedAs = async (id: string, more: object = {}) =>
  await world.refused(leader, "ticket.divide", { id, child: ["Header", "Footer"], ...words, ...more });
const show = (id: string) => world.ask(operator, "ticket.show", { id });
const tickets = async (): Promise<number> => (await world.sql("select count(*)::int from tickets.tickets"))[0].count;

describe("a division", () => {
  it("makes a child for each seat under the parent, dispatched at once, with what it rests on in each", async () => {
    const id = await parentOf({ priority: 1 });
    const out = await divide(id, { to: [SEATS[1], SEATS[0]] });
    assert.deepEqual(
      out.children.map(({ title, to }: any) => [title, to]),
      [
        ["Header", SEATS[1]],
        ["Footer", SEATS[0]],
      ],
    );
    for (const child of out.children) {
      const { owner, priority, links, body, lane } = await show(child.id);
      assert.deepEqual([owner, priority, lane], [child.to, 1, "WEB"]);
      assert.deepEqual(
        links.map(({ type, target }: any) => [type, target]),
        [["parent-child", id]],
      );
      assert.equal(body, `INTENT: ${words.intent}\nPRIOR-DIAGNOSTIC: ${words.diagnosis}\nCLAIMER MAY DECOMPOSE`);
      assert.equal((await world.say(tokens.get(child.to)!, "ticket.claim", { lane: "WEB" })).id, child.id);
    }
    const { dispatches } = await world.ask(leader, "dispatch.list");
    assert.deepEqual(
      dispatches.map(({ id: ticket, by, stage }: any) => [ticket, by, stage]).sort(),
      out.children.map((child: any) => [child.id, "CLAUDE-CLI-Studio-WEB-01", "consumed"]),
    );
  });

  it("keeps the whole out of the queue until its parts are closed", async () => {
    const id = await parentOf({ lane: "whole" });
    const { children } = await divide(id, { to: SEATS.slice(0, 2) });
    const claimer = tokens.get(SEATS[2]!)!;
    assert.equal((await world.refused(claimer, "ticket.claim", { id })).code, "ticket.waits");
    for (const child of children) {
      const claim = await world.say(tokens.get(child.to)!, "ticket.claim", { id: child.id });
      await world.say(tokens.get(child.to)!, "ticket.finish", {
        id: child.id,
        claim_token: claim.claim_token,
        work_proof: "commit 1a2b3c4",
      });
    }
    assert.equal((await world.say(claimer, "ticket.claim", { id })).id, id);
  });

  it("J14: without a diagnosis is refused, and nothing is written", async () => {
    const id = await parentOf();
    const count = await tickets();
    const refusal = await refusedAs(id, { diagnosis: undefined });
    assert.deepEqual([refusal.code, refusal.fields[0]!.field], ["diagnosis.missing", "diagnosis"]);
    assert.match(refusal.hint!, /--diagnosis/);
    assert.equal(await tickets(), count);
  });

  it("without seats takes the idle ones; children beyond them go to the lane", async () => {
    const id = await parentOf();
    const child = ["a", "b", "c", "d"];
    const { children } = await divide(id, { child });
    const given = children.map(({ to }: any) => to);
    assert.deepEqual([...given.slice(0, 3)].sort(), SEATS);
    assert.equal(given[3], null);
    assert.equal((await show(children[3].id)).owner, null);
  });

  it("is all or none: one seat that cannot, or may not, and no child is there", async () => {
    const id = await parentOf();
    await world.seat("Peer", "strategist");
    const count = await tickets();
    const peer = await refusedAs(id, { to: [SEATS[0], "Peer"] });
    assert.deepEqual([peer.code, peer.facts.seat], ["dispatch.denied", "Peer"]);
    await world.say(tokens.get(SEATS[1]!)!, "seat.beat", { status: "busy" });
    assert.equal((await refusedAs(id, { to: SEATS.slice(0, 2) })).code, "seat.not_idle");
    await world.say(tokens.get(SEATS[1]!)!, "seat.beat", { status: "idle" });
    assert.equal((await refusedAs(id, { to: ["Nobody", SEATS[0]] })).code, "seat.unknown");
    const few = await refusedAs(id, { to: [SEATS[0]] });
    assert.deepEqual([few.code, few.fields[0]!.field], ["divide.seats", "to"]);
    assert.equal(await tickets(), count);
    assert.equal((await world.ask(operator, "namespace.list")).namespaces[0].numbers_given, count);
  });

  it("into parts that none of them closes needs a parent that says what closes it", async () => {
    const child = ["Every header", "Footer"];
    const refusal = await refusedAs(await parentOf(), { child });
    assert.deepEqual([refusal.code, refusal.facts.words], ["dispatch.unbounded", ["every"]]);
    await divide(await parentOf({ closes_when: "npm run languages prints 2" }), { child });
  });

  it("of what is closed, or in another's hand, is refused; of what is in one's own it is not", async () => {
    const held = await parentOf({ lane: "held" });
    await world.say(tokens.get(SEATS[0]!)!, "ticket.claim", { id: held });
    const refusal = await refusedAs(held);
    assert.deepEqual([refusal.code, refusal.facts.holder], ["ticket.in_progress", SEATS[0]]);
    const own = await parentOf({ lane: "own" });
    await world.say(leader, "ticket.claim", { id: own });
    assert.equal((await divide(own)).children.length, 2);
    const cancelled = await parentOf();
    await world.say(operator, "ticket.cancel", { id: cancelled, reason: "not wanted" });
    assert.equal((await refusedAs(cancelled)).code, "ticket.cancelled");
    assert.equal((await refusedAs("WEB-9999")).code, "ticket.unknown");
  });

  it("of what was in another's hand until the lease ended is made", async () => {
    const id = await parentOf();
    await world.say(tokens.get(SEATS[0]!)!, "ticket.claim", { id });
    await world.sql("update tickets.tickets set lease_expires_at = statement_timestamp() where id = $1", [id]);
    assert.equal((await divide(id)).children.length, 2);
  });

  it("is not for implementers", async () => {
    const input = { id: await parentOf(), child: ["a"], ...words };
    assert.equal((await world.refused(tokens.get(SEATS[0]!)!, "ticket.divide", input)).code, "role.forbidden");
  });
});

it("the ledger tells the queue after all of it", async () => {
  const { differences, found } = await world.ask(operator, "ticket.drift");
  assert.equal(differences, 0, JSON.stringify(found));
});
