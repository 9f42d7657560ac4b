import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sqlError, testWorld } from "../../../test/harness.ts";

const world = await testWorld();
const { operator } = world;
const leader = await world.seat("Leader", "strategist");
const keeper = await world.seat("Keeper", "coordinator");
const other = await world.seat("Other-Leader", "strategist");
const worker = await world.seat("Worker");
const idler = await world.seat("Idler");
await world.say(operator, "namespace.define", { prefix: "RCP", format: "RCP-NNNN" });

const dispatched = async (to = "Worker"): Promise<string> =>
  (await world.say(leader, "ticket.dispatch", { title: "Mend it", intent: "It works.", to })).id;
const claim = (id: string, token = worker) => world.say(token, "ticket.claim", { id });
const finish = async (id: string, token = worker) =>
  world.say(token, "ticket.finish", {
    id,
    claim_token: (await claim(id, token)).claim_token,
    work_proof: "commit 1a2b3c4",
  });
const look = async (id: string, token = keeper) =>
  (await world.ask(token, "dispatch.list", { all: true, limit: 200 })).dispatches.find((one: any) => one.id === id);
const stage = async (id: string) => (await look(id)).stage;
const kinds = async (about: string) =>
  (await world.ask(operator, "feed.read", { about, limit: 1000 })).entries.map(({ kind }: any) => kind);
const judge = (id: string, verdict: string, reason?: string, token = leader) =>
  world.say(token, "dispatch.verdict", { id, verdict, reason });

describe("receipts", () => {
  it("are separate facts with instants of their own, in the ledger and in the coordinator's list", async () => {
    const id = await dispatched();
    const seen: string[] = [];
    const at: Record<string, string>[] = [];
    const next = async () => {
      const { stage: now, receipts } = await look(id);
      seen.push(now);
      at.push(receipts);
    };
    await next();
    await world.ask(worker, "dispatch.list");
    await next();
    await world.say(worker, "dispatch.acknowledge", { id, note: "on it" });
    await next();
    await claim(id);
    await next();
    await finish(id);
    await next();
    await judge(id, "accepted");
    await next();
    assert.deepEqual(seen, ["dispatched", "delivered", "acknowledged", "consumed", "done", "accepted"]);
    assert.deepEqual(Object.keys(at.at(-1)!), ["dispatched", "delivered", "acknowledged", "consumed", "verdict"]);
    const last = Object.values(at.at(-1)!);
    assert.deepEqual([...last].sort(), last, "in the order in which they came");
    assert.deepEqual(
      at.map((one) => Object.keys(one).length),
      [1, 2, 3, 4, 4, 5],
      "none says another",
    );
    assert.deepEqual(await kinds(id), [
      ...["ticket.filed", "ticket.dispatched", "dispatch.delivered", "dispatch.acknowledged"],
      ...["ticket.claimed", "ticket.finished", "dispatch.judged"],
    ]);
  });

  it("do not stand for each other: a claim is no delivery, a delivery no acknowledgement", async () => {
    const id = await dispatched();
    await claim(id);
    const { stage: now, receipts } = await look(id);
    assert.deepEqual([now, Object.keys(receipts)], ["consumed", ["dispatched", "consumed"]]);
  });

  it("of delivery come from the seat's own session, once: not from who looks at it for others", async () => {
    const id = await dispatched("Idler");
    await world.ask(keeper, "dispatch.list");
    await world.ask(leader, "dispatch.list");
    await world.ask(worker, "dispatch.list");
    const { token } = await world.say(idler, "seat.spawn", { suffix: "a", scope: ["dispatch.list"] });
    await world.ask(token, "dispatch.list");
    assert.equal((await look(id)).receipts.delivered, undefined);
    const head = async () => (await world.ask(operator, "feed.read", { limit: 1 })).head;
    const { dispatches } = await world.ask(idler, "dispatch.list");
    assert.ok(
      dispatches.every(({ to }: any) => to === "Idler"),
      "a seat sees what is its own",
    );
    const { delivered } = (await look(id)).receipts;
    assert.ok(delivered);
    const before = await head();
    await world.ask(idler, "dispatch.list");
    assert.deepEqual(await world.say(idler, "dispatch.deliver", { id: [id] }), { delivered: [] });
    assert.deepEqual(await world.say(worker, "dispatch.deliver", { id: [id] }), { delivered: [] });
    assert.deepEqual([await head(), (await look(id)).receipts.delivered], [before, delivered]);
  });

  it("of acknowledgement are the seat's that the work was given to, once", async () => {
    const id = await dispatched();
    assert.equal((await world.refused(idler, "dispatch.acknowledge", { id })).code, "dispatch.not_yours");
    assert.deepEqual(await world.say(worker, "dispatch.acknowledge", { id }), { id, acknowledged: true });
    assert.deepEqual(await world.say(worker, "dispatch.acknowledge", { id }), { id, acknowledged: false });
    const plain = await world.say(operator, "ticket.file", { namespace: "RCP", title: "given to nobody" });
    assert.equal((await world.refused(worker, "dispatch.acknowledge", { id: plain.id })).code, "dispatch.unknown");
  });

  it("stand as they were given, whoever writes", async () => {
    const id = await dispatched();
    await world.say(worker, "dispatch.acknowledge", { id });
    const write = (what: string) =>
      sqlError(world.asApplication(`update delegation.dispatches set ${what} where ticket_id = '${id}'`));
    assert.equal((await write("acknowledged_at = now()")).code, "LW017");
    assert.equal((await write("delivered_at = dispatched_at - interval '1 s'")).constraint, "receipts_follow_dispatch");
    assert.equal(
      (await write("verdict = 'rejected', verdict_at = now(), verdict_by = by_id")).constraint,
      "verdict_told",
    );
    assert.equal(
      (await write("verdict = 'accepted', verdict_at = now(), verdict_by = to_id")).constraint,
      "nobody_judges_oneself",
    );
    assert.equal((await write("to_id = by_id")).code, "42501");
  });
});

describe("a verdict", () => {
  it("is about finished work, by who dispatched it or oversees it, and not by who did it", async () => {
    const id = await dispatched();
    const refused = (token: string) => world.refused(token, "dispatch.verdict", { id, verdict: "accepted" });
    assert.equal((await refused(leader)).code, "ticket.awaiting_claim");
    await finish(id);
    assert.equal((await refused(other)).code, "dispatch.not_yours");
    assert.equal((await refused(worker)).code, "role.forbidden");
    assert.equal((await judge(id, "accepted", undefined, keeper)).state, "done");
    assert.equal((await refused(leader)).code, "dispatch.judged");
    const { dispatches } = await world.ask(keeper, "dispatch.list", { limit: 200 });
    assert.ok(
      dispatches.every((one: any) => one.id !== id),
      "what is settled is listed only when asked for",
    );
  });

  it("that rejects says why, and gives the work back to its seat until it is judged again", async () => {
    const id = await dispatched();
    await finish(id);
    const bare = await world.refused(leader, "dispatch.verdict", { id, verdict: "rejected" });
    assert.deepEqual([bare.code, bare.fields[0]!.field], ["verdict.unreasoned", "reason"]);
    assert.equal((await judge(id, "rejected", "no test")).state, "awaiting_claim");
    const { stage: now, reason } = await look(id);
    assert.deepEqual([now, reason], ["rejected", "no test"]);
    assert.equal((await world.ask(operator, "ticket.show", { id })).owner, "Worker");
    await claim(id);
    assert.equal(await stage(id), "consumed");
    await finish(id);
    assert.equal(await stage(id), "done");
    await judge(id, "accepted");
    assert.equal(await stage(id), "accepted");
  });
});

describe("a dispatch that does not end well", () => {
  it("whose claim lapses or is released is returned: still its seat's, and known to have been claimed", async () => {
    const id = await dispatched();
    await claim(id);
    await world.sql("update tickets.tickets set lease_expires_at = now() - interval '1 s' where id = $1", [id]);
    await world.say(operator, "ticket.lapse", {});
    const returned = await look(id);
    assert.deepEqual([returned.stage, returned.stranded], ["returned", false]);
    assert.ok(returned.receipts.consumed);
    assert.equal((await world.refused(idler, "ticket.claim", { id })).code, "ticket.owned");
    const { claim_token } = await claim(id);
    await world.say(worker, "ticket.release", { id, claim_token, reason: "no access" });
    assert.equal(await stage(id), "returned");
  });

  it("whose ticket is cancelled is cancelled: it takes no verdict and leaves the list", async () => {
    const id = await dispatched();
    await world.say(leader, "ticket.cancel", { id, reason: "not wanted" });
    assert.equal(await stage(id), "cancelled");
    assert.equal(
      (await world.refused(leader, "dispatch.verdict", { id, verdict: "accepted" })).code,
      "ticket.cancelled",
    );
    const { dispatches } = await world.ask(keeper, "dispatch.list", { limit: 200 });
    assert.ok(dispatches.every((one: any) => one.id !== id));
  });

  it("whose seat retires or falls silent is stranded, until it is given to another on a diagnosis", async () => {
    await world.seat("Leaver");
    const id = await dispatched("Leaver");
    assert.equal((await look(id)).stranded, false);
    await world.sql("update seats.principals set heard_at = now() - interval '3 minutes' where name = 'Leaver'");
    assert.equal((await look(id)).stranded, true);
    await world.say(operator, "seat.retire", { seat: "Leaver" });
    assert.equal((await look(id)).stranded, true);
    await world.say(leader, "ticket.dispatch", { id, to: "Worker", diagnosis: "Leaver retired" });
    const { to, stranded, stage: now } = await look(id);
    assert.deepEqual([to, stranded, now], ["Worker", false, "dispatched"]);
    assert.equal((await claim(id)).id, id);
  });

  it("whose ticket was given elsewhere without a dispatch is moved, and says so", async () => {
    const id = await dispatched();
    await world.say(operator, "ticket.assign", { id, owner: "UNCLAIMED", reason: "anybody may" });
    assert.equal(await stage(id), "moved");
  });
});
