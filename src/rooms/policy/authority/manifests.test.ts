import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sqlError, testWorld } from "../../../../test/harness.ts";
import { actingDoor } from "./authority.fixture.ts";

const world = await testWorld();
const { operator, say, ask, refused } = world;
const { act } = await actingDoor(world);
const worker = await world.seat("CODEX-CLI-BOX-WEB-01");
const strategist = await world.seat("CLAUDE-STRAT", "strategist");
const coordinator = await world.seat("ORA-OPS", "coordinator");

let things = 0;
/** Asks for something on L2 that nobody asked for before; answers the approval. */
const asked = async (token = worker): Promise<number> =>
  (await act(token, { action: "delete", resource_id: `thing-${++things}` })).approval!;
async function many(count: number): Promise<number[]> {
  const ids: number[] = [];
  for (let n = 0; n < count; n++) ids.push(await asked());
  return ids;
}
const stateOf = async (id: number) => (await ask(operator, "approval.show", { id })).state;
const kinds = async (about: string): Promise<string[]> =>
  (await ask(operator, "feed.read", { about, limit: 1000 })).entries.map(({ kind }: any) => kind);

describe("a manifest", () => {
  it("bundles all that waits for the operator, one line each, and nothing stands in two", async () => {
    const ids = await many(3);
    const manifest = await say(coordinator, "manifest.open");
    assert.deepEqual(
      manifest.items.map(({ id }: any) => id),
      ids,
    );
    assert.equal(manifest.headline, "3 items are blocked on you");
    assert.match(
      manifest.lines[0],
      /^\d+ {2}delete database thing-1 \(production\), for CODEX-CLI-BOX-WEB-01, waits \d/,
    );
    assert.equal(manifest.lines.length, 3);
    assert.deepEqual((await ask(operator, "manifest.show", { id: manifest.id })).lines.length, 3);
    assert.equal((await refused(coordinator, "manifest.open")).code, "manifest.empty");
    const twice = await refused(strategist, "manifest.open", { approval: [ids[0]] });
    assert.deepEqual([twice.code, twice.facts.manifest], ["approval.bundled", manifest.id]);
    await say(operator, "manifest.decide", { id: manifest.id, reject: ids, reason: "none of it" });
  });

  it("J37: is decided item by item; what was not decided stays open, and the last verdict closes it", async () => {
    const [one, two, three, four] = (await many(4)) as [number, number, number, number];
    const { id } = await say(strategist, "manifest.open", { approval: [one, two, three, four] });
    const part = await say(operator, "manifest.decide", {
      id,
      grant: [one, three],
      reason: "backed up",
      lasts_seconds: 600,
    });
    assert.deepEqual([part.closed, part.headline, part.lines.length], [false, "2 items are blocked on you", 2]);
    assert.deepEqual(await kinds(`manifest-${id}`), ["manifest.opened"]);
    await say(operator, "manifest.decide", { id, reject: [two], reason: "clients still read it" });
    const whole = await say(operator, "manifest.decide", { id, reject: [four], reason: "no backup" });
    assert.deepEqual([whole.closed, whole.headline, whole.lines], [true, "0 items are blocked on you", []]);
    const { items } = await ask(operator, "manifest.show", { id });
    assert.deepEqual(items, [
      { id: one, state: "granted", reason: "backed up" },
      { id: two, state: "rejected", reason: "clients still read it" },
      { id: three, state: "granted", reason: "backed up" },
      { id: four, state: "rejected", reason: "no backup" },
    ]);
    assert.deepEqual(await kinds(`manifest-${id}`), ["manifest.opened", "manifest.closed"]);
    const shown = await ask(operator, "approval.show", { id: one });
    assert.equal(Date.parse(shown.expires_at) - Date.parse(shown.decided_at), 600_000);
    const passed = await Promise.all(
      [1, 2].map((n) => act(worker, { action: "delete", resource_id: `thing-${things - 4 + n}` })),
    );
    assert.deepEqual(
      passed.map(({ acted, reason }) => [acted, reason]),
      [
        [true, "backed up"],
        [false, "clients still read it"],
      ],
    );
  });

  it("counts a verdict that was said outside of it, and closes by it", async () => {
    const ids = await many(2);
    const { id } = await say(coordinator, "manifest.open");
    await say(operator, "approval.decide", { id: ids[0], verdict: "grant", reason: "fine" });
    const left = await ask(operator, "manifest.show", { id });
    assert.deepEqual([left.closed, left.headline], [false, "1 item is blocked on you"]);
    await say(operator, "rung.set", { action: "delete", rung: "L0", where: "production", reason: "try" });
    assert.equal((await ask(operator, "manifest.show", { id })).closed, true);
    await say(operator, "rung.set", { action: "delete", rung: "L2", where: "production", reason: "as it was" });
  });

  it("changes nothing when one of its verdicts cannot be given", async () => {
    const [one, two] = (await many(2)) as [number, number];
    const stranger = await asked();
    const { id } = await say(coordinator, "manifest.open", { approval: [one, two] });
    const cases: [input: object, code: string][] = [
      [{ grant: [one, stranger] }, "manifest.not_an_item"],
      [{ grant: [one], reject: [one] }, "input.invalid"],
      [{}, "input.invalid"],
      [{ grant: [one], reason: "" }, "input.invalid"],
    ];
    for (const [input, code] of cases)
      assert.equal((await refused(operator, "manifest.decide", { id, reason: "r", ...input })).code, code);
    await say(operator, "manifest.decide", { id, grant: [two], reason: "r" });
    const again = await refused(operator, "manifest.decide", { id, grant: [one], reject: [two], reason: "r" });
    assert.equal(again.code, "approval.granted");
    assert.equal(await stateOf(one), "pending");
    assert.equal(
      (await refused(operator, "manifest.decide", { id: 999_999, grant: [1], reason: "r" })).code,
      "manifest.unknown",
    );
  });

  it("takes only what waits on L2, and lets go what needs nobody any more", async () => {
    const low = (await act(worker, { action: "migrate", resource_id: "low" })).approval;
    assert.equal((await refused(coordinator, "manifest.open", { approval: [low] })).code, "approval.below");
    assert.equal((await refused(coordinator, "manifest.open", { approval: [999_999] })).code, "approval.unknown");
    const gone = await world.seat("CODEX-CLI-BOX-WEB-99");
    const [orphan, open] = [await asked(gone), await asked()];
    await say(operator, "seat.retire", { seat: "CODEX-CLI-BOX-WEB-99" });
    const { items } = await say(coordinator, "manifest.open", { approval: [orphan, open] });
    assert.deepEqual(items, [{ id: open, state: "pending", reason: null }]);
    assert.equal(await stateOf(orphan), "withdrawn");
    assert.deepEqual(await kinds(`approval-${orphan}`), ["approval.withdrawn"]);
  });

  it("is found again: the newest first, with how its items stand, a page at a time", async () => {
    const list = async (input: object = {}) => (await ask(coordinator, "manifest.list", input)).manifests;
    const [one, two, three] = (await many(3)) as [number, number, number];
    const { id } = await say(strategist, "manifest.open", { approval: [one, two, three] });
    await say(operator, "manifest.decide", { id, grant: [one], reject: [two], reason: "r" });
    const [newest] = await list({ limit: 1 });
    const counts = { items: 3, waiting: 1, granted: 1, rejected: 1 };
    assert.deepEqual(newest, { id, opened_at: newest.opened_at, opened_by: "CLAUDE-STRAT", ...counts });
    const all = await list();
    assert.deepEqual(all, [newest, ...(await list({ before: id }))]);
    assert.ok(all.length > 3, "those of the tests before");
    for (const { id: number, waiting } of all)
      assert.equal((await ask(operator, "manifest.show", { id: number })).closed, waiting === 0);
    await assert.rejects(ask(worker, "manifest.list"), { code: "role.forbidden" });
  });

  it("is the operator's to decide, and PostgreSQL keeps an item in the manifest that it came into", async () => {
    const one = await asked();
    const { id } = await say(coordinator, "manifest.open", { approval: [one] });
    for (const token of [strategist, coordinator, worker])
      assert.equal((await refused(token, "manifest.decide", { id, grant: [one], reason: "r" })).code, "role.forbidden");
    const move = `update policy.approvals set manifest = 424242 where id = ${one}`;
    assert.equal((await sqlError(world.asApplication(move))).code, "23503");
  });
});
