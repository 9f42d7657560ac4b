import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { dirname, join } from "node:path";
import { Refusal } from "../../kernel/refusal.ts";

/** One change of one file, as text to text: null is a file that is not there, or shall not be. */
export type Edit = {
  path: string;
  /** What stands there afterwards, for people. */
  what: string;
  change(before: string | null): string | null;
  /** Rights of a file that is new. */
  mode?: number;
  /** A program: it can be run afterwards, whatever it was. */
  executable?: boolean;
};

/** An edit that was worked out, with everything that is needed to do it and to undo it. */
export type Planned = {
  path: string;
  what: string;
  before: Buffer | null;
  after: Buffer | null;
  mode: number;
  mode_before: number;
  owner: { uid: number; gid: number } | null;
};

/** A file that is larger is no configuration. */
const BYTES_MAX = 4 * 1024 * 1024;

export const digestOf = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

/** Reads every file and works out every change, before any is written: one that cannot be understood stops all. */
export function planned(edits: readonly Edit[]): Planned[] {
  const plans = new Map<string, Planned>();
  for (const edit of edits) {
    const path = targetOf(edit.path);
    const plan = plans.get(path) ?? { path, what: edit.what, after: null, ...found(path, edit.mode) };
    if (edit.executable) plan.mode |= 0o111;
    // Two edits of one file, by a link or by chance, follow each other.
    const now = plans.has(path) ? plan.after : plan.before;
    const text = edit.change(now === null ? null : textOf(path, now));
    plan.after = text === null ? null : Buffer.from(text);
    plans.set(path, plan);
  }
  return [...plans.values()];
}

export const isChange = ({ before, after }: Planned): boolean =>
  before === null || after === null ? before !== after : !before.equals(after);

/** Writes all of it, or nothing: what was written already is put back when one fails. Answers the new directories. */
export function written(plans: readonly Planned[]): string[] {
  const done: Planned[] = [];
  const made: string[] = [];
  try {
    for (const plan of plans) {
      const { before } = found(plan.path);
      if (before === null ? plan.before !== null : !plan.before?.equals(before))
        throw new Refusal("conflict", "connect.changed", `${plan.path} was changed meanwhile.`, {
          hint: "Nothing was written. Say it again.",
        });
      made.push(...directoriesFor(plan.path));
      done.push(plan);
      put(plan.path, plan.after, plan);
    }
    return made;
  } catch (error) {
    for (const plan of done.reverse()) put(plan.path, plan.before, { ...plan, mode: plan.mode_before });
    for (const directory of made.reverse()) fs.rmSync(directory, { recursive: true, force: true });
    const { code } = error as NodeJS.ErrnoException;
    if (error instanceof Refusal || code === undefined) throw error;
    throw new Refusal("conflict", "connect.unwritable", `${(error as Error).message}.`, {
      hint: "Nothing was changed. Files of the whole machine need the rights of its administrator.",
    });
  }
}

/** A file's bytes in its place, whole or not at all, with the rights that it had. */
function put(path: string, bytes: Buffer | null, { mode, owner }: Pick<Planned, "mode" | "owner">): void {
  if (bytes === null) return fs.rmSync(path, { force: true });
  const fresh = `${path}.${process.pid}.longwatch`;
  try {
    const file = fs.openSync(fresh, "wx", mode);
    try {
      fs.writeFileSync(file, bytes);
      fs.fchmodSync(file, mode);
      if (owner && process.getuid?.() === 0) fs.fchownSync(file, owner.uid, owner.gid);
      fs.fsyncSync(file);
    } finally {
      fs.closeSync(file);
    }
    fs.renameSync(fresh, path);
  } finally {
    fs.rmSync(fresh, { force: true });
  }
}

function found(path: string, mode = 0o644): Omit<Planned, "path" | "what" | "after"> {
  let stat: fs.Stats;
  try {
    stat = fs.statSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return { before: null, mode, mode_before: mode, owner: null };
    throw unreadable(path, code === "ENOTDIR" ? "one of its directories is a file" : (error as Error).message);
  }
  if (!stat.isFile()) throw unreadable(path, "it is no file");
  if (stat.size > BYTES_MAX) throw unreadable(path, "it is too large for a configuration");
  try {
    const { uid, gid } = stat;
    const rights = stat.mode & 0o7777;
    return { before: fs.readFileSync(path), mode: rights, mode_before: rights, owner: { uid, gid } };
  } catch (error) {
    throw unreadable(path, (error as Error).message);
  }
}

/** A link is followed and stays one: what it leads to is what the program reads. */
function targetOf(path: string): string {
  let link: string;
  try {
    link = fs.readlinkSync(path);
  } catch {
    return path;
  }
  try {
    return fs.realpathSync(path);
  } catch {
    throw unreadable(path, `it is a link to ${link}, where nothing is`);
  }
}

function textOf(path: string, bytes: Buffer): string {
  const text = bytes.toString("utf8");
  if (!Buffer.from(text).equals(bytes)) throw unreadable(path, "it is not UTF-8 text");
  return text;
}

/** Makes the directories of a file, and answers those that were not there, outermost first. */
function directoriesFor(path: string): string[] {
  const missing: string[] = [];
  for (let at = dirname(path); !fs.existsSync(at); at = dirname(at)) missing.unshift(at);
  for (const directory of missing) fs.mkdirSync(directory);
  return missing;
}

/** Removes directories that we made and that nobody uses, innermost first. */
export function withoutEmpty(directories: readonly string[]): void {
  for (const directory of [...directories].sort((one, other) => other.length - one.length))
    try {
      fs.rmdirSync(directory);
    } catch {
      // Somebody keeps something there now, or removed it himself.
    }
}

/** Where the bytes of before are kept, beside the file. */
export const backupOf = (path: string): string => join(dirname(path), `${path.split("/").pop()}.before-longwatch`);

function unreadable(path: string, why: string): Refusal {
  return new Refusal("conflict", "connect.unreadable", `${path} cannot be edited: ${why}.`, {
    hint: "Nothing was changed.",
  });
}

/** What a file says is not what its program could read. */
export function malformed(path: string, line: number, why: string): Refusal {
  return new Refusal("conflict", "connect.malformed", `${path}, line ${line}: ${why}.`, {
    hint: "Nothing was changed. Mend that line, then say it again.",
    facts: { path, line },
  });
}
