import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { hookCommand, turnHookCommand } from "./hook_command.ts";

const home = fs.mkdtempSync(join(tmpdir(), "longwatch-hook-"));
after(() => fs.rmSync(home, { recursive: true, force: true }));

/** Whatever shell a CLI or its user prefers; those that this machine has. */
const shells = ["/bin/sh", "/bin/dash", "/bin/bash", "/bin/zsh", "/usr/bin/fish"].filter((path) => fs.existsSync(path));

function launcher(name: string, script: string): string {
  const path = join(home, name);
  fs.mkdirSync(join(path, ".."), { recursive: true });
  fs.writeFileSync(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return path;
}

function hook(shell: string, command: string, input = "") {
  const { status, stdout, stderr } = spawnSync(shell, ["-c", command], { input, encoding: "utf8" });
  return { status, stdout, stderr };
}

for (const shell of shells)
  describe(`A hook's command line under ${shell}:`, () => {
    test("the guard gets its words, its path and what the CLI says", () => {
      const path = launcher('it\'s a "place" $HOME/`x`/longwatch', 'cat; printf "|%s" "$0" "$@"');
      const settings = join(home, "a 'file'.json");
      const { status, stdout, stderr } = hook(shell, hookCommand("claude", path, settings), "{}");
      assert.deepEqual([status, stderr], [0, ""]);
      assert.equal(stdout, ["{}", path, "guard", "claude", "--settings", settings].join("|"));
    });

    test("a refusal comes through with its reason alone", () => {
      const path = launcher("refuses", "echo because >&2; exit 2");
      assert.deepEqual(hook(shell, hookCommand("codex", path)), { status: 2, stdout: "", stderr: "because\n" });
    });

    test("a guard that is missing, crashes, is killed or exits strangely refuses, and says so", () => {
      const broken = [
        join(home, "nowhere"),
        launcher("crashes", "exit 1"),
        launcher("killed", 'exec sh -c "kill -9 \\$\\$"'),
        launcher("aborts", "exec sh -c 'kill -ABRT $$'"),
        launcher("strange", "exit 126"),
        launcher("starts_nothing", "exec /nowhere/node"),
      ];
      for (const path of broken) {
        const { status, stderr } = hook(shell, hookCommand("gemini", path));
        assert.equal(status, 2, path);
        assert.match(stderr, /Longwatch refused this call, because its guard did not run or broke off/, path);
      }
      const syntax = hook(shell, hookCommand("gemini", launcher("syntax", "if then fi (")));
      assert.equal(syntax.status, 2);
      assert.notEqual(syntax.stderr, "");
    });

    test("a guard that crashes is tried once more without its snapshot, on what is left of the call", () => {
      const crash = '[ "$LONGWATCH_NO_SNAPSHOT" = broken ] || kill -SEGV $$';
      const seen = launcher("crashes_once", `exec sh -c '${crash}; cat; exit "$CODE"'`);
      for (const code of [0, 2]) {
        const { status, stdout } = hook(shell, `CODE=${code} ${hookCommand("claude", seen)}`, "{}");
        assert.deepEqual([status, stdout], [code, "{}"]);
      }
      const eats = launcher("crashes_late", `exec sh -c 'cat >/dev/null; ${crash}; cat; exit 1'`);
      const { status, stdout, stderr } = hook(shell, hookCommand("claude", eats), "{}");
      assert.deepEqual([status, stdout], [2, ""]);
      assert.match(stderr, /did not run or broke off/);
    });

    test("a turn's hook that is missing, breaks off or refuses lets go, and says so", () => {
      const path = launcher("turns", 'cat; printf "|%s" "$@"');
      assert.deepEqual(hook(shell, turnHookCommand("codex", "stop", path, "/a b"), "{}"), {
        ...{ status: 0, stdout: "{}|turn-hook|codex|stop|--settings|/a b", stderr: "" },
      });
      for (const broken of [join(home, "nowhere"), launcher("fails", "exit 2"), launcher("dies", "kill -9 $$")]) {
        const { status, stderr } = hook(shell, turnHookCommand("claude", "stop", broken));
        assert.equal(status, 1, `${broken}: no CLI obeys 1`);
        assert.match(stderr, /The turn goes on without Longwatch/);
      }
    });

    test("a guard that spins is ended and refuses", () => {
      const command = hookCommand("claude", launcher("spins", "while :; do :; done")).replace(/-t \d+/, "-t 1");
      const { status, stderr } = hook(shell, command);
      assert.equal(status, 2);
      assert.match(stderr, /Longwatch refused/);
    });
  });
