import type { FileHandle } from "node:fs/promises";
import type { BlockLine, HeaderLine } from "../../rooms/ledger/index.ts";
import { TILE_WIDTH } from "../../tlog/tiles.ts";
import type { Page } from "./export.ts";

/** The file was begun with another ledger, or is none of ours. */
export class NotOfThisLedger extends Error {
  constructor(part: string) {
    super(`${part} is not the beginning of an export of this ledger. Remove it, or name another file.`);
    this.name = "NotOfThisLedger";
  }
}

/** Where to go on: behind so many entries, at so many bytes. `to` is what the first run fixed as the end. */
export type Begun = { after: number; bytes: number; to: number | undefined };

/** A block has 256 entries of at most 64 KiB, twice that in base64 where somebody changed them. */
const TAIL_BYTES = 48 << 20;
const HEADER_BYTES_MAX = 16 << 20;
const BLOCK = '\n{"@":"block"';
const FROM_THE_START: Begun = { after: 0, bytes: 0, to: undefined };

/**
 * Goes back to the last block that an interrupted run began, cuts the file there, and makes sure that the server still
 * has the same block at that place.
 */
export async function resumed(
  part: string,
  file: FileHandle,
  ask: (after: number, to: number) => Promise<Page>,
): Promise<Begun> {
  const { size } = await file.stat();
  const head = await read(file, 0, Math.min(size, HEADER_BYTES_MAX));
  const headerEnd = head.indexOf("\n") + 1;
  if (headerEnd === 0) {
    if (size > 0 && head[0] !== "{".charCodeAt(0)) throw new NotOfThisLedger(part);
    await file.truncate(0);
    return FROM_THE_START;
  }
  const header = markedIn<HeaderLine>(head.toString("utf8", 0, headerEnd));
  if (header?.["@"] !== "ledger") throw new NotOfThisLedger(part);
  // A block's line stands behind the newline of the line before; inside an entry there is no newline.
  const begin = Math.max(headerEnd - 1, size - TAIL_BYTES);
  const tail = await read(file, begin, size - begin);
  for (let at = tail.lastIndexOf(BLOCK); at >= 0; at = at === 0 ? -1 : tail.lastIndexOf(BLOCK, at - 1)) {
    const block = markedIn<BlockLine>(tail.toString("utf8", at + 1, lineEnd(tail, at + 1)));
    const after = (block?.from ?? 0) - 1;
    if (!block || after < 0 || after % TILE_WIDTH !== 0) continue;
    const { lines } = await ask(after, header.to);
    const fresh = markedIn<BlockLine>(lines.slice(0, Math.max(0, lines.indexOf("\n"))));
    if (fresh?.hashes !== block.hashes) throw new NotOfThisLedger(part);
    const bytes = begin + at + 1;
    await file.truncate(bytes);
    return { after, bytes, to: header.to };
  }
  await file.truncate(0);
  return FROM_THE_START;
}

function lineEnd(bytes: Buffer, at: number): number {
  const end = bytes.indexOf("\n", at);
  return end < 0 ? at : end;
}

function markedIn<Line>(text: string): Line | null {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

async function read(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length);
  const { bytesRead } = await file.read(bytes, 0, length, position);
  return bytes.subarray(0, bytesRead);
}
