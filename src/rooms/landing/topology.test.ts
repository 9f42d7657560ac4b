import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { computingTime } from "../../../test/computing.ts";
import { testWorld } from "../../../test/harness.ts";
import { landingYard, TOPOLOGY } from "./landing.fixture.ts";
import { contradictions, type Recorded } from "./topology.ts";

const HWD: Recorded = {
  ...{ environment: "heartwood", lane: "HEARTWOOD", production: true },
  ...{ branch: "codex/hwd-0015-ready", command: "npx vercel deploy --prod", verify_command: "npm test" },
  rollback_command: null,
};
const CMB: Recorded = { ...HWD, environment: "camber", lane: "CAMBER", branch: "main", command: "fly deploy" };
const said = (text: string, lane: string | null = "HEARTWOOD", recorded = [HWD, CMB]) =>
  contradictions(text, lane, recorded).map((one) => `${one.environment} ${one.what} ${one.said}`);

describe("words that contradict the recorded topology", () => {
  const cases: [text: string, found: string[]][] = [
    ["merge to main + deploy", ["heartwood branch main"]],
    ["Merge HWD-0013 into main and deploy to production.", ["heartwood branch main"]],
    ["Push it to origin/main, then ship.", ["heartwood branch main"]],
    ["Deploy heartwood from `master`.", ["heartwood branch master"]],
    ["deploy branch codex/hwd-0013 now", ["heartwood branch codex/hwd-0013"]],
    ["Release main to heartwood", ["heartwood branch main"]],
    ["Redeploy with `vercel --prod --force`", ["heartwood command vercel --prod --force"]],
    ["run `fly deploy` to release it", ["heartwood command fly deploy"]],
    ["Deploy camber from codex/hwd-0015-ready", ["camber branch codex/hwd-0015-ready"]],
    ["First the tests.\nThen cherry-pick onto develop and roll out.", ["heartwood branch develop"]],
  ];
  for (const [text, found] of cases) it(JSON.stringify(text), () => assert.deepEqual(said(text), found));
});

describe("words that contradict nothing", () => {
  const cases: [text: string, lane?: string | null][] = [
    ["Deploy from codex/hwd-0015-ready"],
    ["merge codex/hwd-0013 into codex/hwd-0015-ready and deploy"],
    ["deploy with `npx vercel deploy --prod`"],
    ["deploy by `vercel deploy --prod`"],
    ["deploy using `longwatch land run`"],
    ["run `npm test`, then deploy"],
    ["Deploy; do not merge to main"],
    ["Deploy from the ready branch instead of main."],
    ["Deploy this, never from main."],
    ["Merge to main", "HEARTWOOD"],
    ["Deploy to staging from develop"],
    ["merge to main + deploy", "CAMBER"],
    ["merge to main + deploy", "SOMETHING-ELSE"],
    ["merge to main + deploy", null],
    ["Deploy the change from src/app/route.ts"],
    ["Add a deploy button to main navigation? No: to the settings page."],
    ["Ship the notes to heartwood"],
    ["The release went from v1.2 to v1.3"],
    ["Release notes: commit messages go to the changelog"],
    [""],
  ];
  for (const [text, lane = "HEARTWOOD"] of cases)
    it(`${JSON.stringify(text)} in ${lane}`, () => assert.deepEqual(said(text, lane), []));

  it("are all words where nothing is recorded; where one environment is, it is meant", () => {
    assert.deepEqual(said("merge to main + deploy", "HEARTWOOD", []), []);
    assert.deepEqual(said("merge to main + deploy", null, [{ ...HWD, lane: null }]), ["heartwood branch main"]);
  });

  it("are answered in a time that grows with their length only", () => {
    const long = `deploy ${"to the main from merge ".repeat(2500)}`;
    const took = computingTime(() => {
      said(long);
      said(`merge ${"a ".repeat(30_000)}deploy`);
    });
    assert.ok(took < 1000, `${took} ms`);
  });
});

describe("writing such words (FLT-0175)", async () => {
  const world = await testWorld();
  const { operator, say, ask, refused } = world;
  const { owner } = await landingYard(world, "heartwood", "CODEX-CLI-BOX-HEARTWOOD-01");
  await say(operator, "environment.define", { environment: "heartwood", ...TOPOLOGY, lane: "HEARTWOOD" });
  await say(operator, "namespace.define", { prefix: "FLT", format: "FLT-NNNN", lane: "HEARTWOOD" });
  const strategist = await world.seat("CLAUDE-CLI-BOX-HEARTWOOD-20", "strategist");
  const words = { title: "Land HWD-0013", intent: "merge to main + deploy, so that users have it" };

  it("J27: is refused at the dispatch and at the filing, with what is recorded, and files nothing", async () => {
    const before = await ask(operator, "ticket.list", {});
    const refusal = await refused(strategist, "ticket.dispatch", { ...words, lane: "HEARTWOOD", namespace: "FLT" });
    assert.equal(refusal.code, "topology.contradicted");
    assert.match(refusal.message, /heartwood is deployed from codex\/hwd-0015-ready, not from main/);
    assert.deepEqual(refusal.facts.contradictions, [
      { environment: "heartwood", what: "branch", said: "main", recorded: "codex/hwd-0015-ready" },
    ]);
    const filing = { namespace: "FLT", title: "Land", body: "Merge to main. Then push to main and deploy." };
    assert.equal(
      (await refused(owner, "ticket.file", filing)).code,
      "topology.contradicted",
      "by its namespace's lane",
    );
    const post = { kind: "actionable", reserve: "FLT", state: "AWAITING_CLAIM", subject: "Land {{ITEM_ID}}" };
    const posted = await refused(strategist, "post.append", { ...post, body: filing.body });
    assert.equal(posted.code, "topology.contradicted");
    assert.deepEqual(await ask(operator, "ticket.list", {}), before);
  });

  it("breaks nobody else's filing of the same batch, and the recorded way is taken", async () => {
    const file = (title: string) => say(owner, "ticket.file", { namespace: "FLT", title }).catch(({ code }) => code);
    const all = await Promise.all([file("One"), file("Merge to main and deploy"), file("Three"), file("Deploy it")]);
    assert.deepEqual(
      all.map((one) => one.id ?? one),
      ["FLT-0001", "topology.contradicted", "FLT-0002", "FLT-0003"],
    );
    const intent = `merge to ${TOPOLOGY.branch} + deploy`;
    await say(operator, "ticket.dispatch", { ...words, intent, lane: "HEARTWOOD", namespace: "FLT" });
  });

  it("is right once the topology is recorded anew, and what it was before is kept", async () => {
    await say(operator, "environment.define", {
      ...{ environment: "heartwood", ...TOPOLOGY, lane: "HEARTWOOD", branch: "main", reason: "option B is over" },
    });
    await say(operator, "ticket.dispatch", { ...words, lane: "HEARTWOOD", namespace: "FLT" });
    const { history, topology } = await ask(operator, "environment.show", { environment: "heartwood" });
    assert.deepEqual(
      history.map(({ version, branch }: any) => [version, branch]),
      [
        [3, "main"],
        [2, TOPOLOGY.branch],
        [1, TOPOLOGY.branch],
      ],
    );
    assert.equal(topology.branch, "main");
    const same = { environment: "heartwood", ...TOPOLOGY, lane: "HEARTWOOD", branch: "main" };
    assert.equal((await refused(operator, "environment.define", same)).code, "environment.as_it_is");
    assert.equal((await refused(owner, "environment.define", same)).code, "role.forbidden");
  });

  it("is not asked of an environment that nobody recorded rightly", async () => {
    const bad: [object, string][] = [
      [{ branch: "-x" }, "branch"],
      [{ branch: "a..b" }, "branch"],
      [{ branch: "x.lock" }, "branch"],
      [{ health_url: "ftp://x/" }, "health_url"],
      [{ health_url: "https://user:pass@x/" }, "health_url"],
      [{ release_pointer: "release" }, "release_pointer"],
      [{ environment: "a b" }, "environment"],
      [{ command: " " }, "command"],
    ];
    for (const [more, field] of bad) {
      const refusal = await refused(operator, "environment.define", { environment: "x", ...TOPOLOGY, ...more });
      assert.deepEqual([refusal.code, refusal.fields[0]?.field], ["input.invalid", field]);
    }
    await assert.rejects(ask(operator, "environment.show", { environment: "nowhere" }), {
      code: "environment.unknown",
    });
  });
});
