import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { constants, readFileSync } from "node:fs";
import * as fs from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import type { Account } from "./account.ts";
import type { Binaries } from "./binaries.ts";
import { type ClusterFiles, cleanEnvironment, port, superuser } from "./cluster.ts";

/** A running PostgreSQL: our child, or one that an earlier Longwatch left behind. */
export type Postmaster = { pid: number; sockets: string; isAlive: () => boolean; child?: ChildProcess };

/** Above this the log of earlier runs is put aside (and the one before it dropped) at a start. */
const logBytesMax = 16 * 1024 * 1024;

/** Settings of PostgreSQL, as in its postgresql.conf. */
export type PostgresSettings = Readonly<Record<string, string>>;

const settings: PostgresSettings = {
  listen_addresses: "",
  port: String(port),
  unix_socket_permissions: "0700",
  password_encryption: "scram-sha-256",
  max_connections: "100",
  shared_buffers: "128MB",
  // Durability is the product: an acknowledged command survives a power cut.
  fsync: "on",
  synchronous_commit: "on",
  full_page_writes: "on",
  // The packaged build has no lz4, and pglz costs more CPU than the bytes that it saves are worth.
  wal_compression: "off",
  // Keeps 16 segments for reuse, so that steady writing does not create files; 2 GB spaces checkpoints out.
  min_wal_size: "256MB",
  max_wal_size: "2GB",
  // Our statements are short; compiling them costs more than it gains.
  jit: "off",
  timezone: "UTC",
  log_timezone: "UTC",
  log_destination: "stderr",
  logging_collector: "off",
  log_line_prefix: "%m [%p] ",
};

/** Starts PostgreSQL in a process group of its own, so that Ctrl-C reaches us alone and we stop it in order. */
export async function launch(
  files: ClusterFiles,
  binaries: Binaries,
  account: Account | undefined,
  sockets: string,
  own: PostgresSettings,
): Promise<Postmaster> {
  // PostgreSQL reads this setting as a list: the quotes keep a space or a comma in the path.
  const all = { ...settings, ...own, unix_socket_directories: `"${sockets.replaceAll('"', '""')}"` };
  const args = ["-D", files.cluster, ...Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`])];
  const log = await openLog(files.log);
  const identity = account ? { uid: account.uid, gid: account.gid } : {};
  try {
    const options = { ...identity, cwd: "/", env: cleanEnvironment(), detached: true };
    const child = spawn(binaries.postgres, args, { ...options, stdio: ["ignore", log.fd, log.fd] });
    await new Promise((done, fail) => child.once("spawn", done).once("error", fail));
    child.unref();
    return { pid: child.pid!, sockets, child, isAlive: () => child.exitCode === null && child.signalCode === null };
  } finally {
    await log.close();
  }
}

async function openLog(path: string): Promise<fs.FileHandle> {
  const size = (await fs.stat(path).catch(() => undefined))?.size ?? 0;
  if (size > logBytesMax) await fs.rename(path, `${path}.1`);
  // As root we never write through a link that somebody put there.
  const { O_APPEND, O_CREAT, O_NOFOLLOW, O_WRONLY } = constants;
  return fs.open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, 0o600);
}

/** The last lines of PostgreSQL's log from `offset` on, for an error message. */
export async function logSince(files: ClusterFiles, offset: number): Promise<string> {
  const text = await fs.readFile(files.log).catch(() => Buffer.alloc(0));
  return text
    .subarray(Math.max(offset, text.length - 4000))
    .toString()
    .trim();
}

/** The PostgreSQL that runs on this cluster, if one does. */
export async function findPostmaster(files: ClusterFiles): Promise<Postmaster | undefined> {
  const path = join(files.cluster, "postmaster.pid");
  const lines = await pidLines(path);
  const pid = Number(lines[0]);
  if (!(pid > 0)) return undefined;
  const isAlive = () => isPostmaster(pid, files.cluster);
  while (isAlive()) {
    // It writes where its socket is a moment after its pid.
    const sockets = (await pidLines(path))[4];
    if (sockets) return { pid, sockets, isAlive };
    await sleep(20);
  }
  // PostgreSQL asks only whether that pid exists. A zombie, or another program that has the number now, would keep
  // it from starting for ever. Processes of the old server it finds by its shared memory even without the file.
  if (exists(pid)) {
    await fs.rm(path, { force: true });
    const socketLock = join(lines[4] || files.sockets, `.s.PGSQL.${port}.lock`);
    if (Number((await pidLines(socketLock))[0]) === pid) await fs.rm(socketLock, { force: true });
  }
  return undefined;
}

const pidLines = async (path: string) => (await fs.readFile(path, "utf8").catch(() => "")).split("\n");

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Is this pid alive, not a zombie, and a postmaster on this cluster? A number alone proves nothing: pids return. */
function isPostmaster(pid: number, cluster: string): boolean {
  try {
    if (process.platform === "linux") {
      const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
      const state = stat[stat.lastIndexOf(")") + 2];
      const args = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
      return state !== "Z" && state !== "X" && args[1] === "-D" && args[2] === cluster;
    }
    if (!exists(pid)) return false;
    const line = execFileSync("ps", ["-o", "stat=,command=", "-p", String(pid)], { encoding: "utf8" });
    return !line.trimStart().startsWith("Z") && line.includes(`-D ${cluster} `);
  } catch {
    return false;
  }
}

/** PostgreSQL says this while it starts, recovers or stops. */
const cannotConnectNow = "57P03";

/** How long a live PostgreSQL may be silent: neither a connection nor "I am starting up". */
const silenceSecondsMax = 60;

/** Waits for a real connection; false when PostgreSQL is gone before it gave one. */
export async function untilReady(postmaster: Postmaster, password: string, log: (line: string) => void) {
  let silentSince = Date.now();
  let told = Date.now();
  for (;;) {
    const error = await tryConnecting(postmaster.sockets, password);
    if (!error) return true;
    if (error.code?.startsWith("28"))
      throw new Error(`PostgreSQL (pid ${postmaster.pid}) does not accept the password in postgres.password.`);
    if (!postmaster.isAlive()) return false;
    if (error.code === cannotConnectNow) silentSince = Date.now();
    if (Date.now() - silentSince > silenceSecondsMax * 1000)
      throw new Error(`PostgreSQL (pid ${postmaster.pid}) runs but does not answer: ${error.message}`);
    if (Date.now() - told > 5000) log(`waiting for PostgreSQL (pid ${postmaster.pid}): ${error.message}`);
    if (Date.now() - told > 5000) told = Date.now();
    await sleep(20);
  }
}

async function tryConnecting(host: string, password: string): Promise<(Error & { code?: string }) | undefined> {
  const client = new pg.Client({
    host,
    port,
    user: superuser,
    password,
    database: "postgres",
    connectionTimeoutMillis: 5000,
  });
  client.on("error", () => {}); // a server that dies between connect and end
  try {
    await client.connect();
    await client.end();
    return undefined;
  } catch (error) {
    void client.end().catch(() => {});
    return error as Error;
  }
}

/** Asks for a fast shutdown, insists after 20 s, and returns when the process is gone. */
export async function shutDown(postmaster: Postmaster): Promise<void> {
  for (const [signal, seconds] of [
    ["SIGINT", 20],
    ["SIGQUIT", 5],
  ] as const) {
    if (!postmaster.isAlive()) return;
    try {
      process.kill(postmaster.pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
    for (const since = Date.now(); Date.now() - since < seconds * 1000; await sleep(10))
      if (!postmaster.isAlive()) return;
  }
  throw new Error(`PostgreSQL (pid ${postmaster.pid}) does not stop.`);
}
