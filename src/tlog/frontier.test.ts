import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fc } from "../../test/cases.ts";
import { Frontier } from "./frontier.ts";
import { EMPTY_ROOT, HASH_BYTES } from "./hashing.ts";
import { naiveLeaf, naiveLeaves, naiveRoot } from "./naive.fixture.ts";
import {
  consistencyProof,
  inclusionProof,
  readFrontier,
  treeRoot,
  verifyConsistency,
  verifyInclusion,
} from "./proofs.ts";
import { TILE_WIDTH, tileReader, tileRoot, widthOf } from "./tiles.ts";

const BOUNDARIES = [0, 1, 255, 256, 257, 511, 512, 65_535, 65_536, 65_537];
const leaves = naiveLeaves(65_537);

/** All tiles of a tree of that size, by path, level by level: each hash the naive root of what it stands for. */
function tilesOf(size: number) {
  const tiles = new Map<string, Buffer>();
  let hashes = leaves.slice(0, size);
  for (let level = 0; hashes.length > 0; level++) {
    const groups = Array.from({ length: Math.ceil(hashes.length / TILE_WIDTH) }, (_, index) =>
      hashes.slice(index * TILE_WIDTH, (index + 1) * TILE_WIDTH),
    );
    for (const [index, group] of groups.entries()) tiles.set(`${level}/${index}`, Buffer.concat(group));
    hashes = groups.filter((group) => group.length === TILE_WIDTH).map(naiveRoot);
  }
  return tiles;
}

describe("A frontier", () => {
  it("has the root of the tree, whatever its size (TLOG-NAIVE)", () => {
    const frontier = new Frontier();
    for (let size = 0; size <= 300; size++) {
      assert.equal(frontier.size, size);
      assert.deepEqual(frontier.root(), naiveRoot(leaves.slice(0, size)), `size ${size}`);
      frontier.push(leaves[size]!);
    }
  });

  for (const size of BOUNDARIES)
    it(`agrees with the tiles at ${size} entries`, async () => {
      const tiles = tilesOf(size);
      const asked = new Set<string>();
      const read = tileReader(async (level, index, width) => {
        const tile = tiles.get(`${level}/${index}`);
        assert.equal(tile?.length, width * HASH_BYTES, `${level}/${index}`);
        asked.add(`${level}/${index}`);
        return tile!;
      }, size);
      for (const [key, tile] of tiles) {
        const [level, index] = key.split("/").map(Number);
        assert.equal(widthOf(level!, index!, size), tile.length / HASH_BYTES, key);
      }
      const byLeaf = new Frontier();
      for (const leaf of leaves.slice(0, size)) byLeaf.push(leaf);
      const byTile = new Frontier();
      for (let index = 0; widthOf(0, index, size) === TILE_WIDTH; index++)
        byTile.pushTile(tileRoot(tiles.get(`0/${index}`)!));
      for (const leaf of leaves.slice(byTile.size, size)) byTile.push(leaf);

      const root = naiveRoot(leaves.slice(0, size));
      assert.deepEqual(byLeaf.root(), root);
      assert.deepEqual(byTile.root(), root);
      assert.deepEqual(byTile.roots, byLeaf.roots);
      assert.deepEqual(await treeRoot(size, read), root);
      assert.deepEqual((await readFrontier(size, read)).roots, byLeaf.roots);
      if (size === 0) return;

      for (const index of new Set([0, size >> 1, size - 1])) {
        const proof = await inclusionProof(index, size, read);
        assert.ok(verifyInclusion(leaves[index]!, index, size, proof, root), `entry ${index}`);
      }
      for (const before of BOUNDARIES.filter((one) => one >= 1 && one <= size)) {
        const proof = await consistencyProof(before, size, read);
        assert.ok(verifyConsistency(before, naiveRoot(leaves.slice(0, before)), size, root, proof), `from ${before}`);
      }
      assert.ok(asked.size <= 3 * BOUNDARIES.length, `${asked.size} tiles read`);
    });

  it("goes on where another stopped, and a clone goes its own way", () => {
    fc.assert(
      fc.property(fc.nat(600), fc.nat(40), (size, more) => {
        const frontier = new Frontier();
        for (const leaf of leaves.slice(0, size)) frontier.push(leaf);
        const clone = frontier.clone();
        const revived = Frontier.from(size, frontier.roots);
        for (const leaf of leaves.slice(size, size + more)) revived.push(leaf);
        clone.push(naiveLeaf(Buffer.from("another")));
        assert.deepEqual(revived.root(), naiveRoot(leaves.slice(0, size + more)));
        assert.deepEqual(frontier.root(), naiveRoot(leaves.slice(0, size)));
        assert.equal(frontier.size, size);
      }),
    );
  });

  it("hands out copies", () => {
    const frontier = new Frontier();
    frontier.push(leaves[0]!);
    frontier.roots[0]!.fill(0);
    frontier.root().fill(0);
    assert.deepEqual(frontier.root(), leaves[0]);
    new Frontier().root().fill(0);
    assert.deepEqual(new Frontier().root(), naiveRoot([]));
    assert.deepEqual(EMPTY_ROOT, naiveRoot([]));
  });

  it("refuses what cannot be appended", () => {
    const frontier = new Frontier();
    assert.throws(() => frontier.push(Buffer.alloc(31)), /32 bytes, not 31/);
    frontier.push(leaves[0]!);
    assert.throws(() => frontier.pushTile(leaves[0]!), /cannot begin at entry 1/);
    assert.throws(() => Frontier.from(3, [leaves[0]!]), /has 2 roots, not 1/);
    assert.throws(() => Frontier.from(-1, []), /no tree has -1 entries/);
    const full = Frontier.from(
      Number.MAX_SAFE_INTEGER,
      Array.from({ length: 53 }, () => leaves[0]!),
    );
    assert.throws(() => full.push(leaves[0]!), /the tree is full/);
    assert.equal(full.size, Number.MAX_SAFE_INTEGER);
  });

  it("counts beyond 32 bits", async () => {
    const size = 2 ** 40 + 2 ** 33 + 1;
    const roots = [leaves[1]!, leaves[2]!, leaves[3]!];
    const frontier = Frontier.from(size, roots);
    frontier.push(leaves[4]!);
    assert.equal(frontier.size, size + 1);
    assert.deepEqual(frontier.roots, [leaves[1], leaves[2], naiveRoot([leaves[3]!, leaves[4]!])]);
    const asked: [number, number][] = [];
    await readFrontier(size, async (level, index) => {
      asked.push([level, index]);
      return leaves[0]!;
    });
    assert.deepEqual(asked, [
      [40, 0],
      [33, 2 ** 7],
      [0, 2 ** 40 + 2 ** 33],
    ]);
  });
});
