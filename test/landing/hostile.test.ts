import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { Workspace } from "../../src/runner/workspace.ts";
import { Repository } from "../closure/repository.ts";

/** A repository is an agent's: whatever its configuration, its hooks and its files say, the runner runs none of it. */

const repository = new Repository();
after(() => repository[Symbol.dispose]());
const base = repository.commit("base", { "a.js": "1\n", "sub/b.js": "2\n" });
const marker = join(repository.path, ".git", "ran");
const program = join(repository.path, ".git", "program");
writeFileSync(program, `#!/bin/sh\necho "$0 $*" >>${marker}\ncat\n`, { mode: 0o755 });
const attributes = "*.js filter=evil diff=evil merge=evil\n*.bin filter=lfs diff=lfs merge=lfs -text\n";
const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${"0".repeat(64)}\nsize 12\n`;
const second = repository.commit("second", {
  ".gitattributes": attributes,
  ".gitmodules": `[submodule "x"]\n\tpath = x\n\turl = ext::${program}\n\tupdate = !${program}\n`,
  ".lfsconfig": `[lfs]\n\turl = https://127.0.0.1:1/\n`,
  "big.bin": pointer,
  "a.js": "3\n",
});

describe("a repository that means harm to the runner", () => {
  const hooks = join(repository.path, ".git", "hooks");
  mkdirSync(hooks, { recursive: true });
  for (const hook of ["reference-transaction", "post-checkout", "post-index-change", "pre-auto-gc", "post-rewrite"])
    writeFileSync(join(hooks, hook), `#!/bin/sh\necho ${hook} >>${marker}\n`, { mode: 0o755 });
  const settings: Record<string, string> = {
    "core.hooksPath": hooks,
    "core.fsmonitor": program,
    "core.alternateRefsCommand": program,
    "core.sshCommand": program,
    "core.gitProxy": program,
    "core.pager": program,
    "credential.helper": program,
    "uploadpack.packObjectsHook": program,
    "filter.evil.smudge": program,
    "filter.evil.process": program,
    "filter.lfs.smudge": program,
    "filter.lfs.required": "true",
    "diff.evil.command": program,
    "diff.evil.textconv": program,
    "diff.external": program,
    "merge.evil.driver": program,
    "gpg.program": program,
    "commit.gpgSign": "true",
    "remote.origin.url": `ext::${program}`,
    "remote.origin.promisor": "true",
    "extensions.partialClone": "origin",
    "gc.auto": "1",
    "submodule.recurse": "true",
    "include.path": "evil",
  };
  for (const [key, value] of Object.entries(settings)) repository.git("config", key, value);
  rmSync(marker, { force: true });

  it("has none of its programs run by anything that a landing does", async () => {
    const workspace = await Workspace.open(repository.path);
    try {
      assert.equal(await workspace.branch("main"), second);
      assert.deepEqual(await workspace.commits([`${base}..${second}`]), [second]);
      await workspace.fetch([base, second]);
      const picked = (await workspace.pick(base, [second])) as { sha: string };
      const one = await workspace.squashed(base, picked.sha);
      const at = await workspace.clone(one, "deploy");
      assert.equal(readFileSync(join(at, "a.js"), "utf8"), "3\n");
      assert.equal(readFileSync(join(at, "big.bin"), "utf8"), pointer, "what Git LFS keeps is not fetched");
      assert.ok(!existsSync(join(at, "x")), "nor is a submodule");
      await workspace.keep("production/1", one);
      assert.equal(await workspace.find("refs/longwatch/production/1"), one);
      assert.ok(!existsSync(marker), existsSync(marker) ? readFileSync(marker, "utf8") : "");
    } finally {
      await workspace.close();
    }
  });

  it("gives no option to git by the name of a commit, and nothing by a range that is none", async () => {
    const workspace = await Workspace.open(repository.path);
    try {
      for (const name of [
        "--output=x",
        "--all..HEAD",
        "-h",
        "--upload-pack=x",
        "a b",
        "HEAD^{/x}",
        ":/base",
        "@{-1}",
      ]) {
        const found = await workspace.commits([name]).catch((error) => error);
        const isFound = Array.isArray(found) && found.every((one) => [base, second].includes(one));
        assert.ok(isFound || found instanceof Error, `${name}: ${found}`);
      }
    } finally {
      await workspace.close();
    }
  });
});

describe("a repository is landed from", () => {
  it("a directory in it, and a linked worktree, as from its top", async () => {
    const linked = `${repository.path}-linked`;
    after(() => rmSync(linked, { recursive: true, force: true }));
    repository.git(
      "-c",
      "core.hooksPath=/dev/null",
      "-c",
      "core.fsmonitor=",
      "worktree",
      "add",
      "-q",
      "--detach",
      linked,
    );
    const byLink = `${repository.path}-link`;
    symlinkSync(repository.path, byLink);
    after(() => rmSync(byLink, { force: true }));
    for (const at of [join(repository.path, "sub"), linked, byLink]) {
      const workspace = await Workspace.open(at);
      try {
        await workspace.fetch([second]);
        assert.equal(readFileSync(join(await workspace.clone(second, "deploy"), "sub/b.js"), "utf8"), "2\n");
        const config = join(repository.path, ".git", "config");
        assert.ok(workspace.hidden.includes(config), "its configuration is covered wherever one stands");
      } finally {
        await workspace.close();
      }
    }
  });
});
