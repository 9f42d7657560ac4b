import { EMPTY_ROOT, HASH_BYTES, mergePair, mustBeHash } from "./hashing.ts";
import { TILE_HEIGHT, TILE_WIDTH } from "./tiles.ts";

/** A size is a safe integer, so that a tree has at most 53 complete subtrees side by side; one more is being added. */
const ROOTS_MAX = 54;

/** A tile is full: its root is the hash number `index` of the tiles of `level`, one above its own. */
export type OnTile = (level: number, index: number, root: Buffer) => void;

/**
 * A growing tree, as its complete subtrees from left to right: one for each one-bit of its size, the largest first.
 * That is all that appending and the root need.
 */
export class Frontier {
  #size = 0;
  #count = 0;
  readonly #roots = Buffer.alloc(ROOTS_MAX * HASH_BYTES);

  /** A tree that was grown elsewhere: `roots` as `frontier.roots` had them. */
  static from(size: number, roots: readonly Uint8Array[]): Frontier {
    if (!Number.isSafeInteger(size) || size < 0) throw new RangeError(`no tree has ${size} entries`);
    const count = subtrees(size).length;
    if (roots.length !== count)
      throw new RangeError(`a tree of ${size} entries has ${count} roots, not ${roots.length}`);
    const frontier = new Frontier();
    for (const root of roots) frontier.#put(root);
    frontier.#size = size;
    return frontier;
  }

  get size(): number {
    return this.#size;
  }

  /** Copies of the roots of the complete subtrees, the largest first. */
  get roots(): Buffer[] {
    return Array.from({ length: this.#count }, (_, at) => Buffer.from(this.#at(at)));
  }

  /** Appends one entry by its leaf hash, and tells of each tile that it completed. */
  push(leafHash: Uint8Array, onTile?: OnTile): void {
    this.#append(leafHash, 1, onTile);
  }

  /** Appends 256 entries at once by the root over them. */
  pushTile(tileRoot: Buffer, onTile?: OnTile): void {
    if (this.#size % TILE_WIDTH !== 0) throw new RangeError(`a tile cannot begin at entry ${this.#size}`);
    onTile?.(1, this.#size / TILE_WIDTH, tileRoot);
    this.#append(tileRoot, TILE_WIDTH, onTile);
  }

  root(): Buffer {
    if (this.#count === 0) return Buffer.from(EMPTY_ROOT);
    const roots = Buffer.from(this.#roots.subarray(0, this.#count * HASH_BYTES));
    for (let at = this.#count - 2; at >= 0; at--) mergePair(roots, at * HASH_BYTES, roots, at * HASH_BYTES);
    return roots.subarray(0, HASH_BYTES);
  }

  clone(): Frontier {
    return Frontier.from(this.#size, this.roots);
  }

  #append(root: Uint8Array, entries: number, onTile?: OnTile): void {
    const size = this.#size + entries;
    if (!Number.isSafeInteger(size)) throw new RangeError("the tree is full");
    this.#put(root);
    // Two subtrees of one size become one of twice the size, as ones carry in an addition.
    let level = Math.log2(entries);
    for (let ones = this.#size / entries; ones % 2 === 1; ones = (ones - 1) / 2) {
      const at = (this.#count - 2) * HASH_BYTES;
      mergePair(this.#roots, at, this.#roots, at);
      this.#count--;
      if (++level % TILE_HEIGHT === 0)
        onTile?.(level / TILE_HEIGHT, size / 2 ** level - 1, Buffer.from(this.#at(this.#count - 1)));
    }
    this.#size = size;
  }

  #put(root: Uint8Array): void {
    mustBeHash(root);
    this.#roots.set(root, this.#count * HASH_BYTES);
    this.#count++;
  }

  #at(at: number): Buffer {
    return this.#roots.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES);
  }
}

/** The complete subtrees of a tree of that size, left to right: `level` and `index` as `ReadHash` counts them. */
export function subtrees(size: number): { level: number; index: number }[] {
  const found: { level: number; index: number }[] = [];
  let before = 0;
  for (let level = ROOTS_MAX - 1; level >= 0; level--) {
    const width = 2 ** level;
    if (size - before < width) continue;
    found.push({ level, index: before / width });
    before += width;
  }
  return found;
}
