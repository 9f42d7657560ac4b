import * as fs from "node:fs";
import { Refusal } from "../kernel/refusal.ts";

/** Longer than a crowd of processes takes that write one line each, with a slow disk beneath. */
const WAIT_MS = 20_000;
/** SQLite's number for a lock that somebody else holds. */
const BUSY = 5;

/**
 * Does the work while no other process does its own under the same file. Node has no lock of the kernel's but the one
 * that SQLite takes: it ends with its process, however that ends, and no file says afterwards that somebody holds it.
 * The file stays empty. The work must not wait for anything: another call of this process would wait for ever.
 */
export function locked<Done>(file: string, work: () => Done): Done {
  const { DatabaseSync } = process.getBuiltinModule("node:sqlite");
  // Opening and closing it again later would let go of the lock of this process: so only if it is not there.
  if (!fs.existsSync(file)) fs.closeSync(fs.openSync(file, "a", 0o600));
  const lock = new DatabaseSync(file, { timeout: WAIT_MS });
  try {
    take(lock, file);
    return work();
  } finally {
    lock.close();
  }
}

function take(lock: { exec(sql: string): void }, file: string): void {
  try {
    lock.exec("begin exclusive");
  } catch (error) {
    if ((error as { errcode?: number }).errcode !== BUSY) throw error;
    throw new Refusal("unavailable", "spool.busy", `Another process has held ${file} for ${WAIT_MS / 1000} s.`, {
      hint: "Nothing was kept. Look which process hangs (it may be stopped), then say it again.",
      cause: error,
    });
  }
}
