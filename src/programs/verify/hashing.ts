import { hash } from "node:crypto";
import { parentPort, workerData } from "node:worker_threads";
import type { BytesLine } from "../../rooms/ledger/index.ts";
import { HASH_BYTES } from "../../tlog/hashing.ts";
import { PIECE_BYTES, piecesOf } from "./pieces.ts";
import { HASHED_BYTES, type HashedPiece, MARKED, PERSONAL, PLAIN, type Task } from "./task.ts";
import { PersonalSearch } from "./personal.ts";
import { Unverifiable } from "./unverifiable.ts";

/**
 * The thread beside the verifier: it reads the export, finds its lines, and hashes every entry and every link of the
 * chain, while the verifier grows the tree and checks what was hashed before.
 *
 * It imports little, since it is started for each verification: the ledger's room takes longer to load than a small
 * export to verify.
 */
const PIECES_AHEAD = 4;
const NEWLINE = 0x0a;
const BYTES_LINE = Buffer.from('{"@":"bytes"');

const port = parentPort!;
const { path, mark, mark_at } = workerData as Task;
const free: Buffer[] = Array.from({ length: PIECES_AHEAD }, () => Buffer.from(new ArrayBuffer(PIECE_BYTES)));
let wanted: ((buffer: Buffer) => void) | null = null;

// The verifier gives each buffer back when it is done with it.
port.on("message", (returned: ArrayBuffer) => {
  const buffer = Buffer.from(returned);
  if (wanted === null) free.push(buffer);
  else wanted(buffer);
  wanted = null;
});

function takeBuffer(): Buffer | Promise<Buffer> {
  return free.pop() ?? new Promise((resolve) => (wanted = resolve));
}

/** The link of the chain before the leaf's hash, as the chain hashes it; begins with the 32 zero bytes. */
const link = Buffer.alloc(1 + HASHED_BYTES);
link[0] = 0x02;

function hashEntry(prefixed: Uint8Array, hashes: Buffer, at: number): void {
  link.write(hash("sha256", prefixed, "binary"), 1 + HASH_BYTES, HASH_BYTES, "latin1");
  link.write(hash("sha256", link, "binary"), 1, HASH_BYTES, "latin1");
  link.copy(hashes, at, 1);
}

/** Grows by doubling: how many lines a piece has is not known before they are found. */
class Lines {
  ends = new Uint32Array(1 << 13);
  kinds = new Uint8Array(1 << 13);
  hashes: Buffer = Buffer.from(new ArrayBuffer(HASHED_BYTES << 13));
  count = 0;

  add(end: number, kind: number): void {
    if (this.count === this.ends.length) this.#grow();
    this.ends[this.count] = end;
    this.kinds[this.count++] = kind;
  }

  #grow(): void {
    const { ends, kinds, hashes } = this;
    this.ends = new Uint32Array(2 * ends.length);
    this.ends.set(ends);
    this.kinds = new Uint8Array(2 * kinds.length);
    this.kinds.set(kinds);
    this.hashes = Buffer.from(new ArrayBuffer(2 * hashes.length));
    this.hashes.set(hashes);
  }
}

function linesIn(bytes: Buffer, start: number, end: number): Lines {
  const lines = new Lines();
  const personal = new PersonalSearch(bytes, start, end);
  for (let at = start; at < end;) {
    const stop = bytes.indexOf(NEWLINE, at);
    const isMarked = stop - at > mark_at && bytes[at + mark_at] === mark;
    lines.add(stop, isMarked ? MARKED : personal.within(at, stop) ? PERSONAL : PLAIN);
    if (!isMarked) {
      bytes[at - 1] = 0x00;
      hashEntry(bytes.subarray(at - 1, stop), lines.hashes, HASHED_BYTES * (lines.count - 1));
    } else if (bytes.compare(BYTES_LINE, 0, BYTES_LINE.length, at, at + BYTES_LINE.length) === 0) {
      const { base64 }: BytesLine = JSON.parse(bytes.toString("utf8", at, stop));
      const prefixed = Buffer.concat([Buffer.alloc(1), Buffer.from(base64, "base64")]);
      hashEntry(prefixed, lines.hashes, HASHED_BYTES * (lines.count - 1));
    }
    at = stop + 1;
  }
  return lines;
}

async function main(): Promise<void> {
  try {
    for await (const { bytes, start, end, read } of piecesOf(path, takeBuffer)) {
      const { ends, kinds, hashes, count } = linesIn(bytes, start, end);
      const piece: HashedPiece = { bytes, start, count, ends, kinds, hashes, read };
      const buffers = [bytes.buffer, ends.buffer, kinds.buffer, hashes.buffer] as ArrayBuffer[];
      port.postMessage(piece, buffers);
    }
  } catch (error) {
    // A line of bytes that has none, or is not JSON.
    if (error instanceof Unverifiable) port.postMessage({ problem: error.message });
    else if (error instanceof SyntaxError || error instanceof TypeError)
      port.postMessage({ problem: `${path} is no export of a ledger: ${error.message}` });
    else throw error;
  } finally {
    port.close();
  }
}

await main();
