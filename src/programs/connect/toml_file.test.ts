import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parse } from "smol-toml";
import { Refusal } from "../../kernel/refusal.ts";
import { tomlConnected, tomlDisconnected, type TomlEdit } from "./toml_file.ts";

const block = '[mcp_servers.longwatch]\ncommand = "/opt/it"\nargs = ["mcp"]';
const mcp: TomlEdit = { path: "config.toml", what: "tools", keys: [], block };
const required: TomlEdit = {
  path: "requirements.toml",
  what: "hook",
  keys: [
    { table: "features", key: "hooks", value: true },
    { table: "hooks", key: "managed_dir", value: "/etc/it" },
  ],
  block: '[[hooks.PreToolUse]]\n[[hooks.PreToolUse.hooks]]\ntype = "command"\ncommand = "it"',
};

const there = `# mine
model   = "x"   # keep
list = [ 1,
   2 ]
[features]   # also mine
web = true

[mcp_servers.other]
  env = { B = "c" }

[[hooks.PreToolUse]]
matcher = "Bash"
[[hooks.PreToolUse.hooks]]
command = "mine"
[projects."/x y/z"]
trust_level = "trusted"
`;

describe("A TOML file", () => {
  for (const [name, edit] of Object.entries({ mcp, required }))
    for (const before of ["", "a = 1\n", "a = 1", there])
      test(`gets ${name} and loses it again without another byte, from ${JSON.stringify(before.slice(0, 8))}`, () => {
        const after = tomlConnected(edit).change(before)!;
        const added = after.split("\n").filter((line) => !before.split("\n").includes(line));
        for (const line of before.split("\n")) assert.ok(after.split("\n").includes(line), line);
        assert.ok(added.length > 2);
        assert.equal(tomlConnected(edit).change(after), after, "a second time changes nothing");
        const back = tomlDisconnected(edit).change(after)!;
        assert.equal(back, before === "a = 1" ? "a = 1\n" : before);
      });

  test("joins tables that are there instead of writing them twice", () => {
    const after = parse(tomlConnected(required).change(there)!) as any;
    assert.deepEqual({ ...after.features }, { web: true, hooks: true });
    assert.deepEqual(
      after.hooks.PreToolUse.map((group: any) => group.hooks[0].command),
      ["mine", "it"],
    );
  });

  test("keeps what was written between and after our lines", () => {
    const after = `${tomlConnected(mcp).change("a = 1\n")}\n[later]\nb = 2\n`.replace("args", "env_vars = []\nargs");
    assert.equal(tomlConnected(mcp).change(after), after);
    assert.deepEqual(parse(tomlDisconnected(mcp).change(after)!), parse("a = 1\nenv_vars = []\n[later]\nb = 2\n"));
  });

  const refused = (edit: TomlEdit, text: string, code: string, words: RegExp) =>
    assert.throws(
      () => tomlConnected(edit).change(text),
      (error) => error instanceof Refusal && error.code === code && words.test(error.message),
    );

  test("is refused with its line when it is malformed", () =>
    refused(mcp, "a = 1\nb =\n", "connect.malformed", /line 2/));

  test("is refused when what is there contradicts ours", () => {
    refused(required, "[features]\nhooks = false\n", "connect.taken", /features.hooks is false/);
    refused(required, "features = { web = true }\n", "connect.taken", /joined/);
    refused(mcp, '[mcp_servers.longwatch]\nurl = "x"\n', "connect.taken", /joined/);
    refused(mcp, 'mcp_servers = { a = { url = "x" } }\n', "connect.taken", /both stand|joined/);
  });
});
