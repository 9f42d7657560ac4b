import { readdir, readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { notesIn } from "../../anchors/directory.ts";
import type { Verification } from "../../rooms/ledger/index.ts";
import { parseCheckpoint } from "../../tlog/checkpoint.ts";
import { NoteError, parseVerifier, splitNote, type Verifier } from "../../tlog/note.ts";
import { Unverifiable } from "./unverifiable.ts";

/** A checkpoint that was kept outside. */
export type Kept = { origin: string; size: number; note: string; by: string; strict?: boolean };
/** One log's directory in a copy of LONGWATCH_ANCHORS. */
export type LogCopy = { path: string; tenant: string; origin: string; keys: Verifier[]; notes: Kept[] };

/** The logs in a copy: DIR may be all of it, one tenant's part, or one log's. */
export async function copiesIn(directory: string): Promise<LogCopy[]> {
  const copies: LogCopy[] = [];
  for (const path of await directoriesUnder(directory, 2)) {
    const origin = await text(join(path, "origin"));
    if (origin === null) continue;
    const vkeys = (await text(join(path, "vkeys"))) ?? "";
    try {
      copies.push({
        path,
        tenant: basename(dirname(path)),
        origin: origin.trim(),
        keys: verifiersOf(vkeys.split("\n").filter((line) => line !== "")),
        notes: (await notesIn(path)).map((note) => ({ ...note, by: "the copy outside" })),
      });
    } catch (error) {
      if (!(error instanceof NoteError)) throw error;
      throw new Unverifiable(`${path} holds what is no checkpoint: ${error.message}`);
    }
  }
  if (copies.length > 0) return copies;
  throw new Unverifiable(
    `${directory} holds no log.`,
    "Give a copy of the directory LONGWATCH_ANCHORS, or of a tenant's part of it.",
  );
}

/** The checkpoint that a person kept in a file: a note as ledger.checkpoint or /ledger/<tenant>/checkpoint gives it. */
export async function keptIn(path: string): Promise<Kept> {
  const note = await text(path);
  if (note === null) throw new Unverifiable(`${path} cannot be read.`);
  try {
    const { origin, size } = parseCheckpoint(splitNote(note).text);
    return { origin, size, note, by: "the checkpoint that was kept", strict: true };
  } catch (error) {
    if (!(error instanceof NoteError)) throw error;
    throw new Unverifiable(`${path}: ${error.message}`, "Keep the answer of /ledger/<tenant>/checkpoint as it is.");
  }
}

export function verifiersOf(vkeys: readonly string[]): Verifier[] {
  return vkeys.map((vkey) => {
    try {
      return parseVerifier(vkey);
    } catch (error) {
      if (!(error instanceof NoteError)) throw error;
      throw new Unverifiable(`--key ${vkey}: ${error.message}`, "A key is name+id+key, as ledger.checkpoint tells it.");
    }
  });
}

/** Holds what was kept against the entries. Of another log it would prove nothing. */
export function holdKept(verification: Verification, kept: readonly Kept[], origins: readonly string[]): void {
  for (const one of kept) {
    if (!origins.includes(one.origin))
      throw new Unverifiable(`${one.by} is of the log ${one.origin}, and this is ${origins.join(", ") || "unsigned"}.`);
    const held = { note: one.note, by: one.by, outside: true };
    // A frozen log excuses the notes of a copy. Whoever kept a checkpoint asks for what it covered, frozen or not.
    if (one.strict) verification.signatures.hold(verification.walk, held);
    else verification.hold(held, one);
  }
}

async function directoriesUnder(path: string, depth: number): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    throw new Unverifiable(`${path} cannot be read (${error.code}).`);
  });
  const below = depth === 0 ? [] : entries.filter((entry) => entry.isDirectory() && entry.name !== "notes");
  const found = await Promise.all(below.map(({ name }) => directoriesUnder(join(path, name), depth - 1)));
  return [path, ...found.flat()];
}

async function text(path: string): Promise<string | null> {
  return readFile(path, "utf8").catch(() => null);
}
