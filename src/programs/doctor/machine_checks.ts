import { constants } from "node:fs";
import { access, readdir, readFile, stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import { notesIn, SEGMENT_ENTRIES } from "../../anchors/directory.ts";
import { isAlive, readHolder } from "../../database/directory.ts";
import { syncedBy } from "../../synced_storage.ts";
import { NoteError } from "../../tlog/note.ts";
import { count, type Finding, lasting, ok, problem, skipped } from "./finding.ts";

/** What the package is tested with. */
const NODE_MAJOR_MIN = 24;
/** PostgreSQL's log of changes may take as much before a checkpoint ends it (max_wal_size). */
const FREE_MEGABYTES_MIN = 2_048;

export type Place = { data: string; anchors: string | undefined };

/** What the database says is published of a tenant's log, to compare with what stands outside. */
export type Published = { tenant: string; origin: string | null; size: number };

export function programFinding(version: string): Finding {
  const told = `Longwatch ${version}, Node ${process.versions.node}`;
  if (Number(process.versions.node.split(".")[0]) >= NODE_MAJOR_MIN) return ok("program", told);
  return problem("program", told, `Use the longwatch of the package: it brings the Node that it needs (24 or later).`);
}

/** Looks at the data directory, with or without a server. */
export async function machineFindings(
  { data, anchors = join(data, "anchors") }: Place,
  { reachable, published }: { reachable: boolean; published: Published | null },
): Promise<Finding[]> {
  const files = await readdir(data).catch((error: NodeJS.ErrnoException) => error);
  if (files instanceof Error) {
    if (files.code === "ENOENT")
      return reachable
        ? [skipped("data", `there is none at ${data}: the server is another machine's`)]
        : [problem("data", `nothing is at ${data}`, "`longwatch serve` makes it; LONGWATCH_DATA names another place.")];
    const next = "Ask as the account that the server runs under, or as root.";
    return [problem("data", `${data} cannot be read (${files.code})`, next)];
  }
  return [
    await dataFinding(data, reachable),
    await secretsFinding(data),
    await diskFinding(data),
    storageFinding(data),
    await outsideFinding(anchors, published),
  ];
}

async function dataFinding(data: string, reachable: boolean): Promise<Finding> {
  const holder = await readHolder(join(data, "server.json"));
  if (holder === undefined || !isAlive(holder.pid))
    return ok(
      "data",
      holder ? `${data}; the server ${holder.pid} that had it is gone` : `${data}; nobody serves from it`,
    );
  const told = `${data}; process ${holder.pid} serves from it ${holder.url === null ? "soon" : `at ${holder.url}`}`;
  if (reachable) return ok("data", told);
  return problem("data", told, "Name that address with --url; if nothing answers there, end the process.");
}

/** Files that whoever reads them can act as this server with. */
async function secretsFinding(data: string): Promise<Finding> {
  const keys = await readdir(join(data, "signer")).catch(() => []);
  const files = ["client.json", "postgres.password", ...keys.map((file) => join("signer", file))];
  const open: string[] = [];
  let closed = 0;
  for (const file of files) {
    const found = await stat(join(data, file)).catch(() => null);
    if (found === null) continue;
    if ((found.mode & 0o077) === 0) closed++;
    else open.push(join(data, file));
  }
  if (open.length === 0) return ok("secrets", `${closed} files that only their owner reads`);
  return problem("secrets", `others may read ${open.join(", ")}`, `chmod 600 ${open.join(" ")}`);
}

async function diskFinding(data: string): Promise<Finding> {
  const { bavail, bsize } = await statfs(data);
  const free = Math.floor((bavail * bsize) / 1024 / 1024);
  const told = `${count(free)} MB are free for ${data}`;
  if (free >= FREE_MEGABYTES_MIN) return ok("disk", told);
  return problem("disk", told, `Free some: ${count(FREE_MEGABYTES_MIN)} MB are what the database's own log may take.`);
}

function storageFinding(data: string): Finding {
  const copier = syncedBy(data);
  if (copier === null) return ok("storage", "no program is known to copy the data directory elsewhere");
  const next = "Stop the server, move the directory to a local disk, and name that place with LONGWATCH_DATA.";
  return problem("storage", `${copier} copies ${data} while it is written`, next);
}

async function outsideFinding(anchors: string, published: Published | null): Promise<Finding> {
  const next = "Make it writable for the server, or set LONGWATCH_ANCHORS to another place.";
  try {
    await access(anchors, constants.W_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" && published === null)
      return skipped("outside", `no checkpoint was signed at ${anchors} so far`);
    return problem("outside", `${anchors} is not writable (${code})`, next);
  }
  try {
    return await newestFinding(anchors, published);
  } catch (error) {
    const isForeign = error instanceof NoteError;
    const { code, message } = error as NodeJS.ErrnoException;
    if (!isForeign && code === undefined) throw error;
    const told = isForeign
      ? `${anchors} holds what is no checkpoint: ${message}`
      : `${anchors} cannot be read: ${message}`;
    return problem("outside", told, "Bring the files back from another copy; the server writes over none of them.");
  }
}

async function newestFinding(anchors: string, published: Published | null): Promise<Finding> {
  const tenants = (await readdir(anchors, { withFileTypes: true })).filter((one) => one.isDirectory());
  const told: string[] = [];
  let own = 0;
  for (const { name } of tenants) {
    const newest = await newestNote(join(anchors, name));
    if (newest === null) continue;
    if (name === published?.tenant && newest.origin === published.origin) own = newest.size;
    if (published === null || name === published.tenant)
      told.push(`${name} has ${count(newest.size)} entries signed, ${lasting(newest.seconds)} ago`);
  }
  if (published !== null && published.origin !== null && own < published.size)
    return problem(
      "outside",
      `${anchors} has a checkpoint of ${count(own)} entries of ${published.tenant}, the database one of ` +
        `${count(published.size)}`,
      "Was LONGWATCH_ANCHORS moved? A restart of the server fills it again from the database.",
    );
  return ok("outside", `${anchors}: ${told.join("; ") || "no checkpoint so far"}`);
}

/** The newest note of a tenant's newest log, and how long ago it was written. */
async function newestNote(path: string): Promise<{ origin: string; size: number; seconds: number } | null> {
  const epochs = (await readdir(path)).map(Number).filter((epoch) => Number.isInteger(epoch));
  if (epochs.length === 0) return null;
  const log = join(path, String(Math.max(...epochs)));
  const segments = (await readdir(join(log, "notes"))).filter((name) => /^\d{9}$/.test(name)).sort();
  const last = segments.at(-1);
  const note = last === undefined ? undefined : (await notesIn(log, Number(last) * SEGMENT_ENTRIES - 1)).at(-1);
  if (note === undefined) return null;
  const { mtimeMs } = await stat(join(log, "notes", last!));
  return { origin: note.origin, size: note.size, seconds: (Date.now() - mtimeMs) / 1000 };
}

/** The address that the server of this data directory wrote down; null where there is none. */
export async function addressIn(data: string): Promise<string | null> {
  try {
    const { url } = JSON.parse(await readFile(join(data, "client.json"), "utf8"));
    return typeof url === "string" ? url : null;
  } catch {
    return null;
  }
}
