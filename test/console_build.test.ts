import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const script = fileURLToPath(new URL("../scripts/console.mjs", import.meta.url));

/** In npm's place: brings a builder that tells that it runs, waits while it is told to, and writes a page. */
const NPM = `
const fs = require("node:fs");
fs.mkdirSync("node_modules/vite/bin", { recursive: true });
fs.writeFileSync("node_modules/vite/bin/vite.js", \`
  const fs = require("node:fs");
  fs.writeFileSync("../begun", String(process.pid));
  while (fs.existsSync("../hold")) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
  const at = process.argv[process.argv.indexOf("--outDir") + 1];
  fs.mkdirSync(at, { recursive: true });
  fs.writeFileSync(at + "/index.html", "built");
\`);
`;

/** A clone in which only the console is built, by a builder that is quick. */
function clone() {
  const root = fs.mkdtempSync(join(tmpdir(), "longwatch-console-build-"));
  after(() => fs.rmSync(root, { recursive: true, force: true }));
  for (const name of ["scripts", "golden", "web"]) fs.mkdirSync(join(root, name));
  fs.copyFileSync(script, join(root, "scripts", "console.mjs"));
  for (const name of ["golden/openapi.json", "web/package-lock.json"]) fs.writeFileSync(join(root, name), "{}");
  fs.writeFileSync(join(root, "npm.js"), NPM);
  const start = (...flags: string[]) =>
    spawn(process.execPath, [join(root, "scripts", "console.mjs"), ...flags], {
      env: { ...process.env, npm_execpath: join(root, "npm.js") },
      stdio: ["ignore", "ignore", "pipe"],
    });
  const left = () => fs.readdirSync(join(root, "web")).sort();
  return { root, start, left, hold: join(root, "hold") };
}

async function ended(child: ChildProcess): Promise<unknown> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  return child.exitCode;
}

/** Starts a build and waits until its builder runs, which goes on as long as the file `hold` is there. */
async function underWay({ root, start, hold }: ReturnType<typeof clone>) {
  fs.writeFileSync(hold, "");
  const child = start("--clean");
  while (!fs.existsSync(join(root, "begun"))) await pause(10);
  return child;
}

const BUILT = ["dist", "package-lock.json"];

describe("The console's build beside npm start", () => {
  test("takes its packages away again, and leaves those that somebody else brought", async () => {
    const { root, start, left } = clone();
    assert.equal(await ended(start("--clean")), 0);
    assert.deepEqual(left(), BUILT);
    fs.writeFileSync(join(root, "golden", "openapi.json"), "[]");
    assert.equal(await ended(start()), 0);
    assert.deepEqual(left(), ["dist", "node_modules", "package-lock.json"]);
    fs.writeFileSync(join(root, "golden", "openapi.json"), "{}");
    assert.equal(await ended(start("--clean")), 0);
    assert.deepEqual(left(), ["dist", "node_modules", "package-lock.json"]);
  });

  test("told to stop, ends its builder and leaves nothing behind, without a word of failure", async () => {
    const made = clone();
    const child = await underWay(made);
    let said = "";
    child.stderr!.on("data", (text) => (said += text));
    const builder = Number(fs.readFileSync(join(made.root, "begun"), "utf8"));
    child.kill("SIGTERM");
    assert.equal(await ended(child), 1);
    assert.throws(() => process.kill(builder, 0), { code: "ESRCH" });
    assert.deepEqual(made.left(), ["package-lock.json"]);
    assert.doesNotMatch(said, /could not/);
  });

  test("killed in the middle, has the next one tidy up after it", async () => {
    const made = clone();
    const child = await underWay(made);
    child.kill("SIGKILL");
    process.kill(Number(fs.readFileSync(join(made.root, "begun"), "utf8")), "SIGKILL");
    await ended(child);
    assert.ok(made.left().includes("node_modules"));
    fs.rmSync(made.hold);
    assert.equal(await ended(made.start("--clean")), 0);
    assert.deepEqual(made.left(), BUILT);
  });
});
