import * as fs from "node:fs";
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
    fs.mkdirSync(place, { recursive: true, mode: 0o700 });
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

/** The refusal for a spool that cannot be written or read: the filing was not kept, and whoever made it must know. */
export function spoolBroken(path: string, cause: unknown): Refusal {
  const { code, message } = cause as NodeJS.ErrnoException;
  return new Refusal("unavailable", "spool.broken", `The spool cannot be used: ${path} (${code ?? message}).`, {
    hint: "Nothing was kept. Free the disk or mend the directory, or set LONGWATCH_SPOOL; then say it again.",
    cause,
  });
}
