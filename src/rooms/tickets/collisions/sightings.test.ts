import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { testWorld } from "../../../../test/harness.ts";

const world = await testWorld();
const { operator, say, refused, ask } = world;
await say(operator, "namespace.define", { prefix: "CMB", format: "CMB-NNNN" });
const alice = await world.seat("Alice");
const bob = await world.seat("Bob");
const AT = "2026-04-16T22:30:00Z";
const file = async (title = "Receipts"): Promise<string> =>
  (await say(alice, "ticket.file", { namespace: "CMB", title })).id;
const sighting = { act: "committed", at: AT, source: "git shop", evidence: "branch codex/x, 875d42c6" };
const report = (actor: string, more: object = {}) => say(operator, "sighting.report", { ...sighting, actor, ...more });
const strangers = async () => (await ask(operator, "actor.list")).actors;
const names = async () => (await strangers()).map(({ actor }: { actor: string }) => actor);
const told = async (about: string): Promise<{ kind: string; data: any }[]> =>
  (await ask(operator, "feed.read", { about, limit: 1000 })).entries;

describe("an actor outside", () => {
  it("J6: that claimed a ticket and is not on the roster is an item until somebody says who it is", async () => {
    const ticket = await file();
    const seen = await report("Codex GPT-5.4", { act: "claimed", ticket, title: "Matcher determinism" });
    assert.deepEqual([seen.seat, seen.fresh], [null, true]);
    const [item] = await strangers();
    assert.deepEqual(
      [item.actor, item.sightings[0].act, item.sightings[0].ticket],
      ["Codex GPT-5.4", "claimed", ticket],
    );
    assert.deepEqual(
      (await ask(operator, "ticket.drift")).actors.map(({ actor }: { actor: string }) => actor),
      ["Codex GPT-5.4"],
    );
    assert.equal((await refused(bob, "actor.settle", { actor: "Codex GPT-5.4", reason: "x" })).code, "role.forbidden");
    const settled = { actor: "Codex GPT-5.4", seat: "Bob", reason: "it is Bob's chat" };
    assert.deepEqual(await say(operator, "actor.settle", settled), { actor: "Codex GPT-5.4", seat: "Bob" });
    assert.deepEqual(await names(), []);
    assert.equal((await ask(operator, "seat.find", { name: "Codex GPT-5.4" })).name, "Bob");
    assert.equal((await refused(operator, "actor.settle", settled)).code, "actor.settled");
    assert.equal((await refused(operator, "actor.settle", { ...settled, actor: "Nobody" })).code, "actor.unknown");
  });

  it("is no stranger any more once it has registered under the name that was seen, or a reason was given", async () => {
    await report("CODEX-CLI-BOX-CAMBER-07");
    await report("Contributor", { act: "posted" });
    assert.deepEqual(await names(), ["CODEX-CLI-BOX-CAMBER-07", "Contributor"]);
    await world.seat("CODEX-CLI-BOX-CAMBER-07");
    await say(operator, "actor.settle", { actor: "Contributor", reason: "a person who mends typos" });
    assert.deepEqual(await names(), []);
    assert.equal((await report("Contributor", { act: "posted", ticket: await file() })).seat, null);
    assert.deepEqual(await names(), [], "what was explained stays so");
  });

  it("is told once for each act and ticket, however often and by however many it is seen", async () => {
    const ticket = await file();
    const said = await Promise.all(Array.from({ length: 6 }, () => report("Twice", { ticket, title: "x" })));
    assert.equal(said.filter(({ fresh }) => fresh).length, 1);
    assert.deepEqual(
      (await told(ticket)).map(({ kind }) => kind),
      ["ticket.filed", "actor.sighted"],
    );
    await say(operator, "actor.settle", { actor: "Twice", reason: "seen" });
  });
});

describe("a commit that names a ticket", () => {
  it("J7: which its author never claimed is found and told; one that its author had is not", async () => {
    const ticket = await file();
    const seen = await report("Bob", { ticket });
    assert.deepEqual([seen.seat, seen.fresh, seen.collision], ["Bob", true, null]);
    const [, { kind, data }] = (await told(ticket)) as [unknown, { kind: string; data: any }];
    assert.deepEqual(
      [kind, data.actor, data.registered, data.evidence],
      [...["actor.sighted", "Bob", true, sighting.evidence]],
    );
    const { claim_token } = await say(alice, "ticket.claim", { id: ticket });
    assert.equal((await report("Alice", { ticket })).fresh, false);
    await say(alice, "ticket.release", { id: ticket, claim_token, reason: "later" });
    assert.equal((await report("Alice", { ticket })).fresh, false, "it had it once");
    const at_once = await file();
    const [, said] = await Promise.all([
      say(alice, "ticket.claim", { id: at_once }),
      report("Alice", { ticket: at_once }),
    ]);
    assert.equal(said.fresh, false, "it claimed it in this very moment");
    assert.equal((await report("Alice", { ticket: "CMB-9999" })).fresh, true, "a number that nobody gave");
    assert.equal((await report("Alice")).fresh, false, "it names none");
    assert.deepEqual(await names(), [], "both are registered");
  });

  it("by a sub-agent's parent, or by whom it was given to, is theirs", async () => {
    const ticket = await file();
    const child = await say(alice, "seat.spawn", { suffix: "helper", scope: ["ticket.claim"] });
    await say(child.token, "ticket.claim", { id: ticket });
    assert.equal((await report("Alice", { ticket })).fresh, false);
    const given = (await say(alice, "ticket.file", { namespace: "CMB", title: "x", owner: "Bob" })).id;
    assert.equal((await report("Bob", { ticket: given })).fresh, false);
  });

  it("that another works on opens a collision, which its holder wins and somebody settles (COL-3)", async () => {
    const ticket = await file("Desktop receipts ingest");
    await say(alice, "ticket.claim", { id: ticket });
    const title = "matcher determinism";
    const { collision } = await report("Unseen Codex", { ticket, title });
    const { collisions } = await ask(operator, "ticket.drift");
    assert.deepEqual(
      collisions.map((one: any) => [
        one.collision,
        one.number,
        one.pattern,
        one.first.seat,
        one.second.seat,
        one.final,
      ]),
      [[collision, ticket, "unseen_actor", "Alice", "Unseen Codex", true]],
    );
    const amended = await say(operator, "collision.settle", { collision, amend: true, reason: "other work" });
    const shown = await ask(operator, "ticket.show", { id: amended.amended_to });
    assert.deepEqual([shown.title, shown.state], [title, "awaiting_claim"]);
    assert.match(shown.body, new RegExp(`AMENDMENT: was ${ticket} of ${AT.replace("Z", ".000Z")}; Alice posted`));
    assert.equal((await ask(operator, "ticket.show", { id: ticket })).holder, "Alice");
  });
});

it("after all this the ledger and the tables agree, and a stranger of another tenant is not seen", async () => {
  const { found, collisions } = await ask(operator, "ticket.drift");
  assert.deepEqual([found, collisions], [[], []]);
  const seen = "select actor from tickets.actors union all select actor from tickets.sightings";
  assert.ok((await world.asApplication(seen)).length > 0);
  assert.deepEqual(await world.asApplication(seen, [], 2), []);
});
