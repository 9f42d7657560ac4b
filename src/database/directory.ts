import * as fs from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { syncedBy } from "../synced_storage.ts";

/** What a fresh cluster takes, and room for its first log segments; below this a start would fail half-way. */
const freeMegabytesMin = 128;

/** Where data goes when nobody said: the place that each system has for it. */
export function defaultDataDirectory(xdgDataHome?: string): string {
  if (process.getuid?.() === 0) return "/var/lib/longwatch";
  if (process.platform === "darwin") return join(home(), "Library", "Application Support", "longwatch");
  return join(xdgDataHome?.startsWith("/") ? xdgDataHome : join(home(), ".local", "share"), "longwatch");
}

/** In a container the account may have no home; an empty HOME would be the working directory. */
function home(): string {
  try {
    if (isAbsolute(homedir())) return homedir();
  } catch {}
  throw new Error(`Nobody says where your home directory is. ${elsewhere}`);
}

/**
 * Makes the data directory (mode 0700) if there is none, and answers its canonical path. A relative path counts from
 * the working directory. Throws an Error that says what is wrong with the place and what to do.
 */
export async function openDataDirectory(given?: string, xdgDataHome?: string): Promise<string> {
  const path = given ? resolve(given) : defaultDataDirectory(xdgDataHome);
  const copier = syncedBy(path);
  if (copier) throw synced(path, copier);
  try {
    const first = await fs.mkdir(dirname(path), { recursive: true, mode: 0o755 });
    await fs.mkdir(path, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
    });
    // Parents that we made ourselves must let PostgreSQL's account through, whatever our umask is.
    if (first && process.getuid?.() === 0) await openParents(first, dirname(path));
    const directory = await fs.realpath(path);
    if (!(await fs.stat(directory)).isDirectory()) throw new Error(`The data directory ${path} is a file.`);
    const probe = join(directory, `.probe-${process.pid}`);
    await fs.writeFile(probe, Buffer.alloc(4096), { mode: 0o600 }).finally(() => fs.rm(probe, { force: true }));
    const { bavail, bsize } = await fs.statfs(directory);
    const free = Math.floor((bavail * bsize) / 1024 / 1024);
    if (free < freeMegabytesMin) throw full(path, `only ${free} MB are free, and ${freeMegabytesMin} MB are needed`);
    return directory;
  } catch (error) {
    throw explained(path, error as NodeJS.ErrnoException);
  }
}

async function openParents(first: string, last: string): Promise<void> {
  for (let at = last; at.startsWith(first); at = dirname(at)) await fs.chmod(at, 0o755);
}

const elsewhere = "Choose another place with LONGWATCH_DATA.";

const synced = (path: string, copier: string) =>
  new Error(`${copier} would copy the data directory ${path} while a database writes it. ${elsewhere} A local disk.`);

const full = (path: string, why: string) => new Error(`The disk of the data directory ${path} is full: ${why}.`);

function explained(path: string, error: NodeJS.ErrnoException): Error {
  switch (error.code) {
    case "EACCES":
    case "EPERM":
      return new Error(`The data directory ${path} is not writable for you (${error.message}). ${elsewhere}`);
    case "EROFS":
      return new Error(`The data directory ${path} is on a read-only file system. ${elsewhere}`);
    case "ENOTDIR":
    case "EEXIST":
      return new Error(`The data directory ${path} cannot be made: a part of its path is a file. ${elsewhere}`);
    case "ENOSPC":
    case "EDQUOT":
      return full(path, error.message);
    case undefined:
      return error;
    default:
      return new Error(`The data directory ${path} cannot be used: ${error.message}. ${elsewhere}`, { cause: error });
  }
}

export type Holder = { pid: number; url: string | null; started_at: string };

export type DirectoryLock = {
  /** Writes down where we answer, for those who come second. */
  record(url: string): Promise<void>;
  release(): Promise<void>;
};

export type LockConnection = { host: string; port: number; user: string; password?: string; database: string };

/** "longw", "data": two numbers that no room uses for its own advisory locks. */
const lockKey = [0x6c6f6e67, 0x64617461];

/** How long a lock may outlive its dead holder: until PostgreSQL notices that the connection is closed. */
const lingerSecondsMax = 3;

/**
 * Takes the data directory for this process alone, by an advisory lock on a connection of its own: it dies with us.
 * Throws an Error that names the holder if there is one. When PostgreSQL restarts, the lock is taken again in the
 * background; `lost` is called if another process was quicker.
 */
export async function holdLock(
  connection: LockConnection,
  directory: string,
  lost: (error: Error) => void = () => {},
): Promise<DirectoryLock> {
  const path = join(directory, "server.json");
  const holder: Holder = { pid: process.pid, url: null, started_at: new Date().toISOString() };
  let client: pg.Client;
  let released = false;

  const hold = (taken: pg.Client) => {
    client = taken;
    taken.once("end", () => {
      if (!released) void retake();
    });
  };
  const retake = async () => {
    for (let wait = 50; !released; wait = Math.min(wait * 2, 2000)) {
      await sleep(wait);
      try {
        const taken = await takeLock(connection);
        if (released) return void taken?.end();
        if (taken) return hold(taken);
      } catch {
        continue; // PostgreSQL is not back yet
      }
      const other = await readHolder(path);
      if (other && other.pid !== process.pid && isAlive(other.pid)) return lost(held(directory, other));
    }
  };

  hold(await firstLock(connection, directory, path));
  await writeHolder(path, holder);
  return {
    async record(url) {
      holder.url = url;
      await writeHolder(path, holder);
    },
    async release() {
      if (released) return;
      released = true;
      if ((await readHolder(path))?.pid === process.pid) await fs.rm(path, { force: true });
      await client.end().catch(() => {});
    },
  };
}

async function firstLock(connection: LockConnection, directory: string, path: string): Promise<pg.Client> {
  for (const since = Date.now(); ; await sleep(50)) {
    const client = await takeLock(connection);
    if (client) return client;
    const holder = await readHolder(path);
    if ((holder && isAlive(holder.pid)) || Date.now() - since > lingerSecondsMax * 1000) throw held(directory, holder);
  }
}

async function takeLock(connection: LockConnection): Promise<pg.Client | undefined> {
  const client = new pg.Client({ ...connection, application_name: "longwatch lock", keepAlive: true });
  client.on("error", () => {}); // "end" follows, and there we act
  await client.connect();
  try {
    const { rows } = await client.query("select pg_try_advisory_lock($1, $2) as taken", lockKey);
    if (rows[0].taken) return client;
  } catch (error) {
    await client.end().catch(() => {});
    throw error;
  }
  await client.end();
  return undefined;
}

function held(directory: string, holder: Holder | undefined): Error {
  if (!holder) return new Error(`Another Longwatch is starting or running on ${directory}.`);
  const where = holder.url ? `answers at ${holder.url}` : "is just starting";
  return new Error(
    `Another Longwatch holds ${directory}: process ${holder.pid}, which ${where}, since ${holder.started_at}. ` +
      "Use that one, stop it, or give this one a LONGWATCH_DATA of its own.",
  );
}

/** Who holds the data directory, as it wrote down itself; it may be dead by now. */
export async function readHolder(path: string): Promise<Holder | undefined> {
  try {
    return JSON.parse(await fs.readFile(path, "utf8"));
  } catch {
    return undefined;
  }
}

async function writeHolder(path: string, holder: Holder): Promise<void> {
  const draft = `${path}.${process.pid}`;
  await fs.writeFile(draft, `${JSON.stringify(holder)}\n`, { mode: 0o600 });
  await fs.rename(draft, path);
}

/** Whether a process runs, ours or another's. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
