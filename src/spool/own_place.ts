import * as fs from "node:fs";
import { dirname } from "node:path";
import { Refusal } from "../kernel/refusal.ts";
import { syncedBy } from "../synced_storage.ts";

/** Makes the directory for its owner alone. What others can write or read there would be filed or read in our name. */
export function preparePlace(place: string): void {
  const copier = syncedBy(place);
  if (copier)
    throw new Refusal("conflict", "spool.synced", `${copier} would copy the spool ${place} with each filing.`, {
      hint: "Set LONGWATCH_SPOOL to a directory on a local disk.",
    });
  try {
    // A journal is on the disk only if the way to it is.
    const made = fs.mkdirSync(place, { recursive: true, mode: 0o700 });
    for (let at = place; made !== undefined && at.length >= made.length; at = dirname(at)) syncDirectory(dirname(at));
  } catch (error) {
    throw spoolBroken(place, error);
  }
  const found = fs.lstatSync(place);
  const own = process.geteuid?.() ?? found.uid;
  if (found.isDirectory() && found.uid === own && (found.mode & 0o077) === 0) return;
  throw new Refusal("conflict", "spool.not_private", `${place} is not a directory of yours alone.`, {
    hint: "`chmod 700` it if you made it; else move it away, or set LONGWATCH_SPOOL to a directory of your own.",
  });
}

export function syncDirectory(path: string): void {
  const directory = fs.openSync(path, "r");
  try {
    fs.fsyncSync(directory);
  } finally {
    fs.closeSync(directory);
  }
}

/** What a file system throws as the refusal that it comes to; our bugs stay what they are. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  const { code, path } = error as NodeJS.ErrnoException;
  if (code?.startsWith("E") && !code.startsWith("ERR_")) return spoolBroken(path ?? "its directory", error);
  throw error;
}

/** The refusal for a spool that cannot be written or read: the filing was not kept, and whoever made it must know. */
export function spoolBroken(path: string, cause: unknown): Refusal {
  const { code, message } = cause as NodeJS.ErrnoException;
  return new Refusal("unavailable", "spool.broken", `The spool cannot be used: ${path} (${code ?? message}).`, {
    hint: "Nothing was kept. Free the disk or mend the directory, or set LONGWATCH_SPOOL; then say it again.",
    cause,
  });
}
