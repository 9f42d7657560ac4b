import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { type Read, readLine } from "./lines.ts";
import { beginsPost, goesOn, readPost } from "./markdown.ts";
import type { Words } from "./record.ts";
import type { Format } from "./words.ts";

/** A piece of a feed file: a line of JSON Lines, or a heading of Markdown with what stands under it. */
export type Piece = {
  /** Where it lies in the file, in bytes. */
  from: number;
  to: number;
  /** The number of its first line. */
  line: number;
  bytes: Buffer;
};

const LINE_FEED = 0x0a;
const NUMBER_SIGN = 0x23;

/** Cuts a feed file into its pieces, whatever the chunks are in which its bytes come. */
export class Splitter {
  readonly #format: Format;
  #from: number;
  #line: number;
  /** Whole lines of the piece that is not over, and the begin of the line that is not. */
  #lines: Buffer[] = [];
  #half: Buffer[] = [];

  constructor(format: Format, from = 0, line = 1) {
    this.#format = format;
    this.#from = from;
    this.#line = line;
  }

  /** The pieces that are over with these bytes. */
  *push(chunk: Buffer): Generator<Piece> {
    let begin = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, begin)) {
      this.#half.push(chunk.subarray(begin, end + 1));
      begin = end + 1;
      const line = Buffer.concat(this.#half);
      this.#half = [];
      if (this.#format === "markdown" && this.#lines.length > 0 && isHeading(line)) yield this.#cut();
      this.#lines.push(line);
      if (this.#format === "jsonl") yield this.#cut();
    }
    if (begin < chunk.length) this.#half.push(chunk.subarray(begin));
  }

  /** Takes what is there for a whole piece, with the line that has no end, or null when there is nothing. */
  last(): Piece | null {
    const half = Buffer.concat(this.#half);
    this.#half = [];
    if (half.length > 0) this.#lines.push(half);
    return this.#lines.length > 0 ? this.#cut() : null;
  }

  get hasHalf(): boolean {
    return this.#half.length > 0;
  }

  #cut(): Piece {
    const bytes = Buffer.concat(this.#lines);
    const piece = { from: this.#from, to: this.#from + bytes.length, line: this.#line, bytes };
    this.#from = piece.to;
    this.#line += this.#lines.length;
    this.#lines = [];
    return piece;
  }
}

function isHeading(line: Buffer): boolean {
  return line[0] === NUMBER_SIGN && beginsPost(line.toString("utf8", 0, 100));
}

/** All pieces of a file, in memory for one of them. */
export async function* piecesOf(file: string, format: Format, end = Infinity): AsyncGenerator<Piece> {
  if (end === 0) return;
  const splitter = new Splitter(format);
  const stream = createReadStream(file, { highWaterMark: 1024 * 1024, end: end - 1 });
  for await (const chunk of stream as AsyncIterable<Buffer>) yield* splitter.push(chunk);
  const last = splitter.last();
  if (last) yield last;
}

/**
 * What a piece says. `before` is the post that was taken in before it: text without a heading belongs to that one,
 * when a writer went on after a pause.
 */
export function readPiece({ from, bytes }: Piece, format: Format, before: Words | null): Read {
  const whole = bytes.toString("utf8");
  const text = from === 0 && whole.startsWith("\ufeff") ? whole.slice(1) : whole;
  if (format === "jsonl") return readLine(text);
  if (beginsPost(text)) return readPost(text);
  // A title above the first post is no post.
  if (text.split("\n").every((line) => /^\s*(# .*|<!--.*-->)?\s*$/.test(line))) return { nothing: true };
  if (before) return { words: goesOn(text, before) };
  return { problem: "above the first heading with a time and a seat there is text, which belongs to no post" };
}

/** By its first sign a file tells what it is, when its name does not. */
export async function guessFormat(file: string): Promise<Format> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(4096), 0, 4096, 0);
    return /^\ufeff?\s*\{/.test(buffer.toString("utf8", 0, bytesRead)) ? "jsonl" : "markdown";
  } finally {
    await handle.close();
  }
}

/** The words of a piece, for the one that goes on behind it. */
export function wordsOf(read: Read): Words | null {
  if ("words" in read) return read.words;
  if (!("record" in read)) return null;
  const { at, actor, data } = read.record;
  const { author = actor, said_at = at, item, subject = "" } = data as Partial<Record<string, string>>;
  return { author, said_at, item, subject, body: "" };
}
