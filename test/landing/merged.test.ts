import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { keptKey, keyPath } from "../../src/programs/webhook/key.ts";
import { webhookSecret } from "../../src/surfaces/http/webhook_secret.ts";
import { testServer } from "../harness.ts";
import { longwatch, Pushed } from "./clean_clone.ts";

/** What is merged, asked of a plain git remote. */

const world = await testServer();
const { operator, say, ask, url } = world;
const runner = await world.seat("runner", "service");
await say(operator, "namespace.define", { prefix: "CMB", format: "CMB-NNNN" });
const file = async () => (await say(operator, "ticket.file", { namespace: "CMB", title: "Work" })).id as string;
const pushed = new Pushed();
const { repository } = pushed;
const look = async (...words: string[]) => {
  const words_ = ["land", "merged", "--name", "acme/shop", ...words];
  const { code, told, stderr } = await longwatch(words_, { url, token: runner, cwd: repository.path });
  assert.equal(code, 0, stderr);
  const { head, commits, merged, lost } = told[0];
  return { head, commits, merged, lost };
};
const stages = async (id: string): Promise<string[]> =>
  (await ask(operator, "ticket.show", { id })).receipts.map(({ stage }: { stage: string }) => stage);

describe("a plain git remote", () => {
  it("tells which tickets its branch has, and the next look begins where this one ended", async () => {
    const [one, two, three] = [await file(), await file(), await file()];
    repository.commit(`${one}: x`, { "x.txt": "x" });
    const reverted = repository.commit(`${two}: y`, { "y.txt": "y" });
    repository.git("revert", "--no-edit", reverted);
    pushed.push("main");
    repository.branch(`codex/${three.toLowerCase()}`);
    const unmerged = repository.commit("z", { "z.txt": "z" });
    const head = repository.git("rev-parse", "main");
    assert.deepEqual(await look(), { head, commits: 3, merged: [one, two], lost: [] });
    assert.deepEqual(await look(), { head, commits: 0, merged: [], lost: [] });
    repository.git("switch", "--quiet", "main");
    repository.git("merge", "--quiet", "--no-ff", "-m", `Merge branch 'codex/${three.toLowerCase()}'`, unmerged);
    pushed.push("main");
    assert.deepEqual((await look()).merged, [three], "of what git says of a merge, the branch counts");
  });

  it("that lost commits takes their tickets' receipts back, and gives them back with the commits", async () => {
    const [kept, lost] = [await file(), await file()];
    repository.commit(`${kept}: here`, { "a.txt": "a" });
    pushed.push("main");
    const ahead = repository.commit(`${lost}: there\n\nAnd more of ${kept}.`, { "b.txt": "b" });
    pushed.push("main");
    assert.deepEqual((await look()).merged, [kept, lost]);
    repository.git("reset", "--quiet", "--hard", "HEAD~1");
    pushed.push("--force", "main");
    assert.deepEqual(await look().then((found) => [found.merged, found.lost]), [[], [lost]]);
    assert.deepEqual([await stages(lost), await stages(kept)], [[], ["merged"]]);
    assert.deepEqual((await look()).lost, []);
    repository.git("reset", "--quiet", "--hard", ahead);
    pushed.push("main");
    assert.deepEqual((await look()).merged, [kept, lost]);
    assert.deepEqual(await stages(lost), ["merged"]);
  });

  it("is asked for a branch that it has, and else it is told", async () => {
    const words = ["land", "merged", "--branch", "nowhere"];
    const { code, told } = await longwatch(words, { url, token: runner, cwd: repository.path });
    assert.deepEqual([code, told[0].head], [5, null]);
    const strange = ["land", "merged", "--remote", "ext::sh -c 'touch ran'"];
    const said = await longwatch(strange, { url, token: runner, cwd: repository.path });
    assert.equal(said.code, 1);
    assert.match(said.stderr, /transport 'ext' not allowed/);
  });

  it("leaves the ledger and the tables in agreement", async () => {
    assert.deepEqual((await ask(operator, "ticket.drift")).found, []);
    assert.deepEqual((await ask(operator, "landing.drift")).found, []);
  });
});

describe("a webhook's secret", () => {
  it("is printed where the server's key lies, and nowhere else", async () => {
    const data = mkdtempSync(join(tmpdir(), "longwatch-data-"));
    after(() => rmSync(data, { recursive: true, force: true }));
    await say(operator, "webhook.open", { name: "shop", provider: "github", repository: "acme/shop" });
    const secret = (env: Record<string, string>, name = "shop") =>
      longwatch(["webhook", "secret", name], { url, token: operator, cwd: data, env });
    const without = await secret({ LONGWATCH_DATA: data });
    assert.deepEqual([without.code, without.stdout], [5, ""]);
    const keys = await Promise.all(Array.from({ length: 8 }, () => keptKey(data)));
    const key = keys[0]!;
    assert.ok(
      keys.every((one) => one.equals(key)),
      "however many begin at once",
    );
    assert.equal(statSync(keyPath(data)).mode & 0o777, 0o600);
    const { code, told } = await secret({ LONGWATCH_DATA: data });
    assert.equal(code, 0);
    assert.equal(told[0].secret, webhookSecret(key, { tenant: "home", name: "shop", round: 1 }));
    assert.equal(told[0].address, `${url}/webhooks/home/shop`);
    assert.equal((await secret({ LONGWATCH_DATA: data }, "nobody")).code, 5);
  });
});
