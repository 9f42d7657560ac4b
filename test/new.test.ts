import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { newRoom } from "../scripts/new.ts";

const root = fileURLToPath(new URL("../", import.meta.url));
const copy = mkdtempSync(join(tmpdir(), "longwatch-new-"));
after(() => rmSync(copy, { recursive: true, force: true }));

test("a new room is tidy and works at once", { timeout: 800_000 }, () => {
  for (const part of [
    "src",
    "test",
    "scripts",
    "migrations",
    "package.json",
    "tsconfig.json",
    ".prettierrc.json",
    "bin",
  ])
    cpSync(join(root, part), join(copy, part), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
  execFileSync("git", ["init", "--quiet"], { cwd: copy });

  const written = newRoom(copy, "goals", "goal");
  assert.ok(written.includes("src/rooms/goals/commands.ts"));
  assert.match(readFileSync(join(copy, "src/rooms/rooms.ts"), "utf8"), / {2}runtime,\n {2}goals,\n\} as const/);

  const prettier = join(root, "node_modules", ".bin", "prettier");
  const code = written.filter((path) => path.endsWith(".ts"));
  const format = spawnSync(prettier, ["--check", ...code], { cwd: copy, encoding: "utf8" });
  assert.equal(format.status, 0, format.stdout + format.stderr);

  const { stdout, stderr, status } = run("src/rooms/goals");
  assert.equal(status, 0, stdout + stderr);
  assert.match(stdout, /2 passed, 0 failed/);
  // What is not tidy elsewhere is not the new room's fault.
  assert.doesNotMatch(run("test/tidy").stdout, /✖.*goals|^ .*(rooms\/goals|_goals\.sql)/m);
});

test("a new room is refused under a name that is no noun, and where there is one", () => {
  assert.throws(() => newRoom(copy, "Goal_Base", "goal"), /one plural noun/);
  assert.throws(() => newRoom(copy, "tickets", "ticket"), /already/);
});

function run(part: string) {
  const { NODE_TEST_CONTEXT: _, GOLDEN: __, ...env } = process.env;
  return spawnSync(process.execPath, [join(copy, "test", "run.ts"), part], { cwd: copy, env, encoding: "utf8" });
}
