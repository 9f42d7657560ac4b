import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { computingTime } from "../../../../test/computing.ts";
import { testWorld } from "../../../../test/harness.ts";
import { cyclesIn, type Way } from "./cycles.ts";

const world = await testWorld();
const { operator, say, refused, ask } = world;
await say(operator, "namespace.define", { prefix: "FLT", format: "FLT-NNNN" });
const alice = await world.seat("Alice");
const shepherd = await world.seat("Shepherd", "coordinator");
const reason = "two filed the same; the first one goes on";
const file = async (input: object = {}): Promise<string> =>
  (await say(alice, "ticket.file", { namespace: "FLT", title: "Work", ...input })).id;
const show = (id: string) => ask(operator, "ticket.show", { id });
const stateOf = async (id: string) => (await show(id)).state;
const rule = (id: string, outcome: string, ...absorb: string[]) =>
  say(shepherd, "ticket.rule", { id, outcome, reason, absorb });
const unruled = (id: string, outcome: string, ...absorb: string[]) =>
  refused(shepherd, "ticket.rule", { id, outcome, reason, absorb });
const block = async (id: string, words: string) => {
  await say(alice, "ticket.block", { id, reason: words });
  return id;
};
const cycles = async () => (await ask(operator, "ticket.cycles")).cycles;
/** Imports keep what history holds, cycles too. */
const wait = (id: string, target: string) =>
  say(operator, "ticket.link", { id, target, type: "blocks", dangling: true });

describe("a ruling", () => {
  it("J8: that leaves a dependent unsettled is refused, with each of them and the lines that are missing", async () => {
    const ruled = await file();
    const byLink = await file({ blocked_by: [ruled] });
    const byWords = await block(await file(), `prerequisite ${ruled} is not satisfied`);
    const behind = await file({ blocked_by: [byWords] });
    const refusal = await unruled(ruled, "done");
    assert.equal(refusal.code, "ruling.unsettled");
    assert.deepEqual(
      (refusal.facts.unsettled as { id: string; state: string }[]).map(({ id, state }) => [id, state]),
      [
        [byLink, "awaiting_claim"],
        [byWords, "blocked"],
      ],
    );
    assert.match(refusal.hint!, new RegExp(`"${byLink} -> awaiting_claim", "${byWords} -> awaiting_claim"`));
    const ended = await unruled(ruled, "done", `${byLink} -> awaiting_claim`, `${byWords} -> DONE`);
    assert.deepEqual(
      (ended.facts.unsettled as { id: string }[]).map(({ id }) => id),
      [behind],
      "what waits for an absorbed ticket that ends is a dependent, too",
    );
    assert.deepEqual(await Promise.all([ruled, byLink, byWords].map(stateOf)), [
      "awaiting_claim",
      "awaiting_claim",
      "blocked",
    ]);
  });

  it("that frees more than an entry can tell is refused as a whole", async () => {
    const namespace = "LONGERPREFIX";
    await say(operator, "namespace.define", { prefix: namespace, format: "LONGERPREFIX-NNNN" });
    const ids: string[] = [];
    for (let n = 0; n < 64; n++) ids.push(await file({ namespace, blocked_by: ids.slice(-50) }));
    const [ruled, ...rest] = ids as [string, ...string[]];
    const { code } = await unruled(ruled, "done", ...rest.map((id) => `${id} -> awaiting_claim`));
    assert.deepEqual([code, await stateOf(ruled)], ["entry.oversized", "awaiting_claim"]);
  });

  it("frees every downstream ticket in one transaction (COL-6)", async () => {
    const ruled = await file();
    const queued = await file({ blocked_by: [ruled] });
    const stuck = await block(await file(), `waits for the ruling on ${ruled}`);
    const doubled = await block(await file(), `same work as ${ruled}`);
    const held = await file();
    await say(alice, "ticket.claim", { id: held });
    const lines = [`${queued} -> AWAITING_CLAIM`, `${stuck} -> awaiting-claim`, `${doubled} -> DONE`];
    const answer = await rule(ruled, "awaiting_claim", ...lines, `${held} -> parked`);
    assert.deepEqual(answer.freed, [`${queued} <- ${ruled}`]);
    assert.deepEqual(await Promise.all([ruled, queued, stuck, doubled, held].map(stateOf)), [
      ...["awaiting_claim", "awaiting_claim", "awaiting_claim", "done", "parked"],
    ]);
    for (const id of [queued, stuck]) assert.equal((await say(alice, "ticket.claim", { id })).id, id);
    const { entries } = await ask(operator, "feed.read", { about: stuck, limit: 100 });
    const { kind, data } = entries.at(-2);
    assert.deepEqual(
      [kind, data.from, data.ruling, data.fate],
      ["ticket.absorbed", "blocked", ruled, "awaiting_claim"],
    );
  });

  it("may leave a dependent waiting, if it says so", async () => {
    const ruled = await file();
    const waiting = await file({ blocked_by: [ruled] });
    await rule(ruled, "awaiting_claim", `${waiting} -> waits`);
    assert.equal((await refused(alice, "ticket.claim", { id: waiting })).code, "ticket.waits");
  });

  it("J9: names the wait cycle that runs through it and breaks it; one that would stay is refused", async () => {
    const [one, two, three] = [await file(), await file(), await file()];
    await wait(one, two);
    await wait(two, three);
    await block(three, `until ${one} is ruled on`);
    assert.deepEqual(await cycles(), [[one, two, three]]);
    assert.deepEqual((await ask(operator, "ticket.drift")).cycles, [[one, two, three]]);
    const stays = await unruled(one, "awaiting_claim", `${three} -> waits`);
    assert.deepEqual([stays.code, stays.facts.cycle], ["ruling.circular", [one, two, three]]);
    assert.match(stays.message, new RegExp(`${one} waits for ${two} waits for ${three} waits for ${one}`));
    const { cycles: broken } = await rule(one, "awaiting_claim", `${three} -> awaiting_claim`);
    assert.deepEqual(broken, [[one, two, three]]);
    assert.deepEqual(await cycles(), []);
    assert.equal((await say(alice, "ticket.claim", { id: three })).id, three);
  });

  it("J9: a ticket that is blocked on the ruling that names it is freed by it (CMB-394224)", async () => {
    const ruling = await file({ title: "Ruling: the other is active" });
    const active = await block(await file(), `blocked on ${ruling}`);
    await wait(ruling, active);
    assert.deepEqual(await cycles(), [[ruling, active]]);
    assert.equal((await unruled(ruling, "done")).code, "ruling.unsettled");
    const { cycles: broken } = await rule(ruling, "done", `${active} -> awaiting_claim`);
    assert.deepEqual(broken, [[ruling, active]]);
    assert.deepEqual([await stateOf(ruling), await stateOf(active)], ["done", "awaiting_claim"]);
  });

  it("J8: counts who is blocked with words that name the ticket as it was called elsewhere", async () => {
    const old = { alias: "FLT-394205", namespace: "FLT", title: "Old", filed_at: "2026-05-03T17:00:00Z" };
    const { id: ruled } = await say(operator, "ticket.import", old);
    const waiting = await block(await file(), "waits for FLT-394205");
    await block(await file(), "waits for FLT-3942051, FLT-394205-1 and XFLT-394205");
    await wait(ruled, waiting);
    assert.deepEqual(await cycles(), [[ruled, waiting].sort()]);
    const { code, facts } = await unruled(ruled, "cancelled");
    assert.deepEqual(
      [code, (facts.unsettled as { id: string }[]).map(({ id }) => id)],
      ["ruling.unsettled", [waiting]],
    );
    await rule("FLT-394205", "cancelled", `${waiting} -> awaiting_claim`);
    assert.deepEqual(await cycles(), []);
  });

  it("J9: that puts a done ticket back is refused where a cycle would stand through it", async () => {
    const [one, two, three] = [await file(), await file(), await file()];
    await wait(one, two);
    await wait(two, three);
    await rule(one, "done");
    await wait(three, one);
    assert.deepEqual(await cycles(), []);
    const { code, facts } = await unruled(one, "awaiting_claim", `${three} -> waits`);
    assert.deepEqual([code, facts.cycle], ["ruling.circular", [one, two, three]]);
    assert.equal(await stateOf(one), "done");
    await rule(three, "cancelled", `${two} -> awaiting_claim`);
  });

  it("ends the claim of whoever holds the ticket, who is told so by the fence", async () => {
    const ruled = await file();
    const { claim_token } = await say(alice, "ticket.claim", { id: ruled });
    await rule(ruled, "cancelled");
    const lost = await refused(alice, "ticket.renew", { id: ruled, claim_token });
    assert.deepEqual([lost.code, lost.facts.state], ["lease.lost", "cancelled"]);
  });

  it("that puts a done ticket back takes its receipts, and a parent is not closed over its children", async () => {
    const parent = await file();
    const child = await file({ parent });
    assert.deepEqual((await unruled(parent, "done")).facts.children, [child]);
    await rule(parent, "done", `${child} -> cancelled`);
    const { claim_token } = await say(alice, "ticket.claim", { id: await file() });
    const id = (await ask(operator, "ticket.list", { holder: "Alice", limit: 1000 })).tickets.at(-1).id;
    await say(alice, "ticket.finish", { id, claim_token, work_proof: "commit 1a2b3c4" });
    await rule(id, "awaiting_claim");
    assert.deepEqual((await show(id)).receipts, []);
  });

  it("is refused for what it cannot mean, and to those who do not rule", async () => {
    const ruled = await file();
    const other = await file();
    const { id: reserved } = await say(alice, "ticket.reserve", { namespace: "FLT", title: "later" });
    for (const line of [`${other}`, `${other} -> blocked`, `${other} => done`, "-> done", ""])
      assert.deepEqual([(await unruled(ruled, "done", line)).code, line], ["input.invalid", line]);
    assert.equal((await unruled(ruled, "done", "FLT-9999 -> done")).code, "ticket.unknown");
    assert.equal((await unruled(ruled, "done", `${ruled} -> done`)).code, "ruling.contradicts");
    assert.equal((await unruled(ruled, "done", `${other} -> done`, `${other} -> parked`)).code, "ruling.contradicts");
    assert.equal((await unruled(reserved, "done")).code, "ticket.reserved");
    assert.equal((await unruled(ruled, "done", `${reserved} -> awaiting_claim`)).code, "ticket.reserved");
    await rule(other, "done");
    assert.equal((await unruled(ruled, "done", `${other} -> parked`)).code, "ticket.done");
    assert.equal((await refused(alice, "ticket.rule", { id: ruled, outcome: "done", reason })).code, "role.forbidden");
    assert.equal(await stateOf(ruled), "awaiting_claim");
  });
});

describe("cycles", () => {
  it("are named once for each knot, by the shortest way round; what waits for one is not in it", () => {
    const graph = (...edges: [string, string][]) => {
      const waits = new Map<string, Map<string, Way>>();
      for (const [from, to] of edges)
        for (const id of [from, to])
          waits.set(id, (waits.get(id) ?? new Map<string, Way>()).set(id === from ? to : "", "link"));
      for (const [id, awaited] of waits) (awaited.delete(""), waits.set(id, awaited));
      return waits;
    };
    assert.deepEqual(cyclesIn(graph(["a", "b"], ["b", "c"], ["x", "a"])), []);
    const chain = Array.from({ length: 20_000 }, (_, n): [string, string] => [`n${n}`, `n${n + 1}`]);
    const knotted = graph(...chain, ["n20000", "n19999"]);
    const took = computingTime(() => assert.deepEqual(cyclesIn(knotted), [["n19999", "n20000"]]));
    assert.ok(took < 3_000, "a long queue before a knot costs what it is long");
    assert.deepEqual(cyclesIn(graph(["x", "b"], ["b", "c"], ["c", "b"], ["c", "y"])), [["b", "c"]]);
    assert.deepEqual(
      cyclesIn(graph(["a", "b"], ["b", "c"], ["c", "a"], ["b", "a"], ["p", "q"], ["q", "p"], ["p", "a"])),
      [
        ["a", "b"],
        ["p", "q"],
      ],
    );
  });
});

it("after all this the ledger and the tables agree", async () => {
  assert.deepEqual((await ask(operator, "ticket.drift")).found, []);
  assert.equal((await ask(operator, "ledger.verify")).whole, true);
});
