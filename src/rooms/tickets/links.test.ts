import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { testWorld } from "../../../test/harness.ts";

const world = await testWorld();
const { operator } = world;
const work_proof = "commit 1a2b3c4";
const alice = await world.seat("Alice");
await world.say(operator, "namespace.define", { prefix: "CMB", format: "CMB-NNNN" });

const file = async (input: object = {}): Promise<string> =>
  (await world.say(alice, "ticket.file", { namespace: "CMB", title: "Work", ...input })).id;
const files = (count: number) => Promise.all(Array.from({ length: count }, () => file()));
const link = (id: string, target: string, more: object = {}) =>
  world.say(alice, "ticket.link", { id, target, ...more });
const claim = (id: string) => world.say(alice, "ticket.claim", { id });
const finish = async (id: string, more: object = {}) => {
  const { claim_token } = await claim(id);
  return world.say(alice, "ticket.finish", { id, claim_token, work_proof, ...more });
};
const blockers = async (id: string): Promise<number> =>
  (await world.ask(operator, "ticket.show", { id })).open_blockers;
const reason = "because";

describe("a dependency", () => {
  it("keeps a ticket from being claimed until all that it waits for is finished or cancelled", async () => {
    const [a, b] = (await files(2)) as [string, string];
    const waiting = await file({ blocked_by: [a, b], lane: "WAIT" });
    const refusal = await world.refused(alice, "ticket.claim", { id: waiting });
    assert.deepEqual([refusal.code, refusal.facts.open_blockers], ["ticket.waits", 2]);
    assert.equal((await world.refused(alice, "ticket.claim", { lane: "WAIT" })).code, "lane.empty");
    await finish(a);
    assert.equal(await blockers(waiting), 1);
    await world.say(alice, "ticket.cancel", { id: b, reason });
    assert.equal((await world.say(alice, "ticket.claim", { lane: "WAIT" })).id, waiting);
  });

  it("comes back when what was waited for is reopened", async () => {
    const first = await file();
    const second = await file({ blocked_by: [first] });
    await finish(first);
    assert.equal(await blockers(second), 0);
    await world.say(operator, "ticket.reopen", { id: first, reason });
    assert.equal((await world.refused(alice, "ticket.claim", { id: second })).code, "ticket.waits");
  });

  it("counts once, however often and under whichever name it is stated", async () => {
    const old = { alias: "gt-7", namespace: "CMB", title: "Old", filed_at: "2026-01-01T00:00:00Z" };
    const { id: target } = await world.say(operator, "ticket.import", old);
    const id = await file({ blocked_by: [target, "gt-7", target] });
    await link(id, "gt-7");
    assert.equal((await link(id, target)).linked, false);
    await link(id, target, { type: "blocked-by" });
    assert.equal(await blockers(id), 1);
    await finish("gt-7");
    assert.equal(await blockers(id), 0);
  });

  it("on a ticket that is not here yet waits for nothing until an import brings it, and then does", async () => {
    const id = await file();
    assert.equal((await world.refused(alice, "ticket.link", { id, target: "gt-8" })).code, "ticket.unknown");
    // Kept only for those who import: it is not checked for cycles.
    const denied = await world.refused(alice, "ticket.link", { id, target: "gt-8", dangling: true });
    assert.equal(denied.code, "link.dangling");
    await world.say(operator, "ticket.link", { id, target: "gt-8", dangling: true });
    assert.equal(await blockers(id), 0);
    await world.say(operator, "ticket.import", {
      alias: "gt-8",
      namespace: "CMB",
      title: "Late",
      filed_at: "2026-01-01T00:00:00Z",
    });
    assert.equal(await blockers(id), 1);
  });

  it("of another kind only refers", async () => {
    const [a, b] = (await files(2)) as [string, string];
    await link(a, b, { type: "related" });
    await link(b, a, { type: "related" });
    assert.equal(await blockers(a), 0);
    const { links, linked_from } = await world.ask(operator, "ticket.show", { id: a });
    assert.deepEqual([links[0].target, linked_from[0].id], [b, b]);
  });

  it("that is refused leaves nothing behind", async () => {
    const id = await file();
    assert.equal((await world.refused(alice, "ticket.link", { id, target: id })).code, "link.to_itself");
    for (const [from, to] of [
      [id, "CMB-9999"],
      ["CMB-9999", id],
    ] as const)
      assert.equal((await world.refused(alice, "ticket.link", { id: from, target: to })).code, "ticket.unknown");
    assert.deepEqual(await world.sql("select * from tickets.links where ticket_id = $1 or target_id = $1", [id]), []);
  });
});

describe("a cycle of waiting", () => {
  it("J9: is refused and named, direct or over many steps, whatever the words for waiting", async () => {
    const ring = await files(12);
    for (const [n, id] of ring.slice(1).entries()) await link(id, ring[n]!, { type: n % 2 ? "blocks" : "blocked-by" });
    const refusal = await world.refused(alice, "ticket.link", { id: ring[0]!, target: ring.at(-1)! });
    assert.equal(refusal.code, "link.cycle");
    assert.match(refusal.message, new RegExp(`${ring.at(-1)} waits for ${ring[0]}`));
    assert.equal(
      (await world.refused(alice, "ticket.link", { id: ring[0]!, target: ring[1]!, type: "blocked-by" })).code,
      "link.cycle",
    );
    assert.equal(await blockers(ring[0]!), 0);
  });

  it("is refused when its links come at once: one link of the ring is left out, whichever", async () => {
    const ring = await files(8);
    const outcomes = await Promise.allSettled(ring.map((id, n) => link(id, ring[(n + 1) % ring.length]!)));
    const refused = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason.code] : []));
    assert.deepEqual(refused, ["link.cycle"]);
    const [a, b] = (await files(2)) as [string, string];
    const pair = await Promise.allSettled([link(a, b), link(b, a), link(a, b)]);
    assert.deepEqual(
      pair.map(({ status }) => status),
      ["fulfilled", "rejected", "fulfilled"],
    );
  });

  it("through a parent is one too: a parent waits for its children to close", async () => {
    const [parent, child] = (await files(2)) as [string, string];
    await link(child, parent, { type: "parent-child" });
    assert.equal(
      (await world.refused(alice, "ticket.link", { id: parent, target: child, type: "parent-child" })).code,
      "link.cycle",
    );
    assert.equal((await world.refused(alice, "ticket.link", { id: child, target: parent })).code, "link.cycle");
    await link(parent, child);
    const refusal = await world.refused(alice, "ticket.file", {
      namespace: "CMB",
      title: "x",
      parent,
      blocked_by: [parent],
    });
    assert.equal(refusal.code, "link.cycle");
    const after = await file({ blocked_by: [parent] });
    assert.equal(
      (await world.refused(alice, "ticket.file", { namespace: "CMB", title: "x", parent, blocked_by: [after] })).code,
      "link.cycle",
    );
  });

  it("is not seen where two ways lead to one ticket", async () => {
    const [a, b, c, d] = (await files(4)) as [string, string, string, string];
    for (const [from, to] of [
      [a, b],
      [a, c],
      [b, d],
      [c, d],
      [a, d],
    ] as const)
      await link(from, to);
    assert.equal(await blockers(a), 3);
  });

  it("through two parents is refused when their children are filed at once: the second is", async () => {
    const [a, b] = (await files(2)) as [string, string];
    const filed = await Promise.allSettled([
      file({ parent: a, blocked_by: [b] }),
      file({ parent: b, blocked_by: [a] }),
    ]);
    assert.deepEqual(
      filed.map((one) => (one.status === "rejected" ? one.reason.code : "filed")),
      ["filed", "link.cycle"],
    );
  });

  it("through a filing that gets no number is none: whoever is filed beside it is filed", async () => {
    const [a, b] = (await files(2)) as [string, string];
    const filed = await Promise.allSettled([
      file({ namespace: "NONE", parent: a, blocked_by: [b] }),
      file({ parent: b, blocked_by: [a] }),
    ]);
    assert.deepEqual(
      filed.map((one) => (one.status === "rejected" ? one.reason.code : "filed")),
      ["namespace.unknown", "filed"],
    );
  });

  it("through a reservation is refused when it is filled beside the ticket that closes it", async () => {
    const parent = await file();
    const reserved = await world.say(alice, "ticket.reserve", { namespace: "CMB", title: "Later" });
    const filled = { namespace: undefined, reservation: reserved.id, title: "Later", blocked_by: [parent] };
    const filed = await Promise.allSettled([file({ parent, blocked_by: [reserved.id] }), file(filled)]);
    assert.deepEqual(
      filed.map((one) => (one.status === "rejected" ? one.reason.code : "filed")),
      ["filed", "link.cycle"],
    );
  });
});

describe("a parent", () => {
  it("J22: does not close over open children, and is not closed by the last of them", async () => {
    const parent = await file();
    const [one, two] = [await file({ parent }), await file({ parent })];
    const { claim_token } = await claim(parent);
    const refusal = await world.refused(alice, "ticket.finish", { id: parent, claim_token, work_proof });
    assert.equal(refusal.code, "parent.open");
    assert.deepEqual(refusal.facts.children, [one, two]);
    await finish(one);
    await world.say(alice, "ticket.cancel", { id: two, reason });
    assert.equal((await world.ask(operator, "ticket.show", { id: parent })).state, "in_progress");
    await world.say(alice, "ticket.finish", { id: parent, claim_token, work_proof });
  });

  it("J22: does not close over its open child beside another that has a thousand", async () => {
    const [many, one] = [await file(), await file()];
    await Promise.all(Array.from({ length: 1_000 }, () => file({ parent: many })));
    const child = await file({ parent: one });
    const claims = [await claim(many), await claim(one)];
    // Both in one batch.
    const refusals = await Promise.all(
      claims.map(({ id, claim_token }) => world.refused(alice, "ticket.finish", { id, claim_token, work_proof })),
    );
    assert.deepEqual(
      refusals.map(({ code }) => code),
      ["parent.open", "parent.open"],
    );
    assert.deepEqual(refusals[1]!.facts.children, [child]);
  });

  it("J22: with a closing condition closes on evidence only, even when its children are done", async () => {
    const parent = await file({ closes_when: "coverage is at 90 %" });
    await finish(await file({ parent }));
    const { claim_token } = await claim(parent);
    const refusal = await world.refused(alice, "ticket.finish", { id: parent, claim_token, work_proof });
    assert.deepEqual([refusal.code, refusal.facts.closes_when], ["parent.unproven", "coverage is at 90 %"]);
    const closing_evidence = "coverage run 4711 says 91 %";
    await world.say(alice, "ticket.finish", { id: parent, claim_token, work_proof, closing_evidence });
    assert.equal((await world.ask(operator, "ticket.show", { id: parent })).proof.closing_evidence, closing_evidence);
  });

  it("that is refused among others does not stop them, and its claim still holds", async () => {
    const parent = await file();
    const child = await file({ parent });
    const [p, c] = [await claim(parent), await claim(child)];
    const twice = [0, 1].map(() =>
      world.refused(alice, "ticket.finish", { id: parent, claim_token: p.claim_token, work_proof }),
    );
    const done = world.say(alice, "ticket.finish", { id: child, claim_token: c.claim_token, work_proof });
    assert.deepEqual(
      (await Promise.all(twice)).map(({ code }) => code),
      ["parent.open", "parent.open"],
    );
    assert.equal((await done).state, "done");
    await world.say(alice, "ticket.finish", { id: parent, claim_token: p.claim_token, work_proof });
  });
});

it("after all this the counters are true, and the tables and the ledger agree", async () => {
  const untrue = await world.sql(`select t.id from tickets.tickets t where t.open_blockers <> (
    select count(distinct l.target_id) from tickets.links l
    join tickets.tickets b on b.tenant_id = l.tenant_id and b.id = l.target_id
    where l.tenant_id = t.tenant_id and l.ticket_id = t.id and l.type in ('blocks', 'blocked-by')
      and b.state not in ('done', 'cancelled'))`);
  assert.deepEqual(untrue, []);
  const { differences, found } = await world.ask(operator, "ticket.drift");
  assert.equal(differences, 0, JSON.stringify(found));
});
