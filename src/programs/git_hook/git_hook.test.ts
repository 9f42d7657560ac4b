import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { workshop } from "../connect/connect.fixture.ts";

const shop = await workshop();
const HOLDER = "CODEX-CLI-BOX-LAND-01";
const LEADER = "CLAUDE-CLI-BOX-LAND-02";
let holder: string;
let leader: string;

before(async () => {
  await shop.say(shop.operator, "namespace.define", { prefix: "CMB", format: "CMB-NNNN", lane: "LAND" });
  holder = await shop.seat(HOLDER);
  leader = await shop.seat(LEADER, "strategist");
  for (const title of ["Cards", "Prices"]) await shop.say(shop.operator, "ticket.file", { namespace: "CMB", title });
  await shop.say(holder, "ticket.claim", { id: "CMB-0001" });
});

const git = (cwd: string, ...words: string[]) =>
  execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@example.com", ...words], {
    cwd,
    env: shop.env,
    encoding: "utf8",
    stdio: "pipe",
  });

/** Runs git beside us, since its hooks ask the server that is in this process. */
async function tries(cwd: string, words: string[], env: Record<string, string> = {}) {
  const who = ["-c", "user.name=t", "-c", "user.email=t@example.com"];
  const child = spawn("git", [...who, ...words], { cwd, env: { ...shop.env, ...env } as NodeJS.ProcessEnv });
  child.stdout.resume();
  let said = "";
  child.stderr.on("data", (text) => (said += text));
  const code = await new Promise((resolve) => child.once("close", resolve));
  return { passed: code === 0, said };
}

/** A repository with a first commit that its remote has. */
function cloned(): { tree: string; remote: string } {
  const tree = shop.project();
  const remote = `${tree}.git`;
  git(tree, "init", "-q", "--bare", "-b", "main", remote);
  git(tree, "commit", "-q", "--allow-empty", "-m", "CMB-0001: begin");
  git(tree, "remote", "add", "origin", remote);
  git(tree, "push", "-q", "-u", "origin", "main");
  return { tree, remote };
}

const commit = (tree: string, message: string) =>
  git(tree, "commit", "-q", "--no-verify", "--allow-empty", "-m", message);

describe("longwatch connect git", () => {
  test("installs hooks that refuse what nobody may land, and lets the rest pass", async () => {
    const { tree } = cloned();
    const said = await shop.connect(["git", "--token", leader], { cwd: tree });
    assert.equal(said.code, 0, said.stdout + said.stderr);
    commit(tree, "CMB-0001: cards");
    const pushed = await tries(tree, ["push", "origin", "main"]);
    assert.equal(pushed.passed, false);
    assert.match(pushed.said, /strategist/);
    assert.equal(
      (await tries(tree, ["push", "origin", "main:refs/heads/topic"])).passed,
      true,
      "a topic is nobody's business",
    );
    assert.equal(
      (await tries(tree, ["commit", "--allow-empty", "-m", "x"])).passed,
      false,
      "nor a commit on main itself",
    );
    git(tree, "switch", "-qc", "topic");
    assert.equal((await tries(tree, ["commit", "--allow-empty", "-m", "x"])).passed, true);
  });

  test("lets an implementer land the tickets that it holds, and nothing that names none or another", async () => {
    const { tree, remote } = cloned();
    assert.equal((await shop.connect(["git", "--token", holder], { cwd: tree })).code, 0);
    commit(tree, "CMB-0001: cards in UTF-8");
    const first = await tries(tree, ["push", "origin", "main"]);
    assert.equal(first.passed, true, first.said);
    commit(tree, "Fix the typo of UTF-8");
    assert.match((await tries(tree, ["push", "origin", "main"])).said, /name none:\n +\w+ Fix the typo/);
    git(tree, "commit", "-q", "--no-verify", "--amend", "--allow-empty", "-m", "CMB-0001, CMB-0002: prices");
    assert.match((await tries(tree, ["push", "origin", "main"])).said, /claim/i);
    const rewind = await tries(tree, ["push", "--force", "origin", "HEAD~2:main"]);
    assert.equal(rewind.passed, false, "going back lands something, too");
    assert.equal(git(remote, "log", "-1", "--format=%s", "main"), "CMB-0001: cards in UTF-8\n");
  });

  test("asks nothing of a merge that git makes by itself, and a ticket of one that holds more", async () => {
    const { tree } = cloned();
    assert.equal((await shop.connect(["git", "--token", holder], { cwd: tree })).code, 0);
    const change = (file: string, text: string, message: string) => {
      writeFileSync(join(tree, file), text);
      git(tree, "add", file);
      commit(tree, message);
    };
    git(tree, "switch", "-qc", "topic");
    change("a.txt", "a", "CMB-0001: a");
    git(tree, "switch", "-q", "main");
    change("b.txt", "b", "CMB-0001: b");
    git(tree, "merge", "-q", "--no-verify", "--no-ff", "-m", "Bring it in", "topic");
    const clean = await tries(tree, ["push", "origin", "main"]);
    assert.equal(clean.passed, true, clean.said);
    git(tree, "switch", "-qc", "second");
    change("c.txt", "c", "CMB-0001: c");
    git(tree, "switch", "-q", "main");
    git(tree, "merge", "-q", "--no-verify", "--no-ff", "--no-commit", "second");
    change("smuggled.txt", "x", "Bring it in");
    assert.match((await tries(tree, ["push", "origin", "main"])).said, /name none:\n +\w+ Bring it in/);
  });

  test("refuses without a server what is protected, and nothing else", async () => {
    const { tree } = cloned();
    assert.equal((await shop.connect(["git", "--token", holder], { cwd: tree })).code, 0);
    const path = join(tree, ".longwatch", "guard.json");
    writeFileSync(path, readFileSync(path, "utf8").replace(shop.url, "http://127.0.0.1:1"));
    commit(tree, "CMB-0001: cards");
    assert.match((await tries(tree, ["push", "origin", "main"])).said, /there is no server/);
    assert.equal((await tries(tree, ["push", "origin", "main:topic"])).passed, true);
  });

  test("goes after a hook that was there, in core.hooksPath too, and gives it back", async () => {
    const { tree } = cloned();
    git(tree, "config", "core.hooksPath", "tools/hooks");
    mkdirSync(join(tree, "tools", "hooks"), { recursive: true });
    const path = join(tree, "tools", "hooks", "pre-push");
    const theirs = '#!/bin/sh\nread line\necho "$1 $line" >theirs.txt\n[ ! -e veto ]\n';
    writeFileSync(path, theirs);
    chmodSync(path, 0o755);
    assert.equal((await shop.connect(["git", "--token", holder], { cwd: tree })).code, 0);
    assert.equal(existsSync(join(tree, "theirs.txt")), false, "the self-test does not run it");
    commit(tree, "CMB-0001: cards");
    assert.equal((await tries(tree, ["push", "origin", "main"])).passed, true);
    assert.match(readFileSync(join(tree, "theirs.txt"), "utf8"), /^origin refs\/heads\/main \w{40} refs\/heads\/main/);
    writeFileSync(join(tree, "veto"), "");
    assert.equal((await tries(tree, ["push", "origin", "main:topic"])).passed, false, "its word counts");
    assert.equal((await shop.connect(["git"], { cwd: tree })).report.state, "already connected");
    assert.equal((await shop.disconnect(["git"], { cwd: tree })).code, 0);
    assert.equal(readFileSync(path, "utf8"), theirs);
    assert.deepEqual(execFileSync("ls", ["tools/hooks"], { cwd: tree, encoding: "utf8" }), "pre-push\n");
  });
});

describe("A receiving repository", () => {
  const pushing = (seat: string | null): Record<string, string> => (seat === null ? {} : { LONGWATCH_SEAT: seat });

  test("refuses what its pusher may not land, whatever the pusher's own hooks are", async () => {
    const { tree, remote } = cloned();
    const said = await shop.connect(["git", "--seat", "GIT-HOOK-BOX-LAND-01"], { cwd: remote });
    assert.equal(said.code, 0, said.stdout + said.stderr);
    assert.equal(said.report.seat!.role, "gatekeeper");
    commit(tree, "CMB-0001: cards");
    const push = (seat: string | null, ...words: string[]) =>
      tries(tree, ["push", "--no-verify", "origin", ...words], pushing(seat));
    assert.match((await push(null, "main")).said, /nobody says who pushes/);
    assert.match((await push(LEADER, "main")).said, /strategist/);
    const landed = await push(HOLDER, "main");
    assert.equal(landed.passed, true, landed.said);
    commit(tree, "cards without a ticket");
    assert.match((await push(HOLDER, "main")).said, /name none/);
    assert.match((await push(HOLDER, "main:release/1")).said, /name none/, "a new branch, out of quarantine");
    assert.match(
      (await push(HOLDER, "HEAD~1:refs/heads/release/1")).said,
      /new branch|\* \[new/,
      "a new name lands nothing",
    );
    assert.equal((await push(HOLDER, ":main")).passed, false, "deletion is the operator's");
    assert.equal((await push(null, "main:topic")).passed, true);
    assert.equal((await push(LEADER, "main:refs/tags/v1")).passed, false);
  });

  test("takes its own word for who asks, not that of the pusher's environment", async () => {
    const { tree, remote } = cloned();
    assert.equal((await shop.connect(["git", "--seat", "GIT-HOOK-BOX-LAND-02"], { cwd: remote })).code, 0);
    commit(tree, "CMB-0001: cards");
    const env = { LONGWATCH_SEAT: LEADER, LONGWATCH_TOKEN: shop.operator, LONGWATCH_URL: "http://127.0.0.1:1" };
    const { passed, said } = await tries(tree, ["push", "origin", "main"], env);
    assert.equal(passed, false);
    assert.match(said, /strategist/);
  });
});
