import * as fs from "node:fs";
import { uptime } from "node:os";

/**
 * When the server last answered a spool, by its clock and by one of ours that nobody can set: milliseconds since the
 * machine was started, sleep included. So a post can say how long after that it was made, whatever the wall clock says.
 */
export type Contact = { answered_at: string; uptime_ms: number; boot: string };

/** Right after an answer. */
export function contactNow(answered_at: string): Contact {
  return { answered_at, uptime_ms: uptimeNow_ms(), boot: bootName() };
}

/** A disk that takes nothing leaves the contact before: what is posted later says how long after that one it was. */
export function writeContact(path: string, contact: Contact): void {
  const fresh = `${path}.${process.pid}`;
  try {
    fs.writeFileSync(fresh, JSON.stringify(contact), { mode: 0o600 });
    fs.renameSync(fresh, path);
  } catch {
    fs.rmSync(fresh, { force: true });
  }
}

export function readContact(path: string): Contact | undefined {
  try {
    const found = JSON.parse(fs.readFileSync(path, "utf8")) as Contact;
    return Number.isNaN(Date.parse(found.answered_at)) ? undefined : found;
  } catch {
    return undefined;
  }
}

/** What a post that is made now says of itself. */
export function sinceContact(contact: Contact | undefined): { contact_at: string | null; elapsed_ms: number | null } {
  if (!contact) return { contact_at: null, elapsed_ms: null };
  const elapsed_ms = Math.round(uptimeNow_ms() - contact.uptime_ms);
  const counts = contact.boot === bootName() && elapsed_ms >= 0;
  return { contact_at: contact.answered_at, elapsed_ms: counts ? elapsed_ms : null };
}

/** Whether a post that is made now could say how old it is. */
export const isOfThisBoot = (contact: Contact | undefined) => contact?.boot === bootName();

function uptimeNow_ms(): number {
  return Math.round(uptime() * 1000);
}

/** A name for the time since the machine was started; each start has another. */
function bootName(): string {
  try {
    return fs.readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    // Elsewhere the instant of the start; a clock that is set moves it, and then the elapsed time is not told.
    return new Date(Math.round((Date.now() - uptime() * 1000) / 60_000) * 60_000).toISOString();
  }
}
