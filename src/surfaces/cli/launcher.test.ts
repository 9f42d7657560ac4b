import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import * as fs from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { buildCommandLine } from "../../../scripts/build.ts";

/** A package as npm installs it, with the pinned Node as a hard link and a program that only tells its words. */
const home = fs.mkdtempSync(join(tmpdir(), "longwatch-package-"));
const root = join(home, "node_modules", "longwatch");
const node = join(home, "node_modules", "node", "bin", "node");
const cli = join(root, "dist", "cli.cjs");
const launcher = join(root, "bin", "longwatch");
const source = join(import.meta.dirname, "..", "..", "..", "bin", "longwatch");

const keys: string[] = [];
const server = createServer((request, response) => {
  keys.push(String(request.headers["idempotency-key"]));
  request.resume().on("end", () => response.end(JSON.stringify({ path: request.url })));
});

before(async () => {
  await new Promise<void>((up) => server.listen(0, "127.0.0.1", up));
  await buildCommandLine(join(root, "dist"), ["ticket drift"]);
  fs.writeFileSync(join(root, "package.json"), '{ "type": "module" }');
  fs.writeFileSync(join(root, "dist", "longwatch.js"), "console.log(JSON.stringify(process.argv.slice(2)))");
  fs.mkdirSync(join(root, "bin"));
  fs.copyFileSync(source, launcher);
  fs.mkdirSync(join(node, ".."), { recursive: true });
  fs.symlinkSync(process.execPath, node);
});

after(() => {
  server.close();
  fs.rmSync(home, { recursive: true, force: true });
});

type Heard = { code: number | null; stdout: string; stderr: string };

function launch(
  words: string[],
  { program = launcher, env = {} as Record<string, string>, cwd = home } = {},
): Promise<Heard> {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const clean = { PATH: process.env.PATH, HOME: home, XDG_CACHE_HOME: join(home, "cache"), LONGWATCH_DATA: home };
  const child = spawn(program, words, { cwd, env: { ...clean, LONGWATCH_URL: url, ...env } });
  const heard: Heard = { code: null, stdout: "", stderr: "" };
  child.stdout.on("data", (part) => (heard.stdout += part));
  child.stderr.on("data", (part) => (heard.stderr += part));
  return new Promise((done) => child.on("close", (code) => done({ ...heard, code })));
}

const listed = { code: 0, stdout: '{"path":"/v1/ticket/list?lane=a"}\n', stderr: "" };
const list = ["ticket", "list", "--lane", "a", "--json"];
const places = { here: join(root, "node_modules", ".cache", "longwatch"), there: join(home, "cache", "longwatch") };

function blobs(place: string): string[] {
  if (!fs.existsSync(place)) return [];
  const files = fs.readdirSync(place, { recursive: true, encoding: "utf8" }).filter((name) => name.includes("cli-"));
  return files.map((name) => join(place, name));
}

/** The snapshot is made behind the first command's back. */
async function kept(place: string): Promise<string> {
  for (let tries = 0; tries < 6_000; tries++) {
    const found = blobs(place);
    const blob = found.find((name) => name.endsWith(".blob"));
    if (blob && !found.some((name) => name.endsWith(".lock"))) return blob;
    await new Promise((again) => setTimeout(again, 50));
  }
  throw new Error(`no snapshot in ${place}`);
}

/** Runs with a bundle that only the snapshot can do without: who answers was started from the snapshot. */
async function fromSnapshot<T>(work: () => Promise<T>): Promise<T> {
  const text = fs.readFileSync(cli);
  const { atime, mtime } = fs.statSync(cli);
  fs.writeFileSync(cli, "process.exit(99)");
  fs.utimesSync(cli, atime, mtime);
  try {
    return await work();
  } finally {
    fs.writeFileSync(cli, text);
    fs.utimesSync(cli, atime, mtime);
  }
}

test("many first commands at once all work, and leave one snapshot behind", async () => {
  for (const heard of await Promise.all(Array.from({ length: 6 }, () => launch(list)))) assert.deepEqual(heard, listed);
  const blob = await kept(places.here);
  assert.deepEqual(blobs(places.here).sort(), [blob, `${blob}.node`]);
});

test("the next command starts from the snapshot, with a key of its own and nothing on standard error", async () => {
  keys.length = 0;
  const claim = ["ticket", "lapse", "--json"];
  const twice = await fromSnapshot(async () => [await launch(claim), await launch(claim)]);
  for (const heard of twice) assert.deepEqual(heard, { code: 0, stdout: '{"path":"/v1/ticket/lapse"}\n', stderr: "" });
  assert.equal(new Set(keys).size, 2);
});

test("exit codes and refusals come through the snapshot", async () => {
  const heard = await fromSnapshot(() => launch(["ticket", "claim", "--lease-seconds", "x"]));
  assert.equal(heard.code, 2);
  assert.match(heard.stderr, /--lease-seconds: must be a whole number/);
  const nobody = await fromSnapshot(() => launch(list, { env: { LONGWATCH_URL: "http://127.0.0.1:9" } }));
  assert.equal(nobody.code, 8);
  assert.match(nobody.stderr, /longwatch serve/);
});

test("out of the snapshot, too, a filing that no server answers is kept", async () => {
  const env = { LONGWATCH_URL: "http://127.0.0.1:9", LONGWATCH_TOKEN: "lw_seat", LONGWATCH_SPOOL: join(home, "spool") };
  const file = ["ticket", "file", "--namespace", "CMB", "--title", "cut off"];
  const heard = await fromSnapshot(() => launch([...file, "--json"], { env }));
  assert.deepEqual([heard.code, heard.stderr], [0, ""]);
  assert.equal(JSON.parse(heard.stdout).state, "confirm_pending");
  // A directory that others may read is refused by a refusal that the command line knows for one.
  fs.chmodSync(join(home, "spool"), 0o755);
  const refused = await fromSnapshot(() => launch(file, { env }));
  assert.deepEqual([refused.code, refused.stderr.split(":")[0]], [6, "refused (spool.not_private)"]);
});

test("what is not a generated command becomes the whole program, words and all", async () => {
  const words = ["serve", "--port", "1", "two words", ""];
  const heard = await fromSnapshot(() => launch(words));
  assert.deepEqual(heard, { code: 0, stdout: `${JSON.stringify(words)}\n`, stderr: "" });
  const ofTwo = ["ticket", "drift", "FILE"];
  const handed = await fromSnapshot(() => launch(ofTwo));
  assert.deepEqual(handed, { code: 0, stdout: `${JSON.stringify(ofTwo)}\n`, stderr: "" });
  assert.equal((await launch(words, { env: { LONGWATCH_NO_SNAPSHOT: "1" } })).stdout, heard.stdout);
});

test("what the start asks of malloc is not handed on to what runs for longer; what a person asks is", async () => {
  const program = join(root, "dist", "longwatch.js");
  const text = fs.readFileSync(program, "utf8");
  fs.writeFileSync(program, "console.log(process.env.GLIBC_TUNABLES ?? null)");
  const [, asked] = /GLIBC_TUNABLES=(\S+)/.exec(fs.readFileSync(source, "utf8"))!;
  const told = (env: Record<string, string>) => fromSnapshot(() => launch(["serve"], { env }));
  try {
    assert.equal((await told({})).stdout, "null\n");
    assert.equal((await told({ GLIBC_TUNABLES: asked! })).stdout, "null\n", "become knows what the launcher asks");
    assert.equal((await told({ GLIBC_TUNABLES: "glibc.malloc.arena_max=2" })).stdout, "glibc.malloc.arena_max=2\n");
  } finally {
    fs.writeFileSync(program, text);
  }
});

test("it finds itself through links, as npm makes them and as people do", async () => {
  fs.mkdirSync(join(home, "node_modules", ".bin"));
  fs.mkdirSync(join(home, "chain"));
  const links: [string, string][] = [
    [join(home, "node_modules", ".bin", "longwatch"), "../longwatch/bin/longwatch"],
    [join(home, "chain", "first"), launcher],
    [join(home, "chain", "second"), "first"],
  ];
  for (const [link, target] of links) fs.symlinkSync(target, link);
  for (const [link] of links) assert.deepEqual(await launch(list, { program: link }), listed, link);
  assert.deepEqual(await launch(list, { program: "./bin/longwatch", cwd: root }), listed);
  assert.deepEqual(
    await launch(list, { program: "longwatch", env: { PATH: `${join(root, "bin")}:${process.env.PATH}` } }),
    listed,
  );
});

test("linked under a familiar name it is that command", async () => {
  const link = join(home, "node_modules", ".bin", "fleet-active-queue");
  fs.symlinkSync("../longwatch/bin/longwatch", link);
  const heard = await launch(["--lane", "a", "--json"], { program: link });
  assert.deepEqual(heard, { code: 0, stdout: '{"path":"/v1/queue/read?lane=a"}\n', stderr: "" });
});

const junk = "not a snapshot: a Node that starts from it crashes";

/** The launcher saw that the snapshot is no good: it worked without, and made another behind our back. */
async function replaced(blob: string): Promise<void> {
  const isNew = () => {
    try {
      return !fs.readFileSync(blob).includes(junk);
    } catch {
      return false; // The old one is removed a moment before.
    }
  };
  for (let tries = 0; !isNew(); tries++) {
    assert.ok(tries < 6_000, "no new snapshot");
    await new Promise((again) => setTimeout(again, 50));
  }
  assert.equal(await kept(places.here), blob);
}

test("a snapshot older than the build is not met", async () => {
  const blob = await kept(places.here);
  fs.writeFileSync(blob, junk);
  const past = new Date(fs.statSync(cli).mtimeMs - 1000);
  fs.utimesSync(blob, past, past);
  assert.deepEqual(await launch(list), listed);
  await replaced(blob);
});

test("an empty snapshot, as a power cut may leave one, is not met", async () => {
  const blob = await kept(places.here);
  fs.writeFileSync(blob, "");
  const soon = new Date(Date.now() + 60_000);
  fs.utimesSync(blob, soon, soon);
  assert.deepEqual(await launch(list), listed);
  for (let tries = 0; fs.statSync(blob).size === 0; tries++) {
    assert.ok(tries < 6_000, "no new snapshot");
    await new Promise((again) => setTimeout(again, 50));
  }
  await kept(places.here);
});

test("one that is cut off, as a disk may leave it, is made anew for whoever saw Node crash on it", async () => {
  const blob = await kept(places.here);
  const bytes = fs.readFileSync(blob);
  fs.writeFileSync(blob, bytes.subarray(0, bytes.length / 2));
  assert.equal((await launch(list)).code, null, "Node was killed by a signal");
  assert.deepEqual(await launch(list, { env: { LONGWATCH_NO_SNAPSHOT: "broken" } }), listed);
  for (let tries = 0; !fs.existsSync(blob); tries++) {
    assert.ok(tries < 6_000, "no new snapshot");
    await new Promise((again) => setTimeout(again, 50));
  }
  await kept(places.here);
  assert.deepEqual(await fromSnapshot(() => launch(list)), listed);
});

test("a snapshot of another Node is not met, and neither is one older than its Node", async () => {
  const blob = await kept(places.here);
  // By renames: what lies there is the pinned Node itself under a second name.
  fs.writeFileSync(join(home, "other"), "another Node");
  fs.renameSync(join(home, "other"), `${blob}.node`);
  fs.writeFileSync(blob, junk);
  assert.deepEqual(await launch(list), listed);
  await replaced(blob);
  fs.writeFileSync(blob, junk);
  fs.utimesSync(blob, 1, 1);
  assert.deepEqual(await launch(list), listed);
  await replaced(blob);
});

test("where no hard link can be made, the snapshot knows its Node by what ls says of it", async () => {
  const blob = await kept(places.here);
  fs.rmSync(`${blob}.node`);
  fs.mkdirSync(join(`${blob}.node`, "in-the-way"), { recursive: true });
  fs.writeFileSync(blob, junk);
  assert.deepEqual(await launch(list), listed);
  await replaced(blob);
  assert.deepEqual(await fromSnapshot(() => launch(list)), listed);
  fs.writeFileSync(`${blob}.for`, fs.readFileSync(`${blob}.for`, "utf8").replace(/\d/, "x"));
  fs.writeFileSync(blob, junk);
  assert.deepEqual(await launch(list), listed);
  await replaced(blob);
});

test("where the package cannot be written, each user keeps a snapshot in the cache directory", async () => {
  fs.rmSync(join(root, "node_modules"), { recursive: true, force: true });
  fs.writeFileSync(join(root, "node_modules"), "a file in the way, since tests may run as root");
  const past = new Date(Date.now() - 60_000);
  fs.utimesSync(cli, past, past);
  assert.deepEqual(await launch(list), listed);
  await kept(places.there);
  assert.deepEqual(await fromSnapshot(() => launch(list)), listed);
});

test("where nothing can be written, or options for Node are set, it works without a snapshot", async () => {
  const nowhere = { HOME: "/dev/null", XDG_CACHE_HOME: "/dev/null" };
  assert.deepEqual(await launch(list, { env: nowhere }), listed);
  assert.deepEqual(await launch(list, { env: { NODE_OPTIONS: "--trace-uncaught" } }), listed);
});

test("without any Node that is new enough it says so", async () => {
  const bare = join(home, "bare");
  fs.mkdirSync(join(bare, "bin"), { recursive: true });
  fs.copyFileSync(source, join(bare, "bin", "longwatch"));
  fs.writeFileSync(join(bare, "node"), "#!/bin/sh\necho v20.1.0\n", { mode: 0o755 });
  const heard = await launch(list, { program: join(bare, "bin", "longwatch"), env: { PATH: `${bare}:/usr/bin:/bin` } });
  assert.equal(heard.code, 1);
  assert.match(heard.stderr, /needs Node 24 or later/);
});

test("a clone whose packages are not installed says how to get them", async () => {
  const clone = join(home, "clone");
  fs.mkdirSync(join(clone, "bin"), { recursive: true });
  fs.copyFileSync(source, join(clone, "bin", "longwatch"));
  const PATH = `${join(node, "..")}:/usr/bin:/bin`;
  const heard = await launch(list, { program: join(clone, "bin", "longwatch"), env: { PATH } });
  assert.deepEqual([heard.code, heard.stdout], [1, ""]);
  assert.match(heard.stderr, new RegExp(`packages are not installed; run \`npm install\` in ${clone}`));
});

test("in a directory that is gone it says so", async () => {
  const gone = join(home, "gone");
  fs.mkdirSync(gone);
  const script = `cd ${gone} && rmdir ${gone} && "$@"`;
  const heard = await launch(["-c", script, "sh", launcher, ...list], { program: "/bin/sh" });
  assert.deepEqual([heard.code, heard.stdout], [1, ""]);
  assert.match(heard.stderr, /the directory that you are in is gone; change to one that exists/);
});
