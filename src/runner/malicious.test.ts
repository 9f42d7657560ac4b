import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { after, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { nodeInEveryJail } from "./node.fixture.ts";
import type { Attempt, Trial } from "./attempts.fixture.ts";

/**
 * What a verify command was tried to do, as the runner's confinement holds it. Each attempt is made by a runner that is
 * root and by one that is an ordinary user, on this machine.
 */

const SECRET = "lw_op_this_opens_everything";
const program = fileURLToPath(new URL("attempts.fixture.ts", import.meta.url));
const isRoot = process.getuid!() === 0;
const NOBODY = 65534;

type Form = { name: string; uid: number; skip: string | false };
const forms: Form[] = [
  { name: "a runner that is root", uid: 0, skip: isRoot ? false : "this test does not run as root" },
  { name: "a runner that is an ordinary user", uid: isRoot ? NOBODY : process.getuid!(), skip: false },
];

const outside = createServer((_, reply) => reply.end("reached")).listen(0, "127.0.0.1");
await once(outside, "listening");
outside.unref();
const { port } = outside.address() as { port: number };

/** A server's data directory and a project's settings, in a place that no tmpfs covers by itself. */
function secrets(uid: number): string {
  const home = mkdtempSync(join(isRoot ? "/var/lib" : homedir(), "longwatch-malicious-"));
  after(() => rmSync(home, { recursive: true, force: true }));
  mkdirSync(join(home, "data"));
  mkdirSync(join(home, "project/.longwatch"), { recursive: true });
  for (const file of ["data/client.json", "data/.hidden", "project/.longwatch/guard.json", "bashrc"])
    writeFileSync(join(home, file), file === "bashrc" ? "own" : JSON.stringify({ token: SECRET }), { mode: 0o600 });
  symlinkSync("data/client.json", join(home, "elsewhere"));
  for (const file of ["", "data", "project", "project/.longwatch"]) chmodSync(join(home, file), 0o700);
  for (const file of ["", "data", "data/client.json", "data/.hidden", "project", "bashrc", "project/.longwatch"])
    chownSync(join(home, file), uid, uid);
  chownSync(join(home, "project/.longwatch/guard.json"), uid, uid);
  return home;
}

const node = nodeInEveryJail();

/** Each is to end without the secret in its output. */
const reading = (home: string): Attempt[] => [
  { name: "the server's client.json", line: `cat ${home}/data/client.json` },
  { name: "the data directory, listed and read whole", line: `ls -lA ${home}/data; grep -r token ${home}/data` },
  { name: "a project's guard settings", line: `cat ${home}/project/.longwatch/guard.json` },
  {
    name: "a link in the worktree that leads there",
    line: `ln -s ${home}/data/client.json x; cat x ${home}/elsewhere`,
  },
  { name: "the environment that it got itself", line: "env; cat /proc/self/environ; cat /proc/1/environ" },
  { name: "the runner's environment", line: "cat /proc/$RUNNER/environ /proc/$PPID/environ" },
  { name: "every process's environment and memory map", line: "cat /proc/[0-9]*/environ; cat /proc/$RUNNER/maps" },
  { name: "a second /proc", line: "mkdir p; mount -t proc proc p; cat p/*/environ; unshare -Urpfm --mount-proc env" },
  { name: "the root of other processes", line: `cat /proc/1/root${home}/data/client.json /proc/1/cwd/../client.json` },
  { name: "taking the cover off", line: `umount ${home}/data; umount -l ${home}/data; cat ${home}/data/client.json` },
  {
    name: "taking the cover off as root of a namespace of its own",
    line: `unshare -Urm sh -c 'umount -l ${home}/data; mount -o remount,rw /; cat ${home}/data/client.json'`,
  },
  {
    name: "another view of the same file system",
    line: `unshare -Urm sh -c 'mkdir m; mount --bind / m; cat m${home}/data/*; mount --rbind / m; cat m${home}/data/*'`,
  },
  {
    name: "the disk itself",
    line: `D=$(findmnt -no SOURCE /); mkdir m; mount $D m; head -c 9 $D; mknod d b 254 0; head -c 9 d`,
  },
  {
    name: "entering the runner's namespaces",
    line: `nsenter -t $RUNNER -m -p cat ${home}/data/client.json; nsenter -t 1 -a env`,
  },
  {
    name: "open files that were left to it",
    line: `for f in /proc/self/fd/*; do cat $f/../client.json $f/client.json; done`,
  },
  {
    name: "a program that is set to another user",
    line: `sudo -n cat ${home}/data/client.json; su root -c 'cat ${home}/data/client.json' </dev/null`,
  },
  { name: "the terminals of others", line: "ls -A /dev/pts" },
  { name: "the sockets of other programs", line: "find /run /var/run /tmp /dev/shm -type s; echo looked" },
];

/** Each is to end within its limits, and nothing of it goes on. */
const outliving: Attempt[] = [
  {
    name: "a child in a session of its own",
    line: `setsid nohup sh -c 'sleep 1; touch alive' >/dev/null 2>&1 & exit 0`,
  },
  { name: "a child that forgets its marker", line: `(env -i setsid sh -c 'sleep 1; touch alive' &) ; exit 0` },
  {
    name: "signals that are ignored",
    line: `trap '' TERM INT HUP QUIT; while :; do sleep 1; done`,
    timeout_seconds: 1,
  },
  { name: "output held open", line: "setsid sleep 600 & echo said" },
  { name: "more output than is kept", line: "yes 'more and more and more'", timeout_seconds: 2 },
  {
    name: "more memory than there is, in one process",
    line: `exec "$NODE" -e 'const a=[];for(;;)a.push(Buffer.alloc(1e7,1))'`,
    memory_mb: 200,
  },
  {
    name: "more memory than there is, in many",
    line: `for n in 1 2 3 4 5 6; do "$NODE" -e 'a=Buffer.alloc(6e7,1);setTimeout(()=>{},2e4)' & done; wait`,
    memory_mb: 200,
  },
  {
    name: "files in memory",
    line: "head -c 900m /dev/zero >/tmp/a; head -c 900m /dev/zero >/dev/shm/a; du -m /tmp/a /dev/shm/a",
    memory_mb: 200,
  },
  { name: "a fork bomb", line: `b() { b | b & }; b; sleep 20`, memory_mb: 64, timeout_seconds: 3 },
  { name: "killing the runner", line: "kill -9 $RUNNER; kill -9 $PPID; kill -9 -1; echo on" },
  {
    name: "a service manager",
    line: "systemd-run --user sh -c 'sleep 1; touch alive'; echo '* * * * * true' | crontab -; echo true | at now",
  },
];

for (const { name, uid, skip } of forms)
  describe(name, { skip }, async () => {
    const home = skip ? "" : secrets(uid);
    const hidden = [join(home, "data"), join(home, "project/.longwatch")];
    const writing: Attempt = {
      name: "writing elsewhere",
      line: `for at in ${home} /etc /usr/bin /var "$OLD"; do echo x >>$at/new; done; touch own && ls`,
    };
    const offline: Attempt = { name: "no network", line: reachLine(), offline: true };
    // A terminal of the runner's user: whoever opens it reads what is typed there.
    const terminal = skip
      ? null
      : spawn("script", ["-qc", "sleep 900", "/dev/null"], { ...(isRoot ? { uid, gid: uid } : {}), stdio: "ignore" });
    terminal?.on("error", () => {});
    after(() => terminal?.kill());
    const attempts = [...reading(home), ...outliving, writing, offline];
    const trial = skip ? (null as never) : await tried(uid, { hidden, attempts });

    it("holds everything that it promises", () => {
      for (const { what, held, how } of trial.protections)
        if (what !== "no network") assert.ok(held, `${what}: ${how}`);
      assert.equal(trial.uid === null, uid !== 0, "root gives its command another user");
    });

    for (const { name: what } of reading(home))
      it(`does not show ${what}`, () => {
        const { output, how } = trial.tried[what]!;
        assert.doesNotMatch(output, new RegExp(SECRET), how);
        if (what === "the terminals of others") assert.match(output, /^(ptmx\n)?$/);
        if (what === "the sockets of other programs") assert.equal(output, "looked\n");
      });

    for (const { name: what, timeout_seconds } of outliving)
      it(`ends ${what}`, async () => {
        const { how, milliseconds, output, lost_bytes, left, work } = trial.tried[what]!;
        assert.ok(milliseconds < 240_000, `${how} after ${milliseconds} ms`);
        assert.equal(left, 0);
        if (what === "a fork bomb") assert.match(how, /^ended (over 64 MB|after 3 s)|^exit code 2$/);
        else if (timeout_seconds !== undefined) assert.equal(how, `ended after ${timeout_seconds} s`);
        if (what.startsWith("more memory")) assert.match(how, /ended over 200 MB of memory|killed by|exit code 1/);
        if (what === "files in memory")
          for (const [, mb] of output.matchAll(/^(\d+)\t/gm)) assert.ok(Number(mb) <= 100);
        if (what === "more output than is kept") assert.ok(lost_bytes > 100_000 && output.length <= 100_000);
        if (what === "killing the runner") assert.ok(Object.keys(trial.tried).length === attempts.length);
        assert.ok(!existsSync(join(work, "alive")), "something of it went on");
        assert.deepEqual(await processesWith(work), []);
      });

    it("lets nothing be written but its worktree", () => {
      assert.equal(trial.tried["writing elsewhere"]!.output.split("\n").includes("own"), true);
      for (const path of [join(home, "new"), "/etc/new", "/usr/bin/new", "/var/new"])
        assert.ok(!existsSync(path), path);
    });

    it("has no network when it is told so, and else the machine's", async () => {
      assert.doesNotMatch(trial.tried["no network"]!.output, /reached/);
      const open = await tried(uid, { hidden, attempts: [{ name: "network", line: reachLine() }] });
      assert.match(open.tried.network!.output, /reached/);
    });

    it("that is killed takes its command with it", async () => {
      const word = `doomed${process.pid}${uid}`;
      const attempt = { name: "long", line: `exec -a ${word} sleep 600 || sleep 600`, timeout_seconds: 600 };
      const bash = { ...attempt, line: `bash -c 'exec -a ${word} sleep 600'` };
      const runner = start(uid, { hidden, attempts: [bash] });
      await until(async () => (await processesWith(word)).some((line) => line.startsWith(word)));
      runner.kill("SIGKILL");
      await until(async () => (await processesWith(word)).length === 0);
    });
  });

describe("a machine that makes no namespaces", () => {
  for (const { name, uid, skip } of forms)
    it(`is told apart: ${name} says what is not held`, { skip }, async () => {
      const home = secrets(uid);
      const bin = mkdtempSync(join(isRoot ? "/var/lib" : homedir(), "longwatch-malicious-"));
      after(() => rmSync(bin, { recursive: true, force: true }));
      chmodSync(bin, 0o755);
      for (const tool of ["sh", "cat", "sleep", "env", "touch"]) symlinkSync(toolAt(tool), join(bin, tool));
      const attempts = [
        { name: "file", line: `cat ${home}/data/client.json; cat /proc/$RUNNER/environ` },
        outliving[0]!,
      ];
      const trial = await tried(uid, { hidden: [join(home, "data")], attempts }, { PATH: bin });
      const held = Object.fromEntries(trial.protections.map((one) => [one.what, one.held]));
      assert.equal(held["nothing outlives it"], false);
      assert.equal(held["secrets are not seen"], uid === 0);
      if (uid === 0) assert.doesNotMatch(trial.tried.file!.output, new RegExp(SECRET));
      // What carries the marker is ended here too.
      await sleep(1200);
      assert.ok(!existsSync(join(trial.tried[outliving[0]!.name]!.work, "alive")));
    });
});

function reachLine(): string {
  return `"$NODE" -e 'fetch("http://127.0.0.1:${port}").then((r)=>r.text()).then(console.log,()=>console.log("no"))'`;
}

function start(uid: number, order: { hidden: string[]; attempts: Attempt[] }, env: Record<string, string> = {}) {
  const own = { PATH: process.env.PATH!, HOME: "/nonexistent", NODE: node, OLD: process.cwd() };
  return spawn(process.execPath, [program, JSON.stringify(order)], {
    env: { ...own, LONGWATCH_TOKEN: SECRET, LONGWATCH_DATA: `/${SECRET}`, ...env },
    stdio: ["ignore", "pipe", "inherit"],
    ...(isRoot ? { uid, gid: uid } : {}),
  });
}

async function tried(uid: number, order: { hidden: string[]; attempts: Attempt[] }, env = {}): Promise<Trial> {
  const runner = start(uid, order, env);
  let said = "";
  runner.stdout.on("data", (text) => (said += text));
  await once(runner, "close");
  const trial = JSON.parse(said) as Trial;
  for (const { work } of Object.values(trial.tried)) after(() => rmSync(work, { recursive: true, force: true }));
  return trial;
}

function toolAt(tool: string): string {
  return process.env
    .PATH!.split(delimiter)
    .map((at) => join(at, tool))
    .find((at) => existsSync(at))!;
}

/** The command lines that hold a word. */
async function processesWith(word: string): Promise<string[]> {
  const ps = spawn("ps", ["-eo", "args"], { stdio: ["ignore", "pipe", "ignore"] });
  let text = "";
  ps.stdout.on("data", (part) => (text += part));
  await once(ps, "close");
  return text.split("\n").filter((line) => line.includes(word) && !line.includes("attempts.fixture"));
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (const since = performance.now(); performance.now() - since < 120_000; await sleep(100))
    if (await condition()) return;
  assert.fail("it did not come to that within two minutes");
}
