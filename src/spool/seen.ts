import * as fs from "node:fs";
import { join } from "node:path";

/**
 * The ids that servers gave, a line each: `origin id instant`. They only help to guess the number that a filing without
 * a server will get, so a line is neither locked nor waited for. It stands in the way of every filing: nothing is read.
 */
export const seenFile = (place: string) => join(place, "numbers.txt");

/** What was seen earlier; both are read, and a namespace that is in neither has no guess. */
export const seenBefore = (place: string) => `${seenFile(place)}.before`;
const BYTES_MAX = 64 * 1024;

/** An id with its number. */
export const NUMBERED: RegExp = /^([A-Z][A-Z0-9]{0,11})-([0-9]{1,20}(?:-[0-9]{1,20})?)$/;

/**
 * Remembers the ids that a server gave, or with a word after the instant those that were guessed. Without it, the next
 * guess will be a worse one.
 */
export function rememberIds(place: string, origin: string, ids: readonly unknown[], word = ""): boolean {
  const fresh = ids.filter((id) => typeof id === "string" && NUMBERED.test(id));
  if (fresh.length === 0) return true;
  const at = new Date().toISOString();
  const text = fresh.map((id) => `${origin} ${id} ${at}${word}\n`).join("");
  try {
    append(place, text);
    return true;
  } catch {
    // There is no such directory yet, or a full disk.
    return false;
  }
}

function append(place: string, text: string): void {
  const file = fs.openSync(seenFile(place), "a", 0o600);
  try {
    fs.writeSync(file, text);
    if (fs.fstatSync(file).size > BYTES_MAX) fs.renameSync(seenFile(place), seenBefore(place));
  } finally {
    fs.closeSync(file);
  }
}
