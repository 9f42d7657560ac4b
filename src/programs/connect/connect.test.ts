import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { snapshotOf, workshop } from "./connect.fixture.ts";

const shop = await workshop();

/** What stands in a project before it is connected, in the manner of each program. */
const theirs: Record<string, Record<string, string>> = {
  claude: {
    ".claude/settings.json": [
      '{\n    "model": "opus",\n    "hooks": {"PreToolUse": [',
      '{"matcher": "Bash", "hooks": [{"type": "command", "command": "mine"}]}]}\n}',
    ].join(""),
    ".mcp.json": '{"mcpServers":{"other":{"command":"x"}}}\n',
  },
  gemini: { ".gemini/settings.json": '// mine\n{\n\t"ui": {"theme": "x"}, /* keep */\n\t"mcpServers": {}\n}\n' },
  opencode: { "opencode.jsonc": '{\n  // mine\n  "mcp": { "other": { "type": "local", "command": ["x"], }, },\n}\n' },
};

function furnish(project: string, files: Record<string, string>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(project, path, ".."), { recursive: true });
    writeFileSync(join(project, path), text);
  }
}

for (const [cli, files] of Object.entries(theirs))
  describe(`longwatch connect ${cli}`, () => {
    test("keeps what was there, denies what it tries, and changes nothing when it is said again", async () => {
      const cwd = shop.project();
      furnish(cwd, files);
      const said = await shop.connect([cli, "--role", "strategist", "--lane", "shop", "--agents-md"], { cwd });
      assert.equal(said.code, 0, said.stdout + said.stderr);
      assert.deepEqual(
        said.report.trials.map(({ name, got }) => [name, got]),
        [
          ["a harmless call", "pass"],
          ["a protected call", "deny"],
          ["the same without a server", "deny"],
          ...(cli === "opencode" ? [] : [["a turn's end without a server", "pass"]]),
        ],
      );
      assert.match(said.report.trials[2]!.said, /there is no server/);
      if (cli !== "opencode") assert.match(said.report.trials[3]!.said, /Longwatch could not be asked/);
      assert.equal(said.report.seat!.role, "strategist");
      const settings = JSON.parse(readFileSync(join(cwd, ".longwatch", "guard.json"), "utf8"));
      assert.equal(settings.url, shop.url);
      assert.equal((await shop.ask(settings.token, "seat.whoami")).name, said.report.seat!.name);
      assert.equal(statSync(join(cwd, ".longwatch", "guard.json")).mode & 0o777, 0o600);
      const written = snapshotOf(cwd);
      for (const [path, text] of Object.entries(files))
        for (const word of text.match(/\/\/ mine|\/\* keep \*\/|"mine"|"other"|"opus"/g) ?? [])
          assert.ok(written[path]!.includes(word), `${path} keeps ${word}`);

      const again = await shop.connect([cli, "--agents-md"], { cwd });
      assert.equal(again.code, 0, again.stderr);
      assert.equal(again.report.state, "already connected");
      assert.deepEqual(snapshotOf(cwd), written);
    });

    test("disconnect gives every byte back", async () => {
      const cwd = shop.project();
      furnish(cwd, { ...files, "AGENTS.md": "# Mine\n\nNo newline at the end" });
      const before = snapshotOf(cwd);
      assert.equal((await shop.connect([cli, "--agents-md"], { cwd })).code, 0);
      assert.notDeepEqual(snapshotOf(cwd), before);
      assert.equal((await shop.disconnect([cli], { cwd })).code, 0);
      assert.deepEqual(snapshotOf(cwd), before);
      assert.equal(existsSync(join(cwd, ".longwatch")), false);
      assert.match((await shop.disconnect([cli], { cwd })).stdout, /not connected/);
      assert.deepEqual(snapshotOf(cwd), before);
    });

    test("disconnect takes out ours alone where somebody wrote since", async () => {
      const cwd = shop.project();
      furnish(cwd, files);
      assert.equal((await shop.connect([cli], { cwd })).code, 0);
      for (const path of Object.keys(files)) {
        const text = readFileSync(join(cwd, path), "utf8");
        const at = text.lastIndexOf("}");
        writeFileSync(join(cwd, path), `${text.slice(0, at).trimEnd().replace(/,$/, "")},"since":1}\n`);
      }
      assert.equal((await shop.disconnect([cli], { cwd })).code, 0);
      for (const [path, text] of Object.entries(snapshotOf(cwd))) {
        if (path.endsWith(".before-longwatch")) continue;
        assert.doesNotMatch(text, /longwatch/i, path);
        assert.match(text, /"since":\s*1/, path);
      }
    });
  });

describe("longwatch connect", () => {
  test("changes nothing anywhere when one of the files is malformed, and names its line", async () => {
    const cwd = shop.project();
    furnish(cwd, { ".claude/settings.json": "{}\n", ".mcp.json": '{\n  "mcpServers": {\n    oops\n  }\n}\n' });
    const before = snapshotOf(cwd);
    const seats = await shop.ask(shop.operator, "seat.list");
    const { code, stderr } = await shop.connect(["claude"], { cwd });
    assert.equal(code, 6);
    assert.match(stderr, /\.mcp\.json, line 3/);
    assert.deepEqual(snapshotOf(cwd), before);
    assert.deepEqual((await shop.ask(shop.operator, "seat.list")).seats.length, seats.seats.length, "no seat either");
  });

  test("puts back what it wrote when a later file cannot be written", async () => {
    const cwd = shop.project();
    furnish(cwd, { ".claude/settings.json": "{}\n", ".mcp.json/in-the-way": "" });
    const before = snapshotOf(cwd);
    const { code, stderr } = await shop.connect(["claude"], { cwd });
    assert.equal(code, 6, stderr);
    assert.match(stderr, /\.mcp\.json cannot be edited: it is no file/);
    assert.deepEqual(snapshotOf(cwd), before);
  });

  test("refuses a file in which a name stands twice, since programs differ in which they read", async () => {
    const cwd = shop.project();
    furnish(cwd, { ".claude/settings.json": '{\n "hooks": {},\n "hooks": {}\n}\n' });
    const { code, stderr } = await shop.connect(["claude"], { cwd });
    assert.equal(code, 6);
    assert.match(stderr, /line 3.*hooks.*twice/);
  });

  test("follows a link instead of replacing it, and keeps a file's rights", async () => {
    const cwd = shop.project();
    const elsewhere = shop.project();
    furnish(elsewhere, { "dotfiles.json": "{}\n" });
    chmodSync(join(elsewhere, "dotfiles.json"), 0o640);
    mkdirSync(join(cwd, ".claude"));
    symlinkSync(join(elsewhere, "dotfiles.json"), join(cwd, ".claude", "settings.json"));
    assert.equal((await shop.connect(["claude"], { cwd })).code, 0);
    assert.ok(lstatSync(join(cwd, ".claude", "settings.json")).isSymbolicLink());
    assert.match(readFileSync(join(elsewhere, "dotfiles.json"), "utf8"), /PreToolUse/);
    assert.equal(statSync(join(elsewhere, "dotfiles.json")).mode & 0o777, 0o640);
    assert.equal((await shop.disconnect(["claude"], { cwd })).code, 0);
    assert.equal(readFileSync(join(elsewhere, "dotfiles.json"), "utf8"), "{}\n");
  });

  test("says that it is not guarded when hooks are switched off", async () => {
    const cwd = shop.project();
    furnish(cwd, { ".claude/settings.json": '{ "disableAllHooks": true }\n' });
    const { code, stderr } = await shop.connect(["claude"], { cwd });
    assert.notEqual(code, 0);
    assert.match(stderr, /switched off/);
  });

  test("takes the token of a seat, but never an operator's", async () => {
    const cwd = shop.project();
    const token = await shop.seat("CODEX-CLI-BOX-GIVEN-01");
    const given = await shop.connect(["claude", "--token", token], { cwd });
    assert.deepEqual(given.report.seat, { name: "CODEX-CLI-BOX-GIVEN-01", role: "implementer", how: "given" });
    const refused = await shop.connect(["claude", "--token", shop.operator], { cwd: shop.project() });
    assert.match(refused.stderr, /connect.operators_token/);
  });

  test("does not give a place to another seat without being told", async () => {
    const cwd = shop.project();
    assert.equal((await shop.connect(["claude", "--seat", "CLAUDE-CLI-BOX-ONE-01"], { cwd })).code, 0);
    const other = ["gemini", "--seat", "GEMINI-CLI-BOX-TWO-01"];
    assert.match((await shop.connect(other, { cwd })).stderr, /connect.other_seat/);
    const { hooks } = JSON.parse(readFileSync(join(cwd, ".claude", "settings.json"), "utf8"));
    const pinned = hooks.PreToolUse[0].hooks[0].command.split(" --settings ")[1];
    assert.equal(pinned, join(cwd, ".longwatch", "guard.json"), "nobody else chooses the hook's server");
    const replaced = await shop.connect([...other, "--replace"], { cwd });
    assert.equal(replaced.report.seat!.name, "GEMINI-CLI-BOX-TWO-01");
    assert.equal((await shop.disconnect(["claude"], { cwd })).code, 0);
    assert.ok(existsSync(join(cwd, ".longwatch", "guard.json")), "the other one still needs it");
  });

  test("writes for a whole machine below the directory of an image, without a token unless one is said", async () => {
    const cwd = shop.project();
    const words = ["claude", "--scope", "managed", "--managed-root", join(cwd, "image")];
    const said = await shop.connect(words, { cwd });
    assert.equal(said.code, 0, said.stdout + said.stderr);
    const hooks = JSON.parse(readFileSync(join(cwd, "image/etc/claude-code/managed-settings.json"), "utf8")).hooks;
    const [hook] = hooks.PreToolUse[0].hooks;
    assert.equal(hook.onFailure, "block");
    assert.match(hook.command, / guard claude --settings \/etc\/longwatch\/guard\.json$/);
    const settings = join(cwd, "image/etc/longwatch/guard.json");
    assert.equal(JSON.parse(readFileSync(settings, "utf8")).token, undefined);
    assert.equal(statSync(settings).mode & 0o777, 0o644);
    const before = snapshotOf(cwd);
    assert.equal((await shop.connect(words, { cwd })).report.state, "already connected");
    assert.deepEqual(snapshotOf(cwd), before);
    assert.equal((await shop.disconnect(words, { cwd })).code, 0);
    assert.deepEqual(snapshotOf(cwd), {});
  });

  test("writes the hooks of turns beside the guard's, under its program's names, or leaves them out", async () => {
    const events = {
      claude: [".claude/settings.json", "SessionStart", "Stop", "SubagentStart"],
      gemini: [".gemini/settings.json", "SessionStart", "AfterAgent"],
    };
    for (const [cli, [path, ...names]] of Object.entries(events)) {
      const cwd = shop.project();
      const hooks = () => JSON.parse(readFileSync(join(cwd, path!), "utf8")).hooks;
      await shop.connect([cli, "--no-turns"], { cwd });
      assert.equal(Object.keys(hooks()).length, 1, "the guard's alone");
      await shop.connect([cli], { cwd });
      assert.deepEqual(Object.keys(hooks()).slice(1), names);
      for (const name of names)
        assert.match(hooks()[name][0].hooks[0].command, new RegExp(`turn-hook ${cli} [a-z-]+ --settings ${cwd}/`));
      assert.equal((await shop.disconnect([cli], { cwd })).code, 0);
      assert.deepEqual(snapshotOf(cwd), {});
    }
  });

  test("leaves what others wrote about it, and takes ours out of a group that a person added to", async () => {
    for (const [cli, path, name] of [
      ["claude", ".claude/settings.json", "PreToolUse"],
      ["gemini", ".gemini/settings.json", "BeforeTool"],
      ["codex", ".codex/hooks.json", "PreToolUse"],
    ] as const) {
      const cwd = shop.project();
      const mine = { type: "command", command: `echo "longwatch: guard ${cli} was here" >> log` };
      furnish(cwd, { [path]: JSON.stringify({ hooks: { [name]: [{ hooks: [mine] }] } }) });
      const file = join(cwd, path);
      const groups = () => JSON.parse(readFileSync(file, "utf8")).hooks[name];
      await shop.connect([cli], { cwd });
      assert.deepEqual(groups()[0].hooks, [mine]);
      const settings = JSON.parse(readFileSync(file, "utf8"));
      const added = { type: "command", command: "echo added" };
      settings.hooks[name][1].hooks.push(added);
      writeFileSync(file, JSON.stringify(settings));
      await shop.connect([cli], { cwd });
      assert.deepEqual(
        groups().map(({ hooks }: { hooks: unknown[] }) => hooks.length),
        [1, 1, 1],
        "ours is there once",
      );
      settings.hooks[name] = [groups()[0], { hooks: [groups()[2].hooks[0], added] }];
      writeFileSync(file, JSON.stringify(settings));
      assert.equal((await shop.disconnect([cli], { cwd })).code, 0);
      assert.deepEqual(groups(), [{ hooks: [mine] }, { hooks: [added] }]);
    }
  });

  test("says how strong it is, and tells the dry run from the deed", async () => {
    const cwd = shop.project();
    const planned = await shop.connect(["gemini", "--dry-run"], { cwd });
    assert.equal(planned.report.state, "planned");
    assert.deepEqual(snapshotOf(cwd), {});
    const { report } = await shop.connect(["gemini"], { cwd });
    assert.ok(report.strength.dodges.some(({ works }) => works));
    assert.ok(report.strength.dodges.some(({ way, works }) => /yolo/.test(way) && !works));
    assert.match((await shop.connect(["opencode", "--scope", "managed"], { cwd })).stderr, /it has project, user/);
    assert.match((await shop.connect(["vim"], { cwd })).stderr, /One of claude, codex/);
  });

  test("says how an agent finds the commands that a denial names, when npx alone has them", async () => {
    const cwd = shop.project();
    const npx = join(cwd, "node_modules", ".bin");
    furnish(npx, { longwatch: "" });
    const found = await shop.connect(["gemini"], { cwd });
    assert.doesNotMatch(found.report.notes.join("\n"), /not on PATH/);
    const { PATH } = process.env;
    const missed = await shop.connect(["gemini"], { cwd, env: { PATH: `${npx}:${PATH}` } });
    assert.ok(missed.report.notes.some((note) => note.includes(`not on PATH`) && note.includes(shop.launcher)));
  });
});
