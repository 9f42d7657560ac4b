import { execFile } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import * as fs from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { type Account, giveTo, privateDirectory } from "./account.ts";
import type { Binaries } from "./binaries.ts";

const execute = promisify(execFile);

export const superuser = "postgres";

/** Sockets are in a private directory, so that the port is only a part of their name. */
export const port = 5432;

/** What PostgreSQL's programs see of our environment: nothing that could bend them (PG*, LD_*, LC_*, TZ). */
export const cleanEnvironment = (): NodeJS.ProcessEnv => ({ PATH: process.env.PATH, LC_ALL: "C", TZ: "UTC" });

/** The files of one embedded PostgreSQL under a data directory. */
export function clusterFiles(directory: string) {
  return {
    directory,
    cluster: join(directory, "postgres"),
    draft: join(directory, "postgres.new"),
    password: join(directory, "postgres.password"),
    log: join(directory, "postgres.log"),
    lock: join(directory, "postgres.lock"),
    sockets: join(directory, "run"),
  };
}

export type ClusterFiles = ReturnType<typeof clusterFiles>;

/**
 * Runs `work` while no other process does the same on this data directory. Node has no flock, but SQLite's exclusive
 * lock is a kernel lock on a file: it dies with its process, whatever happened to that.
 */
export async function alone<T>(files: ClusterFiles, work: () => Promise<T>): Promise<T> {
  // Only SQLite may open this file: the kernel drops a process's locks when it closes any descriptor of the file.
  const lock = new DatabaseSync(files.lock, { timeout: 0 });
  try {
    await fs.chmod(files.lock, 0o600);
    for (;;) {
      try {
        lock.exec("begin exclusive");
        break;
      } catch (error) {
        if (!/locked|busy/.test(String(error))) throw error;
        await sleep(25);
      }
    }
    return await work();
  } finally {
    lock.close();
  }
}

/** Makes the cluster if there is none; call it `alone`. Answers the superuser's password. */
export async function ensureCluster(files: ClusterFiles, binaries: Binaries, account: Account | undefined) {
  await fs.rm(files.draft, { recursive: true, force: true });
  const exists = await fs.access(join(files.cluster, "PG_VERSION")).then(
    () => true,
    () => false,
  );
  const known = await fs.readFile(files.password, "utf8").catch(() => "");
  if (exists && known) return known.trim();
  if (exists)
    throw new Error(
      `${files.cluster} is there but ${files.password} is not: put the password file back from a backup.`,
    );
  // A cluster appears by one rename, so that this is not half a cluster of ours; never remove what we did not make.
  if ((await fs.readdir(files.cluster).catch(() => [])).length > 0)
    throw new Error(
      `${files.cluster} is not a PostgreSQL cluster and not empty: move it away, or choose another place.`,
    );
  const password = known.trim() || randomBytes(32).toString("base64url");
  if (!known) await writeWhole(files.password, `${password}\n`);
  await initialise(files, binaries, account, password);
  return password;
}

async function initialise(files: ClusterFiles, binaries: Binaries, account: Account | undefined, password: string) {
  await privateDirectory(files.draft, account);
  const passwordFile = join(files.draft, "password");
  const cluster = join(files.draft, "cluster");
  await fs.writeFile(passwordFile, password, { mode: 0o600 });
  await giveTo(account, passwordFile);
  const args = [
    `--pgdata=${cluster}`,
    `--username=${superuser}`,
    `--pwfile=${passwordFile}`,
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--locale=C",
    // UTF-8 case rules that come with PostgreSQL itself and so never change under an index with the system's libc.
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--data-checksums",
  ];
  const identity = account ? { uid: account.uid, gid: account.gid } : {};
  try {
    await execute(binaries.initdb, args, { ...identity, cwd: "/", env: cleanEnvironment() });
  } catch (error) {
    const { stderr, message } = error as { stderr?: string; message: string };
    await fs.rm(files.draft, { recursive: true, force: true });
    throw new Error(`PostgreSQL could not make its files in ${files.directory}: ${stderr?.trim() || message}`);
  }
  await fs.rename(cluster, files.cluster);
  await syncDirectory(files.directory);
  await fs.rm(files.draft, { recursive: true, force: true });
}

/** The limit of a Unix socket's path, without the closing zero byte. */
const socketPathMax = process.platform === "darwin" ? 103 : 107;

/** Where the socket goes: in the data directory, or in a private directory under /tmp if that name is too long. */
export async function socketDirectory(files: ClusterFiles, account: Account | undefined): Promise<string> {
  if (Buffer.byteLength(join(files.sockets, `.s.PGSQL.${port}`)) <= socketPathMax) {
    const near = await privateDirectory(files.sockets, account);
    if (near) return near;
    throw new Error(`${files.sockets} belongs to somebody else, or is not a directory: remove it.`);
  }
  const hash = createHash("sha256").update(files.directory).digest("hex").slice(0, 16);
  const far = await privateDirectory(join(tmpdir(), `longwatch-${hash}`), account);
  if (far) return far;
  // Somebody took the name. Any other does as well: who adopts the server reads it from postmaster.pid.
  const other = await fs.mkdtemp(join(tmpdir(), `longwatch-${hash}-`));
  await giveTo(account, other);
  return other;
}

async function writeWhole(path: string, text: string): Promise<void> {
  const draft = `${path}.${process.pid}`;
  await fs.writeFile(draft, text, { mode: 0o600, flush: true });
  await fs.rename(draft, path);
}

async function syncDirectory(path: string): Promise<void> {
  const handle = await fs.open(path, "r");
  await handle.sync().finally(() => handle.close());
}
