import { isUtf8 } from "node:buffer";
import { createReadStream, readSync } from "node:fs";

export type Row = Record<string, unknown>;

/** A line of a JSON Lines file: its row, or why it is none. */
export type Line = {
  number: number;
  /** Where its bytes are, so that it can be read again without keeping it. */
  offset: number;
  bytes: number;
  row: Row | null;
  problem: string | null;
  /** Its bytes were not all UTF-8; those that were not stand as U+FFFD. */
  lossy: boolean;
};

/** A longer line is no row of any tracker that we know; without a limit, a file without line ends would fill memory. */
const LINE_BYTES_MAX = 64 * 1024 * 1024;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** Reads a file line by line in constant memory. Empty lines are not rows; a BOM and CRLF are borne. */
export async function* readLines(file: string): AsyncGenerator<Line> {
  let parts: Buffer[] = [];
  let held = 0;
  let offset = 0;
  let number = 0;
  const line = (ended: boolean): Line | null => {
    const bytes = parts.length === 1 ? parts[0]! : Buffer.concat(parts);
    const length = held;
    const begin = offset;
    parts = [];
    held = 0;
    offset += length + (ended ? 1 : 0);
    number++;
    if (bytes.length < length)
      return { number, offset: begin, bytes: length, ...none("the line is too long to be a row") };
    const read = rowOf(bytes, number === 1, ended);
    return read && { number, offset: begin, bytes: length, ...read };
  };
  for await (const chunk of createReadStream(file, { highWaterMark: 1024 * 1024 }) as AsyncIterable<Buffer>) {
    let from = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, from)) {
      hold(chunk.subarray(from, end));
      from = end + 1;
      const one = line(true);
      if (one) yield one;
    }
    hold(chunk.subarray(from));
  }
  if (held > 0) {
    const one = line(false);
    if (one) yield one;
  }

  function hold(part: Buffer): void {
    held += part.length;
    // Beyond the limit only the length is counted; the line is refused for it.
    if (held <= LINE_BYTES_MAX) parts.push(part);
    else parts = [];
  }
}

/** Reads one row again. */
export function rowAt(fd: number, offset: number, bytes: number): Row {
  const buffer = Buffer.allocUnsafe(bytes);
  readSync(fd, buffer, 0, bytes, offset);
  return rowOf(buffer, offset === 0, true)!.row!;
}

const none = (problem: string) => ({ row: null, problem, lossy: false });

function rowOf(bytes: Buffer, first: boolean, ended: boolean): Pick<Line, "row" | "problem" | "lossy"> | null {
  let text = bytes.at(-1) === CARRIAGE_RETURN ? bytes.toString("utf8", 0, bytes.length - 1) : bytes.toString("utf8");
  if (first && text.startsWith("\ufeff")) text = text.slice(1);
  if (text.trim() === "") return null;
  try {
    const row = JSON.parse(text);
    if (typeof row === "object" && row !== null && !Array.isArray(row))
      return { row, problem: null, lossy: !isUtf8(bytes) };
    return none("it is not a JSON object");
  } catch (error) {
    if (!ended) return none("the file ends in the middle of this row");
    return none(`it is not JSON (${(error as Error).message})`);
  }
}
