import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, it } from "node:test";
import { Workspace } from "../../src/runner/workspace.ts";
import { Repository } from "../closure/repository.ts";

/** What a verify command leaves in its clone must not keep the runner from saying what came of it. */

const repository = new Repository();
after(() => repository[Symbol.dispose]());
repository.commit("base", { "a.js": "1\n" });

it("a workspace closes over directories without rights and trees deeper than a path is long", async () => {
  const workspace = await Workspace.open(repository.path);
  const locked = join(workspace.home, "verify", "locked");
  mkdirSync(locked, { recursive: true });
  writeFileSync(join(locked, "file"), "x");
  chmodSync(locked, 0o000);
  const deep = `for (let n = 0; n < 900; n++) { fs.mkdirSync("dddddddddd"); process.chdir("dddddddddd"); }`;
  assert.equal(spawnSync(process.execPath, ["-e", deep], { cwd: join(workspace.home, "verify") }).status, 0);
  await workspace.close();
  assert.ok(!existsSync(workspace.home));
});
