import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { testWorld } from "../../../test/harness.ts";
import type { Command } from "../../kernel/operation.ts";

const world = await testWorld();
const { operator } = world;
const alice = await world.seat("Alice");
const bob = await world.seat("Bob");
await world.say(operator, "namespace.define", { prefix: "CMB", format: "CMB-NNNN" });

const file = async (input: object = {}): Promise<string> =>
  (await world.say(alice, "ticket.file", { namespace: "CMB", title: "Work", ...input })).id;
const post = (input: object, token = alice) => world.say(token, "post.append", input);
const act = (item: string, state: string, token = alice, more: object = {}) =>
  post({ kind: "actionable", item, state, subject: `${state} said`, ...more }, token);
const unacted = (item: string, state: string, token = alice) =>
  world.refused(token, "post.append", { kind: "actionable", item, state, subject: "said" });
const stateOf = async (id: string) => (await world.ask(operator, "ticket.show", { id })).state;
type Entry = { seq: number; kind: string; subject: string; actor: string; data: any };
const posts = async (about: string): Promise<Entry[]> =>
  (await world.ask(operator, "feed.read", { about, posts: true, limit: 1000 })).entries;

describe("an actionable post", () => {
  it("files, claims, gives back, blocks, parks, cancels and finishes as the ticket commands do", async () => {
    const filed = await post({
      kind: "actionable",
      reserve: "CMB",
      subject: "{{ITEM_ID}}: new",
      body: "see {{ITEM_ID}}",
      priority: "HIGH",
      owner: "UNCLAIMED",
    });
    const { item } = filed;
    const shown = await world.ask(operator, "ticket.show", { id: item });
    assert.deepEqual(
      [shown.title, shown.body, shown.priority, shown.owner, shown.state],
      [`${item}: new`, `see ${item}`, 1, null, "awaiting_claim"],
    );
    assert.equal((await posts(item))[0]!.data.subject, `${item}: new`);
    const claimed = await act(item, "CLAIMED");
    assert.equal(claimed.state, "in_progress");
    assert.equal((await act(item, "IN_PROGRESS")).claim_token, claimed.claim_token, "the same claim again");
    assert.equal((await act(item, "AWAITING_CLAIM")).state, "awaiting_claim");
    assert.equal((await act(item, "BLOCKED")).state, "blocked");
    assert.equal((await act(item, "PARKED")).state, "parked");
    assert.equal((await act(item, "CANCELLED")).state, "cancelled");
    const other = await file();
    await act(other, "IN_PROGRESS");
    assert.equal((await act(other, "DONE", alice, { body: "WORK_PROOF: commit 1a2b3c4" })).state, "done");
  });

  it("J11: that files says in its markers what it changes and what it is a part of", async () => {
    const parent = await file({ title: "the objective" });
    const body = `SURFACE_KEY: cmb:receipts:card\nNO_OVERLAP_PROOF: none else\nPARENT: ${parent}`;
    const filing = { kind: "actionable", reserve: "CMB", subject: "The card", body };
    const [first, second] = [await post(filing), await post(filing)];
    const shown = await world.ask(operator, "ticket.show", { id: first.item });
    assert.deepEqual([shown.surface_key, shown.links[0].target], ["cmb:receipts:card", parent]);
    assert.deepEqual(first.warnings, []);
    await act(first.item, "CLAIMED");
    const refusal = await unacted(second.item, "CLAIMED", bob);
    assert.deepEqual([refusal.code, refusal.facts.item], ["surface.held", first.item]);
    const free = await post({ ...filing, body: "SURFACE_KEY: none\nPARENT: CMB-9999" });
    const { surface_key, links } = await world.ask(operator, "ticket.show", { id: free.item });
    assert.deepEqual([surface_key, links], [null, []]);
    assert.match(free.warnings[0], /no ticket CMB-9999/);
  });

  it("that files for a lane or a pool of its idle seats puts it into that lane, and says so", async () => {
    for (const owner of ["ORA-lane", "any-idle-ORA-claude"]) {
      const filed = await post({ kind: "actionable", reserve: "CMB", subject: "Theirs", lane: "CMB", owner });
      const shown = await world.ask(operator, "ticket.show", { id: filed.item });
      assert.deepEqual([shown.lane, shown.owner], ["ORA", null]);
      assert.match(filed.warnings[0], /is no seat: it waits in lane ORA/);
    }
  });

  it("that gives a ticket that is there to another leaves it where it is, and says what would", async () => {
    const id = await file();
    const { warnings } = await act(id, "BLOCKED", alice, { owner: "Bob", lane: "ELSE" });
    assert.match(warnings[0], /does not change the owner and lane .* ticket\.assign \{id, owner, lane, reason\}/);
    const { owner, lane } = await world.ask(operator, "ticket.show", { id });
    assert.deepEqual([owner, lane], [null, "CMB"]);
    assert.deepEqual((await act(id, "PARKED", alice, { owner: "UNCLAIMED", lane: "CMB" })).warnings, []);
    const mine = await file();
    assert.deepEqual((await act(mine, "CLAIMED", alice, { owner: "Alice", lane: "ELSE" })).warnings, []);
  });

  it("finds a ticket without a holder once the lease on it has ended", async () => {
    for (const state of ["BLOCKED", "PARKED", "CANCELLED"]) {
      const id = await file();
      await act(id, "CLAIMED");
      await world.sql("update tickets.tickets set lease_expires_at = statement_timestamp() where id = $1", [id]);
      assert.equal((await act(id, state, bob)).state, state.toLowerCase());
    }
  });

  it("comes with the ticket's own entries before it, in one transaction", async () => {
    const id = await file();
    await act(id, "IN_PROGRESS");
    const { entries } = await world.ask(operator, "feed.read", { about: id });
    assert.deepEqual(
      entries.map(({ kind }: Entry) => kind),
      ["ticket.filed", "ticket.claimed", "post.appended"],
    );
    assert.deepEqual(
      entries.map(({ actor }: Entry) => actor),
      ["Alice", "Alice", "Alice"],
    );
  });

  it("J10: that puts AWAITING_CLAIM on an item without a release or a repair is refused in every state", async () => {
    const id = await file();
    const refused = async (state: string, token = alice) => {
      const refusal = await unacted(id, "AWAITING_CLAIM", token);
      assert.deepEqual([refusal.code, refusal.facts.state], ["state.needs_proof", state]);
    };
    await refused("awaiting_claim");
    await act(id, "BLOCKED");
    await refused("blocked");
    await world.say(alice, "ticket.unblock", { id, reason: "the key came" });
    await act(id, "IN_PROGRESS");
    await refused("in_progress", bob);
    await act(id, "DONE", alice, { body: "WORK_PROOF: commit 1a2b3c4" });
    await refused("done");
    assert.equal(await stateOf(id), "done");
  });

  it("on another's claim is fenced and told who holds it", async () => {
    const id = await file();
    await act(id, "IN_PROGRESS");
    for (const state of ["DONE", "BLOCKED", "PARKED", "CANCELLED"])
      assert.deepEqual(
        [(await unacted(id, state, bob)).code, (await unacted(id, state, bob)).facts.holder],
        ["lease.lost", "Alice"],
      );
    assert.deepEqual([(await unacted(id, "IN_PROGRESS", bob)).code], ["ticket.in_progress"]);
  });

  it("keeps the rules of the commands behind it: blockers, owners, open children", async () => {
    const parent = await file();
    const child = await file({ parent });
    const waiting = await file({ blocked_by: [child] });
    const given = await file({ owner: "Bob" });
    assert.equal((await unacted(waiting, "IN_PROGRESS")).code, "ticket.waits");
    assert.equal((await unacted(given, "IN_PROGRESS")).code, "ticket.owned");
    await act(parent, "IN_PROGRESS");
    assert.equal((await unacted(parent, "DONE")).code, "parent.open");
    assert.equal((await unacted(child, "DONE")).code, "lease.lost", "nobody finishes what they have not claimed");
  });

  it("needs an item and a state, or a namespace for a new one, and not both", async () => {
    const refused = async (input: object) =>
      (await world.refused(alice, "post.append", { kind: "actionable", subject: "x", ...input })).code;
    const id = await file();
    assert.equal(await refused({}), "post.needs_item");
    assert.equal(await refused({ item: id }), "post.needs_state");
    assert.equal(await refused({ item: "CMB-9999", state: "DONE" }), "ticket.unknown");
    assert.equal(await refused({ reserve: "CMB", state: "DONE" }), "post.needs_state");
    assert.equal(await refused({ reserve: "NONE" }), "namespace.unknown");
    assert.equal(await refused({ reserve: "CMB", owner: "Nobody" }), "seat.unknown");
    assert.equal(await refused({ reserve: "CMB", priority: "SOON" }), "input.invalid");
    assert.equal(await refused({ item: id, reserve: "CMB" }), "input.invalid");
  });

  it("J8: with ABSORB lines is a ruling: it settles every dependent at once, or is refused", async () => {
    const shepherd = await world.seat("Shepherd", "coordinator");
    const ruled = await file();
    const first = await file({ blocked_by: [ruled] });
    const second = await file({ blocked_by: [ruled] });
    const ruling = (body: string, token = shepherd) =>
      ({ kind: "actionable", item: ruled, state: "DONE", subject: "the first one goes on", body, token }) as const;
    const say = ({ token, ...input }: ReturnType<typeof ruling>) => post(input, token);
    const unsaid = ({ token, ...input }: ReturnType<typeof ruling>) => world.refused(token, "post.append", input);
    const line = `ABSORB: ${first} -> AWAITING_CLAIM`;
    const { code, facts } = await unsaid(ruling(line));
    assert.deepEqual([code, (facts.unsettled as { id: string }[])[0]!.id], ["ruling.unsettled", second]);
    const whole = `${line}\nABSORB: ${second} -> DONE`;
    assert.equal((await unsaid(ruling(whole, alice))).code, "role.forbidden");
    assert.equal((await say(ruling(whole))).state, "done");
    assert.deepEqual(
      [await stateOf(ruled), await stateOf(first), await stateOf(second)],
      [...["done", "awaiting_claim", "done"]],
    );
    const [{ data }] = (await posts(ruled)) as [Entry];
    assert.equal(data.markers.length, 2);
  });

  it("of two seats at once on one ticket claims it once", async () => {
    const id = await file();
    const outcomes = await Promise.allSettled([act(id, "CLAIMED", alice), act(id, "CLAIMED", bob)]);
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ["fulfilled", "rejected"],
    );
  });

  it("that is refused leaves no post and takes no number", async () => {
    const numbers = async () => (await world.ask(operator, "namespace.list")).namespaces[0].numbers_given;
    const [before, id] = [await numbers(), await file()];
    await world.refused(alice, "post.append", {
      kind: "actionable",
      reserve: "CMB",
      subject: "x",
      body: "€".repeat(60_000),
    });
    await unacted(id, "DONE");
    assert.equal(await numbers(), before + 1);
    assert.deepEqual(await posts(id), []);
  });

  it("is refused only in words that the command declares", () => {
    const { refuses, events } = world.door.operations.get("post.append") as Command;
    for (const code of [
      "lease.lost",
      "ticket.waits",
      "parent.open",
      "state.needs_proof",
      "namespace.unknown",
      "ticket.parked",
    ])
      assert.ok(refuses.includes(code), code);
    for (const kind of ["ticket.filed", "ticket.claimed", "ticket.lapsed", "ticket.cancelled"])
      assert.ok(events.includes(kind), kind);
  });
});

it("after all this the tables and the ledger agree", async () => {
  const { differences, found } = await world.ask(operator, "ticket.drift");
  assert.equal(differences, 0, JSON.stringify(found));
  assert.equal((await world.ask(operator, "ledger.verify")).whole, true);
});
