import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sqlError, testWorld } from "../../../test/harness.ts";
import { landingYard, sha } from "./landing.fixture.ts";

const world = await testWorld();
const { operator, say, ask, refused } = world;
const yard = await landingYard(world, "production", "CODEX-CLI-BOX-HWD-01");
const { owner, ticket: open } = yard;
const done = async (): Promise<string> => {
  const { id } = await say(operator, "ticket.file", { namespace: "HWD", title: "Done" });
  const { claim_token } = await say(owner, "ticket.claim", { id });
  await say(owner, "ticket.finish", { id, claim_token, work_proof: "commit 1a2b3c4" });
  return id;
};

describe("merge debt", () => {
  const repository = "heartwood";
  const report = (branches: object[], more: object = {}) =>
    say(owner, "debt.report", { repository, base: "main", branches, ...more });
  const branch = (name: string, ahead: number, tickets: string[]) => ({
    branch: name,
    head: sha(name),
    ahead,
    tickets,
  });

  it("J30: is raised for branches far ahead whose tickets are done, told once, and settled once merged", async () => {
    const finished = await done();
    const all = [
      branch("codex/far", 72, [finished, open, "HWD-9999"]),
      branch("codex/near", 9, [finished]),
      branch("codex/working", 40, [open]),
      branch("codex/nameless", 40, []),
    ];
    assert.deepEqual(await report(all), { debts: 1, raised: ["codex/far"], settled: [] });
    assert.deepEqual(await report([...all].reverse()), { debts: 1, raised: [], settled: [] });
    const { debts } = await ask(operator, "debt.list");
    assert.deepEqual(
      [debts.length, debts[0].branch, debts[0].ahead, debts[0].tickets],
      [1, "codex/far", 72, [finished]],
    );
    assert.deepEqual(await report(all.slice(1)), { debts: 0, raised: [], settled: ["codex/far"] });
    assert.deepEqual(await report(all, { ahead_min: 9 }), {
      ...{ debts: 2, raised: ["codex/far", "codex/near"], settled: [] },
    });
    const { entries } = await ask(operator, "feed.read", { about: "heartwood codex/far", limit: 100 });
    assert.deepEqual(
      entries.map(({ kind }: { kind: string }) => kind),
      ["debt.raised", "debt.settled", "debt.raised"],
    );
    assert.deepEqual((await ask(operator, "debt.list", { repository: "other" })).debts, []);
  });
});

describe("a credential", () => {
  const environment = "production";
  const wish = { name: "MAIL_API_KEY", environment, guard: "src/mail/send_gate.ts" };
  const prove = (release: string, served: boolean) =>
    say(owner, "credential.prove_guard", { environment, release, guard: wish.guard, served });

  it("J31: waits for its guard: not without a release, nor unseen, nor missing, nor in another release", async () => {
    const code = async () => (await refused(owner, "credential.register", wish)).code;
    assert.equal(await code(), "guard.unserved");
    const first = await yard.land();
    assert.equal(await code(), "guard.unserved");
    await prove(first.sha, false);
    assert.equal(await code(), "guard.unserved");
    const early = await refused(owner, "credential.prove_guard", {
      ...{ environment, release: sha("the branch"), guard: wish.guard, served: true },
    });
    assert.equal(early.code, "release.not_served");
    await prove(first.sha, true);
    const second = await yard.land();
    assert.equal(await code(), "guard.unserved", "what was seen in the release before counts no more");
    await prove(second.sha, true);
    assert.deepEqual(await say(owner, "credential.register", wish), {
      ...{ name: wish.name, environment, release: second.sha },
    });
    assert.equal(await code(), "credential.registered");
  });

  it("J31: is a finding when a later release has lost its guard, told once for each change", async () => {
    const listed = async (input: object = {}) =>
      (await ask(operator, "credential.list", input)).credentials.map((one: any) => [one.name, one.guarded]);
    assert.deepEqual(await listed(), [[wish.name, "yes"]]);
    const { sha: third } = await yard.land();
    assert.deepEqual(await listed({ unguarded: true }), [[wish.name, "unseen"]]);
    assert.deepEqual((await prove(third, false)).changed, [wish.name]);
    assert.deepEqual((await prove(third, false)).changed, []);
    assert.deepEqual(await listed({ unguarded: true }), [[wish.name, "no"]]);
    assert.deepEqual((await prove(third, true)).changed, [wish.name]);
    const { entries } = await ask(operator, "feed.read", { about: wish.name, limit: 100 });
    assert.deepEqual(
      entries.map(({ kind }: { kind: string }) => kind),
      ["credential.registered", "credential.unguarded", "credential.guarded"],
    );
    await say(owner, "credential.retire", { name: wish.name });
    assert.deepEqual(await listed(), []);
    assert.equal((await refused(owner, "credential.retire", { name: wish.name })).code, "credential.unknown");
  });

  it("J31: is refused by PostgreSQL too where no runner has seen the guard", async () => {
    const { sha: release, deploy } = await yard.land();
    const insert = () =>
      sqlError(
        world.asApplication(
          `insert into landing.credentials
             (tenant_id, name, environment, guard, guarded_by, registered_by, registered_at)
           values (1, 'X', 'production', 'src/mail/send_gate.ts', ${deploy}, 1, now())`,
        ),
      );
    assert.equal((await insert()).code, "23503", "no runner has looked at all");
    await prove(release, false);
    assert.equal((await insert()).code, "LW019");
  });
});

it("after all this the ledger and the tables agree", async () => {
  assert.deepEqual((await ask(operator, "landing.drift")).found, []);
});
