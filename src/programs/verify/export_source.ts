import { stat } from "node:fs/promises";
import {
  type BlockLine,
  EXPORT_FORMAT,
  type ExportedAnchor,
  type Extent,
  type HeaderLine,
  type HeldNote,
  type MarkedLine,
  type Report,
  TileRows,
  Verification,
} from "../../rooms/ledger/index.ts";
import { HASH_BYTES } from "../../tlog/hashing.ts";
import { NoteError, type Verifier } from "../../tlog/note.ts";
import { holdKept, type Kept, type LogCopy } from "./outside.ts";
import { hashedPieces } from "./hashed.ts";
import { HASHED_BYTES, type HashedPiece, MARKED, PERSONAL } from "./task.ts";
import { Unverifiable } from "./unverifiable.ts";

export type Against = { keys: readonly Verifier[]; copies: readonly LogCopy[]; kept: readonly Kept[] };
type Progress = { total(bytes: number): void; at(bytes: number): void };

/** Verifies an export with nothing but its file and what is held against it. */
export async function verifyExport(path: string, against: Against, progress: Progress): Promise<Report> {
  const { size } = await stat(path).catch((error: NodeJS.ErrnoException) => {
    throw new Unverifiable(`${path} cannot be read (${error.code}).`);
  });
  progress.total(size);
  const reading = new ExportReading(path, against);
  for await (const piece of hashedPieces(path)) {
    reading.piece(piece);
    progress.at(piece.read);
    if (reading.over) break;
  }
  return reading.report();
}

class ExportReading {
  readonly #path: string;
  readonly #against: Against;
  #header: HeaderLine | null = null;
  #verification: Verification | null = null;
  #tiles: TileRows | null = null;
  #hashes: Buffer = Buffer.alloc(0);
  /** Where in `#hashes` the next entry's is. */
  #at = 0;
  #ended = false;

  constructor(path: string, against: Against) {
    this.#path = path;
    this.#against = against;
  }

  get over(): boolean {
    return this.#verification?.over ?? false;
  }

  piece({ bytes, start, count, ends, kinds, hashes }: HashedPiece): void {
    // One for all lines of the piece: a million of them would be a tenth of the whole time.
    const entry: Extent = { bytes, start, end: start, personal: false };
    let at = start;
    for (let line = 0; line < count && !this.over; line++) {
      const end = ends[line]!;
      if (kinds[line] === MARKED) this.#marked(bytes.toString("utf8", at, end), hashes, HASHED_BYTES * line);
      else {
        entry.start = at;
        entry.end = end;
        entry.personal = kinds[line] === PERSONAL;
        this.#entry(hashes, HASHED_BYTES * line, entry);
      }
      at = end + 1;
    }
  }

  report(): Report {
    const header = this.#header;
    const verification = this.#verification;
    if (!header || !verification) throw this.#malformed("it has no first line");
    const { walk, facts } = verification;
    if (!this.over) {
      if (!this.#ended || walk.size !== header.to)
        throw new Unverifiable(
          `${this.#path} is not whole: it ends at entry ${walk.size} of ${header.to}.`,
          "Export again.",
        );
      if (walk.head.toString("hex") !== header.head)
        walk.break(Math.max(1, header.to), "the ledger's head names another hash");
      if (header.beyond !== null) walk.break(header.beyond, "the ledger's head does not reach it");
      for (const { seq, name } of header.tenants ? facts.tenants : [])
        if (!header.tenants!.includes(name)) walk.break(seq, `the tenant ${name}, which it opened, is gone`);
    }
    return verification.report();
  }

  #entry(hashes: Buffer, from: number, entry: Extent): void {
    if (this.#verification === null || this.#at >= this.#hashes.length) throw this.#malformed("an entry has no block");
    this.#verification.hashed(hashes, from, this.#hashes, this.#at, entry);
    this.#at += HASH_BYTES;
  }

  #marked(text: string, hashes: Buffer, from: number): void {
    let line: MarkedLine;
    try {
      line = JSON.parse(text);
    } catch {
      throw this.#malformed("a marked line is not JSON");
    }
    if (text.endsWith("\r"))
      throw this.#malformed("its lines end with a carriage return, so something rewrote it on its way");
    try {
      this.#take(line, hashes, from);
    } catch (error) {
      const isOdd = error instanceof TypeError || error instanceof RangeError || error instanceof NoteError;
      throw isOdd ? this.#malformed(`a line that begins with {"@":"${line["@"]}" is not as it is written`) : error;
    }
  }

  #take(line: MarkedLine, hashes: Buffer, from: number): void {
    if (line["@"] === "ledger") return this.#begin(line);
    const verification = this.#verification;
    if (verification === null) throw this.#malformed("its first line is another's");
    if (line["@"] === "block") this.#block(line, verification);
    else if (line["@"] === "gap") verification.walk.break(line.from, "it is missing");
    else if (line["@"] === "payload")
      verification.payload(line.seq, {
        salt: Buffer.from(line.salt, "hex"),
        payload: Buffer.from(line.payload, "base64"),
      });
    else if (line["@"] === "bytes") {
      const bytes = Buffer.from(line.base64, "base64");
      this.#entry(hashes, from, { bytes, start: 0, end: bytes.length, personal: true });
    } else if (line["@"] === "end") this.#ended = true;
    else throw this.#malformed("a marked line is of no known kind");
  }

  #begin(header: HeaderLine): void {
    if (this.#header !== null) throw this.#malformed("it has two first lines");
    if (header.format !== EXPORT_FORMAT)
      throw new Unverifiable(`${this.#path} has the format ${header.format}; this Longwatch reads ${EXPORT_FORMAT}.`);
    this.#header = header;
    const { keys, copies, kept } = this.#against;
    const origins = header.logs.map(({ origin }) => origin);
    const own = copies.filter(({ origin, tenant }) => origins.includes(origin) || tenant === header.tenant);
    if (copies.length > 0 && own.length === 0)
      throw new Unverifiable(`The copy outside has no log of the tenant ${header.tenant}.`);
    const given = keys.length > 0 ? keys : own.flatMap((copy) => copy.keys);
    this.#tiles = new TileRows(Math.min(header.checkpoint?.size ?? 0, header.to));
    this.#verification = new Verification({ given, logs: header.logs, tiles: this.#tiles });
    if (header.checkpoint) this.#anchor(header.checkpoint, "the newest checkpoint");
    const notes = own.flatMap((copy) => copy.notes);
    holdKept(this.#verification, [...notes, ...kept], [...origins, ...own.map(({ origin }) => origin)]);
  }

  #block(block: BlockLine, verification: Verification): void {
    const { walk } = verification;
    this.#hashes = Buffer.from(block.hashes, "base64");
    this.#at = 0;
    if (block.from > walk.size + 1) walk.break(walk.size + 1, "it is missing");
    else if (block.from !== walk.size + 1) throw this.#malformed(`the block of entry ${block.from} comes twice`);
    if (this.#hashes.length !== (block.to - block.from + 1) * HASH_BYTES)
      throw this.#malformed(`the block of entry ${block.from} has another number of hashes than of entries`);
    for (const { hashes, ...tile } of block.tiles ?? [])
      this.#tiles!.add({ ...tile, hashes: Buffer.from(hashes, "base64") });
    for (const anchor of block.anchors ?? []) this.#anchor(anchor, "the stored checkpoint");
    for (const [seq, reason] of block.contradictions ?? []) verification.contradiction(seq, reason);
  }

  #anchor({ origin, size, root, note }: ExportedAnchor, by: string): void {
    const held: HeldNote = { note, by, outside: false, beside: { origin, size, root: Buffer.from(root, "hex") } };
    this.#verification!.hold(held, { origin, size });
  }

  #malformed(why: string): Unverifiable {
    return new Unverifiable(
      `${this.#path} is no export of a ledger: ${why}.`,
      "Make one with: longwatch ledger export FILE",
    );
  }
}
