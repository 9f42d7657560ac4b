// Builds the console (web/) into web/dist, if what is there was made of other sources. It has packages and a lock file
// of its own, which nobody needs but this build: `--clean` removes them again, if it or a killed one brought them.
// Plain JavaScript without dependencies, as bootstrap.mjs, which runs it beside `npm start` and before `npm test`.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const web = join(root, "web");
const modules = join(web, "node_modules");
const dist = join(web, "dist");
const stamp = join(dist, ".built-of");
const lock = join(web, ".building");
/** Stands as long as the packages are there for one build only. On disk, since whoever is killed tidies nothing up. */
const passing = join(web, ".building-packages");

const say = (line) => process.stderr.write(`Longwatch: ${line}\n`);

/** What the console is made of: its own files, and the API's document that its client is generated from. */
function digest() {
  const hash = createHash("sha256").update(fs.readFileSync(join(root, "golden", "openapi.json")));
  for (const name of fs.readdirSync(web, { recursive: true, withFileTypes: true }).sort(byPath)) {
    const path = join(name.parentPath, name.name);
    if (name.isFile() && !/[\\/](node_modules|dist|\.building)/.test(path) && !path.endsWith("generated.d.ts"))
      hash.update(path.slice(web.length)).update("\0").update(fs.readFileSync(path)).update("\0");
  }
  return hash.digest("hex");
}

function byPath(a, b) {
  const [left, right] = [join(a.parentPath, a.name), join(b.parentPath, b.name)];
  return left < right ? -1 : 1;
}

const isBuilt = (of) => fs.existsSync(stamp) && fs.readFileSync(stamp, "utf8") === of;

/** One build at a time on a clone: whoever comes second waits for it, and finds it done. */
async function takeLock() {
  for (;;) {
    refuseStopped();
    try {
      return fs.writeFileSync(lock, String(process.pid), { flag: "wx" });
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
      if (isLeft()) fs.rmSync(lock, { force: true });
      else await sleep(250);
    }
  }
}

/** Whether the build that took the lock was killed. A lock that is not written yet is a second old at the most. */
function isLeft() {
  try {
    const pid = Number(fs.readFileSync(lock, "utf8"));
    if (pid === 0) return Date.now() - fs.statSync(lock).mtimeMs > 1_000;
    return process.kill(pid, 0) && false;
  } catch (error) {
    return error.code === "ESRCH";
  }
}

let child;
let isStopped = false;
// The server that this runs beside may end before: then the program that runs here ends too, and all is tidied up.
for (const signal of ["SIGINT", "SIGTERM"])
  process.on(signal, () => {
    isStopped = true;
    child?.kill();
  });

function refuseStopped() {
  if (isStopped) throw new Error("It was told to stop.");
}

async function run(program, words, cwd) {
  refuseStopped();
  let said = "";
  child = spawn(program, words, { cwd, stdio: ["ignore", "pipe", "pipe"] });
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (said += text));
  const status = await new Promise((ended, failed) => child.on("error", failed).on("close", ended));
  refuseStopped();
  if (status !== 0) throw new Error(said.trim());
}

function install() {
  const inNpm = process.env.npm_execpath ?? "";
  const words = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
  return inNpm.endsWith(".js") ? run(process.execPath, [inNpm, ...words], web) : run("npm", words, web);
}

const packagesAreThere = () => {
  const [wanted, found] = [join(web, "package-lock.json"), join(modules, ".longwatch-lock.json")];
  return fs.existsSync(found) && fs.readFileSync(found).equals(fs.readFileSync(wanted));
};

async function build(of) {
  if (!packagesAreThere()) {
    await install();
    fs.copyFileSync(join(web, "package-lock.json"), join(modules, ".longwatch-lock.json"));
  }
  // One name for all, under the lock: what a killed build left is written over, and not left for good.
  const fresh = join(web, "dist-fresh");
  fs.rmSync(fresh, { recursive: true, force: true });
  try {
    const vite = join(modules, "vite", "bin", "vite.js");
    await run(process.execPath, [vite, "build", "--config", "vite_config.ts", "--outDir", fresh], web);
    fs.writeFileSync(join(fresh, ".built-of"), of);
    fs.rmSync(dist, { recursive: true, force: true });
    fs.renameSync(fresh, dist);
  } finally {
    fs.rmSync(fresh, { recursive: true, force: true });
  }
}

async function whole(of) {
  const began = Date.now();
  say("building the console (about 20 s)…");
  await build(of);
  say(`the console is built (${Math.round((Date.now() - began) / 1000)} s).`);
}

const isClean = process.argv.includes("--clean");
try {
  const of = digest();
  if (!isBuilt(of) || fs.existsSync(passing)) {
    await takeLock();
    try {
      // Who builds without --clean wants to keep them.
      if (!isClean) fs.rmSync(passing, { force: true });
      else if (!fs.existsSync(modules)) fs.writeFileSync(passing, "");
      if (!isBuilt(of)) await whole(of);
    } finally {
      if (fs.existsSync(passing)) fs.rmSync(modules, { recursive: true, force: true });
      fs.rmSync(passing, { force: true });
      fs.rmSync(lock, { force: true });
    }
  }
} catch (error) {
  if (!isStopped) say(`the console could not be built; all else works. ${error.message.slice(0, 2000)}`);
  process.exitCode = 1;
}
