import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import * as fs from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { buildGuard } from "../../../scripts/build.ts";
import { surroundings } from "../../../test/surroundings.ts";
import { hookCommand } from "../../guard/hook_command.ts";
import { settingsPath, writeSettings } from "../../guard/settings.ts";

/**
 * The whole hook as a CLI runs it: its command line, the launcher, and the guard from its snapshot, its bundle and the
 * sources. The server here only says what it is told to; decided.test.ts asks the real one.
 */
const home = fs.mkdtempSync(join(tmpdir(), "longwatch-guard-"));
const root = join(home, "node_modules", "longwatch");
const node = join(home, "node_modules", "node", "bin", "node");
const launcher = join(root, "bin", "longwatch");
const project = join(home, "project");
const clone = join(import.meta.dirname, "..", "..", "..");
const main = join(clone, "src", "main.ts");
const sources = join(clone, "src", "programs", "guard", "snapshot.ts");

let answers: unknown[] = [];
const asked: any[] = [];
const server = createServer((request, response) => {
  let body = "";
  request.on("data", (part) => (body += part));
  request.on("end", () => {
    if (request.url!.startsWith("/silent/")) return;
    const { evaluations } = JSON.parse(body);
    asked.push(...evaluations);
    response.end(JSON.stringify({ evaluations: evaluations.map((_: unknown, at: number) => answers[at]) }));
  });
});

const denied = {
  decision: false,
  context: {
    id: 12,
    reasons: ["Role stage: a strategist decides and dispatches."],
    protocol: {
      do: "Dispatch it.",
      via: "dispatch",
      command: "longwatch ticket dispatch --decision 12 --to CODEX-CLI-MBP-CAMBER-02",
      offers: [{ seat: "CODEX-CLI-MBP-CAMBER-02", role: "implementer", lane: "CAMBER", idle_seconds: 90 }],
      escalation: null,
      approval: null,
    },
  },
};
const waits = {
  decision: false,
  context: {
    reasons: ["Approval stage."],
    protocol: { do: "The operator was asked.", via: "consent", approval: 7, approval_state: "pending" },
  },
};

before(async () => {
  await new Promise<void>((up) => server.listen(0, "127.0.0.1", up));
  await buildGuard(join(root, "dist"));
  fs.writeFileSync(join(root, "dist", "longwatch.js"), "console.log(JSON.stringify(process.argv.slice(2)))");
  fs.writeFileSync(join(root, "package.json"), '{ "type": "module" }');
  fs.mkdirSync(join(root, "bin"));
  fs.copyFileSync(join(clone, "bin", "longwatch"), launcher);
  fs.mkdirSync(join(node, ".."), { recursive: true });
  fs.symlinkSync(process.execPath, node);
  fs.mkdirSync(join(project, ".git"), { recursive: true });
  settle();
});

after(() => {
  server.close();
  fs.rmSync(home, { recursive: true, force: true });
});

const url = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

function settle(more: object = {}): void {
  const path = settingsPath("project", { project, env: {} });
  const settings = { url: url(), token: "lw_secret", protected_branches: [], wait_seconds: 60, ...more };
  writeSettings(path, { version: 1, ...settings });
}

type Ran = { code: number | null; stdout: string; stderr: string };
type How = { env?: Record<string, string>; open?: boolean };

function run(words: [string, ...string[]], input: string | Buffer, { env = {}, open = false }: How = {}): Promise<Ran> {
  const clean = surroundings({ HOME: home, XDG_CACHE_HOME: join(home, "cache"), ...env });
  const child = spawn(words[0], words.slice(1), { cwd: project, env: clean });
  const ran: Ran = { code: null, stdout: "", stderr: "" };
  child.stdout.on("data", (part) => (ran.stdout += part));
  child.stderr.on("data", (part) => (ran.stderr += part));
  child.stdin.on("error", () => {});
  if (open) child.stdin.write(input);
  else child.stdin.end(input);
  return new Promise((done) => child.on("close", (code) => done({ ...ran, code })));
}

const hook = (cli: string, input: string | Buffer, how: How = {}) =>
  run(["/bin/sh", "-c", hookCommand(cli, launcher)], input, how);

const bash = (command: string, more: object = {}) =>
  JSON.stringify({
    cwd: project,
    hook_event_name: "PreToolUse",
    tool_name: "Bash",
    tool_input: { command },
    tool_use_id: "toolu_1",
    ...more,
  });

const passed = { code: 0, stdout: "", stderr: "" };

/** The snapshot is made behind the first hook's back. */
async function snapshot(): Promise<string> {
  const place = join(root, "node_modules", ".cache", "longwatch");
  for (let tries = 0; tries < 6_000; tries++) {
    const files = fs.existsSync(place) ? fs.readdirSync(place) : [];
    const blob = files.find((name) => /^guard-.*\.blob$/.test(name));
    if (blob && !files.some((name) => name.endsWith(".lock"))) return join(place, blob);
    await new Promise((again) => setTimeout(again, 50));
  }
  throw new Error(`no snapshot in ${place}`);
}

const forms: [string, (cli: string, input: string | Buffer, how?: How) => Promise<Ran>][] = [
  [
    "its bundle",
    (cli, input, how = {}) => hook(cli, input, { ...how, env: { LONGWATCH_NO_SNAPSHOT: "1", ...how.env } }),
  ],
  ["its snapshot", async (cli, input, how) => (await snapshot(), hook(cli, input, how))],
  ["the sources", (cli, input, how) => run([process.execPath, sources, "longwatch", "guard", cli], input, how)],
];

test("the first hooks work at once and leave one snapshot behind, from which the next ones start", async () => {
  for (const ran of await Promise.all([1, 2, 3].map(() => hook("claude", bash("ls"))))) assert.deepEqual(ran, passed);
  await snapshot();
  const bundle = join(root, "dist", "guard.cjs");
  const text = fs.readFileSync(bundle);
  const { atime, mtime } = fs.statSync(bundle);
  fs.writeFileSync(bundle, "process.exit(99)");
  fs.utimesSync(bundle, atime, mtime);
  assert.deepEqual(await hook("claude", bash("ls")), passed);
  fs.writeFileSync(bundle, text);
  fs.utimesSync(bundle, atime, mtime);
});

for (const [form, guard] of forms)
  describe(`The guard from ${form}`, () => {
    test("lets harmless calls pass without a word, and asks nobody", async () => {
      asked.length = 0;
      for (const input of [
        bash("git log --grep push | head -5"),
        bash("ls", { tool_name: "Read", tool_input: { file_path: "/etc/passwd" } }),
        bash("", { hook_event_name: "PostToolUse" }),
      ])
        assert.deepEqual(await guard("claude", input), passed);
      assert.deepEqual(asked, []);
    });

    test("asks about what is protected, and lets it pass when it may happen", async () => {
      asked.length = 0;
      answers = [{ decision: true, context: {} }];
      assert.deepEqual(await guard("codex", bash("vercel deploy --prod")), passed);
      assert.deepEqual(
        asked.map(({ action, resource }) => [action.name, resource.type, resource.properties.production]),
        [["deploy", "environment", true]],
      );
    });

    test("refuses with the reason, the idle seat and the next command on standard error alone", async () => {
      answers = [denied];
      const { code, stdout, stderr } = await guard("codex", bash("vercel deploy --prod"));
      assert.deepEqual([code, stdout], [2, ""]);
      assert.match(stderr, /Role stage/);
      assert.match(stderr, /CODEX-CLI-MBP-CAMBER-02 \(implementer, lane CAMBER, idle for 1 min\)/);
      assert.match(stderr, /longwatch ticket dispatch --decision 12 --to CODEX-CLI-MBP-CAMBER-02/);
      assert.doesNotMatch(stderr, /lw_secret/);
    });

    test("refuses what it cannot read, and says why", async () => {
      const cases: [string | Buffer, RegExp][] = [
        ["", /said nothing/],
        ["{", /not JSON/],
        ["[]", /not an object/],
        ["null", /not an object/],
        [Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xff]), Buffer.from('"}')]), /not UTF-8/],
        [bash("ls", { tool_input: undefined }), /tool_input is missing/],
      ];
      for (const [input, pattern] of cases) {
        const { code, stderr } = await guard("claude", input);
        assert.equal(code, 2, String(input));
        assert.match(stderr, pattern);
      }
    });

    test("answers a CLI that forgets to close its pipe", async () => {
      assert.equal((await guard("claude", `${bash("ls")}\n`, { open: true })).code, 0);
    });
  });

describe("The guard", () => {
  test("reads a call of many megabytes", async () => {
    const content = "git push origin main\n".repeat(200_000);
    const input = bash("", { tool_name: "Write", tool_input: { file_path: join(project, "a"), content } });
    assert.deepEqual(await hook("claude", input), passed);
  });

  const perl = fs.existsSync("/usr/bin/perl") ? false : "no perl here to make such a pipe";
  test("waits for a CLI whose pipe does not", { skip: perl }, async () => {
    const late = `const fs = require("node:fs"); setTimeout(() => fs.writeSync(1, process.argv[1]), 200);`;
    const nonblocking = `perl -e 'use Fcntl; fcntl(STDIN, F_SETFL, O_NONBLOCK); exec @ARGV' "$@"`;
    const script = `"$NODE" -e '${late}' "$CALL" | ${nonblocking}`;
    const how = { env: { NODE: process.execPath, CALL: bash("ls") } };
    const words = [launcher, "guard", "claude"];
    assert.deepEqual(await run(["/bin/sh", "-c", script, "sh", ...words], "", how), passed);
  });

  test("stops a run that a person has to decide about, where settings and Claude allow it", async () => {
    answers = [waits];
    settle({ approvals: "defer" });
    const headless = { env: { CLAUDE_CODE_ENTRYPOINT: "sdk-cli" } };
    const { code, stdout, stderr } = await hook("claude", bash("vercel deploy --prod"), headless);
    assert.deepEqual([code, stderr], [0, ""]);
    assert.equal(JSON.parse(stdout).hookSpecificOutput.permissionDecision, "defer");
    answers = [{ decision: true, context: {} }];
    assert.deepEqual(await hook("claude", bash("vercel deploy --prod"), headless), passed, "resumed after the grant");
    answers = [waits];
    for (const [cli, how] of [
      ["claude", {}],
      ["codex", headless],
    ] as const)
      assert.match((await hook(cli, bash("vercel deploy --prod"), how)).stderr, /Request 7 waits for a person/);
    settle();
    assert.equal((await hook("claude", bash("vercel deploy --prod"), headless)).code, 2);
  });

  test("refuses what is protected, and nothing else, without settings or a server", async () => {
    const path = settingsPath("project", { project, env: {} });
    for (const [change, pattern] of [
      [() => fs.rmSync(path), /the guard has no settings/],
      [() => fs.writeFileSync(path, "{"), /are broken: it is not JSON/],
      [() => settle({ url: "http://127.0.0.1:1" }), /there is no server at http:\/\/127\.0\.0\.1:1/],
      // For longer than any timer of the rehearsal, which must not be the next one that a snapshot's Node waits for.
      [() => settle({ url: `${url()}/silent`, wait_seconds: 4 }), /did not answer within 4 s/],
    ] as const) {
      change();
      const { code, stderr } = await hook("gemini", gemini("vercel deploy --prod"));
      assert.equal(code, 2);
      assert.match(stderr, pattern);
      assert.deepEqual(await hook("gemini", gemini("ls")), passed);
    }
    settle();
  });

  test("refuses a hook that is written wrongly", async () => {
    const written = (words: string[]) => run([launcher, "guard", ...words], bash("ls"));
    for (const words of [
      ["claude", "--settings"],
      ["claude", "--verbose"],
      ["codex", "x", "y", "z"],
    ]) {
      const { code, stderr } = await written(words);
      assert.equal(code, 2, words.join(" "));
      assert.match(stderr, /written wrongly/);
    }
    assert.equal((await hook("copilot", bash("ls"))).code, 2);
  });

  test("hands everything else to the whole program", async () => {
    const ran = await run([launcher, "guard", "check", "git push"], "");
    assert.deepEqual(ran, { code: 0, stdout: '["guard","check","git push"]\n', stderr: "" });
  });

  test("tells a person what it sees in a command", async () => {
    const check = (...words: string[]) => run([process.execPath, main, "guard", "check", ...words], "");
    assert.match((await check("git log --grep push")).stdout, /Nothing protected/);
    const { code, stdout } = await check("cd x && vercel deploy --prod");
    assert.equal(code, 2);
    assert.match(stdout, /deploy of environment .*production/);
  });
});

function gemini(command: string): string {
  return JSON.stringify({
    cwd: project,
    hook_event_name: "BeforeTool",
    tool_name: "run_shell_command",
    tool_input: { command },
  });
}
