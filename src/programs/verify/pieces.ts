import { type FileHandle, open } from "node:fs/promises";
import { Unverifiable } from "./unverifiable.ts";

/** Large enough that the system's share of a read is small, small enough to stay in a processor's cache. */
const READ_BYTES = 1 << 20;
/** An entry has at most 64 KiB; a block's line has 256 hashes and as many notes. */
const LINE_BYTES_MAX = 4 << 20;
const NEWLINE = 0x0a;

// What is left of a line stands in front of what is read next; before it is a byte to spare.
const FRONT = 1 + LINE_BYTES_MAX;
export const PIECE_BYTES = FRONT + READ_BYTES;

/** Whole lines of a file, from `start` to `end`. The byte before each line may be overwritten. */
export type Piece = { bytes: Buffer; start: number; end: number; read: number };

/**
 * Reads a file in large pieces of whole lines, into buffers of PIECE_BYTES that the caller gives; one piece is read
 * while the one before is worked on.
 */
export async function* piecesOf(path: string, buffer: () => Promise<Buffer> | Buffer): AsyncGenerator<Piece> {
  const file = await open(path, "r").catch((error: NodeJS.ErrnoException) => {
    throw new Unverifiable(`${path} cannot be read (${error.code}).`);
  });
  try {
    yield* linesIn(file, path, buffer);
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException;
    throw syscall === "read" ? new Unverifiable(`${path} cannot be read (${code}).`) : error;
  } finally {
    await file.close();
  }
}

async function* linesIn(file: FileHandle, path: string, buffer: () => Promise<Buffer> | Buffer): AsyncGenerator<Piece> {
  let bytes = await buffer();
  let rest = 0;
  let position = 0;
  let reading = file.read(bytes, FRONT, READ_BYTES, position);
  for (;;) {
    const { bytesRead } = await reading;
    if (bytesRead === 0) break;
    position += bytesRead;
    const next = await buffer();
    reading = file.read(next, FRONT, READ_BYTES, position);
    reading.catch(() => {});
    const start = FRONT - rest;
    const newline = bytes.lastIndexOf(NEWLINE, FRONT + bytesRead - 1);
    const end = newline < start ? start : newline + 1;
    rest = FRONT + bytesRead - end;
    if (rest > LINE_BYTES_MAX) throw new Unverifiable(`${path} is no export: it has a line of ${rest} bytes.`);
    bytes.copy(next, FRONT - rest, end, FRONT + bytesRead);
    yield { bytes, start, end, read: position };
    bytes = next;
  }
  if (rest > 0) throw new Unverifiable(`${path} is cut off in the middle of its last line; export it again.`);
}
