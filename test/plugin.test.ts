import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { commandOf, whyNot } from "./agents/agents.ts";
import { confined } from "./agents/loopback_only.ts";
import { hookCommand } from "../src/guard/hook_command.ts";
import { operations } from "../src/rooms/rooms.ts";
import { files, read, root } from "./house.ts";

const plugin = "plugin/longwatch";

describe("The plugin", () => {
  test("has the version of the package, in both of its files", () => {
    const { version } = JSON.parse(read("package.json"));
    assert.equal(JSON.parse(read(`${plugin}/.claude-plugin/plugin.json`)).version, version);
    assert.equal(JSON.parse(read("plugin/.claude-plugin/marketplace.json")).plugins[0].version, version);
  });

  test("comes with the package", () => assert.ok(JSON.parse(read("package.json")).files.includes("plugin")));

  test("names operations that exist, and lets its commands run only those", () => {
    const names = operations.map(({ name }) => name.replace(".", " "));
    const commands = files.filter((file) => file.startsWith(`${plugin}/commands/`));
    assert.ok(commands.length > 0);
    for (const file of commands)
      for (const [, said] of read(file).matchAll(/longwatch ([a-z]+ [a-z]+)/g))
        assert.ok(names.includes(said!), `${file}: there is no longwatch ${said}`);
  });

  test("refuses each call with a sentence when its program is not there, or breaks", () => {
    const run = (PATH: string) =>
      spawnSync("/bin/sh", [join(root, plugin, "guard.sh")], { env: { PATH }, input: "{}", encoding: "utf8" });
    const missing = run("/nowhere");
    assert.deepEqual([missing.status, /not on PATH/.test(missing.stderr)], [2, true]);
    const nonsense = run(`${join(root, "bin")}:${process.env.PATH}`);
    assert.deepEqual([nonsense.status, /could not read it/.test(nonsense.stderr)], [2, true], nonsense.stderr);
  });

  test("tries a call once more that Node crashed on, and ends a guard that spins", () => {
    const bin = mkdtempSync(join(tmpdir(), "longwatch-guarded-"));
    after(() => rmSync(bin, { recursive: true, force: true }));
    const run = (script: string) => {
      writeFileSync(join(bin, "longwatch"), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
      const env = { PATH: `${bin}:${process.env.PATH}` };
      const words = [join(root, plugin, "guard.sh")];
      const { status, stdout } = spawnSync("/bin/sh", words, { env, input: "{}", encoding: "utf8" });
      return [status, stdout];
    };
    const crash = '[ "$LONGWATCH_NO_SNAPSHOT" = broken ] || kill -SEGV $$';
    assert.deepEqual(run(`${crash}; cat`), [0, "{}"]);
    assert.deepEqual(run(`${crash}; cat; exit 2`), [2, "{}"]);
    assert.deepEqual(run("kill -SEGV $$"), [2, ""]);
    const [, seconds] = /ulimit -t (\d+)/.exec(hookCommand("claude", "longwatch"))!;
    assert.deepEqual(run("ulimit -t"), [0, `${seconds}\n`], "as every other hook");
  });

  test("lets a turn go on when its program is not there, breaks or refuses", () => {
    const bin = mkdtempSync(join(tmpdir(), "longwatch-turn-"));
    after(() => rmSync(bin, { recursive: true, force: true }));
    const run = (PATH: string) =>
      spawnSync("/bin/sh", [join(root, plugin, "turn.sh"), "stop"], { env: { PATH }, input: "{}", encoding: "utf8" });
    assert.deepEqual([run("/nowhere").status, run("/nowhere").stdout], [0, ""]);
    for (const script of ["exit 2", "kill -9 $$"]) {
      writeFileSync(join(bin, "longwatch"), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
      assert.equal(run(bin).status, 1, "Claude obeys 2 alone");
    }
    writeFileSync(join(bin, "longwatch"), '#!/bin/sh\necho "$@"\n', { mode: 0o755 });
    assert.equal(run(bin).stdout, "turn-hook claude stop\n");
  });
});

const missing = whyNot("claude");
describe("The real claude", { skip: missing ?? false }, () => {
  const home = mkdtempSync(join(tmpdir(), "longwatch-plugin-"));
  after(() => rmSync(home, { recursive: true, force: true }));
  const says = (...args: string[]) => {
    const { command } = commandOf("claude");
    const env = { HOME: home, CLAUDE_CONFIG_DIR: join(home, ".claude"), CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1" };
    return confined({
      command,
      args: ["plugin", ...args],
      cwd: root,
      env: { ...env, PATH: process.env.PATH! },
      ports: [],
    });
  };

  test("finds nothing wrong with the plugin and its marketplace, and installs it", async () => {
    for (const args of [
      ["validate", "plugin", "--strict"],
      ["validate", plugin, "--strict"],
      ["marketplace", "add", "./plugin"],
      ["install", "longwatch@longwatch"],
    ]) {
      const { code, stdout, stderr } = await says(...args);
      assert.equal(code, 0, `claude plugin ${args.join(" ")}:\n${stdout}${stderr}`);
    }
  });
});
