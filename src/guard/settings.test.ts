import assert from "node:assert/strict";
import * as fs from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { type Settings, settingsFor, settingsPath, writeSettings } from "./settings.ts";

const home = fs.mkdtempSync(join(tmpdir(), "longwatch-settings-"));
after(() => fs.rmSync(home, { recursive: true, force: true }));

const HERE = "http://127.0.0.1:4780";
const ELSEWHERE = "http://127.0.0.1:9999";
const env = { HOME: join(home, "person") };
let made = 0;

function project(settings?: Partial<Settings> | string): { project: string; deep: string; path: string } {
  const directory = join(home, `project-${made++}`);
  const deep = join(directory, "a", "b");
  fs.mkdirSync(deep, { recursive: true });
  const path = settingsPath("project", { project: directory, env });
  if (typeof settings === "string") {
    fs.mkdirSync(join(path, ".."));
    fs.writeFileSync(path, settings);
  } else if (settings) writeSettings(path, { version: 1, url: HERE, protected_branches: [], ...settings });
  return { project: directory, deep, path };
}

function found(...args: Parameters<typeof settingsFor>) {
  const known = settingsFor(...args);
  assert.equal(known.state, "found", JSON.stringify(known));
  return known as Extract<typeof known, { state: "found" }>;
}

test("a project's settings hold in all of its directories, are their owner's alone and stay out of git", () => {
  const { deep, path } = project({ token: "lw_a", seat: "CODEX-CLI-MBP-CAMBER-02" });
  const { settings, from } = found(deep, env);
  assert.deepEqual(
    [settings.token, settings.seat, settings.url, from],
    ["lw_a", "CODEX-CLI-MBP-CAMBER-02", HERE, path],
  );
  assert.equal(fs.statSync(path).mode & 0o777, 0o600);
  assert.equal(fs.readFileSync(join(path, "..", ".gitignore"), "utf8"), "*\n");
  assert.deepEqual(fs.readdirSync(join(path, "..")).sort(), [".gitignore", "guard.json"], "nothing half written stays");
});

test("the user's settings hold where no project has any", () => {
  const path = settingsPath("user", { project: home, env });
  const person = { ...env, XDG_CONFIG_HOME: join(home, "config") };
  const other = settingsPath("user", { project: home, env: person });
  assert.equal(path, join(home, "person", ".config", "longwatch", "guard.json"));
  writeSettings(other, { version: 1, url: HERE, token: "lw_user", protected_branches: [] });
  assert.equal(found(project().deep, person).settings.token, "lw_user");
  assert.equal(found(project({ token: "lw_nearer" }).deep, person).settings.token, "lw_nearer");
});

test("without any settings it says where it looked", () => {
  const known = settingsFor(project().deep, env);
  assert.deepEqual(known, {
    state: "absent",
    looked_at: [join(home, "person", ".config", "longwatch", "guard.json"), "/etc/longwatch/guard.json"],
  });
});

test("without HOME the account's own home counts, and never the root directory", () => {
  const { homedir } = userInfo();
  const known = settingsFor(project().deep, {});
  assert.deepEqual(known.state === "absent" && known.looked_at, [
    join(homedir, ".config", "longwatch", "guard.json"),
    "/etc/longwatch/guard.json",
  ]);
  assert.ok(settingsPath("user", { project: home, env: { HOME: "" } }).startsWith(join(homedir, ".config")));
});

test("the environment says as whom, and the project still says which branches are protected", () => {
  const { deep } = project({ token: "lw_file", seat: "A", protected_branches: ["release/*"] });
  const both = found(deep, { ...env, LONGWATCH_URL: ELSEWHERE, LONGWATCH_TOKEN: "lw_env" });
  assert.deepEqual([both.settings.url, both.settings.token, both.settings.seat], [ELSEWHERE, "lw_env", undefined]);
  assert.deepEqual(both.settings.protected_branches, ["release/*"]);
  const alone = found(deep, { ...env, LONGWATCH_TOKEN: "lw_env" });
  assert.deepEqual([alone.settings.url, alone.settings.token], [HERE, "lw_env"]);
  assert.equal(found(project().deep, { LONGWATCH_URL: HERE, LONGWATCH_TOKEN: "x" }).settings.token, "x");
});

test("a token only goes to the server that it was written down for", () => {
  const { deep } = project({ token: "lw_file" });
  const elsewhere = settingsFor(deep, { ...env, LONGWATCH_URL: ELSEWHERE });
  assert.equal(elsewhere.state, "broken");
  assert.doesNotMatch(JSON.stringify(elsewhere), /lw_file/);
  assert.equal(found(deep, { ...env, LONGWATCH_URL: `${HERE}/` }).settings.token, "lw_file");
});

test("a pinned file says which server, and others may only say as whom there", () => {
  const machine = join(home, "machine.json");
  writeSettings(machine, { version: 1, url: HERE, protected_branches: ["stable"] });
  assert.equal(fs.statSync(machine).mode & 0o777, 0o644, "without a token everybody's guard may read it");
  const stranger = project({ url: ELSEWHERE, token: "lw_stranger", protected_branches: ["mine"] });
  const known = settingsFor(stranger.deep, { ...env, LONGWATCH_URL: ELSEWHERE, LONGWATCH_TOKEN: "lw_env" }, machine);
  assert.deepEqual(known, { state: "broken", from: machine, why: "there is no token for its server" });
  const own = found(project({ token: "lw_own", protected_branches: ["mine"] }).deep, env, machine);
  assert.deepEqual([own.settings.url, own.settings.token], [HERE, "lw_own"]);
  assert.deepEqual(own.settings.protected_branches, ["stable", "mine"]);
  assert.equal(found(home, { ...env, LONGWATCH_TOKEN: "lw_env" }, machine).settings.token, "lw_env");
  const gone = settingsFor(project({ token: "lw_own" }).deep, env, join(home, "gone.json"));
  assert.deepEqual(gone, { state: "absent", looked_at: [join(home, "gone.json")] });
});

test("a project's own seat is asked about before the seat of the pinned file", () => {
  const pinned = join(home, "pinned.json");
  writeSettings(pinned, { version: 1, url: HERE, token: "lw_pinned", protected_branches: [] });
  assert.equal(found(project({ token: "lw_own" }).deep, env, pinned).settings.token, "lw_own");
  assert.equal(found(project({ url: ELSEWHERE, token: "lw_other" }).deep, env, pinned).settings.token, "lw_pinned");
});

test("a file that is there and cannot be used ends the search, whatever stands behind it", () => {
  const person = { ...env, XDG_CONFIG_HOME: join(home, "behind") };
  writeSettings(settingsPath("user", { project: home, env: person }), {
    version: 1,
    url: HERE,
    token: "lw_user",
    protected_branches: [],
  });
  const good = { version: 1, url: HERE, token: "lw_a", protected_branches: [] };
  for (const [text, why] of [
    ["{", /not JSON/],
    ["null", /version/],
    [JSON.stringify({ ...good, version: 2 }), /version/],
    [JSON.stringify({ ...good, url: "ftp://x" }), /url/],
    [JSON.stringify({ ...good, token: 7 }), /token/],
    [JSON.stringify({ ...good, token: "" }), /token/],
    [JSON.stringify({ ...good, protected_branches: "main" }), /protected_branches/],
    [JSON.stringify({ ...good, approvals: "allow" }), /approvals/],
    [JSON.stringify({ ...good, wait_seconds: 0 }), /wait_seconds/],
    [JSON.stringify({ ...good, worktree: ["x"] }), /worktree/],
    [" ".repeat(100_000), /too large/],
  ] as const) {
    const known = settingsFor(project(text).deep, person);
    assert.equal(known.state, "broken", text.slice(0, 60));
    assert.match((known as { why: string }).why, why);
    assert.doesNotMatch(JSON.stringify(known), /lw_/, "a message is no place for a token");
  }
  const unreadable = project();
  fs.mkdirSync(unreadable.path, { recursive: true });
  assert.equal(settingsFor(unreadable.deep, person).state, "broken");
});

test("settings that everybody may write, or that somebody else has put there, are not followed", (context) => {
  const good = JSON.stringify({ version: 1, url: HERE, token: "lw_a", protected_branches: [] });
  const open = project(good);
  fs.chmodSync(open.path, 0o666);
  assert.match((settingsFor(open.deep, env) as { why: string }).why, /everybody may write it/);
  fs.chmodSync(open.path, 0o644);
  assert.equal(settingsFor(open.deep, env).state, "found");
  if (process.geteuid?.() !== 0) return context.skip("only root can give a file away");
  fs.chownSync(open.path, 4242, 4242);
  assert.match((settingsFor(open.deep, env) as { why: string }).why, /belongs to somebody else/);
});
