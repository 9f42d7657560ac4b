import type { Reader } from "../kernel/database.ts";
import { chainHash, entryHashAt, leafHashesAfter, tileHashes, treeReader } from "../rooms/ledger/index.ts";
import type { Frontier } from "../tlog/frontier.ts";
import { HASH_BYTES } from "../tlog/hashing.ts";
import { readFrontier } from "../tlog/proofs.ts";
import { TILE_WIDTH, tileRoot } from "../tlog/tiles.ts";

/** Hashed between two turns of the event loop: 3 ms of it, so that no request waits longer. */
const ENTRIES_A_READ = 4_096;
/** Above the leaves; 256^8 entries are more than a number can count. */
const LEVEL_MAX = 7;
const TILE_BYTES = TILE_WIDTH * HASH_BYTES;

/** Leaf hashes of the entries after a number, at most so many, if they are remembered. */
export type RecentHashes = (after: number, limit: number) => Buffer | null;
export type Root = { size: number; root: Buffer };
export type GrownTile = { level: number; index: number; hashes: Buffer };

/** The ledger does not hold what was signed, or its bytes do not give its hashes: nothing may be signed. */
export class Contradiction extends Error {
  readonly code: "ledger.restored" | "ledger.broken";

  constructor(code: Contradiction["code"], message: string) {
    super(message);
    this.name = "Contradiction";
    this.code = code;
  }
}

/** A tenant's Merkle tree as the signer carries it on: its right edge, and nothing that grows with its size. */
export class GrowingTree {
  readonly #frontier: Frontier;
  /** The stored chain's hash at the edge: it tells a database that was set back and has grown again. */
  #chain: Buffer;
  /** The unfilled tile of each level above the leaves. */
  readonly #edge: Buffer[];
  readonly #grown = new Map<string, GrownTile>();

  private constructor(frontier: Frontier, chain: Buffer, edge: Buffer[]) {
    this.#frontier = frontier;
    this.#chain = chain;
    this.#edge = edge;
  }

  /** Reads the tree of a size out of the database, one hash for each level and one tile at most. */
  static async read(db: Reader, size: number): Promise<GrowingTree> {
    const frontier = await readFrontier(size, treeReader(db, size));
    const chain = await entryHashAt(db, size);
    if (chain === null) throw new Contradiction("ledger.restored", `entry ${size}, which was signed, is gone`);
    const edge: Buffer[] = [];
    for (let level = 1; level <= LEVEL_MAX; level++) {
      const hashes = Math.floor(size / TILE_WIDTH ** level);
      const width = hashes % TILE_WIDTH;
      const read = width === 0 ? Buffer.alloc(0) : await tileHashes(db, level, Math.floor(hashes / TILE_WIDTH), width);
      if (read === null) throw new Contradiction("ledger.broken", `a tile of level ${level} lost its hashes`);
      edge[level] = Buffer.from(read);
    }
    return new GrowingTree(frontier, chain, edge);
  }

  get size(): number {
    return this.#frontier.size;
  }

  root(): Buffer {
    return this.#frontier.root();
  }

  /** Throws unless the entry at the edge is the one that was there when it was signed. */
  async mustStand(db: Reader): Promise<void> {
    const stored = await entryHashAt(db, this.size);
    if (stored?.equals(this.#chain)) return;
    const what = stored === null ? "is gone" : "is another than the one that was signed";
    throw new Contradiction("ledger.restored", `entry ${this.size} ${what}: the database was set back`);
  }

  /**
   * Grows over the stored entries up to the last of the sizes, and gives the root at each of them. What `recent` has of
   * leaf hashes need not be made again; the stored chain must follow from them all the same.
   */
  async grow(db: Reader, sizes: readonly number[], recent?: RecentHashes): Promise<Root[]> {
    const roots: Root[] = [];
    for (const size of sizes) {
      while (this.size < size) await this.#read(db, Math.min(ENTRIES_A_READ, size - this.size), recent);
      roots.push({ size, root: this.root() });
    }
    return roots;
  }

  /** The tiles above the leaves that grew since this was last asked. */
  takeGrown(): GrownTile[] {
    const grown = [...this.#grown.values()];
    this.#grown.clear();
    return grown;
  }

  async #read(db: Reader, limit: number, recent: RecentHashes | undefined): Promise<void> {
    const first = this.size + 1;
    const remembered = recent?.(this.size, limit) ?? null;
    if (remembered !== null && (await this.#take(db, remembered))) return;
    const { count, hashes } = await leafHashesAfter(db, this.size, limit);
    if (count < limit) throw new Contradiction("ledger.broken", `entry ${this.size + count + 1} is missing`);
    if (await this.#take(db, hashes)) return;
    const last = this.size + count;
    throw new Contradiction("ledger.broken", `entries ${first} to ${last} do not give their stored hashes`);
  }

  /** Grows by entries' leaf hashes, if the hash that the chain stored for the last of them follows from them. */
  async #take(db: Reader, hashes: Buffer): Promise<boolean> {
    const chain = chainHash(this.#chain, hashes);
    const stored = await entryHashAt(db, this.size + hashes.length / HASH_BYTES);
    if (!stored?.equals(chain)) return false;
    this.#chain = chain;
    for (let at = 0; at < hashes.length;) {
      const tile = this.size % TILE_WIDTH === 0 && hashes.length - at >= TILE_BYTES;
      const end = at + (tile ? TILE_BYTES : HASH_BYTES);
      if (tile) this.#frontier.pushTile(tileRoot(hashes.subarray(at, end)), this.#fill);
      else this.#frontier.push(hashes.subarray(at, end), this.#fill);
      at = end;
    }
    return true;
  }

  readonly #fill = (level: number, index: number, root: Buffer): void => {
    if (level > LEVEL_MAX) return;
    const hashes = Buffer.concat([this.#edge[level]!, root]);
    const tile = Math.floor(index / TILE_WIDTH);
    this.#grown.set(`${level}/${tile}`, { level, index: tile, hashes });
    this.#edge[level] = hashes.length === TILE_BYTES ? Buffer.alloc(0) : hashes;
  };
}
