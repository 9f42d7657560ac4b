import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after } from "node:test";
import { formatCheckpoint } from "../../src/tlog/checkpoint.ts";
import { Frontier } from "../../src/tlog/frontier.ts";
import { leafHash } from "../../src/tlog/hashing.ts";
import { newSigner, signNote } from "../../src/tlog/note.ts";
import { consistencyProof, inclusionProof, type ReadHash } from "../../src/tlog/proofs.ts";
import { bundlePath, encodeBundle, tilePath, tileReader, TILE_WIDTH } from "../../src/tlog/tiles.ts";
import type { Consistency, Inclusion } from "./go_program.ts";

const ORIGIN = "longwatch/0123456789abcdef/interop";

/** A growing log in a directory, in the layout of C2SP tlog-tiles: what a server would hand out, as files. */
export class LogDirectory {
  readonly path = mkdtempSync(join(tmpdir(), "longwatch-log-"));
  readonly notes = new Map<number, string>();
  readonly #signer = newSigner(ORIGIN);
  readonly #tree = new Frontier();
  /** Per level the hashes that its tiles are made of. */
  readonly #levels: Buffer[][] = [[]];
  #leaf_bytes = 0;
  #open: Buffer[] = [];

  constructor() {
    after(() => rmSync(this.path, { recursive: true, force: true }));
  }

  get vkey(): string {
    return this.#signer.vkey;
  }

  get leaf_bytes(): number {
    return this.#leaf_bytes;
  }

  get root(): Buffer {
    return this.#tree.root();
  }

  /** Appends entries until there are so many, writes the tiles of that size and signs it. */
  grow(size: number, leafOf: (index: number) => Buffer): void {
    while (this.#tree.size < size) {
      const leaf = leafOf(this.#tree.size);
      const hash = leafHash(leaf);
      this.#open.push(leaf);
      this.#leaf_bytes += leaf.length;
      this.#levels[0]!.push(hash);
      this.#tree.push(hash, (level, index, root) => this.#completed(level, index, root));
    }
    // What is full was written when it became so; the rest of each level is a tile of this size.
    for (const [level, hashes] of this.#levels.entries())
      this.#writeTile(level, Math.floor(hashes.length / TILE_WIDTH));
    if (this.#open.length > 0) this.#writeBundle();
    const note = this.sign(size, this.root);
    this.notes.set(size, note);
    writeFileSync(join(this.path, "checkpoint"), note);
  }

  /** A note of the log's own key, whatever it says. */
  sign(size: number, root: Buffer, origin = ORIGIN): string {
    return signNote(formatCheckpoint({ origin, size, root }), [this.#signer.signer]);
  }

  async inclusion(index: number, size: number): Promise<Inclusion> {
    const proof = await inclusionProof(index, size, this.#reader(size));
    return { index, size, proof: proof.map((hash) => hash.toString("hex")), note: this.notes.get(size)! };
  }

  async consistency(from_size: number, to_size: number): Promise<Consistency> {
    const proof = await consistencyProof(from_size, to_size, this.#reader(to_size));
    return { from_size, to_size, proof: proof.map((hash) => hash.toString("hex")), note: this.notes.get(to_size)! };
  }

  /** Runs a check while a file is other than it was, or gone. */
  async changed(file: string, change: (bytes: Buffer) => Buffer | null, check: () => Promise<void>): Promise<void> {
    const path = join(this.path, file);
    const bytes = readFileSync(path);
    const other = change(Buffer.from(bytes));
    if (other === null) rmSync(path);
    else writeFileSync(path, other);
    try {
      await check();
    } finally {
      writeFileSync(path, bytes);
    }
  }

  /** Reads its own files as a client would. */
  #reader(size: number): ReadHash {
    return tileReader((level, index, width) => readFile(join(this.path, tilePath(level, index, width))), size);
  }

  #completed(level: number, index: number, root: Buffer): void {
    this.#writeTile(level - 1, index);
    if (level === 1) this.#writeBundle();
    (this.#levels[level] ??= [])[index] = root;
  }

  #writeTile(level: number, index: number): void {
    const hashes = this.#levels[level]!.slice(index * TILE_WIDTH, (index + 1) * TILE_WIDTH);
    if (hashes.length > 0) this.#write(tilePath(level, index, hashes.length), Buffer.concat(hashes));
  }

  #writeBundle(): void {
    const index = Math.ceil(this.#levels[0]!.length / TILE_WIDTH) - 1;
    this.#write(bundlePath(index, this.#open.length), encodeBundle(this.#open));
    if (this.#open.length === TILE_WIDTH) this.#open = [];
  }

  #write(file: string, bytes: Buffer): void {
    const path = join(this.path, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes);
  }
}
