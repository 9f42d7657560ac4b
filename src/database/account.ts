import { execFile } from "node:child_process";
import * as fs from "node:fs/promises";
import { dirname } from "node:path";
import { promisify } from "node:util";

const execute = promisify(execFile);

/** The account that PostgreSQL runs under when it is not ours. */
export type Account = { name: string; uid: number; gid: number };

/**
 * PostgreSQL refuses to run as root, so as root we hand it to an unprivileged account: the one that owns the
 * cluster already, else `longwatch`, else `postgres`, else a new `longwatch`, else `nobody`.
 * Undefined means that PostgreSQL runs as ourselves.
 */
export async function chooseAccount(cluster: string): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const owner = await fs.stat(cluster).catch(() => undefined);
  if (owner && owner.uid !== 0) return { name: `uid ${owner.uid}`, uid: owner.uid, gid: owner.gid };
  const found = (await findAccount("longwatch")) ?? (await findAccount("postgres"));
  if (found) return found;
  await createAccount("longwatch");
  const last = (await findAccount("longwatch")) ?? (await findAccount("nobody"));
  if (last) return last;
  throw new Error(
    "PostgreSQL does not run as root, and there is no account `longwatch`, `postgres` or `nobody` to run it under: " +
      "create one with `useradd --system longwatch`.",
  );
}

async function findAccount(name: string): Promise<Account | undefined> {
  try {
    const [uid, gid] = await Promise.all(["-u", "-g"].map(async (flag) => (await execute("id", [flag, name])).stdout));
    return Number(uid) === 0 ? undefined : { name, uid: Number(uid), gid: Number(gid) };
  } catch {
    return undefined;
  }
}

async function createAccount(name: string): Promise<void> {
  const ways = [
    ["useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent", "--shell", "/bin/false"],
    ["adduser", "-S", "-D", "-H", "-s", "/bin/false"], // BusyBox
  ];
  for (const [program, ...args] of ways) {
    const made = await execute(program!, [...args, name]).then(
      () => true,
      () => false,
    );
    if (made) return;
  }
}

/**
 * The first of `path` and the directories above it that the account may not pass through.
 * Node drops the supplementary groups of a child with another uid, so the mode bits are the whole truth.
 */
export async function barrier(path: string, account: Account | undefined): Promise<string | undefined> {
  if (!account) return undefined;
  const above: string[] = [];
  for (let at = path; ; at = dirname(at)) {
    above.unshift(at);
    if (at === dirname(at)) break;
  }
  for (const at of above) {
    const { mode, uid, gid } = await fs.stat(at);
    const passable = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001;
    if (!(mode & passable)) return at;
  }
  return undefined;
}

/** Lets the account pass through the data directory, without letting it list or read what else is there. */
export async function letThrough(directory: string, account: Account | undefined): Promise<void> {
  const shut = await barrier(directory, account);
  if (shut === undefined || !account) return;
  if (shut !== directory)
    throw new Error(
      `PostgreSQL does not run as root, and the account that it runs under (${account.name}) may not pass through ` +
        `${shut}, which is above the data directory ${directory}. Choose a LONGWATCH_DATA elsewhere, for instance ` +
        `/var/lib/longwatch, or allow it with \`chmod o+x ${shut}\`.`,
    );
  await fs.chmod(directory, ((await fs.stat(directory)).mode & 0o7777) | 0o011);
}

/** Gives a file or directory to the account; does nothing when PostgreSQL runs as ourselves. */
export async function giveTo(account: Account | undefined, path: string): Promise<void> {
  if (account) await fs.lchown(path, account.uid, account.gid);
}

/** A directory of mode 0700 that belongs to the account (else to us); undefined if something else has the name. */
export async function privateDirectory(path: string, account: Account | undefined): Promise<string | undefined> {
  const us = process.getuid?.() ?? 0;
  await fs.mkdir(path, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
  });
  const found = await fs.lstat(path);
  if (!found.isDirectory() || (found.uid !== us && found.uid !== account?.uid)) return undefined;
  await fs.chmod(path, 0o700);
  await giveTo(account, path);
  return path;
}
