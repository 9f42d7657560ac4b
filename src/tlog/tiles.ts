import { HASH_BYTES, mergePair } from "./hashing.ts";
import type { ReadHash } from "./proofs.ts";

/** C2SP tlog-tiles: the tree in pieces of eight levels, and the entries in pieces of as many. */
export const TILE_HEIGHT = 8;
export const TILE_WIDTH = 256;
/** The longest entry a bundle can hold: its length is a 16-bit number. */
export const ENTRY_BYTES_MAX = 65_535;

const LEVEL_MAX = 63;
/** A tile has 8 KiB; a walk down the right edge of a tree of 2^53 entries touches seven. */
const TILES_CACHED = 32;

export type TilePath = { kind: "hashes" | "entries"; level: number; index: number; width: number };

/** `tile/0/x001/234`, with `.p/8` behind it if the tile is not full. */
export function tilePath(level: number, index: number, width: number = TILE_WIDTH): string {
  if (!Number.isInteger(level) || level < 0 || level > LEVEL_MAX) throw new RangeError(`no tile has level ${level}`);
  return `tile/${level}/${indexPath(index, width)}`;
}

/** `tile/entries/x001/234`, with `.p/8` behind it if the bundle is not full. */
export function bundlePath(index: number, width: number = TILE_WIDTH): string {
  return `tile/entries/${indexPath(index, width)}`;
}

function indexPath(index: number, width: number): string {
  if (!Number.isSafeInteger(index) || index < 0) throw new RangeError(`no tile has index ${index}`);
  if (!Number.isInteger(width) || width < 1 || width > TILE_WIDTH) throw new RangeError(`no tile has width ${width}`);
  const digits = String(index);
  const padded = digits.padStart(Math.ceil(digits.length / 3) * 3, "0");
  const groups = padded.match(/\d{3}/g)!;
  const path = groups.map((group, at) => (at < groups.length - 1 ? `x${group}` : group)).join("/");
  return width === TILE_WIDTH ? path : `${path}.p/${width}`;
}

/** What a path names, or null. There is one spelling for each tile; any other names nothing. */
export function parseTilePath(path: string): TilePath | null {
  const match = /^tile\/(entries|\d{1,2})\/((?:x\d{3}\/){0,5}\d{3})(?:\.p\/(\d{1,3}))?$/.exec(path);
  if (!match) return null;
  const kind = match[1] === "entries" ? "entries" : "hashes";
  const level = kind === "entries" ? 0 : Number(match[1]);
  const index = Number(match[2]!.replaceAll(/[x/]/g, ""));
  const width = match[3] === undefined ? TILE_WIDTH : Number(match[3]);
  if (level > LEVEL_MAX || width < 1 || width > TILE_WIDTH || !Number.isSafeInteger(index)) return null;
  const canonical = kind === "entries" ? bundlePath(index, width) : tilePath(level, index, width);
  return path === canonical ? { kind, level, index, width } : null;
}

/** How many hashes the tile has in a tree of that size; 0 if the tree has no such tile. */
export function widthOf(level: number, index: number, size: number): number {
  const hashes = Math.floor(size / TILE_WIDTH ** level);
  return Math.max(0, Math.min(TILE_WIDTH, hashes - index * TILE_WIDTH));
}

/** The root of a full tile: the hash that stands for it in the tile above. */
export function tileRoot(tile: Buffer): Buffer {
  if (tile.length !== TILE_WIDTH * HASH_BYTES) throw new RangeError(`a full tile has not ${tile.length} bytes`);
  return foldHashes(tile, 0, TILE_WIDTH);
}

/** The root over `count` hashes, a power of two, that lie one after the other from the given one on. */
function foldHashes(tile: Buffer, first: number, count: number): Buffer {
  const hashes = Buffer.from(tile.subarray(first * HASH_BYTES, (first + count) * HASH_BYTES));
  for (let left = count / 2; left >= 1; left /= 2)
    for (let at = 0; at < left; at++) mergePair(hashes, 2 * at * HASH_BYTES, hashes, at * HASH_BYTES);
  return hashes.subarray(0, HASH_BYTES);
}

/** An entry bundle: each entry behind its length, two bytes, the greater first. */
export function encodeBundle(leaves: readonly Uint8Array[]): Buffer {
  if (leaves.length < 1 || leaves.length > TILE_WIDTH) throw new RangeError(`no bundle has ${leaves.length} entries`);
  const bundle = Buffer.allocUnsafe(leaves.reduce((bytes, leaf) => bytes + 2 + leaf.length, 0));
  let at = 0;
  for (const leaf of leaves) {
    if (leaf.length > ENTRY_BYTES_MAX) throw new RangeError(`an entry of ${leaf.length} bytes fits no bundle`);
    at = bundle.writeUInt16BE(leaf.length, at);
    bundle.set(leaf, at);
    at += leaf.length;
  }
  return bundle;
}

/** The entries of a bundle, as views into it. Throws what is cut short, too long or empty. */
export function decodeBundle(bundle: Buffer): Buffer[] {
  const leaves: Buffer[] = [];
  for (let at = 0; at < bundle.length;) {
    if (at + 2 > bundle.length) throw new RangeError(`entry ${leaves.length} of the bundle has no whole length`);
    const start = at + 2;
    at = start + bundle.readUInt16BE(at);
    if (at > bundle.length) throw new RangeError(`entry ${leaves.length} of the bundle is cut short`);
    leaves.push(bundle.subarray(start, at));
    if (leaves.length > TILE_WIDTH) throw new RangeError(`a bundle has at most ${TILE_WIDTH} entries`);
  }
  if (leaves.length === 0) throw new RangeError("a bundle has at least one entry");
  return leaves;
}

/** Reads the hashes of a tree of that size out of its tiles. Nothing is trusted or checked here but their lengths. */
export function tileReader(
  fetchTile: (level: number, index: number, width: number) => Promise<Buffer>,
  size: number,
): ReadHash {
  const cache = new Map<string, Promise<Buffer>>();

  async function fetchWhole(level: number, index: number): Promise<Buffer> {
    const width = widthOf(level, index, size);
    if (width === 0) throw new RangeError(`a tree of ${size} entries has no tile ${index} at level ${level}`);
    const tile = await fetchTile(level, index, width);
    if (tile.length === width * HASH_BYTES) return tile;
    throw new RangeError(`${tilePath(level, index, width)} has ${tile.length} bytes, not ${width * HASH_BYTES}`);
  }

  function tileAt(level: number, index: number): Promise<Buffer> {
    const key = `${level}/${index}`;
    const tile = cache.get(key) ?? fetchWhole(level, index);
    // The one asked for last stands last; the first of the map is the one nobody missed for longest.
    cache.delete(key);
    cache.set(key, tile);
    if (cache.size > TILES_CACHED) cache.delete(cache.keys().next().value!);
    tile.catch(() => cache.delete(key));
    return tile;
  }

  return async (level, index) => {
    const count = 2 ** (level % TILE_HEIGHT);
    const first = index * count;
    const tileIndex = Math.floor(first / TILE_WIDTH);
    const tile = await tileAt(Math.floor(level / TILE_HEIGHT), tileIndex);
    const offset = first - tileIndex * TILE_WIDTH;
    if ((offset + count) * HASH_BYTES > tile.length)
      throw new RangeError(`a tree of ${size} entries has no hash ${index} at level ${level}`);
    return foldHashes(tile, offset, count);
  };
}
