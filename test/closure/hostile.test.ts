import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { closureOf } from "../../src/closure/closure.ts";
import { type Files, Repository } from "./repository.ts";

/** A repository whose branch brings `b.js` first and then what needs it. */
function two(more: Files = {}) {
  const repository = new Repository();
  repository.commit("base", { "a.js": "1;\n", "package.json": '{ "type": "module" }' });
  repository.branch("feature");
  const first = repository.commit("bring b", { "b.js": "export const b = 1;\n" });
  const second = repository.commit("need b", { "a.js": 'import { b } from "./b.js";\nb;\n', ...more });
  const wanted = { repository: repository.path, source: "feature", base: "main" };
  return { repository, first, second, wanted };
}

describe("A repository that means harm", () => {
  test("starts none of the programs that its configuration, its attributes and its hooks name", async () => {
    const { repository, second, wanted } = two({ ".gitattributes": "* filter=evil diff=evil merge=evil\n" });
    using _ = repository;
    const program = join(repository.path, ".git", "evil");
    const trace = join(repository.path, ".git", "ran");
    writeFileSync(program, `#!/bin/sh\necho "$0 $*" >> ${trace}\ncat\n`);
    chmodSync(program, 0o755);
    for (const key of [
      "filter.evil.smudge filter.evil.clean filter.evil.process diff.evil.textconv diff.evil.command merge.evil.driver",
      "core.fsmonitor core.sshCommand core.pager core.editor sequence.editor diff.external gpg.program",
      "uploadpack.packObjectsHook core.askPass credential.helper core.gitProxy remote.origin.uploadpack",
    ].flatMap((line) => line.split(" ")))
      repository.git("config", key, program);
    repository.git("config", "filter.evil.required", "true");
    repository.git("config", "core.hooksPath", join(repository.path, ".git", "hooks"));
    repository.git("config", "commit.gpgSign", "true");
    repository.git("config", "extensions.partialClone", "origin");
    repository.git("config", "remote.origin.url", `ext::${program}`);
    repository.git("config", "remote.origin.promisor", "true");
    for (const hook of [
      "post-checkout",
      "pre-commit",
      "prepare-commit-msg",
      "post-index-change",
      "reference-transaction",
    ]) {
      const file = join(repository.path, ".git/hooks", hook);
      writeFileSync(file, `#!/bin/sh\n${program} ${hook}\n`);
      chmodSync(file, 0o755);
    }
    const closure = await closureOf({ ...wanted, commits: [second] });
    assert.deepEqual(
      closure.missing.map(({ name }) => name),
      ["b.js"],
    );
    assert.ok(!existsSync(trace), "a program ran");
    // The same programs do run where nobody prevents it.
    try {
      repository.git("checkout", "--quiet", "main");
    } catch {}
    assert.ok(existsSync(trace), "the trap does not work");
  });

  test("is not followed out of its tree by links; submodules and pointers to Git LFS are named", async () => {
    const { repository, wanted } = two();
    using _ = repository;
    const outside = mkdtempSync(join(tmpdir(), "longwatch-outside-"));
    writeFileSync(join(outside, "secret.js"), "export const secret = 1;\n");
    symlinkSync(outside, join(repository.path, "out"));
    symlinkSync("b.js", join(repository.path, "inner.js"));
    symlinkSync("loop", join(repository.path, "loop"));
    repository.git("update-index", "--add", "--cacheinfo", `160000,${repository.git("rev-parse", "HEAD")},vendor/sub`);
    repository.git("add", "out", "inner.js", "loop");
    repository.git("commit", "--quiet", "-m", "links");
    const lfs = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n";
    writeFileSync(join(repository.path, "big.js"), lfs);
    writeFileSync(
      join(repository.path, "a.js"),
      ["./out/secret.js", "./inner.js", "./vendor/sub/x.js", "./loop/x.js"].map((one) => `import "${one}";\n`).join(""),
    );
    repository.git("add", "big.js", "a.js");
    repository.git("commit", "--quiet", "-m", "use them");
    const closure = await closureOf({ ...wanted, commits: ["main..feature"] });
    assert.deepEqual([closure.missing, closure.conflicts], [[], []]);
    assert.deepEqual(closure.not_checked.map(({ path, why }) => `${path} ${why}`).sort(), [
      "big.js is a pointer to Git LFS",
      "out is a link out of the tree",
      "vendor/sub is a submodule",
    ]);
    rmSync(outside, { recursive: true });
  });

  test("cannot break the reader by depth, by size or by what is no text", async () => {
    const { repository, wanted } = two({
      "deep.js": `${"[".repeat(200_000)}${"]".repeat(200_000)};\n`,
      "sum.js": `export const sum = ${Array(200_000).fill("1").join(" + ")};\n`,
      "deep.py": `x = ${"(".repeat(100_000)}${")".repeat(100_000)}\n`,
      "open.sql": "/*".repeat(400_000),
      "many.html": `<p>\n${'<img src="x.png">\n'.repeat(40_000)}`,
      "wide.ts": `// ${"x".repeat(1_100_000)}\n`,
      "noise.tsx": "\u0000\u0001<<<<{{{",
      "broken.json": "{",
      "tsconfig.json": '{ "extends": "./tsconfig.json", "compilerOptions": { "paths": 3 } }',
    });
    using _ = repository;
    // So long that it is not time which ends what a slow machine reads.
    const limits = { seconds_max: 1_200, file_seconds_max: 600 };
    const closure = await closureOf({ ...wanted, commits: ["main..feature"], limits });
    assert.deepEqual([closure.missing, closure.conflicts], [[], []]);
    const unread = closure.not_checked.map(({ path }) => path);
    assert.deepEqual(unread.sort(), ["deep.js", "noise.tsx", "sum.js", "wide.ts"]);
  });

  test("cannot keep the reader busy: a file has its time, and those behind it are read", async () => {
    const { repository, second, wanted } = two({ "0_slow.ts": `export const x = ${"<a>(".repeat(60)}1` });
    using _ = repository;
    // So long that a slow machine, too, begins another thread in it.
    const limits = { seconds_max: 1_200, file_seconds_max: 15 };
    const closure = await closureOf({ ...wanted, commits: [second], limits });
    assert.deepEqual(
      [closure.missing.map(({ name }) => name), closure.not_checked.map(({ path }) => path)],
      [["b.js"], ["0_slow.ts"]],
    );
  });
});

describe("A check", () => {
  test("fails by name where it cannot tell, and leaves nothing behind", async () => {
    const { repository, second, wanted } = two();
    using _ = repository;
    const failing = (more: object, problem: string) =>
      assert.rejects(closureOf({ ...wanted, commits: [second], ...more }), { problem });
    // A place of its own: other tests check as well.
    const [before, own] = [process.env.TMPDIR, mkdtempSync(join(tmpdir(), "longwatch-scratch-"))];
    process.env.TMPDIR = own;
    await failing({ repository: tmpdir() }, "no_repository");
    await failing({ source: "nowhere" }, "no_commit");
    await failing({ commits: ["--upload-pack=x"] }, "no_commit");
    await failing({ limits: { files_max: 2 } }, "too_large");
    await failing({ limits: { parsed_max: 1 } }, "too_large");
    await failing({ limits: { seconds_max: 0.001 } }, "too_long");
    await failing({ signal: AbortSignal.timeout(1) }, "stopped");
    assert.deepEqual(readdirSync(own), []);
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
    rmSync(own, { recursive: true });
  });

  test("names the paths that do not merge, and what lands them", async () => {
    using repository = new Repository();
    repository.commit("base", { "a.js": "one\n", "b.js": "1;\n" });
    repository.branch("feature");
    const commits = [
      repository.commit("two", { "a.js": "two\n" }),
      repository.commit("other", { "b.js": "2;\n" }),
      repository.commit("three", { "a.js": "three\n" }),
    ];
    const closure = await closureOf({
      repository: repository.path,
      source: "feature",
      commits: [commits[2]!],
      base: "main",
    });
    assert.deepEqual(closure.conflicts, ["a.js"]);
    assert.deepEqual(closure.whole_with, [commits[0], commits[2]]);
  });

  test("takes a merge commit by its first parent, and says so when nothing makes it whole", async () => {
    using repository = new Repository();
    repository.commit("base", { "a.js": "1;\n" });
    repository.branch("feature");
    repository.branch("side");
    repository.commit("needs what is nowhere else", { "b.js": "2;\n" });
    repository.git("switch", "--quiet", "feature");
    repository.commit("other", { "c.js": "3;\n" });
    repository.git("merge", "--quiet", "--no-ff", "-m", "merge", "side");
    const merge = repository.git("rev-parse", "HEAD");
    const user = repository.commit("use it", { "a.js": 'import "./b.js";\n' });
    const wanted = { repository: repository.path, source: "feature", base: "main" };
    assert.deepEqual((await closureOf({ ...wanted, commits: [merge, user] })).missing, []);
    const alone = await closureOf({ ...wanted, commits: [user] });
    assert.deepEqual(
      alone.missing.map(({ name }) => name),
      ["b.js"],
    );
    assert.equal(alone.whole_with?.at(-1), user);
  });

  test("says what no longer parses after a merge", async () => {
    const text = (middle: string) =>
      `export const a = [\n  1,\n${middle}  3,\n];\nlet x;\nlet y;\nlet z;\nf(\n  1,\n);\n`;
    using repository = new Repository();
    repository.commit("base", { "a.js": text("") });
    repository.branch("feature");
    repository.commit("open", { "a.js": text("  [\n") + "// ]\n" });
    const change = repository.git("rev-parse", "HEAD");
    repository.commit("close", { "a.js": text("  [\n  2],\n") + "// ]\n" });
    const wanted = { repository: repository.path, source: "feature", base: "main" };
    const closure = await closureOf({ ...wanted, commits: [change] });
    assert.deepEqual(closure.conflicts, ["a.js"]);
    assert.equal(closure.whole_with?.length, 2);
  });
});
