import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { bypasses } from "../../test/corpus/cases.ts";
import { onlyReads } from "./read_only.ts";

describe("A command that only reads is known without reading it whole:", () => {
  for (const command of [
    "ls",
    "ls -la src/guard",
    "git status",
    "git log --oneline -5",
    "git log --grep push | head -5",
    "git diff HEAD^ -- src && git status",
    "cat deploy.sh | grep -c vercel || echo none",
    "wc -l src/a.ts",
  ])
    test(command, () => assert.ok(onlyReads(command)));
});

describe("What might do more is left to the whole reading:", () => {
  for (const command of [
    "",
    " ",
    "|",
    "ls |",
    "ls & git push",
    "ls &&& x",
    "ls\ngit push",
    "ls; git push",
    "cat x > y",
    "cat <(git push)",
    "ls $(git push)",
    "ls `git push`",
    "echo 'x'",
    "ls *.sh",
    "ls ~",
    "A=b ls",
    "./ls",
    "bin/cat x",
    "git",
    "git push",
    "git -c alias.status=push status",
    "git log --output=x",
    "git log --outp=x",
    "git diff --ext-diff",
    "git diff -O x",
    "env ls",
    "sort -o x y",
    "find . -delete",
    "cat x | sh",
    "ls | xargs rm",
    "ls | tee x",
    "git status && git push",
    "ls".padEnd(600, " x"),
  ])
    test(JSON.stringify(command).slice(0, 60), () => assert.ok(!onlyReads(command)));

  test("every bypass of the corpus", () => {
    const seen = bypasses().filter(({ call }) => call.kind === "shell" && onlyReads(call.command));
    assert.deepEqual(
      seen.map(({ line }) => line),
      [],
    );
  });
});
