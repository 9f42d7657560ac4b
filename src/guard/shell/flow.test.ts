import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { line, reading, started } from "./around.fixture.ts";

const PUSH = "git push";

const cases: Record<string, string[]> = {
  "lists, pipes and groups": [
    "true && git push",
    "false && git push",
    "true || git push",
    "ls; git push",
    "ls\ngit push",
    "ls & git push &",
    "ls | git push",
    "ls |& git push",
    "! git push",
    "time git push",
    "time -p git push",
    "(cd x; (git push))",
    "{ git push; }",
    "coproc git push",
    "coproc x { git push; }",
    "# no\ngit push # yes",
    "ls > out; git push > out 2>&1 < in",
    ">out git push",
    "A=b C=d git push",
  ],
  branches: [
    "if true; then ls; else git push; fi",
    "if git push; then ls; fi",
    "if false; then ls; elif git push; then ls; fi",
    "if false; then ls; elif true; then git push; fi",
    "case x in y) git push;; esac",
    "case x in y) ls;& z) git push;; esac",
    "while false; do git push; done",
    "while git push; do ls; done",
    "until git push; do ls; done",
    "for x in; do git push; done",
    "for x in push fetch; do git $x; done",
    "for ((i = 0; i < 3; i++)); do git push; done",
    "select x in push; do git push; done",
    "while true; do x=pu; git ${x}sh; done",
    "while read -r x; do git $x; done <<< push",
    "printf 'git push\\nls\\n' | while read -r a b; do $a $b; done",
    'for x in main dev; do [ -n "$Y" ] && break; done; [ $x = main ] && git push',
    "x=status; for i in 1 2; do git $x; x=push; done",
    "x=status; while ls; do git $x; x=push; done",
    "if ls; then x=push; else x=pull; fi; git $x",
    "ls && x=push || x=pull; git $x",
    "x=push; ls && x=pull; git $x",
  ],
  "functions and aliases": [
    "command_not_found_handle() { git push; }; nosuch",
    'command_not_found_handle() { git "$@"; }; push',
    "trap '$x' EXIT; x='git push'",
    "f() { git push; }; f",
    "function f { git $1; }; f push",
    'f() { git "$@"; }; f push',
    "f() { g; }; g() { git push; }; f",
    "f() { f; git push; }; f",
    'f() { [ $# -gt 1 ] && { shift; f "$@"; }; git $1; }; f a b push',
    "f() ( git push ); f",
    "f() { local x=push; git $x; }; f",
    "f() { x=push; }; f; git $x",
    "x=git; f() { declare x=ls; }; f; $x push",
    "f() { declare -g x=git; }; f; $x push",
    "f() { declare -p x; x=git; }; f; $x push",
    'git() { command git "$@"; }; git push',
    "echo() { :; }; f() { return; }; f; git push",
    "alias gp='git push'; gp",
    "alias gp='git push'\ngp",
    "shopt -s expand_aliases; alias g=git; g push",
    "hash -p /usr/bin/git g; g push",
    "trap 'git push' EXIT",
    "bind -x '\"\\C-g\": git push'",
    "PROMPT_COMMAND='git push'",
    "PS1='$(git push)'",
    "GIT_EDITOR='git push' git commit",
    "complete -C 'git push' ls",
    "export GIT_SSH_COMMAND='git push'; git fetch",
    "env GIT_PAGER='git push' git log",
    "=git push",
    "enable -n test; git push",
  ],
};

describe("Commands are followed wherever they may run:", () => {
  for (const [area, commands] of Object.entries(cases))
    test(area, () => {
      for (const command of commands)
        assert.ok(
          started(command).some((one) => one.replace("/usr/bin/", "").startsWith(PUSH)),
          `${command}\n  starts  ${started(command).join("\n          ")}`,
        );
    });

  test("what cannot run is not told", () => {
    const harmless = [
      "git log --grep push",
      'echo "git push"',
      "echo git push",
      "grep -r 'git push' .",
      "cat <<'E'\ngit push\nE",
      "git commit -m 'git push later'",
      "f() { git push; }",
      "# git push",
      "exit; git push",
      "exec ls; git push",
      "x='git push'",
      "alias gp='git push'",
      "bash -n <<< ''",
      "bash -n -c 'git push'",
      "bash -o noexec -c 'git push'",
      "make -n -f - x <<< 'x:; git push'",
      "declare -n r=x; x='git push'",
      "command_not_found_handle() { echo git push; }; nosuch",
    ];
    for (const command of harmless) assert.ok(!started(command).some((one) => /^\S*git push/.test(one)), command);
  });

  test("the working directory is followed", () => {
    const where = (command: string) =>
      reading(command)
        .invocations.filter((one) => line(one).startsWith("git"))
        .map(({ cwd }) => cwd);
    assert.deepEqual(where("cd /srv/app && git push"), ["/srv/app"]);
    assert.deepEqual(where("cd app; git push"), ["/project/app"]);
    assert.deepEqual(where("cd app/../../x/.; git push"), ["/x"]);
    assert.deepEqual(where("cd; git push"), ["/users/ann"]);
    assert.deepEqual(where("cd ~/a; cd -; git push"), ["/project"]);
    assert.deepEqual(where("(cd app; git pull); git push"), ["/project/app", "/project"]);
    assert.deepEqual(where("pushd app; git pull; popd; git push"), ["/project/app", "/project"]);
    assert.deepEqual(where("cd app | git push"), ["/project"]);
    assert.deepEqual(where("cd $(unknown); git push"), [null]);
    assert.deepEqual(where("CDPATH=/srv; cd app; git push"), [null]);
    assert.deepEqual(where("f() { cd /srv; }; f; git push"), ["/srv"]);
    assert.deepEqual(where("if ls; then cd a; else cd b; fi; git push"), ["/project/a", "/project/b"]);
    assert.deepEqual(where("env -C /srv git push; git -C x push"), ["/srv", "/project"]);
    assert.deepEqual(where("ssh host git push"), [null]);
  });

  test("redirections that write are told, with what only writes", () => {
    const writes = (command: string) =>
      reading(command).invocations.flatMap((one) => one.writes.map(({ value, text }) => value ?? `<${text}>`));
    assert.deepEqual(writes("ls > a 2>> b &> c >| d"), ["a", "b", "c", "d"]);
    assert.deepEqual(writes("> a"), ["a"]);
    assert.deepEqual(writes("{ ls; } > a"), ["a"]);
    assert.deepEqual(writes("while ls; do ls; done > a"), ["a"]);
    assert.deepEqual(writes("f() { ls; }; f > a"), ["a"]);
    assert.deepEqual(writes("ls > /dev/null 2>&1 < in"), []);
    assert.deepEqual(writes("exec > a"), ["a"]);
    assert.deepEqual(writes("x=/etc; echo y > $x/passwd"), ["/etc/passwd"]);
    assert.deepEqual(writes('ls > "$(unknown)"'), ['<"$(unknown)">']);
    assert.deepEqual(writes("bash -c 'ls > a'"), ["a"]);
  });

  test("the environment of a command is what was exported", () => {
    const env = (command: string) => [...reading(command).invocations.at(-1)!.env];
    assert.deepEqual(env("A=b git push"), [["A", "b"]]);
    assert.deepEqual(env("A=b; git push"), []);
    assert.deepEqual(env("export A=b; git push"), [["A", "b"]]);
    assert.deepEqual(env("set -a; A=b; git push"), [["A", "b"]]);
    assert.deepEqual(env("HOME=/x; git push"), [["HOME", "/x"]]);
    assert.deepEqual(env("export A=$(unknown); git push"), [["A", null]]);
    assert.deepEqual(env("A=b git pull; git push"), []);
    assert.deepEqual(env("env -u HOME A=b git push"), [["HOME", ""], ["A", "b"]]); // prettier-ignore
    assert.deepEqual(env("export A=b; bash -c 'git push'"), [["A", "b"]]);
  });

  test("standard input is known as far as its makers are", () => {
    const input = (command: string) => reading(command).invocations.at(-1)!.stdin;
    assert.equal(input("git push"), undefined);
    assert.equal(input("git push < /dev/null"), "");
    assert.equal(input("cat <<E\nx\nE"), "x\n");
    assert.equal(input("echo x | cat"), "x\n");
    assert.equal(input("ls | cat"), null);
  });

  test("what the shell cannot parse is told, and what stands before it read", () => {
    const { invocations, unknowns } = reading("git push\n)");
    assert.deepEqual(invocations.map(line), [PUSH]);
    assert.match(unknowns[0]!.why, /cannot parse/);
  });
});
