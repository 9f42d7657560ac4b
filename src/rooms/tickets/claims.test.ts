import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { testWorld } from "../../../test/harness.ts";

const world = await testWorld();
const { operator } = world;
const work_proof = "commit 1a2b3c4";
const alice = await world.seat("Alice");
const bob = await world.seat("Bob");
await world.say(operator, "namespace.define", { prefix: "CMB", format: "CMB-NNNN" });

const file = async (input: object = {}, token = operator): Promise<string> =>
  (await world.say(token, "ticket.file", { namespace: "CMB", title: "Work", ...input })).id;
const claim = (token: string, input: object) => world.say(token, "ticket.claim", input);
/** Lets a lease end without waiting for it. */
const expire = (...ids: string[]) =>
  world.sql("update tickets.tickets set lease_expires_at = clock_timestamp() - interval '1 ms' where id = any ($1)", [
    ids,
  ]);
const events = async (id: string, kind: string) => {
  const { entries } = await world.ask(operator, "feed.read", { about: id, limit: 1000 });
  return entries.filter((entry: { kind: string }) => entry.kind === kind);
};

describe("a claim", () => {
  it("said again by its session is answered again and changes nothing", async () => {
    const id = await file();
    const first = await claim(alice, { id });
    assert.deepEqual(await claim(alice, { id, lease_seconds: 3600 }), first);
    assert.deepEqual(await Promise.all([claim(alice, { id }), claim(alice, { id })]), [first, first]);
    assert.equal((await events(id, "ticket.claimed")).length, 1);
  });

  it("said twice at once by one session is one claim; by two seats it is one seat's", async () => {
    const id = await file();
    const [a, b] = await Promise.all([claim(alice, { id }), claim(alice, { id })]);
    assert.deepEqual(a, b);
    const other = await file();
    const outcomes = await Promise.allSettled([claim(alice, { id: other }), claim(bob, { id: other })]);
    assert.deepEqual(outcomes.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
  });

  it("is refused to another seat, which is told who holds it and until when", async () => {
    const id = await file();
    const { lease_expires_at } = await claim(alice, { id });
    const refusal = await world.refused(bob, "ticket.claim", { id });
    assert.deepEqual([refusal.code, refusal.kind], ["ticket.in_progress", "conflict"]);
    assert.deepEqual(refusal.facts, { id, holder: "Alice", lease_expires_at });
  });

  it("is never shared with another session of the same seat, not even with its fencing token", async () => {
    const id = await file();
    const old = await world.seat("Carol");
    const { claim_token } = await claim(old, { id });
    const { token: fresh } = await world.say(operator, "seat.adopt", { name: "Carol", replace: true });
    assert.equal((await world.refused(fresh, "ticket.claim", { id })).facts.holder, "Carol");
    for (const [command, more] of [
      ["renew", {}],
      ["finish", {}],
      ["release", { reason: "r" }],
    ] as const)
      assert.equal(
        (await world.refused(fresh, `ticket.${command}`, { id, claim_token, ...more })).code,
        "lease.lost",
        command,
      );
    assert.equal(
      (await world.refused(fresh, "post.append", { kind: "actionable", item: id, state: "DONE", subject: "s" })).code,
      "lease.lost",
    );
    await expire(id);
    assert.notEqual((await claim(fresh, { id })).claim_token, claim_token);
  });

  it("of another seat cannot be used with its fencing token", async () => {
    const id = await file();
    const { claim_token } = await claim(alice, { id });
    const refusal = await world.refused(bob, "ticket.finish", { id, claim_token });
    assert.deepEqual([refusal.code, refusal.facts.holder], ["lease.lost", "Alice"]);
    await world.say(alice, "ticket.finish", { id, claim_token, work_proof });
  });

  it("J79: whose lease ended is fenced: every act on it is refused and names the present holder", async () => {
    const id = await file();
    const { claim_token } = await claim(alice, { id });
    await expire(id);
    const acts: [string, object][] = [
      ["ticket.renew", { id, claim_token }],
      ["ticket.finish", { id, claim_token }],
      ["ticket.release", { id, claim_token, reason: "tired" }],
      ["post.append", { kind: "actionable", item: id, state: "DONE", subject: "done" }],
      ["post.append", { kind: "actionable", item: id, state: "BLOCKED", subject: "stuck" }],
    ];
    const first = await world.refused(alice, ...acts[0]!);
    assert.deepEqual([first.code, first.facts.holder, first.facts.state], ["lease.lost", null, "awaiting_claim"]);
    const { claim_token: present } = await claim(bob, { id });
    for (const [command, input] of acts) {
      const refusal = await world.refused(alice, command, input);
      assert.deepEqual([refusal.code, refusal.kind, refusal.facts.holder], ["lease.lost", "conflict", "Bob"], command);
    }
    assert.equal((await world.say(bob, "ticket.finish", { id, claim_token: present, work_proof })).state, "done");
    const lapsed = await events(id, "ticket.lapsed");
    assert.deepEqual(
      lapsed.map(({ data }: { data: { was_holder: string } }) => data.was_holder),
      ["Alice"],
    );
  });

  it("is fenced among hundreds of leases that ended together, first and last alike", async () => {
    const ids = await Promise.all(Array.from({ length: 250 }, () => file({ lane: "MANY" })));
    const claims = await Promise.all(ids.map((id) => claim(alice, { id })));
    await expire(...ids);
    const last = claims.at(-1)!;
    await world.sql("update tickets.tickets set lease_expires_at = clock_timestamp() where id = $1", [last.id]);
    assert.equal(
      (await world.refused(alice, "ticket.finish", { id: last.id, claim_token: last.claim_token })).code,
      "lease.lost",
    );
    const outcomes = await Promise.allSettled(
      claims.map(({ id, claim_token }) => world.say(alice, "ticket.renew", { id, claim_token })),
    );
    assert.ok(outcomes.every(({ status }) => status === "rejected"));
    assert.equal((await claim(bob, { id: last.id })).id, last.id);
  });

  it("is renewed by its holder, also twice at once, and never cut short", async () => {
    const id = await file();
    const { claim_token, lease_expires_at } = await claim(alice, { id });
    const renew = (more: object) => world.say(alice, "ticket.renew", { id, claim_token, ...more });
    const lease = async () => (await world.ask(alice, "ticket.show", { id })).lease_expires_at;
    const [, second] = await Promise.all([renew({ lease_seconds: 1800 }), renew({ lease_seconds: 3600 })]);
    assert.ok(Date.parse(second.lease_expires_at) > Date.parse(lease_expires_at) + 3_000_000);
    assert.equal(await lease(), second.lease_expires_at);
    assert.equal((await renew({})).lease_expires_at, second.lease_expires_at);
    assert.equal(await lease(), second.lease_expires_at);
    for (const lease_seconds of [29, 3601, 1.5])
      assert.equal(
        (await world.refused(alice, "ticket.renew", { id, claim_token, lease_seconds })).code,
        "input.invalid",
      );
  });

  it("is acted on by each of two at once by itself: what one is refused for, the other may do", async () => {
    const id = await file();
    const { claim_token } = await claim(alice, { id });
    const finish = (more: object) => world.say(alice, "ticket.finish", { id, claim_token, ...more });
    const [bare, proved, late] = await Promise.allSettled([finish({}), finish({ work_proof }), finish({ work_proof })]);
    assert.equal((bare as PromiseRejectedResult).reason.code, "finish.unproven");
    assert.equal((proved as PromiseFulfilledResult<{ state: string }>).value.state, "done");
    const { code, facts } = (late as PromiseRejectedResult).reason;
    assert.deepEqual([code, facts.state], ["lease.lost", "done"]);
  });

  it("that is finished twice at once is finished once", async () => {
    const id = await file();
    const { claim_token } = await claim(alice, { id });
    const finish = () => world.say(alice, "ticket.finish", { id, claim_token, work_proof });
    const outcomes = await Promise.allSettled([finish(), finish()]);
    assert.deepEqual(outcomes.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
    assert.equal((await events(id, "ticket.finished")).length, 1);
    assert.equal((await world.refused(alice, "ticket.finish", { id, claim_token })).facts.state, "done");
  });

  it("of a given ticket is its owner's alone, until it is freed", async () => {
    const id = await file({ owner: "Alice", lane: "OWN" });
    const refusal = await world.refused(bob, "ticket.claim", { id });
    assert.deepEqual([refusal.code, refusal.facts.owner], ["ticket.owned", "Alice"]);
    assert.equal((await world.refused(bob, "ticket.claim", { lane: "OWN" })).code, "lane.empty");
    await world.say(operator, "ticket.assign", { id, owner: "UNCLAIMED", reason: "Alice is away" });
    assert.equal((await claim(bob, { lane: "OWN" })).id, id);
  });

  it("needs either an id or a lane, and a ticket that is there", async () => {
    for (const input of [{}, { id: "CMB-0001", lane: "CMB" }])
      assert.equal((await world.refused(alice, "ticket.claim", input)).code, "input.invalid");
    assert.equal((await world.refused(alice, "ticket.claim", { id: "CMB-4711" })).code, "ticket.unknown");
    assert.equal((await world.refused(alice, "ticket.claim", { lane: "NOWHERE" })).code, "lane.empty");
  });
});

describe("the next claim of a lane", () => {
  const taken = async (token: string, lane: string) => (await claim(token, { lane })).id;

  it("takes what was given to the seat, then the most urgent, then its own filing, then the oldest", async () => {
    const lane = "ORDER";
    const oldest = await file({ lane });
    const later = await file({ lane });
    const own = await file({ lane }, alice);
    const low = await file({ lane, priority: 3 });
    const urgent = await file({ lane, priority: 0 });
    const given = await file({ lane, priority: 4, owner: "Alice" });
    const order = [];
    for (let n = 0; n < 6; n++) order.push(await taken(alice, lane));
    assert.deepEqual(order, [given, urgent, own, oldest, later, low]);
  });

  it("finds what was given to the seat behind any number of more urgent ones", async () => {
    const lane = "BEHIND";
    await Promise.all(Array.from({ length: 40 }, () => file({ lane, priority: 0 })));
    const given = await file({ lane, priority: 4, owner: "Alice" });
    assert.equal(await taken(alice, lane), given);
  });

  it("is not told that the lane is empty because another's tickets stand before it", async () => {
    const lane = "CROWD";
    await Promise.all(Array.from({ length: 40 }, () => file({ lane, priority: 0, owner: "Alice" })));
    const free = await file({ lane });
    const [, b] = await Promise.all([claim(alice, { lane }), claim(bob, { lane })]);
    assert.equal(b.id, free);
  });

  it("is not told that the lane is empty because many tickets of one surface stand before it", async () => {
    const lane = "SURFACES";
    await Promise.all(Array.from({ length: 40 }, () => file({ lane, priority: 0, surface_key: "app:ui:one" })));
    const free = await file({ lane });
    const ids = (await Promise.all([claim(alice, { lane }), claim(bob, { lane })])).map(({ id }) => id);
    assert.ok(ids.includes(free));
  });
});

describe("acts of several kinds at once", () => {
  it("stand in the ledger in the order in which they happened", async () => {
    const lane = "MIXED";
    const ids = [await file({ lane }), await file({ lane }), await file({ lane })];
    const claims = await Promise.all(ids.map((id) => claim(alice, { id })));
    const release = ({ id, claim_token }: { id: string; claim_token: string }) =>
      world.say(alice, "ticket.release", { id, claim_token, reason: "for Bob" });
    const [first, ...rest] = claims;
    const wishes = () => ids.map(() => claim(bob, { lane }));
    await Promise.all([release(first), ...wishes(), ...rest.map(release)]);
    for (const id of ids) {
      const { entries } = await world.ask(operator, "feed.read", { about: id });
      const kinds = entries.map(({ kind }: { kind: string }) => kind.slice("ticket.".length));
      assert.deepEqual(kinds, ["filed", "claimed", "released", "claimed"], id);
    }
    assert.equal((await world.ask(operator, "ticket.drift")).differences, 0);
  });
});

describe("a surface key", () => {
  it("J11: has one active owner; the second claim is told who holds it, and gets it afterwards", async () => {
    const surface_key = "camber:redline:card";
    const [one, two] = [await file({ surface_key, lane: "SK" }), await file({ surface_key, lane: "SK" })];
    const { claim_token } = await claim(alice, { id: one });
    const refusal = await world.refused(bob, "ticket.claim", { id: two });
    assert.equal(refusal.code, "surface.held");
    assert.deepEqual(refusal.facts, { surface_key, item: one, holder: "Alice" });
    assert.match(refusal.hint!, new RegExp(`COLLIDE-WITH-${one}`));
    assert.equal((await world.refused(bob, "ticket.claim", { lane: "SK" })).code, "lane.empty");
    assert.equal((await world.refused(alice, "ticket.claim", { id: two })).code, "surface.held", "its own holder too");
    await world.say(alice, "ticket.finish", { id: one, claim_token, work_proof });
    assert.equal((await claim(bob, { id: two })).id, two);
  });

  it("is free again when the lease on it has ended", async () => {
    const surface_key = "camber:lapsed";
    const [one, two] = [await file({ surface_key }), await file({ surface_key })];
    await claim(alice, { id: one });
    await expire(one);
    assert.equal((await claim(bob, { id: two })).id, two);
    assert.equal((await world.refused(alice, "ticket.claim", { id: one })).code, "surface.held");
  });
});

describe("the lapse", () => {
  it("gives back every ended lease and no other, and leaves an entry for each", async () => {
    const [ended, held] = [await file(), await file()];
    for (const id of [ended, held]) await claim(alice, { id });
    await world.say(operator, "ticket.lapse");
    await expire(ended);
    assert.equal((await world.say(operator, "ticket.lapse")).lapsed, 1);
    assert.equal((await world.say(operator, "ticket.lapse")).lapsed, 0);
    const states = [ended, held].map(async (id) => (await world.ask(operator, "ticket.show", { id })).state);
    assert.deepEqual(await Promise.all(states), ["awaiting_claim", "in_progress"]);
    assert.equal((await events(ended, "ticket.lapsed")).length, 1);
  });

  it("comes before a move: nobody is told of a holder whose lease has ended", async () => {
    const moves = { block: "blocked", park: "parked", cancel: "cancelled", assign: "awaiting_claim" };
    for (const [move, state] of Object.entries(moves)) {
      const id = await file();
      await claim(alice, { id });
      await expire(id);
      await world.say(bob, `ticket.${move}`, {
        id,
        reason: "nobody works on it",
        ...(move === "assign" && { priority: 1 }),
      });
      assert.equal((await world.ask(operator, "ticket.show", { id })).state, state);
      assert.equal((await events(id, "ticket.lapsed")).length, 1);
    }
  });
});

it("after all this the tables and the ledger agree", async () => {
  const { differences, found } = await world.ask(operator, "ticket.drift");
  assert.equal(differences, 0, JSON.stringify(found));
});
