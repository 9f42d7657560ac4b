import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { sqlError, testWorld } from "../../../test/harness.ts";

const world = await testWorld();
const { operator } = world;
const OBSERVER = "CLAUDE-CLI-BOX-ORA-01";
const BUILDER = "CODEX-DESKTOP-BOX-CAMBER-01";
const observer = await world.seat(OBSERVER);
const builder = await world.seat(BUILDER);
await world.say(operator, "namespace.define", { prefix: "CMB", format: "CMB-NNNN" });
const { id } = await world.say(builder, "ticket.file", { namespace: "CMB", title: "A clock for time sheets" });
await world.say(builder, "ticket.claim", { id, lease_seconds: 3600 });
await world.say(observer, "schedule.define", {
  name: "overnight",
  pattern: "*/22 * * * *",
  prompt: "read OVERNIGHT.md",
  git_writes: true,
});

const clean = { machine: "box", worktree: "/srv/tree", head: "1c7fe50da91073e872888391451cf0e42bba3ff4" };
const refused = (place: object) => world.refused(observer, "schedule.arm", { name: "overnight", ...place });

describe("a schedule with git writes", () => {
  test("J41: is not armed where nobody looked, on a dirty tree, or while git is at work there", async () => {
    assert.equal((await refused({})).code, "worktree.unseen");
    assert.equal((await refused({ machine: "box", worktree: "/srv/tree" })).code, "worktree.unseen");
    const dirty = await refused({ ...clean, porcelain: [" M app.swift", "?? notes.md"], changed: 14 });
    assert.equal(dirty.code, "worktree.dirty");
    assert.match(dirty.message, /14 changes/);
    assert.deepEqual(dirty.facts.porcelain, [" M app.swift", "?? notes.md"]);
    assert.equal((await refused({ ...clean, index_lock: true })).code, "worktree.locked");
    const unlooked = await sqlError(
      world.sql(`update runtime.schedules set armed_at = now(), armed_by = seat_id, next_at = now()
        where name = 'overnight'`),
    );
    assert.equal(unlooked.constraint, "git_writes_looked_at");
  });

  test("J41: is not armed in another's tree: by its connection, its branch's ticket, or another loop", async () => {
    const home = await refused({ ...clean, worktree_seat: BUILDER });
    assert.equal(home.code, "worktree.occupied");
    assert.match(home.message, new RegExp(BUILDER));
    const branch = await refused({ ...clean, branch: `codex/${id.toLowerCase()}-timeclock-ios` });
    assert.equal(branch.code, "worktree.occupied");
    assert.match(branch.message, new RegExp(`${id}, which ${BUILDER} holds`));
    await world.say(builder, "schedule.define", { name: "tidy", pattern: "0 * * * *", prompt: "x", git_writes: true });
    await world.say(builder, "schedule.arm", { name: "tidy", ...clean });
    assert.match((await refused(clean)).message, /where tidy writes/);
  });

  test("is armed on a clean tree of its own, and the entry says what was seen there", async () => {
    const place = { ...clean, worktree: "/srv/own", branch: "overnight", worktree_seat: OBSERVER };
    const armed = await world.say(observer, "schedule.arm", { name: "overnight", ...place });
    assert.ok(Date.parse(armed.next_at) > Date.now());
    const { entries } = await world.ask(operator, "feed.read", { about: "overnight" });
    const { data } = entries.at(-1);
    assert.deepEqual(
      [data.worktree, data.branch, data.head, data.porcelain, data.index_lock],
      ["/srv/own", "overnight", clean.head, [], false],
    );
    assert.equal((await refused(place)).code, "schedule.armed");
    await world.say(observer, "schedule.disarm", { name: "overnight", reason: "morning" });
    const again = await world.refused(observer, "schedule.disarm", { name: "overnight", reason: "morning" });
    assert.equal(again.code, "schedule.disarmed");
  });

  test("leaves a tree free for the next when it is disarmed", async () => {
    await world.say(builder, "schedule.disarm", { name: "tidy", reason: "done" });
    assert.equal((await world.say(observer, "schedule.arm", { name: "overnight", ...clean })).name, "overnight");
  });

  test("is armed on the branch of a ticket whose lease has ended, also before the clock has said so", async () => {
    await world.say(observer, "schedule.disarm", { name: "overnight", reason: "a branch" });
    const place = { ...clean, branch: `codex/${id}` };
    assert.equal((await refused(place)).code, "worktree.occupied");
    await world.sql("update tickets.tickets set lease_expires_at = clock_timestamp() where id = $1", [id]);
    assert.equal((await world.say(observer, "schedule.arm", { name: "overnight", ...place })).name, "overnight");
  });
});
