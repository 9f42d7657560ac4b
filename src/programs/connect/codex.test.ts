import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { describe, test } from "node:test";
import { commandOf, whyNot } from "../../../test/agents/agents.ts";
import { snapshotOf, workshop } from "./connect.fixture.ts";

const shop = await workshop();

describe("longwatch connect codex", () => {
  test("says what to do when codex is not there to trust its hook", async () => {
    const cwd = shop.project();
    const home = join(cwd, "codex-home");
    mkdirSync(home);
    const env = { CODEX_HOME: home, PATH: "/usr/bin:/bin" };
    const said = await shop.connect(["codex", "--scope", "user"], { cwd, env });
    assert.equal(said.code, 1);
    assert.equal(said.report.trust, "no codex");
    assert.ok(
      said.report.trials.every(({ wanted, got }) => wanted === got),
      JSON.stringify(said.report.trials),
    );
    assert.equal((await shop.disconnect(["codex", "--scope", "user"], { cwd, env })).code, 0);
    assert.deepEqual(snapshotOf(cwd), {});
  });

  test("requires its hook of the whole machine and keeps what else is required", async () => {
    const cwd = shop.project();
    const path = join(cwd, "image/etc/codex/requirements.toml");
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, "# ours\n[features]\nweb = true\n");
    const words = ["codex", "--scope", "managed", "--managed-root", join(cwd, "image")];
    const said = await shop.connect(words, { cwd });
    assert.equal(said.code, 0, said.stdout + said.stderr);
    const text = readFileSync(path, "utf8");
    assert.match(text, /^# ours\n\[features\]\nhooks = true # Longwatch\nweb = true\n/);
    assert.match(text, /--settings \/etc\/longwatch\/guard.json/);
    for (const event of ["PreToolUse", "SessionStart", "Stop", "SubagentStart"])
      assert.match(text, new RegExp(`^\\[\\[hooks\\.${event}\\]\\]`, "m"));
    assert.equal((await shop.disconnect(words, { cwd })).code, 0);
    assert.equal(readFileSync(path, "utf8"), "# ours\n[features]\nweb = true\n");
  });
});

const missing = whyNot("codex");
describe("With the real codex, longwatch connect", { skip: missing ?? false }, () => {
  const path = () => {
    const directory = join(shop.home, "bin");
    mkdirSync(directory, { recursive: true });
    if (!existsSync(join(directory, "codex"))) symlinkSync(commandOf("codex").command, join(directory, "codex"));
    return `${directory}:${shop.env.PATH}`;
  };
  const trusted = async (home: string, cwd: string) => {
    const { env } = shop;
    const asked = [
      { id: 1, method: "initialize", params: { clientInfo: { name: "test", version: "1" } } },
      { id: 2, method: "hooks/list", params: { cwds: [cwd] } },
    ];
    const server = spawn("codex", ["app-server"], { env: { ...env, PATH: path(), CODEX_HOME: home }, cwd });
    for (const one of asked) server.stdin.write(`${JSON.stringify(one)}\n`);
    try {
      for await (const line of createInterface(server.stdout))
        if (line.includes('"id":2'))
          return JSON.parse(line).result.data[0].hooks.map((hook: { trustStatus: string }) => hook.trustStatus);
      return null;
    } finally {
      server.kill();
    }
  };

  for (const scope of ["project", "user"])
    test(`trusts the hook of a ${scope}, once, and takes it back to the byte`, async () => {
      const cwd = shop.project();
      const home = join(cwd, "..", `codex-${scope}`);
      mkdirSync(home);
      const config = join(home, "config.toml");
      writeFileSync(config, '# mine\nmodel = "x" # keep\n');
      const env = { CODEX_HOME: home, PATH: path() };
      const words = ["codex", "--scope", scope];
      const said = await shop.connect(words, { cwd, env });
      assert.equal(said.code, 0, said.stdout + said.stderr);
      assert.equal(said.report.trust, "trusted");
      assert.deepEqual(await trusted(home, cwd), Array(4).fill("trusted"), "the guard's, and three of turns");
      assert.match(readFileSync(config, "utf8"), /^# mine\nmodel = "x" # keep\n/);
      const written = readFileSync(config, "utf8");
      const again = await shop.connect(words, { cwd, env });
      assert.deepEqual(
        [again.code, again.report.state, again.report.trust],
        [0, "already connected", "trusted already"],
      );
      assert.equal(readFileSync(config, "utf8"), written);
      assert.equal((await shop.disconnect(words, { cwd, env })).code, 0);
      assert.equal(readFileSync(config, "utf8"), '# mine\nmodel = "x" # keep\n');
      assert.deepEqual(await trusted(home, cwd), []);
    });

  test("does not trust a folder whose own configuration would come to work with it", async () => {
    const cwd = shop.project();
    // Codex's own directory need not be there yet.
    const home = join(cwd, "..", "codex-careful");
    mkdirSync(join(cwd, ".codex"));
    writeFileSync(join(cwd, ".codex", "config.toml"), '[mcp_servers.theirs]\ncommand = "x"\n');
    const before = snapshotOf(cwd);
    const said = await shop.connect(["codex"], { cwd, env: { CODEX_HOME: home, PATH: path() } });
    assert.match(said.stderr, /connect.not_trusted/);
    assert.deepEqual(snapshotOf(cwd), before, "and everything is put back");
  });
});
