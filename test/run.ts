import { execFileSync, spawn } from "node:child_process";
import { accessSync, constants, globSync, mkdtempSync, rmSync, statfsSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { openDataDirectory } from "../src/database/directory.ts";
import { startEmbedded } from "../src/database/embedded.ts";
import { derivedPassword } from "../src/database/migrate.ts";
import { chromiumPath, installChromium, REMEDY } from "./console/chromium.ts";
import { prepareTemplate, type TestCluster } from "./harness.ts";
import { sweptBehindUs } from "./swept.ts";

/**
 * `npm test`: starts one real PostgreSQL, makes a template database, and runs every test file against clones of it.
 * `npm run race`, `npm run drill`, `npm run interop`, `npm run agents` and `npm run closure` run the long forms;
 * `npm run golden` accepts the goldens.
 * Arguments are parts of file names: `npm test -- claims race` runs the files whose path has one of them.
 * `npm test -- --slow` tells at the end where the time went.
 */
const root = fileURLToPath(new URL("../", import.meta.url));
const suites: Record<string, string[]> = {
  test: ["src/**/*.test.ts", "test/**/*.test.ts"],
  golden: ["test/golden/*.test.ts", "test/console/pictures.test.ts"],
  race: ["test/race/*.test.ts", "test/odd_input.test.ts"],
  drill: ["test/drill/*.test.ts"],
  interop: ["test/interop/*.test.ts"],
  agents: ["test/agents/*.test.ts"],
  closure: ["test/closure/*.test.ts"],
  console: ["test/console/*.test.ts"],
};

/** What every test asserts of PostgreSQL but durability, which the drills prove on servers of their own. */
const settings = { fsync: "off", full_page_writes: "off", max_connections: "400" };
/** Tests wait about half of their time: for a lease to lapse, a page to paint. The long forms fill a machine alone. */
const FILES_AT_ONCE = Math.min(8, 2 * availableParallelism());
const LONG_FILES_AT_ONCE = 2;
/** A hundred databases of 13 MB at once and PostgreSQL's log of a gigabyte, with room for the tests' own programs. */
const DATABASES_BYTES = 6 * 1024 ** 3;

async function main(): Promise<number> {
  const words = process.argv.slice(2);
  const [first = "", ...rest] = words.filter((word) => word !== "--slow");
  const suite = first in suites && first !== "test" ? first : "test";
  const parts = suite === "test" ? [first, ...rest].filter(Boolean) : rest;
  const files = suites[suite]!.flatMap((pattern) => globSync(pattern, { cwd: root }))
    .filter((file) => parts.length === 0 || parts.some((part) => file.includes(part)))
    .sort();
  if (files.length === 0) {
    console.error(`No test file matches ${parts.join(" ")}.`);
    return 1;
  }
  if (files.some((file) => file.startsWith("test/console/"))) prepareConsole();
  const directory = mkdtempSync(join(placeForDatabases(), "longwatch-test-"));
  // Each file, and each program that it starts, loads the same sources: all but the first find them compiled.
  const compiled = mkdtempSync(join(tmpdir(), "longwatch-compiled-"));
  // What a command remembers of a user is not to be this one's: an own spool that waits would be handed in by tests.
  const state = mkdtempSync(join(tmpdir(), "longwatch-state-"));
  sweptBehindUs(directory, compiled, state);
  const postgres = await startEmbedded({ directory: await openDataDirectory(directory), settings });
  try {
    const cluster: TestCluster = {
      host: postgres.socketDirectory,
      port: postgres.port,
      user: postgres.superuser,
      password: postgres.password,
    };
    await prepareTemplate(cluster, derivedPassword(postgres.password));
    return await runFiles(files, {
      LONGWATCH_TEST_CLUSTER: JSON.stringify(cluster),
      LONGWATCH_LONG: suite === "test" ? "" : "1",
      LONGWATCH_TEST_SLOW: words.includes("--slow") ? "1" : "",
      NODE_COMPILE_CACHE: compiled,
      XDG_STATE_HOME: state,
    });
  } finally {
    await dropSlots(postgres).catch(() => {});
    await postgres.stop();
    for (const made of [directory, compiled, state]) rmSync(made, { recursive: true, force: true });
  }
}

/**
 * In memory where there is plenty of it: a copy of the template is 768 files, whose making takes a disk's file system
 * half a second of a processor and memory a twentieth of that.
 */
function placeForDatabases(): string {
  const memory = "/dev/shm";
  try {
    accessSync(memory, constants.W_OK);
    const { bavail, bsize } = statfsSync(memory);
    if (Math.min(bavail * bsize, process.availableMemory()) >= DATABASES_BYTES) return memory;
  } catch {
    // There is none outside of Linux, or it is not ours to write to.
  }
  return tmpdir();
}

/** The walks through the console want it built, and a browser. Without one they are skipped, and say so. */
function prepareConsole(): void {
  if (chromiumPath() === null) installChromium();
  if (chromiumPath() === null) console.error(`The walks through the console are skipped: ${REMEDY}.`);
  execFileSync(process.execPath, [join(root, "scripts", "console.mjs")], { stdio: ["ignore", "ignore", "inherit"] });
}

// A test that was killed may have left a session that would hold up the shutdown.
async function dropSlots({
  socketDirectory: host,
  port,
  superuser: user,
  password,
}: Awaited<ReturnType<typeof startEmbedded>>) {
  const client = new pg.Client({ host, port, user, password, database: "postgres" });
  await client.connect();
  await client.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
     where pid <> pg_backend_pid() and backend_type = 'client backend'`,
  );
  await client.end();
}

function runFiles(files: string[], environment: Record<string, string>): Promise<number> {
  const reporter = fileURLToPath(new URL("reporter.ts", import.meta.url));
  const child = spawn(
    process.execPath,
    [
      "--test",
      `--test-concurrency=${environment.LONGWATCH_LONG ? LONG_FILES_AT_ONCE : FILES_AT_ONCE}`,
      "--test-timeout=900000",
      `--test-reporter=${reporter}`,
      "--test-reporter-destination=stdout",
      ...files,
    ],
    {
      cwd: root,
      stdio: "inherit",
      env: { ...process.env, NODE_OPTIONS: "--disable-warning=ExperimentalWarning", ...environment },
    },
  );
  // At SIGHUP Node's runner would leave the files that run to themselves.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.on(signal, () => child.kill(signal === "SIGHUP" ? "SIGTERM" : signal));
  return new Promise((resolve) => child.on("exit", (code) => resolve(code ?? 1)));
}

process.exitCode = await main();
