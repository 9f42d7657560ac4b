import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { testServer } from "../../../test/harness.ts";
import { Client } from "../../client/client.ts";
import { main } from "./arm.ts";

const server = await testServer();
const { operator } = server;
const OBSERVER = "CLAUDE-CLI-BOX-ORA-01";
const observer = await server.seat(OBSERVER);
const builder = await server.seat("CODEX-DESKTOP-BOX-CAMBER-01");
await server.say(operator, "namespace.define", { prefix: "CMB", format: "CMB-NNNN" });
const { id } = await server.say(builder, "ticket.file", { namespace: "CMB", title: "A clock for time sheets" });
await server.say(builder, "ticket.claim", { id, lease_seconds: 3600 });
const pattern = "*/22 * * * *";
await server.say(observer, "schedule.define", { name: "overnight", pattern, prompt: "x", git_writes: true });

const home = mkdtempSync(join(tmpdir(), "longwatch-arm-"));
after(() => rmSync(home, { recursive: true, force: true }));
const env = { PATH: process.env.PATH, HOME: home };
const git = (cwd: string, ...words: string[]) =>
  execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "init.defaultBranch=main", ...words], {
    cwd,
    env,
    stdio: "pipe",
  }).toString();

function repository(name: string): string {
  const tree = join(home, name);
  mkdirSync(tree);
  git(tree, "init", "--quiet");
  writeFileSync(join(tree, "app.txt"), "one\n");
  git(tree, "add", ".");
  git(tree, "commit", "--quiet", "-m", "one");
  return tree;
}

async function arm(...argv: string[]): Promise<{ code: number; out: string; errors: string }> {
  let [out, errors] = ["", ""];
  const code = await main(argv, {
    connect: () => new Client({ url: server.url, token: observer }),
    env,
    cwd: home,
    stdout: (text) => (out += text),
    stderr: (text) => (errors += text),
  });
  return { code, out, errors };
}

describe("arming a schedule that writes", () => {
  test("J41: looks at the tree: dirty, locked, on another's branch or another's home, it is refused", async () => {
    const tree = repository("tree");
    assert.match((await arm("overnight")).errors, /worktree\.unseen/);
    writeFileSync(join(tree, "app.txt"), "two\n");
    writeFileSync(join(tree, "new.txt"), "");
    const dirty = await arm("overnight", "--worktree", "tree", "--json");
    assert.equal(dirty.code, 6);
    const { code, porcelain } = JSON.parse(dirty.errors);
    assert.deepEqual([code, porcelain], ["worktree.dirty", [" M app.txt", "?? new.txt"]]);
    git(tree, "checkout", "--quiet", "app.txt");
    rmSync(join(tree, "new.txt"));
    writeFileSync(join(tree, ".git", "index.lock"), "");
    assert.match((await arm("overnight", "--worktree", "tree")).errors, /worktree\.locked/);
    rmSync(join(tree, ".git", "index.lock"));
    git(tree, "checkout", "--quiet", "-b", `codex/${id.toLowerCase()}-timeclock`);
    assert.match((await arm("overnight", "--worktree", "tree")).errors, /worktree\.occupied.*branch of CMB-0001/);
    git(tree, "checkout", "--quiet", "main");
    mkdirSync(join(tree, ".longwatch"));
    writeFileSync(join(tree, ".longwatch", ".gitignore"), "*\n");
    const settings = { version: 1, url: server.url, seat: "CODEX-DESKTOP-BOX-CAMBER-01", protected_branches: [] };
    writeFileSync(join(tree, ".longwatch", "guard.json"), JSON.stringify(settings));
    assert.match((await arm("overnight", "--worktree", "tree")).errors, /worktree\.occupied.*home of CODEX/);
  });

  test("of its own clean tree is done, and the entry says branch and commit", async () => {
    const own = repository("own");
    const { code, out } = await arm("overnight", "--worktree", "own");
    assert.equal(code, 0);
    assert.match(out, /^armed: overnight is due at 20/);
    const { entries } = await server.ask(operator, "feed.read", { about: "overnight" });
    const { branch, head, changed } = entries.at(-1).data;
    assert.deepEqual([branch, head, changed], ["main", git(own, "rev-parse", "HEAD").trim(), 0]);
  });

  test("of what is no repository says so, and a wrong call is told how to call", async () => {
    await server.say(observer, "schedule.disarm", { name: "overnight", reason: "x" });
    mkdirSync(join(home, "plain"));
    const { code, errors } = await arm("overnight", "--worktree", "plain");
    assert.deepEqual([code, /cannot be looked at.*not a git repository/s.test(errors)], [1, true], errors);
    assert.equal((await arm()).code, 2);
    assert.equal((await arm("a", "b")).code, 2);
    assert.match((await arm("--help")).out, /^usage/);
    assert.equal((await arm("none", "--worktree", "own")).code, 5);
  });

  test("J41: in the middle of a rebase or a merge is refused, though nothing is changed", async () => {
    const tree = repository("midway");
    writeFileSync(join(tree, "app.txt"), "two\n");
    git(tree, "commit", "--quiet", "-am", "two");
    const steps = execFileSync(
      "sh",
      ["-c", "GIT_SEQUENCE_EDITOR='echo break >' git rebase -q -i HEAD~1; git status -s"],
      {
        ...{ cwd: tree, env: { ...env, GIT_COMMITTER_NAME: "a", GIT_COMMITTER_EMAIL: "a@b.c" }, stdio: "pipe" },
      },
    );
    assert.equal(steps.toString(), "", "the tree is clean");
    const { code, errors } = await arm("overnight", "--worktree", "midway", "--json");
    assert.equal(code, 6, errors);
    const refusal = JSON.parse(errors);
    assert.deepEqual([refusal.code, refusal.porcelain], ["worktree.dirty", ["## a rebase is under way"]]);
    mkdirSync(join(home, "unborn"));
    git(join(home, "unborn"), "init", "--quiet");
    assert.match((await arm("overnight", "--worktree", "unborn")).errors, /cannot be looked at: it has no commit yet/);
  });
});
