import { chmod, mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { OutsideNote } from "../kernel/ports.ts";
import { parseCheckpoint } from "../tlog/checkpoint.ts";

/** As many entries' notes stand in one file: 256 for its full tiles, and those that time brought. */
export const SEGMENT_ENTRIES = 65_536;

/**
 * One log's copy outside the database: `<anchors>/<tenant>/<epoch>/` with the files `origin`, `vkeys` and
 * `notes/<segment>`, which are only ever appended to, so that any tool can keep a copy of it in step.
 * The last whole note is the signer's memory: it stands here, synced to the disk, before anybody else sees it.
 */
export class AnchorDirectory {
  readonly path: string;
  #last: OutsideNote | null;
  /** How long each file is: what somebody removed or wrote to meanwhile is not appended to. */
  readonly #segments: Map<string, number>;

  private constructor(path: string, last: OutsideNote | null, segments: Map<string, number>) {
    this.path = path;
    this.#last = last;
    this.#segments = segments;
  }

  /** Opens the directory of a log, or makes it. A note that a crash left half-written is cut off: nobody saw it. */
  static async open(anchors: string, tenant: string, epoch: number, origin: string): Promise<AnchorDirectory> {
    const path = join(anchors, tenant, String(epoch));
    await mkdir(join(path, "notes"), { recursive: true });
    const named = await readText(join(path, "origin"));
    if (named === null) await writeDurably(join(path, "origin"), `${origin}\n`);
    else if (named.trim() !== origin)
      throw new Error(`${path} holds the notes of ${named.trim()}, not of ${origin}; set LONGWATCH_ANCHORS to another`);
    const last = await lastNote(path);
    const segments = (await segmentsIn(path)).map(
      async (name) => [name, (await stat(join(path, "notes", name))).size] as const,
    );
    return new AnchorDirectory(path, last, new Map(await Promise.all(segments)));
  }

  /** The newest note that is whole. */
  get last(): OutsideNote | null {
    return this.#last;
  }

  /** Writes the log's keys down, oldest first, for whoever verifies without the database. */
  async writeKeys(vkeys: readonly string[]): Promise<void> {
    const text = vkeys.map((vkey) => `${vkey}\n`).join("");
    if ((await readText(join(this.path, "vkeys"))) !== text) await writeDurably(join(this.path, "vkeys"), text);
  }

  /** Appends notes in the order of their sizes; resolves when they are on the disk. */
  async append(notes: readonly OutsideNote[]): Promise<void> {
    const segments = Map.groupBy(notes, ({ size }) => segmentOf(size));
    for (const [segment, group] of segments) {
      const path = join(this.path, "notes", segment);
      const isNew = !this.#segments.has(segment);
      const file = await open(path, "a", 0o644);
      try {
        const before = this.#segments.get(segment) ?? 0;
        if ((await file.stat()).size !== before)
          throw new Error(`${path} was changed by somebody else; it is read anew`);
        const text = Buffer.from(group.map(({ note }) => `${note}\n`).join(""));
        await file.writeFile(text);
        await file.sync();
        this.#segments.set(segment, before + text.length);
      } finally {
        await file.close();
      }
      if (isNew) await syncDirectory(join(this.path, "notes"));
      this.#last = group.at(-1)!;
    }
  }

  /** The notes of sizes after one. */
  async notesAfter(size: number): Promise<OutsideNote[]> {
    return notesIn(this.path, size);
  }
}

const segmentOf = (size: number) => String(Math.floor(size / SEGMENT_ENTRIES)).padStart(9, "0");

/**
 * The whole notes of a log's directory, by size: all of them, or those after a size and up to one, out of the files
 * that hold them. Throws on one that is no checkpoint.
 */
export async function notesIn(path: string, after = -1, upto = Number.MAX_SAFE_INTEGER): Promise<OutsideNote[]> {
  const [first, last] = [segmentOf(Math.max(0, after)), segmentOf(upto)];
  const notes: OutsideNote[] = [];
  for (const segment of await segmentsIn(path))
    if (segment >= first && (segment <= last || last.length > first.length))
      notes.push(...parseNotes(await textOf(path, segment)).notes);
  return notes.filter(({ size }) => size > after && size <= upto);
}

async function segmentsIn(path: string): Promise<string[]> {
  return (await readdir(join(path, "notes"))).filter((name) => /^\d{9}$/.test(name)).sort();
}

const textOf = (path: string, segment: string) => readFile(join(path, "notes", segment), "utf8");

/** The last whole note; what a crash left behind it is cut off. */
async function lastNote(path: string): Promise<OutsideNote | null> {
  let last: OutsideNote | null = null;
  for (const segment of (await segmentsIn(path)).slice(-2)) {
    const text = await textOf(path, segment);
    const { notes, rest } = parseNotes(text);
    if (rest !== "") {
      const file = await open(join(path, "notes", segment), "r+");
      await file.truncate(Buffer.byteLength(text) - Buffer.byteLength(rest));
      await file.sync();
      await file.close();
    }
    last = notes.at(-1) ?? last;
  }
  return last;
}

/** Splits a file of notes. A note's own text and signatures are parted by one empty line, notes end with another. */
function parseNotes(text: string): { notes: OutsideNote[]; rest: string } {
  const notes: OutsideNote[] = [];
  let start = 0;
  for (;;) {
    const body = text.indexOf("\n\n", start);
    const end = body < 0 ? -1 : text.indexOf("\n\n", body + 2);
    if (end < 0) return { notes, rest: text.slice(start) };
    const note = text.slice(start, end + 1);
    notes.push({ ...parseCheckpoint(text.slice(start, body + 1)), note });
    start = end + 2;
  }
}

async function readText(path: string): Promise<string | null> {
  return readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });
}

/** Makes a directory for secrets; one that is there already is closed to others. */
export async function openPrivately(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  if (((await stat(path)).mode & 0o077) !== 0) await chmod(path, 0o700);
}

/** Writes a small file so that a crash leaves the old one or the new one, whole. */
export async function writeDurably(path: string, text: string, mode = 0o644): Promise<void> {
  // What a killed process left there would keep its own mode.
  await rm(`${path}.new`, { force: true });
  await writeFile(`${path}.new`, text, { mode, flush: true });
  await rename(`${path}.new`, path);
  await syncDirectory(join(path, ".."));
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
