import { createHash, type Hash } from "node:crypto";
import { isUtf8 } from "node:buffer";
import { type FileHandle, open } from "node:fs/promises";
import type { Client } from "../../client/client.ts";
import { Bringer, type Told } from "./bringing.ts";
import { EMPTY_DIGEST, type Known } from "./known.ts";
import { type Piece, piecesOf, readPiece, Splitter, wordsOf } from "./pieces.ts";
import type { Read } from "./lines.ts";
import type { Words } from "./record.ts";
import type { Format } from "./words.ts";

/** The file is not the one that was read. */
export class Changed extends Error {
  readonly found_size: number;
  constructor(reason: string, found_size: number) {
    super(reason);
    this.found_size = found_size;
  }
}

/** Bytes of a file that go into one entry. */
const SEGMENT_BYTES = 24 * 1024;
/** A segment whose text takes more in JSON goes as base64. */
const SEGMENT_JSON_BYTES_MAX = 44 * 1024;
const BATCH_POSTS_MAX = 64;

type Batch = { pieces: { piece: Piece; read: Read }[]; bytes: number };

/**
 * Reads a feed file as it grows. For each few posts: they are brought in, then the server is told how far the file was
 * read, with the bytes. Whoever dies between the two brings the same posts in again, which changes nothing: they have
 * the same names.
 */
export class Follower {
  readonly #client: Client;
  readonly #file: string;
  readonly #name: string;
  readonly #mirror: string;
  readonly #format: Format;
  readonly #bringer: Bringer;
  #known: boolean;
  /** Up to here the bytes are the server's; up to `whole` the posts are. */
  #size: number;
  #whole: number;
  #digest: string;
  #line = 1;
  #before: Words | null = null;
  #inode: number | null = null;
  #counts = { posts: 0, refused: 0 };

  private constructor(
    { client, file, name, mirror, format }: Following,
    { bringer, known }: { bringer: Bringer; known: Known | undefined },
  ) {
    this.#client = client;
    this.#file = file;
    this.#name = name;
    this.#mirror = mirror;
    this.#format = format;
    this.#bringer = bringer;
    this.#known = known !== undefined;
    this.#size = known?.size ?? 0;
    this.#whole = known?.whole_size ?? 0;
    this.#digest = known?.digest ?? EMPTY_DIGEST;
  }

  /** Begins where the server says that the mirror is; reads what lies before to know it again. */
  static async begin(following: Following, known: Known | undefined): Promise<Follower> {
    const counts = { posts: 0, refused: 0 };
    const bringer = await Bringer.of(following.client, {
      imported: (isNew, count) => {
        counts.posts += count;
        following.told.imported(isNew, count);
      },
      refused: (line, reason) => {
        counts.refused++;
        following.told.refused(line, reason);
      },
      mended: following.told.mended,
    });
    const follower = new Follower(following, { bringer, known });
    follower.#counts = counts;
    await follower.#check();
    await follower.#readBefore();
    if (!follower.#known) await follower.#take(Buffer.alloc(0), true, createHash("sha256"));
    return follower;
  }

  get size(): number {
    return this.#size;
  }

  /**
   * Holds the file against what was read, and takes in what is new. The last post of a Markdown file has no end; it is
   * taken when the file `rests`. Answers what it leaves.
   */
  async round(rests: boolean): Promise<{ waiting: boolean }> {
    const handle = await open(this.#file).catch((error) => {
      if (error.code === "ENOENT") throw new Changed("it is gone", 0);
      throw error;
    });
    try {
      const { hash, size } = await this.#hashed(handle);
      const splitter = new Splitter(this.#format, this.#whole, this.#line);
      let batch: Batch = { pieces: [], bytes: 0 };
      const add = async (piece: Piece) => {
        const read = this.#read(piece);
        batch.pieces.push({ piece, read });
        batch.bytes += piece.bytes.length;
        if (batch.bytes < SEGMENT_BYTES && batch.pieces.length < BATCH_POSTS_MAX) return;
        await this.#bring(batch, hash);
        batch = { pieces: [], bytes: 0 };
      };
      if (size > this.#whole) {
        const options = { autoClose: false, start: this.#whole, end: size - 1, highWaterMark: 1024 * 1024 };
        for await (const chunk of handle.createReadStream(options) as AsyncIterable<Buffer>)
          for (const piece of splitter.push(chunk)) await add(piece);
      }
      const { hasHalf } = splitter;
      // A line that is only begun waits for its end, and the post with it.
      const last = rests && !hasHalf && this.#format === "markdown" ? splitter.last() : null;
      if (last) await add(last);
      if (batch.pieces.length > 0) await this.#bring(batch, hash);
      return { waiting: this.#whole < size && !hasHalf };
    } finally {
      await handle.close();
    }
  }

  #read(piece: Piece): Read {
    const read = readPiece(piece, this.#format, piece.from === this.#whole ? this.#before : null);
    this.#before = wordsOf(read) ?? this.#before;
    return read;
  }

  async #bring({ pieces }: Batch, hash: Hash): Promise<void> {
    Object.assign(this.#counts, { posts: 0, refused: 0 });
    await this.#bringer.bring(pieces.map(({ piece: { line }, read }) => ({ line, read })));
    const last = pieces.at(-1)!.piece;
    const bytes = Buffer.concat(pieces.map(({ piece }) => piece.bytes)).subarray(this.#size - this.#whole);
    for (let from = 0; from < bytes.length;) {
      const to = from + segmentLength(bytes.subarray(from));
      await this.#take(bytes.subarray(from, to), to === bytes.length, hash);
      from = to;
    }
    this.#whole = last.to;
    this.#line = last.line + lineEnds(last.bytes);
  }

  /** Tells the server that these bytes follow. */
  async #take(bytes: Buffer, whole: boolean, hash: Hash): Promise<void> {
    hash.update(bytes);
    const digest = hash.copy().digest("hex");
    const { file, mirror } = { file: this.#name, mirror: this.#mirror };
    const size = this.#size + bytes.length;
    const counts = whole ? this.#counts : {};
    const input = { file, mirror, from: this.#size, size, digest, whole, ...toldBytes(bytes), ...counts };
    await this.#client.say("feed.take", input);
    this.#known = true;
    this.#size = size;
    this.#digest = digest;
  }

  async #check(): Promise<void> {
    const handle = await open(this.#file).catch((error) => {
      if (error.code === "ENOENT") throw new Changed("it is gone", 0);
      throw error;
    });
    await this.#hashed(handle).finally(() => handle.close());
  }

  /** Hashes what was read before, and answers the hash to go on with; throws Changed when it is not the same. */
  async #hashed(handle: FileHandle): Promise<{ hash: Hash; size: number }> {
    const { ino, size } = await handle.stat();
    if (size < this.#size) throw new Changed(`it shrank to ${size} bytes`, size);
    if (this.#inode !== null && ino !== this.#inode) throw new Changed("another file was put in its place", size);
    this.#inode = ino;
    const hash = createHash("sha256");
    let read = 0;
    if (this.#size > 0) {
      const options = { autoClose: false, start: 0, end: this.#size - 1, highWaterMark: 1024 * 1024 };
      for await (const chunk of handle.createReadStream(options) as AsyncIterable<Buffer>) {
        hash.update(chunk);
        read += chunk.length;
      }
    }
    if (read < this.#size) throw new Changed(`it shrank to ${read} bytes`, read);
    if (hash.copy().digest("hex") !== this.#digest) throw new Changed("what was read of it has changed", size);
    return { hash, size };
  }

  /** The posts that were taken in: to count those in the same words, and to know the last one. */
  async #readBefore(): Promise<void> {
    for await (const piece of piecesOf(this.#file, this.#format, this.#whole)) {
      const read = this.#read(piece);
      this.#bringer.pass(read);
      this.#line = piece.line + lineEnds(piece.bytes);
    }
  }
}

export type Following = {
  client: Client;
  file: string;
  name: string;
  mirror: string;
  format: Format;
  told: Told;
};

function toldBytes(bytes: Buffer): { text: string; encoding: "utf8" | "base64" } {
  const text = bytes.toString("utf8");
  const fits = isUtf8(bytes) && !bytes.includes(0) && Buffer.byteLength(JSON.stringify(text)) <= SEGMENT_JSON_BYTES_MAX;
  return fits ? { text, encoding: "utf8" } : { text: bytes.toString("base64"), encoding: "base64" };
}

/** At most a segment, and not in the middle of a character. */
function segmentLength(bytes: Buffer): number {
  if (bytes.length <= SEGMENT_BYTES) return bytes.length;
  let length = SEGMENT_BYTES;
  while (length > SEGMENT_BYTES - 4 && (bytes[length]! & 0xc0) === 0x80) length--;
  return length;
}

function lineEnds(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(0x0a); at >= 0; at = bytes.indexOf(0x0a, at + 1)) count++;
  return count;
}
