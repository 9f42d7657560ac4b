import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sqlError, testWorld } from "../../../test/harness.ts";
import { landingYard, sha } from "./landing.fixture.ts";

const world = await testWorld();
const { operator, say, ask, refused } = world;
const yard = await landingYard(world, "production", "CODEX-CLI-BOX-HWD-01");
const { owner, ticket, begin, touch, land, show, standing } = yard;
const stranger = await world.seat("CODEX-CLI-BOX-HWD-02");
const kinds = async (about: string) =>
  (await ask(operator, "feed.read", { about, limit: 1000 })).entries.map(({ kind }: { kind: string }) => kind);
const fenceOf = ({ deploy, fencing_token }: { deploy: number; fencing_token: string }) => ({ deploy, fencing_token });
const settle = (fence: object, more: object, token = owner) => say(token, "deploy.settle", { ...fence, ...more });

describe("a deploy", () => {
  it("that serves its sha becomes the last known good release, and its ticket's history says so", async () => {
    const held = await begin({ base: sha("base"), source: "codex/hwd-0013", commits: [sha("a"), sha("b")] });
    assert.deepEqual([held.good_release, held.stage, held.topology.branch], [null, "claimed", "codex/hwd-0015-ready"]);
    const fence = await touch(held);
    const out = await settle(fence, { outcome: "landed", served_release: held.sha });
    assert.deepEqual(out, { deploy: held.deploy, outcome: "landed", release: held.sha, failure: null });
    const { release, state, owner: name } = await standing();
    assert.deepEqual([release, state, name], [held.sha, "settled", "CODEX-CLI-BOX-HWD-01"]);
    assert.ok((await kinds(ticket)).includes("release.landed"));
    const { receipts } = await ask(operator, "ticket.show", { id: ticket });
    assert.deepEqual(
      receipts.map(({ stage }: { stage: string }) => stage),
      ["deployed", "observed"],
      "the ticket's own receipts come with the landing",
    );
    assert.deepEqual(await kinds(`deploy-${held.deploy}`), [
      "deploy.begun",
      "deploy.closure_whole",
      "deploy.advanced",
      "deploy.settled",
    ]);
    const { releases, good } = await ask(operator, "release.list", { environment: "production" });
    assert.deepEqual([good, releases[0].deploy, releases[0].ticket], [held.sha, held.deploy, ticket]);
  });

  it("is begun under the decision that allowed it, in one commit and under one version of the state", async () => {
    const held = await begin();
    const [row] = await world.sql(
      "select effect, action, resource_id, subject, state_version::int from policy.decisions where id = $1",
      [held.decision],
    );
    const { entries } = await ask(operator, "feed.read", { about: `deploy-${held.deploy}` });
    const { entries: all } = await ask(operator, "feed.read", { after: row.state_version, limit: 1000 });
    assert.deepEqual([row.effect, row.action, row.resource_id], ["allow", "deploy", "production"]);
    assert.deepEqual(
      all.slice(0, 2).map(({ kind }: { kind: string }) => kind),
      ["policy.decided", "deploy.begun"],
      "nothing came between the state that decided and the act",
    );
    assert.equal(entries[0].seq, row.state_version + 2);
    await settle(fenceOf(held), { outcome: "refused", cause: "only looked" });
  });

  it("is one at a time: a second is told which runs", async () => {
    const held = await begin();
    const refusal = await refused(owner, "deploy.begin", { environment: "production", ticket, sha: sha("other") });
    assert.deepEqual([refusal.code, refusal.facts.deploy], ["deploy.running", held.deploy]);
    await settle(fenceOf(held), { outcome: "refused", cause: "made room" });
  });

  it("J28: is its owner's: another seat is told who owns it; a service runs it in the owner's name", async () => {
    assert.equal(
      (await refused(stranger, "deploy.begin", { environment: "production", ticket, sha: sha("x") })).code,
      "binding.held",
    );
    const runner = await world.seat("RUNNER-CLI-BOX-HWD-90", "service");
    const held = await begin({}, runner);
    const [row] = await world.sql("select subject from policy.decisions where id = $1", [held.decision]);
    assert.equal(row.subject, "CODEX-CLI-BOX-HWD-01");
    const { runner: name, owner: whose } = await show(held.deploy);
    assert.deepEqual([name, whose], ["RUNNER-CLI-BOX-HWD-90", "CODEX-CLI-BOX-HWD-01"]);
    assert.equal((await refused(owner, "deploy.report", fenceOf(held))).code, "lease.lost", "not even its owner");
    await settle(fenceOf(held), { outcome: "refused", cause: "done" }, runner);
  });

  it("of a ticket that the owner does not hold is denied with what to do instead, and is kept", async () => {
    const { id } = await say(operator, "ticket.file", { namespace: "HWD", title: "Not held" });
    const refusal = await refused(owner, "deploy.begin", { environment: "production", ticket: id, sha: sha("y") });
    assert.deepEqual([refusal.code, refusal.kind], ["deploy.denied", "denied"]);
    assert.match(refusal.hint!, /longwatch ticket claim|longwatch queue read/);
    const [row] = await world.sql("select effect from policy.decisions where id = $1", [refusal.facts.decision]);
    assert.equal(row.effect, "deny");
    assert.equal((await standing()).state, "settled");
  });

  it("without a ticket or a commit is refused with the fields that are missing", async () => {
    const refusal = await refused(owner, "deploy.begin", { environment: "production" });
    assert.deepEqual(
      [refusal.code, refusal.fields.map(({ field }) => field)],
      ["deploy.incomplete", ["sha", "ticket"]],
    );
    const bad = await refused(owner, "deploy.begin", { environment: "production", ticket, sha: "abc123" });
    assert.deepEqual([bad.code, bad.fields[0]!.field], ["input.invalid", "sha"]);
  });
});

describe("an end", () => {
  it("J29: that fails its health and is restored keeps the good release, and tells how long it was down", async () => {
    const good = (await standing()).release;
    const held = await begin();
    const fence = await touch(held);
    const down_from = "2026-11-21T10:00:00.250Z";
    const bad = await refused(owner, "deploy.settle", {
      ...fence,
      ...{ outcome: "rolled_back", served_release: held.sha, cause: "health" },
    });
    assert.equal(bad.code, "release.mismatch");
    const out = await settle(fence, {
      ...{ outcome: "rolled_back", served_release: good, down_from, downtime_milliseconds: 31_417 },
      cause: "GET /health answered 500: route handlers are missing",
    });
    assert.deepEqual([out.release, out.failure], [good, held.deploy]);
    const { failures } = await ask(operator, "failure.list", { all: true });
    const [failure] = failures;
    assert.deepEqual(
      [failure.failure, failure.ticket, failure.release, failure.served_release, failure.down_until],
      [held.deploy, ticket, held.sha, good, "2026-11-21T10:00:31.667Z"],
    );
    assert.deepEqual([failure.downtime_milliseconds, failure.mended_by], [31_417, held.deploy]);
    const shown = await show(held.deploy);
    assert.deepEqual(
      failure.entries,
      shown.entries.map(({ seq }: { seq: number }) => seq),
    );
    assert.ok((await kinds(ticket)).includes("failure.opened"));
    assert.deepEqual((await ask(operator, "failure.list")).failures, [], "it is mended");
  });

  it("that leaves it down says since when, until a later deploy mends it", async () => {
    const good = (await standing()).release;
    const fence = await touch(await begin());
    const down_from = new Date(Date.now() - 5000).toISOString();
    await settle(fence, { outcome: "failed", served_release: "nobody", down_from, cause: "the restore failed too" });
    const after = await standing();
    assert.deepEqual([after.down_since, after.release], [down_from, good], "the last good release stays");
    const open = (await ask(operator, "failure.list")).failures;
    assert.deepEqual([open.length, open[0].down_until], [1, null]);
    const back = await begin({ rollback: true, sha: undefined, ticket: undefined });
    assert.deepEqual([back.sha, back.rollback, back.down_since], [good, true, down_from]);
    const again = { deploy: back.deploy, fencing_token: back.fencing_token };
    await say(owner, "deploy.report", { ...again, stage: "deploy" });
    await settle(again, { outcome: "landed", served_release: good });
    assert.equal((await standing()).down_since, null);
    const [mended] = (await ask(operator, "failure.list", { all: true })).failures;
    assert.equal(mended.mended_by, back.deploy);
    assert.ok(mended.downtime_milliseconds >= 5000);
  });

  it("lands only what is served, is told once, and says what it left out", async () => {
    const held = await begin();
    const fence = fenceOf(held);
    const early = { ...fence, outcome: "landed", served_release: held.sha };
    assert.equal((await refused(owner, "deploy.settle", early)).code, "deploy.untouched");
    await touch(held);
    const code = async (more: object) => (await refused(owner, "deploy.settle", { ...fence, ...more })).code;
    assert.equal(await code({ outcome: "landed", served_release: sha("another") }), "release.mismatch");
    assert.equal(await code({ outcome: "landed" }), "release.mismatch");
    assert.equal(await code({ outcome: "refused", cause: "c" }), "deploy.touched");
    assert.equal(await code({ outcome: "failed" }), "deploy.uncaused");
    assert.equal(await code({ outcome: "failed", cause: "c", downtime_milliseconds: 1 }), "downtime.begins_nowhere");
    await settle(fence, { outcome: "landed", served_release: held.sha });
    assert.equal(await code({ outcome: "failed", cause: "c" }), "lease.lost");
    assert.equal((await show(held.deploy)).state, "landed");
  });
});

describe("a rollback", () => {
  it("goes to the release before, and takes out of service what it goes back behind", async () => {
    const first = await land();
    const later = await yard.claimed();
    const second = await land({ ticket: later });
    const stagesOf = async (id: string) =>
      (await ask(operator, "ticket.show", { id })).receipts.map(({ stage }: { stage: string }) => stage);
    assert.deepEqual(await stagesOf(later), ["deployed", "observed"]);
    const back = await begin({ rollback: true, sha: undefined });
    assert.equal(back.sha, first.sha);
    const fence = { deploy: back.deploy, fencing_token: back.fencing_token };
    await say(owner, "deploy.report", { ...fence, stage: "deploy" });
    await settle(fence, { outcome: "landed", served_release: first.sha });
    assert.equal((await show(second.deploy)).withdrawn_by, back.deploy);
    assert.equal((await standing()).release, first.sha);
    assert.deepEqual(await stagesOf(later), [], "what is not served any more is not deployed");
    const refusal = await refused(owner, "deploy.begin", {
      ...{ environment: "production", rollback: true, sha: second.sha },
    });
    assert.deepEqual([refusal.code, (refusal.facts.releases as string[])[0]], ["release.unknown", first.sha]);
  });
});

describe("PostgreSQL refuses", () => {
  const change = (id: number, what: string) =>
    sqlError(world.asApplication(`update landing.deploys set ${what} where tenant_id = 1 and id = ${id}`));

  it("to change an outcome, to go back a stage, or to land what is not served", async () => {
    const done = await land();
    assert.equal((await change(done.deploy, "state = 'failed', cause = 'c'")).code, "LW018");
    assert.equal((await change(done.deploy, "sha = repeat('0', 40)")).code, "42501");
    const held = await begin();
    const fence = await touch(held);
    assert.equal((await change(held.deploy, "stage = 'verify'")).code, "LW018");
    assert.equal((await change(held.deploy, "fencing_token = gen_random_uuid()")).code, "LW018");
    const end = "fencing_token = null, lease_expires_at = null, ended_at = now()";
    assert.equal(
      (await change(held.deploy, `${end}, state = 'landed', served_release = 'other'`)).constraint,
      "landed_serves_its_sha",
    );
    assert.equal(
      (await change(held.deploy, `${end}, state = 'refused', cause = 'c'`)).constraint,
      "untouched_when_refused",
    );
    assert.equal(
      (await change(held.deploy, `${end}, state = 'rolled_back', cause = 'c', served_release = 'x'`)).constraint,
      "rolled_back_to_a_release",
    );
    const good = `update landing.environments set good_deploy = ${held.deploy} where tenant_id = 1`;
    assert.equal((await sqlError(world.asApplication(good))).code, "23503", "only what landed is good");
    await settle(fence, { outcome: "failed", cause: "c" });
    assert.equal((await sqlError(world.asApplication(good))).code, "23503", "and a failure never is");
  });
});

it("after all this the ledger and the tables agree", async () => {
  assert.deepEqual((await ask(operator, "landing.drift")).found, []);
});
