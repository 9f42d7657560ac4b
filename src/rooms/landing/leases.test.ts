import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sqlError, testWorld } from "../../../test/harness.ts";
import { landingYard, sha } from "./landing.fixture.ts";

const world = await testWorld();
const { operator, say, ask, refused } = world;
const yard = await landingYard(world, "production", "CODEX-CLI-BOX-HWD-01");
const { owner, ticket, begin, touch, land, expire, show, standing } = yard;
const lapse = () => world.door.sayInside(world.home_tenant_id, "longwatch", "deploy.lapse", {});
const environment = "production";
const good = await land();
type Held = { deploy: number; fencing_token: string };
const fenceOf = ({ deploy, fencing_token }: Held) => ({ deploy, fencing_token });
const report = (held: Held, more: object = {}, token = owner) =>
  say(token, "deploy.report", { ...fenceOf(held), ...more });
const settle = (held: Held, more: object, token = owner) => say(token, "deploy.settle", { ...fenceOf(held), ...more });

describe("a runner that is not heard of", () => {
  it("before anything was touched leaves a deploy that is over, and the way free", async () => {
    const held = await begin();
    await expire();
    const { output } = await lapse();
    assert.deepEqual(output, { lapsed: [held.deploy], in_doubt: [], alarms: [] });
    assert.equal((await show(held.deploy)).state, "lapsed");
    assert.equal((await refused(owner, "deploy.report", fenceOf(held))).code, "lease.lost");
    const next = await begin();
    await settle(next, { outcome: "refused", cause: "made room" });
  });

  it("behind that leaves the environment in doubt: nothing begins until its owner has looked", async () => {
    const held = await begin();
    await touch(held);
    await expire();
    const refusal = await refused(owner, "deploy.begin", { environment, ticket, sha: sha("next") });
    assert.deepEqual([refusal.code, refusal.facts.deploy], ["environment.in_doubt", held.deploy]);
    const { output } = await lapse();
    assert.deepEqual(output, { lapsed: [], in_doubt: [environment], alarms: ["environment.in_doubt"] });
    assert.equal((await standing()).state, "in_doubt");
    const line = /longwatch (\w+) (\w+) --environment (\w+)/.exec(refusal.hint!)!;
    const taken = await say(owner, `${line[1]}.${line[2]}`, { environment: line[3] });
    assert.deepEqual([taken.deploy, taken.stage, taken.attempt], [held.deploy, "recover", 2]);
    assert.deepEqual([taken.sha, taken.good_release], [held.sha, good.sha]);
    assert.notEqual(taken.fencing_token, held.fencing_token);
    for (const [command, more] of [
      ["report", { stage: "health" }],
      ["report_closure", { checked: 1 }],
      ["settle", { outcome: "landed", served_release: held.sha }],
    ] as const)
      assert.equal((await refused(owner, `deploy.${command}`, { ...fenceOf(held), ...more })).code, "lease.lost");
    assert.equal(
      (await refused(owner, "deploy.report", { ...fenceOf(taken), stage: "deploy" })).code,
      "stage.backwards",
    );
    await report(taken, { stage: "rollback" });
    await settle(taken, { outcome: "rolled_back", served_release: good.sha, cause: "the runner was lost" });
    assert.equal((await refused(owner, "deploy.recover", { environment })).code, "environment.settled");
    assert.equal((await standing()).state, "settled");
    assert.deepEqual((await lapse()).output, { lapsed: [], in_doubt: [], alarms: [] });
  });

  it("may be lost again while it recovers: the next takes over, and one of them settles", async () => {
    const held = await begin();
    await touch(held);
    await expire();
    const first = await say(owner, "deploy.recover", { environment });
    assert.equal((await refused(owner, "deploy.recover", { environment })).code, "deploy.running");
    await expire();
    const second = await say(owner, "deploy.recover", { environment });
    assert.equal(second.attempt, 3);
    const ending = { outcome: "landed", served_release: held.sha };
    assert.equal((await refused(owner, "deploy.settle", { ...fenceOf(first), ...ending })).code, "lease.lost");
    await settle(second, ending);
    assert.equal((await standing()).release, held.sha);
  });

  it("is heard of by its reports, which hold the lease as long as they come", async () => {
    const held = await begin({ lease_seconds: 5 });
    const { lease_expires_at } = await report(held, { lease_seconds: 300 });
    assert.ok(Date.parse(lease_expires_at) > Date.parse(held.lease_expires_at) + 200_000);
    const entries = (await show(held.deploy)).entries.length;
    await report(held);
    assert.equal((await show(held.deploy)).entries.length, entries, "holding on is no news");
    await settle(held, { outcome: "refused", cause: "made room" });
  });
});

describe("a binding", () => {
  const SECOND = "CODEX-CLI-BOX-HWD-02";

  it("J28: has one owner, and another is told who it is and who hands it over", async () => {
    const second = await world.seat(SECOND);
    const refusal = await refused(second, "binding.take", { environment });
    assert.deepEqual([refusal.code, refusal.facts.owner], ["binding.held", yard.seat]);
    const bare = `insert into landing.bindings (tenant_id, environment, owner_id, since) values (1, $1, 1, now())`;
    assert.equal((await sqlError(world.asApplication(bare, [environment]))).code, "23505");
    const strategist = await world.seat("CLAUDE-CLI-BOX-HWD-40", "strategist");
    assert.equal((await refused(strategist, "binding.take", { environment })).code, "role.forbidden");
    const own = await refused(second, "binding.hand_over", { environment, to: SECOND, reason: "r" });
    assert.equal(own.code, "binding.held");
  });

  it("J28: is handed over as an event, not to one who does not land, and not while a deploy runs", async () => {
    await world.seat("CLAUDE-CLI-BOX-HWD-41", "strategist");
    const to = (seat: string, more: object = {}) => ({ environment, to: seat, reason: "off shift", ...more });
    assert.equal((await refused(owner, "binding.hand_over", to("CLAUDE-CLI-BOX-HWD-41"))).code, "binding.not_a_lander");
    const held = await begin();
    assert.equal((await refused(owner, "binding.hand_over", to(SECOND, { cut: true }))).code, "deploy.running");
    assert.equal((await refused(owner, "binding.release", { environment, reason: "r" })).code, "deploy.running");
    await settle(held, { outcome: "refused", cause: "made room" });
    const out = await say(owner, "binding.hand_over", to(SECOND));
    assert.deepEqual(out, { environment, owner: SECOND, was: yard.seat, cut: null });
    assert.equal((await refused(owner, "deploy.begin", { environment, ticket, sha: sha("z") })).code, "binding.held");
    const { entries } = await ask(operator, "feed.read", { about: environment, limit: 1000 });
    const { kind, data } = entries.at(-1);
    assert.deepEqual([kind, data.was, data.owner], ["binding.handed_over", yard.seat, SECOND]);
    await say(operator, "binding.hand_over", { environment, to: yard.seat, reason: "back" });
  });

  it("lost in the middle of a deploy cuts the runner off; the new owner looks and settles it once", async () => {
    const held = await begin();
    await touch(held);
    const steward = await world.seat("CLAUDE-CLI-BOX-HWD-50", "steward");
    const wish = { environment, to: SECOND, reason: "its owner is gone", cut: true };
    assert.equal((await refused(steward, "binding.hand_over", wish)).code, "binding.held", "the owner is there");
    await world.sql("update seats.principals set heard_at = now() - interval '1 hour' where name = $1", [yard.seat]);
    assert.equal((await say(steward, "binding.hand_over", wish)).cut, held.deploy);
    assert.equal(
      (await refused(owner, "deploy.settle", { ...fenceOf(held), outcome: "failed", cause: "c" })).code,
      "lease.lost",
    );
    assert.equal((await refused(owner, "deploy.recover", { environment })).code, "binding.held");
    const { token: second } = await say(operator, "seat.adopt", { name: SECOND, role: "implementer", replace: true });
    const taken = await say(second, "deploy.recover", { environment });
    const { release } = await standing();
    await settle(taken, { outcome: "rolled_back", served_release: release, cause: "cut off" }, second);
    const shown = await show(held.deploy);
    assert.deepEqual([shown.state, shown.runner, shown.owner], ["rolled_back", SECOND, yard.seat]);
    await say(second, "binding.hand_over", { environment, to: yard.seat, reason: "back" });
  });
});

describe("the log", () => {
  it("is read piece by piece while it is written, and the ledger proves each piece", async () => {
    const held = await begin();
    await report(held, { stage: "closure", log: "looking\n" });
    await report(held, { log: "42 needs, none missing\n" });
    const first = await ask(operator, "deploy.log", { id: held.deploy, limit: 1 });
    assert.deepEqual([first.pieces[0].text, first.pieces[0].stage, first.state], ["looking\n", "closure", "running"]);
    const { pieces } = await ask(operator, "deploy.log", { id: held.deploy, after: first.pieces[0].number });
    assert.deepEqual(
      pieces.map(({ text }: { text: string }) => text),
      ["42 needs, none missing\n"],
    );
    const { entries } = await ask(operator, "feed.read", { about: `deploy-${held.deploy}`, limit: 1000 });
    const logged = entries.filter(({ kind }: { kind: string }) => kind === "deploy.logged");
    assert.deepEqual(
      logged.map(({ data }: any) => [data.number, data.bytes, "text" in data]),
      [
        [1, 8, false],
        [2, 23, false],
      ],
    );
    await settle(held, { outcome: "refused", cause: "made room" });
  });

  it("ends at its bound in a whole character, and says how much is lost", async () => {
    const small = await landingYard(world, "small", "CODEX-CLI-BOX-HWD-09");
    await say(operator, "environment.define", {
      ...{ environment: "small", branch: "main", command: "true", health_url: "http://127.0.0.1:9/", output_kb: 1 },
    });
    const held = await small.begin();
    const fence = fenceOf(held);
    await say(small.owner, "deploy.report", { ...fence, log: "x".repeat(1022) });
    const out = await say(small.owner, "deploy.report", { ...fence, log: "é€y" });
    assert.deepEqual([out.log_bytes_left, out.log_bytes_lost], [0, 4]);
    const after = await say(small.owner, "deploy.report", { ...fence, log: "more" });
    assert.equal(after.log_bytes_lost, 8);
    const { pieces, log_bytes_lost } = await ask(operator, "deploy.log", { id: held.deploy });
    assert.deepEqual([pieces.at(-1).text, log_bytes_lost], ["é", 8]);
    await say(small.owner, "deploy.settle", { ...fence, outcome: "refused", cause: "made room" });
  });
});

it("after all this the ledger and the tables agree", async () => {
  assert.deepEqual((await ask(operator, "landing.drift")).found, []);
});
