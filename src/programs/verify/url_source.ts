import { setTimeout as sleep } from "node:timers/promises";
import { type Report, TileRows, Verification } from "../../rooms/ledger/index.ts";
import { parseCheckpoint } from "../../tlog/checkpoint.ts";
import { HASH_BYTES } from "../../tlog/hashing.ts";
import { NoteError, openNote } from "../../tlog/note.ts";
import { bundlePath, decodeBundle, TILE_WIDTH, tilePath, widthOf } from "../../tlog/tiles.ts";
import type { Against } from "./export_source.ts";
import { holdKept } from "./outside.ts";
import { Unverifiable } from "./unverifiable.ts";

type Progress = { total(entries: number): void; at(entries: number): void };

/** As many tiles are asked for ahead of the one that is hashed. */
const TILES_AHEAD = 8;
const TRIES_MAX = 5;
const PAUSE_FIRST_MS = 200;
const CHECKPOINT_BYTES_MAX = 1_000_000;

/**
 * Verifies a log at its address as a stranger does (C2SP tlog-tiles): it trusts nothing but the keys that it was given,
 * reads every entry, and computes the root anew.
 */
export async function verifyUrl(
  url: URL,
  token: string | undefined,
  against: Against,
  progress: Progress,
): Promise<Report> {
  const log = new TileClient(url, token);
  const note = (await log.read("checkpoint", CHECKPOINT_BYTES_MAX)).toString();
  const { origin, size } = checkpointIn(note, against, url);
  const copies = against.copies.filter((copy) => copy.origin === origin);
  if (against.copies.length > 0 && copies.length === 0)
    throw new Unverifiable(`The copy outside has nothing of the log ${origin}.`);
  progress.total(size);
  const tiles = await tilesAbove(log, size);
  const verification = new Verification({ given: against.keys, logs: [], tiles, payloads: false });
  verification.signatures.hold(verification.walk, { note, by: "the checkpoint", outside: true });
  holdKept(verification, [...copies.flatMap((copy) => copy.notes), ...against.kept], [origin]);
  const count = Math.ceil(size / TILE_WIDTH);
  const ahead: Promise<Bundle>[] = [];
  for (let asked = 0, index = 0; index < count && !verification.over; index++) {
    for (; asked < count && asked < index + TILES_AHEAD; asked++) {
      const bundle = bundleAt(log, asked, size);
      bundle.catch(() => {});
      ahead.push(bundle);
    }
    addBundle(verification, await ahead.shift()!);
    progress.at(verification.walk.size);
  }
  return verification.report();
}

type Bundle = { leaves: Buffer[]; bytes: Buffer; hashes: Buffer };

function checkpointIn(note: string, { keys }: Against, url: URL) {
  try {
    return parseCheckpoint(openNote(note, keys).text);
  } catch (error) {
    if (!(error instanceof NoteError)) throw error;
    throw new Unverifiable(`${url.href}/checkpoint cannot be trusted: ${error.message}`, "Is --key the log's own key?");
  }
}

/** The tiles above the leaves, which have to agree with the entries as well. */
async function tilesAbove(log: TileClient, size: number): Promise<TileRows> {
  const tiles = new TileRows(size);
  for (let level = 1; widthOf(level, 0, size) > 0; level++)
    for (let index = 0; widthOf(level, index, size) > 0; index++) {
      const width = widthOf(level, index, size);
      tiles.add({ level, index, hashes: await log.hashes(level, index, width) });
    }
  return tiles;
}

async function bundleAt(log: TileClient, index: number, size: number): Promise<Bundle> {
  const width = widthOf(0, index, size);
  const [bytes, hashes] = await Promise.all([
    log.read(bundlePath(index, width), width * (2 + 65_535)),
    log.hashes(0, index, width),
  ]);
  try {
    const leaves = decodeBundle(bytes);
    if (leaves.length === width) return { leaves, bytes, hashes };
    throw new RangeError(`it has ${leaves.length} entries, not ${width}`);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new Unverifiable(`${bundlePath(index, width)} is no bundle of entries: ${error.message}`);
  }
}

function addBundle(verification: Verification, { leaves, bytes, hashes }: Bundle): void {
  const { walk } = verification;
  for (const [at, leaf] of leaves.entries()) {
    if (verification.over) return;
    // Two bytes of length stand before each entry, so there is one to spare.
    const start = leaf.byteOffset - bytes.byteOffset;
    verification.entry(bytes, start, start + leaf.length, false, null, 0);
    if (walk.leaf.compare(hashes, at * HASH_BYTES, (at + 1) * HASH_BYTES) !== 0)
      walk.break(walk.size, "its bytes do not have the hash that its tile has");
  }
}

/** Reads what a log serves. Nothing that it says is trusted here. */
class TileClient {
  readonly #url: string;
  readonly #headers: Record<string, string>;

  constructor(url: URL, token: string | undefined) {
    this.#url = url.href.replace(/\/+$/, "");
    this.#headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  }

  async hashes(level: number, index: number, width: number): Promise<Buffer> {
    const path = tilePath(level, index, width);
    const bytes = await this.read(path, width * HASH_BYTES);
    if (bytes.length === width * HASH_BYTES) return bytes;
    throw new Unverifiable(`${path} has ${bytes.length} bytes, not ${width * HASH_BYTES}.`);
  }

  async read(path: string, bytes_max: number): Promise<Buffer> {
    const url = `${this.#url}/${path}`;
    for (let tries = 1; ; tries++) {
      const answer = await fetch(url, { headers: this.#headers, redirect: "error" }).then(
        async (response) => ({ status: response.status, bytes: Buffer.from(await response.arrayBuffer()) }),
        (error: Error) => ({ status: 0, bytes: Buffer.from(messageOf(error)) }),
      );
      const { status, bytes } = answer;
      if (status === 200 && bytes.length <= bytes_max) return bytes;
      const passing = status === 0 || status === 429 || status >= 500;
      if (!passing || tries === TRIES_MAX) throw unread(url, answer);
      await sleep(PAUSE_FIRST_MS * 2 ** (tries - 1));
    }
  }
}

/** What fetch says of itself is "fetch failed"; why stands in its cause. */
function messageOf(error: Error): string {
  return error.cause instanceof Error ? error.cause.message || String(error.cause) : error.message;
}

function unread(url: string, { status, bytes }: { status: number; bytes: Buffer }): Unverifiable {
  if (status === 0) return new Unverifiable(`${url} cannot be reached: ${bytes}`);
  if (status === 200) return new Unverifiable(`${url} is longer than it may be.`);
  const hint = status === 401 || status === 403 || status === 404;
  return new Unverifiable(
    `${url} answered ${status}.`,
    hint ? "A log that is for members only is read with --token; is this its address?" : undefined,
  );
}
