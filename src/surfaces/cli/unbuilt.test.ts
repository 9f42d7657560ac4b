import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, describe, test } from "node:test";

const home = fs.mkdtempSync(join(tmpdir(), "longwatch-unbuilt-"));
after(() => fs.rmSync(home, { recursive: true, force: true }));
const house = join(import.meta.dirname, "..", "..", "..");
const clone = join(home, "a clone");
const compiled = join(clone, "node_modules", ".cache", "longwatch", "compiled");
const stranger = join(home, "stranger");

for (const file of ["bin/longwatch", "scripts/compiled.cjs"]) {
  fs.mkdirSync(dirname(join(clone, file)), { recursive: true });
  fs.copyFileSync(join(house, file), join(clone, file));
}
fs.mkdirSync(join(clone, "node_modules"));
for (const file of ["src/main.ts", "src/programs/guard/snapshot.ts"]) {
  fs.mkdirSync(dirname(join(clone, file)), { recursive: true });
  fs.writeFileSync(join(clone, file), `const words: string[] = process.argv.slice(2); console.log("${file}", words);`);
}

function launch(words: string[], env: Record<string, string> = {}) {
  const PATH = `${dirname(process.execPath)}:/usr/bin:/bin`;
  return spawnSync(join(clone, "bin", "longwatch"), words, { encoding: "utf8", env: { PATH, HOME: home, ...env } });
}

/** The files in which Node keeps what it made of sources, and when each was written. */
function kept(place: string): string[] {
  if (!fs.existsSync(place)) return [];
  const files = fs.readdirSync(place, { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
  return files.map(({ parentPath, name }) => `${name} ${fs.statSync(join(parentPath, name)).mtimeMs}`).sort();
}

describe("A clone without a build", () => {
  test("runs its sources, and keeps what Node made of them", () => {
    const heard = launch(["queue", "read"]);
    assert.deepEqual([heard.stdout, heard.stderr], ["src/main.ts [ 'queue', 'read' ]\n", ""]);
    const first = kept(compiled);
    assert.notDeepEqual(first, []);
    launch(["queue", "read"]);
    assert.deepEqual(kept(compiled), first);
  });

  test("runs its guard out of no other place than that, whatever a project's settings say", () => {
    const before = kept(compiled).length;
    const heard = launch(["guard", "claude"], { NODE_COMPILE_CACHE: stranger });
    assert.match(heard.stdout, /^src\/programs\/guard\/snapshot\.ts \[ 'longwatch', 'guard', 'claude' \]$/m);
    assert.deepEqual(kept(stranger), []);
    assert.ok(kept(compiled).length > before);
  });
});
