import assert from "node:assert/strict";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { aroundOf } from "./around.ts";
import { look } from "./guard.ts";

const home = fs.realpathSync(fs.mkdtempSync(join(tmpdir(), "longwatch-around-")));
after(() => fs.rmSync(home, { recursive: true, force: true }));

const project = join(home, "project");
fs.mkdirSync(join(project, ".claude"), { recursive: true });
fs.mkdirSync(join(project, ".git"));
fs.mkdirSync(join(project, "src"));
// Files among temporary ones are harmless; the links lead out of there.
const write = (path: string, cwd = project) =>
  look({ kind: "write", paths: [path], cwd }, cwd, { env: { HOME: home } }).founds.map(({ action }) => action);

test("what an editor writes through a link is judged by where the link leads", () => {
  fs.symlinkSync(".claude", join(project, "notes"));
  fs.symlinkSync("/etc", join(project, "machine"));
  fs.symlinkSync("/etc/nothing-of-the-kind/x", join(project, "dangling"));
  assert.deepEqual(write("notes/settings.json"), ["reconfigure_guard"]);
  assert.deepEqual(write("machine/not/there/yet"), ["write_outside"]);
  assert.deepEqual(write("dangling"), ["write_outside"]);
  assert.deepEqual(write("src/deep/new/file.ts"), []);
});

test("a project that itself lies behind a link is not outside of itself", () => {
  fs.symlinkSync(project, join(home, "short"));
  assert.deepEqual(write("src/a.ts", join(home, "short")), []);
  assert.deepEqual(write("notes/settings.json", join(home, "short")), ["reconfigure_guard"]);
});

test("links that lead in a circle end", () => {
  fs.symlinkSync("b", join(project, "a"));
  fs.symlinkSync("a", join(project, "b"));
  assert.deepEqual(write("a/x"), []);
});

test("a pattern is filled in from the directory itself, and scripts among its files are read", () => {
  const scripts = join(project, "scripts");
  fs.mkdirSync(scripts);
  fs.writeFileSync(join(scripts, "build.sh"), "npm run build\n");
  fs.writeFileSync(join(scripts, "land.sh"), "vercel deploy --prod\n");
  const acts = (command: string) =>
    look({ kind: "shell", command, cwd: project }, project, { env: { HOME: home } }).founds.map(({ action }) => action);
  assert.deepEqual(acts('for each in scripts/l*.sh; do bash "$each"; done'), ["deploy"]);
  assert.deepEqual(acts('for each in scripts/b*.sh; do bash "$each"; done'), []);
  assert.deepEqual(acts('for each in nowhere/*.sh; do bash "$each"; done'), []);
});

test("a file of /proc is read no further than any other", { skip: !fs.existsSync("/proc/self/pagemap") }, () => {
  const { readFile } = aroundOf(project, {});
  const before = process.cpuUsage();
  assert.equal(readFile("/proc/self/pagemap"), null);
  assert.equal(readFile("/proc/self/pagemap"), null);
  const { user, system } = process.cpuUsage(before);
  assert.ok(user + system < 500_000, `${(user + system) / 1000} ms of the processor`);
  assert.match(readFile("/proc/self/status") ?? "", /^Name:/);
  fs.writeFileSync(join(project, "empty.sh"), "");
  assert.equal(readFile(join(project, "empty.sh")), "");
});
