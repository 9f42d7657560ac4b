import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import { fc } from "../../test/cases.ts";
import { EMPTY_ROOT, leafHash, nodeHash } from "./hashing.ts";
import { naiveLeaf, naiveLeaves, naivePath, naiveProof, naiveReader, naiveRoot } from "./naive.fixture.ts";
import {
  consistencyProof,
  inclusionProof,
  readFrontier,
  subtreeInclusionProof,
  subtreeRoot,
  treeRoot,
  verifyConsistency,
  verifyInclusion,
} from "./proofs.ts";

/** transparency-dev/merkle, testonly: eight leaves, and the root of each size. */
const LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
const ROOTS = [
  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
  "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
  "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
  "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
  "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
  "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
  "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
  "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];
const hex = (one: Uint8Array) => Buffer.from(one).toString("hex");

describe("A tree of RFC 6962 (TLOG-VECTORS)", () => {
  for (const [size, root] of ROOTS.entries())
    it(`of ${size} entries has its published root`, async () => {
      const leaves = LEAVES.slice(0, size).map((leaf) => leafHash(Buffer.from(leaf, "hex")));
      assert.equal(hex(await treeRoot(size, naiveReader(leaves))), root);
      assert.equal(hex((await readFrontier(size, naiveReader(leaves))).root()), root);
    });

  it("hashes only hashes", () => {
    assert.equal(hex(EMPTY_ROOT), ROOTS[0]);
    assert.throws(() => nodeHash(EMPTY_ROOT, EMPTY_ROOT.subarray(1)), /32 bytes, not 31/);
    assert.throws(() => nodeHash(Buffer.alloc(33), EMPTY_ROOT), /32 bytes, not 33/);
  });

  it("gives every subtree and every inclusion proof up to size 130, folded into one value each", async () => {
    // The values and the tree are those of draft-ietf-plants-merkle-tree-certs, "Subtree Test Vectors".
    const read = naiveReader(Array.from({ length: 130 }, (_, n) => leafHash(Buffer.from([n]))));
    const cache = new Map<string, Promise<Buffer>>();
    const cached = (level: number, index: number) => {
      const hash = cache.get(`${level}/${index}`) ?? read(level, index);
      cache.set(`${level}/${index}`, hash);
      return hash;
    };
    const proofs = createHash("sha256");
    const roots = createHash("sha256");
    for (let end = 1; end <= 130; end++)
      for (let start = 0; start < end; start++) {
        if (start % 2 ** Math.ceil(Math.log2(end - start)) !== 0) continue;
        roots.update(`[${start}, ${end}) ${hex(await subtreeRoot(start, end, cached))}\n`);
        for (let index = start; index < end; index++) {
          const proof = await subtreeInclusionProof(index, start, end, cached);
          proofs.update(`${[`${index} [${start}, ${end})`, ...proof.map(hex)].join(" ")}\n`);
        }
      }
    assert.equal(proofs.digest("hex"), "ac2a8f989e44d99e399db448050ff5f19757df53cfb716aa81015d3955d8163f");
    assert.equal(roots.digest("hex"), "94a95384a8c69acea9b50d035a58285b3a777cb7a724005faa5e1f1e1190007f");
  });

  it("has no subtree that begins elsewhere, no entry and no size that is not there", async () => {
    const read = naiveReader(naiveLeaves(8));
    await assert.rejects(subtreeRoot(1, 3, read), /no subtree goes from 1 to 3/);
    assert.throws(() => inclusionProof(8, 8, read), /entry 8 is not between 0 and 8/);
    assert.throws(() => inclusionProof(-1, 8, read), /entry -1/);
    assert.throws(() => consistencyProof(5, 4, read), /not the beginning/);
    assert.throws(() => treeRoot(2 ** 53, read), /no tree has/);
    assert.throws(() => treeRoot(1.5, read), /no tree has/);
  });
});

const SIZE_MAX = 300;
const all = naiveLeaves(SIZE_MAX);
const rootOf = (size: number) => naiveRoot(all.slice(0, size));
const inclusion = fc
  .integer({ min: 1, max: SIZE_MAX })
  .chain((size) => fc.record({ size: fc.constant(size), index: fc.nat(size - 1) }));
const consistency = fc
  .integer({ min: 1, max: SIZE_MAX })
  .chain((size2) => fc.record({ size1: fc.integer({ min: 1, max: size2 }), size2: fc.constant(size2) }));

describe("A proof", () => {
  it("of inclusion is RFC 6962's PATH, and its verifier agrees (TLOG-NAIVE)", async () => {
    await fc.assert(
      fc.asyncProperty(inclusion, async ({ index, size }) => {
        const leaves = all.slice(0, size);
        const proof = await inclusionProof(index, size, naiveReader(leaves));
        assert.deepEqual(proof.map(hex), naivePath(index, leaves).map(hex));
        assert.ok(verifyInclusion(leaves[index]!, index, size, proof, rootOf(size)));
      }),
    );
  });

  it("of consistency is RFC 6962's PROOF, and its verifier agrees (TLOG-NAIVE)", async () => {
    await fc.assert(
      fc.asyncProperty(consistency, async ({ size1, size2 }) => {
        const leaves = all.slice(0, size2);
        const proof = await consistencyProof(size1, size2, naiveReader(leaves));
        assert.deepEqual(proof.map(hex), naiveProof(size1, leaves).map(hex));
        assert.ok(verifyConsistency(size1, rootOf(size1), size2, rootOf(size2), proof));
      }),
    );
  });

  it("is verified at every place of every tree up to 40 entries", async () => {
    for (let size = 1; size <= 40; size++) {
      const read = naiveReader(all.slice(0, size));
      for (let at = 0; at < size; at++) {
        const found = await inclusionProof(at, size, read);
        assert.ok(verifyInclusion(all[at]!, at, size, found, rootOf(size)), `entry ${at} of ${size}`);
        const proof = await consistencyProof(at + 1, size, read);
        assert.ok(verifyConsistency(at + 1, rootOf(at + 1), size, rootOf(size), proof), `${at + 1} of ${size}`);
      }
    }
  });

  it("costs logarithmically many reads", async () => {
    const size = 2 ** 40 - 1;
    let reads = 0;
    const read = async () => {
      reads++;
      return EMPTY_ROOT;
    };
    await inclusionProof(2 ** 39 + 12345, size, read);
    // Each of the 40 hashes of the proof is a complete subtree or, once at most on each level, made of some.
    assert.ok(reads <= 2 * 40, `${reads} reads`);
    reads = 0;
    await consistencyProof(2 ** 39 + 12345, size, read);
    assert.ok(reads <= 2 * 41, `${reads} reads`);
  });
});

/** Every small way to spoil a list of hashes. */
function spoiled(proof: readonly Buffer[]): Buffer[][] {
  const other = naiveLeaf(Buffer.from("other"));
  return [
    [...proof, other],
    [other, ...proof],
    ...(proof.length > 0 ? [[], proof.slice(1), proof.slice(0, -1), [...proof, proof.at(-1)!]] : []),
    ...proof.flatMap((hash, at) => {
      const flipped = Buffer.from(hash);
      flipped[at % 32]! ^= 1 << (at % 8);
      return [proof.with(at, flipped), proof.with(at, other), proof.with(at, hash.subarray(1))];
    }),
    ...(proof.length > 1 ? [proof.toReversed()] : []),
  ];
}

describe("A proof that was tampered with (TLOG-SOUND)", () => {
  it("shows no inclusion", async () => {
    await fc.assert(
      fc.asyncProperty(inclusion, async ({ index, size }) => {
        const leaves = all.slice(0, size);
        const [leaf, root] = [leaves[index]!, rootOf(size)];
        const proof = await inclusionProof(index, size, naiveReader(leaves));
        for (const other of spoiled(proof)) assert.equal(verifyInclusion(leaf, index, size, other, root), false);
        for (const other of [index - 1, index + 1, index ^ 1, size, 0.5, Number.NaN])
          if (other !== index) assert.equal(verifyInclusion(leaf, other, size, proof, root), false, `index ${other}`);
        assert.equal(verifyInclusion(naiveLeaf(leaf), index, size, proof, root), false);
        assert.equal(verifyInclusion(leaf, index, size, proof, naiveLeaf(root)), false);
        assert.equal(verifyInclusion(leaf, index, size, proof, root.subarray(1)), false);
      }),
    );
  });

  it("shows no consistency", async () => {
    await fc.assert(
      fc.asyncProperty(consistency, async ({ size1, size2 }) => {
        const [root1, root2] = [rootOf(size1), rootOf(size2)];
        const proof = await consistencyProof(size1, size2, naiveReader(all.slice(0, size2)));
        for (const other of spoiled(proof)) assert.equal(verifyConsistency(size1, root1, size2, root2, other), false);
        const wrong = naiveLeaf(Buffer.from("wrong"));
        assert.equal(verifyConsistency(size1, wrong, size2, root2, proof), false);
        assert.equal(verifyConsistency(size1, root1, size2, wrong, proof), false);
        assert.equal(verifyConsistency(size1, wrong, size2, wrong, proof), size1 === size2);
        if (size1 !== size2) assert.equal(verifyConsistency(size2, root2, size1, root1, proof), false);
      }),
    );
  });

  it("shows no consistency with a tree whose past was changed", async () => {
    await fc.assert(
      fc.asyncProperty(consistency, fc.nat(), async ({ size1, size2 }, seed) => {
        const changed = seed % size1;
        const leaves = all.slice(0, size2).with(changed, naiveLeaf(Buffer.from("rewritten")));
        const proof = await consistencyProof(size1, size2, naiveReader(leaves));
        assert.equal(verifyConsistency(size1, rootOf(size1), size2, naiveRoot(leaves), proof), false);
      }),
    );
  });
});

describe("From the empty tree (TLOG-NOTHING)", () => {
  const rows: [string, number, Buffer, number, Buffer, Buffer[]][] = [
    ["0 → 0 without a proof", 0, EMPTY_ROOT, 0, EMPTY_ROOT, []],
    ["0 → 0 with a hash", 0, EMPTY_ROOT, 0, EMPTY_ROOT, [all[0]!]],
    ["0 → 1 without a proof", 0, EMPTY_ROOT, 1, all[0]!, []],
    ["0 → 1 with the root as the proof", 0, EMPTY_ROOT, 1, all[0]!, [all[0]!]],
    ["0 → 7", 0, EMPTY_ROOT, 7, rootOf(7), [rootOf(7)]],
    ["1 → 0", 1, all[0]!, 0, EMPTY_ROOT, []],
    ["-1 → 1", -1, all[0]!, 1, all[0]!, []],
    ["1 → 2^53", 1, all[0]!, 2 ** 53, all[0]!, Array<Buffer>(53).fill(all[0]!)],
  ];
  for (const [name, size1, root1, size2, root2, proof] of rows)
    it(`nothing is proved: ${name}`, () => {
      assert.equal(verifyConsistency(size1, root1, size2, root2, proof), false);
    });

  it("there is nothing to present either", async () => {
    assert.deepEqual(await consistencyProof(0, 7, naiveReader(all.slice(0, 7))), []);
    assert.equal(verifyInclusion(EMPTY_ROOT, 0, 0, [], EMPTY_ROOT), false);
  });
});
