import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { testServer } from "../harness.ts";
import { longwatch, Pushed } from "./clean_clone.ts";

/** What is said to be delivered, looked at in a clean clone of what the remote has, by the real command line. */

const world = await testServer();
const { operator, say, ask, url } = world;
const runner = await world.seat("runner", "service");
const alice = await world.seat("Alice");
await say(operator, "namespace.define", { prefix: "CMB", format: "CMB-NNNN" });
const pushed = new Pushed();
const { repository, bare } = pushed;
repository.commit("Base", { "check.sh": "test -f src/x.txt\n", "README.md": "hello\n" });
pushed.push("main");
repository.branch("codex/x");
const good = repository.commit("CMB-0001: x", { "src/x.txt": "x\n" });
pushed.push("codex/x");

const delivered = async (parts: object): Promise<string> => {
  const { id } = await say(operator, "ticket.file", { namespace: "CMB", title: "Work" });
  const { claim_token } = await say(alice, "ticket.claim", { id });
  const all = { path: "src/x.txt", branch: "codex/x", sha: good, verify: "sh check.sh", ...parts };
  const deliverable = Object.entries(all)
    .map(([name, value]) => `${name}: ${value}`)
    .join("; ");
  await say(alice, "ticket.finish", { id, claim_token, work_proof: `commit ${good.slice(0, 7)}`, deliverable });
  return id;
};
const verify = (...words: string[]) =>
  longwatch(["land", "verify", ...words], {
    url,
    token: runner,
    cwd: repository.path,
    env: { DEPLOY_KEY: "s3cr3t-k3y" },
  });
const show = (id: string) => ask(operator, "ticket.show", { id });
const outcomeOf = async (id: string) => {
  const { code, told, stderr } = await verify(id);
  return { code, stderr, ...told[0] };
};

describe("a deliverable", () => {
  it("J20: that a clean clone of the remote proves is verified, and its ticket stays done", async () => {
    const id = await delivered({});
    const { code, outcome, sha, stderr } = await outcomeOf(id);
    assert.deepEqual([code, outcome, sha], [0, "verified", good], stderr);
    assert.deepEqual((await show(id)).verification, { state: "verified", reason: null });
    const again = await verify(id);
    assert.deepEqual([again.code, again.told[0].code], [6, "deliverable.settled"]);
  });

  it("J20: whose verify command lies in its author's directory only fails, and the ticket is open again", async () => {
    writeFileSync(join(repository.path, "only_here.sh"), "exit 0\n");
    const id = await delivered({ verify: "sh only_here.sh" });
    const { code, outcome, state, reason } = await outcomeOf(id);
    assert.deepEqual([code, outcome, state], [1, "failed", "awaiting_claim"]);
    assert.match(reason, /only_here\.sh/);
    const { state: now, receipts, verification } = await show(id);
    assert.deepEqual([now, receipts, verification.state], ["awaiting_claim", [], "failed"]);
    const byPath = await delivered({ verify: `sh ${repository.path}/only_here.sh` });
    assert.equal((await outcomeOf(byPath)).outcome, "failed", "its whole path does not help");
  });

  it("J20: that was committed and never pushed fails, with what the remote has", async () => {
    const unpushed = repository.commit("Not pushed", { "src/y.txt": "y\n" });
    const cases: [object, RegExp][] = [
      [{ path: "src/y.txt", sha: unpushed }, /is not on codex\/x of file:/],
      [{ path: "src/y.txt" }, /src\/y\.txt is not in [0-9a-f]{12} on codex\/x/],
      [{ branch: "codex/never" }, /is not on the branch that file:.* offers \(it has no codex\/never\)/],
      [{ branch: "main" }, /is not on main of/],
    ];
    for (const [parts, reason] of cases) {
      const id = await delivered(parts);
      const found = await outcomeOf(id);
      assert.deepEqual([found.outcome, (await show(id)).state], ["failed", "awaiting_claim"], JSON.stringify(parts));
      assert.match(found.reason, reason);
    }
  });

  it("of a branch that was merged and is gone is looked for where everybody looks", async () => {
    repository.git("switch", "--quiet", "main");
    repository.git("merge", "--quiet", "--no-ff", "-m", "Merge", good);
    pushed.push("main");
    const id = await delivered({ branch: "codex/gone" });
    assert.equal((await outcomeOf(id)).outcome, "verified");
  });

  it("gets nothing of the runner's, whatever its line names", async () => {
    const line = 'test -z "$DEPLOY_KEY$LONGWATCH_TOKEN" && ! env | grep -e s3c -e TOKEN';
    const { outcome, stderr } = await outcomeOf(await delivered({ verify: line }));
    assert.equal(outcome, "verified", stderr);
  });

  it("waits on when the runner could not say: the remote is away, or there is no confinement", async () => {
    const id = await delivered({});
    renameSync(bare, `${bare}.away`);
    const away = await outcomeOf(id);
    renameSync(`${bare}.away`, bare);
    assert.deepEqual([away.code, away.outcome, away.state], [8, "undecided", "done"]);
    assert.equal((await show(id)).verification.state, "unverified");
    // A path without unshare and setpriv: nothing can be confined, and an agent's command is not run.
    const tools = join(repository.path, ".git", "tools");
    mkdirSync(tools);
    for (const tool of ["git", "sh", "git-upload-pack"])
      symlinkSync(execFileSync("sh", ["-c", `command -v ${tool}`], { encoding: "utf8" }).trim(), join(tools, tool));
    const env = { PATH: tools };
    const bareHanded = await longwatch(["land", "verify", id], { url, token: runner, cwd: repository.path, env });
    assert.deepEqual([bareHanded.code, bareHanded.told[0].outcome], [8, "undecided"], bareHanded.stderr);
    assert.match(bareHanded.told[0].reason, /Not confined on this machine: /);
  });

  it("is taken with all that wait here, and what belongs to another repository is left alone", async () => {
    const others = await delivered({ branch: "elsewhere", sha: "1a2b3c4" });
    const { code, told, stderr } = await verify();
    assert.deepEqual([code, told.map(({ outcome }) => outcome)], [0, ["verified"]], stderr);
    assert.match(stderr, new RegExp(`neither the branch nor the commit of ${others}`));
    assert.equal((await show(others)).verification.state, "unverified");
    assert.equal((await verify(others)).told[0].outcome, "failed", "named, it is looked at here");
    const nothing = await verify();
    assert.deepEqual([nothing.code, nothing.told], [0, []]);
  });

  it("is not its author's to verify", async () => {
    const id = await delivered({});
    const said = await longwatch(["land", "verify", id], { url, token: alice, cwd: repository.path });
    assert.deepEqual([said.code, said.told[0].code], [6, "deliverable.own"]);
    await verify(id);
  });
});

it("after all this the ledger and the tables agree", async () => {
  assert.deepEqual((await ask(operator, "ticket.drift")).found, []);
});
