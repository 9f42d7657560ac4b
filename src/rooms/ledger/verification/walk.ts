import { hash } from "node:crypto";
import { Frontier } from "../../../tlog/frontier.ts";
import { HASH_BYTES } from "../../../tlog/hashing.ts";
import { TILE_WIDTH } from "../../../tlog/tiles.ts";

/** Where a ledger is broken: the first broken entry lies from `seq` to `seq_max`, most often one and the same. */
export type Broken = { seq: number; seq_max: number; reason: string };

/**
 * Somebody says what root the first `size` entries have. What stands outside of the database counts for more than what
 * stands in it: who rewrote the entries may have rewritten that too.
 */
export type Claim = { size: number; root: Buffer; by: string; outside: boolean; onAgreed?: () => void };

/** The stored hashes of full tiles, and up to which size they have been published. */
export type StoredTiles = { published: number; hash(level: number, index: number): Buffer | null };

// A link of the chain is sha256(0x02 || hash of the entry before || leaf hash).
const BEFORE = 1;
const LEAF = BEFORE + HASH_BYTES;

/**
 * Walks a ledger's entries in order and computes everything anew from their bytes: leaf hashes, the chain, the Merkle
 * tree. It holds them against the stored hashes, the stored tiles and every claimed root, and keeps the first entry
 * that is broken. It knows no database, so that the same walk serves the server, an export and a stranger.
 */
export class LedgerWalk {
  /** Roots that were held against the tree. */
  roots_checked = 0;
  broken: Broken | null = null;
  readonly #frontier: Frontier;
  readonly #link = Buffer.alloc(LEAF + HASH_BYTES);
  readonly #leaf: Buffer;
  readonly #tiles: StoredTiles | null;
  /** How many entries were taken as given. */
  readonly began: number;
  /** By size, those from outside first. */
  readonly #claims: Claim[] = [];
  #next = 0;
  #nextSize = Infinity;
  #agreed = 0;
  #agreedOutside = 0;
  #tile: Broken | null = null;

  /** Begins behind the entries of a tree that is taken as given, or at the first. */
  constructor({ tiles = null, frontier = new Frontier(), before }: Beginning = {}) {
    this.#tiles = tiles;
    this.#frontier = frontier;
    this.began = this.#agreed = this.#agreedOutside = frontier.size;
    this.#link[0] = 0x02;
    this.#leaf = this.#link.subarray(LEAF);
    if (before) this.#link.set(before, BEFORE);
  }

  /** How many entries the tree has by now. */
  get size(): number {
    return this.#frontier.size;
  }

  /** The hash of the newest entry in the chain. */
  get head(): Buffer {
    return Buffer.from(this.#link.subarray(BEFORE, LEAF));
  }

  /** The hash of the newest leaf, until the next entry comes. */
  get leaf(): Buffer {
    return this.#leaf;
  }

  root(): Buffer {
    return this.#frontier.root();
  }

  /** A root to be held against the tree when it has that size. What is behind the walk already is not looked at. */
  claim(claim: Claim): void {
    if (claim.size === 0 && this.size === 0) return this.#holdEmpty(claim);
    if (claim.size <= this.began || claim.size < this.size) return;
    let at = this.#claims.length;
    while (at > this.#next && comesBefore(claim, this.#claims[at - 1]!)) at--;
    this.#claims.splice(at, 0, claim);
    this.#nextSize = this.#claims[this.#next]!.size;
  }

  /**
   * Takes the next entry: its bytes behind a byte 0x00, which the caller puts there, and where it is known the hash
   * that the chain stored for it, at an offset of a buffer.
   */
  add(prefixed: Uint8Array, stored: Buffer | null, at = 0): void {
    // Node gives a digest as a string of bytes in a third of the time that it takes to make a Buffer.
    this.#link.write(hash("sha256", prefixed, "binary"), LEAF, HASH_BYTES, "latin1");
    this.#link.write(hash("sha256", this.#link, "binary"), BEFORE, HASH_BYTES, "latin1");
    this.#take(stored, at);
  }

  /** The same where another thread did the hashing: the chain's hash, and behind it the leaf's. */
  addHashed(hashes: Buffer, from: number, stored: Buffer, at: number): void {
    hashes.copy(this.#link, BEFORE, from, from + 2 * HASH_BYTES);
    this.#take(stored, at);
  }

  #take(stored: Buffer | null, at: number): void {
    if (stored !== null && this.#link.compare(stored, at, at + HASH_BYTES, BEFORE, LEAF) !== 0)
      return this.break(this.size + 1, "its hash does not follow from its bytes and the hash before");
    this.#frontier.push(this.#leaf, this.#onTile);
    if (this.size === this.#nextSize) this.#hold();
    if (this.#tile !== null) this.#settleTile();
  }

  /** Something is wrong with an entry; the first one is kept. */
  break(seq: number, reason: string, seq_max: number = seq): void {
    if (this.broken === null || seq < this.broken.seq) this.broken = { seq, seq_max, reason };
  }

  /** The entries are over; a larger tree that somebody knows of lost its tail. */
  end(): void {
    const [first] = this.#claims.slice(this.#next);
    if (first && (this.broken === null || this.broken.seq > this.size)) {
      const last = this.#claims.at(-1)!;
      const reason = `it is missing: ${last.by} tells of ${last.size} entries, and ${this.size} are here`;
      this.break(this.size + 1, reason);
    }
  }

  /** The root of nothing is one and the same, and a checkpoint with another is none. */
  #holdEmpty({ onAgreed }: Claim): void {
    this.roots_checked++;
    onAgreed?.();
  }

  #hold(): void {
    const root = this.root();
    const { size } = this;
    for (; this.#claims[this.#next]?.size === size; this.#next++) {
      const { outside, by, onAgreed, root: claimed } = this.#claims[this.#next]!;
      this.roots_checked++;
      if (claimed.equals(root)) {
        this.#agreed = size;
        if (outside) this.#agreedOutside = size;
        onAgreed?.();
        continue;
      }
      // What stands outside agrees with the entries, so it is the stored root that is wrong.
      if (!outside && this.#agreedOutside === size && size > 0)
        this.break(size, `${by} of ${size} entries has another root than the entries and the copy outside`);
      else this.#breakBetween((outside ? this.#agreedOutside : this.#agreed) + 1, size, by);
    }
    this.#nextSize = this.#claims[this.#next]?.size ?? Infinity;
  }

  /** Entries were rewritten so that their chain fits. The tiles may tell in which 256 of them. */
  #breakBetween(first: number, last: number, by: string): void {
    const seq = Math.max(first, this.#tile?.seq ?? 0);
    const where = seq === last ? "it is" : `entries from ${seq} to ${last} are`;
    this.break(seq, `${where} not what was signed: ${by} of ${last} entries has another root`, last);
  }

  readonly #onTile = (level: number, index: number, root: Buffer): void => {
    if (this.#tiles === null || this.#tile !== null) return;
    const entries = TILE_WIDTH ** level;
    const [seq, seq_max] = [index * entries + 1, (index + 1) * entries];
    const stored = this.#tiles.hash(level, index);
    if (stored === null && seq_max <= this.#tiles.published)
      this.#tile = { seq, seq_max, reason: `the stored tile lost the hash of entries ${seq} to ${seq_max}` };
    else if (stored !== null && !stored.equals(root))
      this.#tile = { seq, seq_max, reason: `the stored tile has another hash for entries ${seq} to ${seq_max}` };
  };

  /** Where no claimed root differed, the tile is what is wrong, or nobody has signed so far. */
  #settleTile(): void {
    const { seq, seq_max, reason } = this.#tile!;
    if (this.broken === null || this.broken.seq > this.size) this.break(seq, reason, seq_max);
  }
}

type Beginning = { tiles?: StoredTiles | null; frontier?: Frontier; before?: Uint8Array };

function comesBefore(one: Claim, other: Claim): boolean {
  return one.size < other.size || (one.size === other.size && one.outside && !other.outside);
}
