import * as fs from "node:fs";
import { basename, dirname, join } from "node:path";
import { type Line, lineOf, mayHaveNumbered, type Outcome, type Post, readLine } from "./lines.ts";
import { locked } from "./lock.ts";
import { spoolBroken, syncDirectory } from "./own_place.ts";

/** What a journal amounts to. */
export type Spooled = {
  /** What the server knows it by; null when there is no journal yet. */
  spool: string | null;
  origin: string;
  seat: string | null;
  begun_at: string;
  /** The last number given; and the last that was given before this journal began. */
  last: number;
  first: number;
  /** The server has every post up to this number. */
  received_upto: number;
  posts: Map<number, Post>;
  outcomes: Map<number, Outcome>;
};

/** A line without what the journal adds. */
export type Entry = Line extends infer Each ? (Each extends Line ? Omit<Each, "last"> : never) : never;

/** The part of the end that is read at first; a line may be longer. */
const TAIL_BYTES = 16 * 1024;
/** A journal whose posts are all settled makes room for a new one from here on. */
const KEPT_BYTES = 1024 * 1024;

/**
 * One seat's posts at one server, and what became of them. The file only grows: each line is on the disk before anybody
 * is told of it. A process may die at any byte: the next one sees what it left and burns its number as lost.
 */
export class Journal {
  readonly path: string;
  /** For whoever has to be known when it begins. */
  readonly #about: { origin: string; seat: string | null };

  constructor(path: string, about: { origin: string; seat: string | null }) {
    this.path = path;
    this.#about = about;
  }

  /** Adds lines under the journal's lock; each is made from the last number given before it. */
  append(make: (spooled: { last: number }) => Entry[]): void {
    this.#locked(() => this.#add(make));
  }

  /** Adds lines that depend on all that was written before. */
  note(make: (spooled: Spooled) => Entry[]): void {
    this.#locked(() => {
      const entries = make(this.#folded());
      if (entries.length > 0) this.#add(() => entries);
    });
  }

  read(): Spooled {
    if (!fs.existsSync(this.path)) return fold([], this.#about);
    return this.#locked(() => this.#folded());
  }

  /** When everything is settled: takes the sign away that something waits, and puts a long journal aside. */
  settle(sign: string): void {
    this.#locked(() => {
      // Somebody deleted the journal, and all that waited with it.
      if (!fs.existsSync(this.path)) return fs.rmSync(sign, { force: true });
      const spooled = this.#folded();
      if (waitingIn(spooled).length > 0) return;
      fs.rmSync(sign, { force: true });
      const { last } = spooled;
      // The next journal goes on with the number and the name of this one.
      if (fs.statSync(this.path).size > KEPT_BYTES)
        this.#replace(spooled, last, [this.#head(spooled.spool!, spooled), { kind: "received", upto: last }]);
    });
  }

  /**
   * From a post on, this is another spool than the server knows by the name: a copy that went its own way, or one whose
   * name the disk lost. Those posts go on under a new name, counted from 1; nothing happens where somebody did it.
   */
  part(name: string | null, from: number): void {
    this.#locked(() => {
      const spooled = this.#folded();
      if (spooled.spool !== name) return;
      const posts = [...spooled.posts.values()].filter(({ n }) => n >= from).sort((a, b) => a.n - b.n);
      const renamed = posts.map((post, at): Entry => ({ kind: "post", post: { ...post, n: at + 1 } }));
      this.#replace(spooled, 0, [this.#head(newName(), spooled), ...renamed]);
    });
  }

  /** Puts the journal aside for another one. */
  #replace({ spool, last: before }: Spooled, last: number, entries: Entry[]): void {
    const directory = dirname(this.path);
    const aside = join(directory, "settled", `${basename(this.path, ".jsonl")}-${before}-${spool}.jsonl`);
    fs.mkdirSync(dirname(aside), { recursive: true, mode: 0o700 });
    const fresh = `${this.path}.fresh`;
    const file = fs.openSync(fresh, "w", 0o600);
    write(file, 0, told(entries, last).join(""));
    fs.closeSync(file);
    // The name never stands for nothing: a second name for what was, then the new one over the first.
    fs.rmSync(aside, { force: true });
    fs.linkSync(this.path, aside);
    fs.renameSync(fresh, this.path);
    syncDirectory(directory);
  }

  #head(spool: string, { origin, seat }: Pick<Spooled, "origin" | "seat">): Entry {
    return { kind: "spool", spool, origin, seat, begun_at: new Date().toISOString() };
  }

  /** Everything, and what was put aside where a server that was restored from a copy does not know that any more. */
  #folded(): Spooled {
    const lines = linesIn(this.path);
    const spooled = fold(lines, this.#about);
    if (spooled.received_upto >= spooled.first) return spooled;
    const aside = join(dirname(this.path), "settled");
    const name = basename(this.path, ".jsonl");
    const before = (fs.existsSync(aside) ? fs.readdirSync(aside) : []).flatMap((file) => {
      const [, mark, last, spool] = /^([^-]+)-(\d+)-(.+)\.jsonl$/.exec(file) ?? [];
      return mark === name && spool === spooled.spool ? [{ file: join(aside, file), last: Number(last) }] : [];
    });
    before.sort((a, b) => a.last - b.last);
    return fold([...before.flatMap(({ file }) => linesIn(file)), ...lines], this.#about);
  }

  #add(make: (spooled: { last: number }) => Entry[]): void {
    const begun = fs.existsSync(this.path);
    const file = fs.openSync(this.path, fs.constants.O_RDWR | fs.constants.O_APPEND | fs.constants.O_CREAT, 0o600);
    try {
      const { size } = fs.fstatSync(file);
      const { last, text } = this.#repaired(file, size);
      write(file, size, text + told(make({ last }), last).join(""));
      if (!begun) syncDirectory(dirname(this.path));
    } finally {
      fs.closeSync(file);
    }
  }

  #locked<Done>(work: () => Done): Done {
    try {
      return locked(this.path.replace(/\.jsonl$/, ".lock"), work);
    } catch (error) {
      throw (error as NodeJS.ErrnoException).code?.startsWith("E") ? spoolBroken(this.path, error) : error;
    }
  }

  /** What has to be written before anything else: the head of a new journal, or a drop record for what is torn. */
  #repaired(file: number, size: number): { last: number; text: string } {
    const { line, torn, cut } = endOf(file, size);
    const newline = cut ? "\n" : "";
    if (line === undefined) return { last: 0, text: newline + told([this.#head(newName(), this.#about)], 0).join("") };
    const lost = torn.filter(mayHaveNumbered).map((_, at): Entry => ({
      kind: "post",
      post: lostPost(line.last + at + 1, "The process died while it wrote this; nobody was told that it is kept."),
    }));
    return { last: line.last + lost.length, text: newline + told(lost, line.last).join("") };
  }
}

/** The posts whose outcome is not known, in their order. */
export function waitingIn({ posts, outcomes }: Spooled): Post[] {
  return [...posts.values()].filter(({ n }) => !outcomes.has(n)).sort((a, b) => a.n - b.n);
}

/** The journal's drop record: the number stands for words that are gone. */
export function lostPost(n: number, lost: string, posted_at = new Date().toISOString()): Post {
  const nothing = { provisional: null, input: {}, key: null, contact_at: null, elapsed_ms: null };
  return { n, operation: "post.append", ...nothing, posted_at, lost };
}

function told(entries: readonly Entry[], last: number): string[] {
  return entries.map((entry) => {
    if (entry.kind === "post") last = Math.max(last, entry.post.n);
    return lineOf({ ...entry, last });
  });
}

/** The last good line, and what follows it that is none. */
function endOf(file: number, size: number): { line: Line | undefined; torn: string[]; cut: boolean } {
  for (let bytes = TAIL_BYTES; ; bytes *= 4) {
    const length = Math.min(bytes, size);
    const part = Buffer.alloc(length);
    fs.readSync(file, part, 0, length, size - length);
    const lines = part.toString("utf8").split("\n");
    const cut = lines.at(-1) !== "";
    // Unless it is the whole file, the first may have begun before.
    const whole = length === size ? lines : lines.slice(1);
    for (let at = whole.length - 1; at >= 0; at--) {
      const line = readLine(whole[at]!);
      if (line) return { line, torn: whole.slice(at + 1).filter((text) => text !== ""), cut };
    }
    if (length === size) return { line: undefined, torn: lines.filter((text) => text !== ""), cut };
  }
}

/** Writes and syncs all or nothing: under the lock nobody has seen what is cut off again. */
function write(file: number, size: number, text: string): void {
  const bytes = Buffer.from(text);
  try {
    for (let at = 0; at < bytes.length;) at += fs.writeSync(file, bytes, at);
    fs.fsyncSync(file);
  } catch (error) {
    try {
      fs.ftruncateSync(file, size);
    } catch {
      // A disk that takes nothing back either: what is half there is a drop record of the next process.
    }
    throw error;
  }
}

function newName(): string {
  return process.getBuiltinModule("node:crypto").randomBytes(10).toString("hex");
}

function linesIn(path: string): string[] {
  return fs.readFileSync(path, "utf8").split("\n");
}

function fold(lines: readonly string[], about: { origin: string; seat: string | null }): Spooled {
  const none = { spool: null, ...about, begun_at: new Date().toISOString(), last: 0, first: 0, received_upto: 0 };
  const spooled: Spooled = { ...none, posts: new Map(), outcomes: new Map() };
  let first: number | undefined;
  for (const text of lines) {
    const line = text === "" ? undefined : readLine(text);
    if (!line) continue;
    first ??= line.kind === "post" ? line.last - 1 : line.last;
    spooled.last = Math.max(spooled.last, line.last);
    if (line.kind === "spool") {
      const { spool, origin, seat, begun_at } = line;
      Object.assign(spooled, { spool, origin, seat, begun_at });
    } else if (line.kind === "post") spooled.posts.set(line.post.n, line.post);
    else if (line.kind === "received") {
      // What a server that was restored from a copy does not have any more has no outcome.
      for (let n = line.upto + 1; n <= spooled.received_upto; n++) spooled.outcomes.delete(n);
      spooled.received_upto = line.upto;
    } else spooled.outcomes.set(line.outcome.n, line.outcome);
  }
  spooled.first = first ?? 0;
  // What was written whole and cannot be read any more: the disk lost it, and the number says so, each time the same.
  for (let n = Math.min(spooled.first, spooled.received_upto) + 1; n <= spooled.last; n++)
    if (!spooled.posts.has(n)) spooled.posts.set(n, lostPost(n, "The disk gave it back damaged.", spooled.begun_at));
  return spooled;
}
