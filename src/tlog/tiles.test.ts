import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fc } from "../../test/cases.ts";
import { HASH_BYTES } from "./hashing.ts";
import { naiveLeaves, naiveRoot } from "./naive.fixture.ts";
import {
  bundlePath,
  decodeBundle,
  encodeBundle,
  ENTRY_BYTES_MAX,
  parseTilePath,
  tilePath,
  tileReader,
  tileRoot,
  TILE_WIDTH,
  widthOf,
} from "./tiles.ts";

/** The first is the specification's own example of an index. */
const PATHS: [path: string, parsed: ReturnType<typeof parseTilePath>][] = [
  ["tile/0/x001/x234/067", { kind: "hashes", level: 0, index: 1_234_067, width: 256 }],
  ["tile/0/x001/x234/067.p/8", { kind: "hashes", level: 0, index: 1_234_067, width: 8 }],
  ["tile/entries/x001/x234/067.p/8", { kind: "entries", level: 0, index: 1_234_067, width: 8 }],
  ["tile/entries/000", { kind: "entries", level: 0, index: 0, width: 256 }],
  ["tile/1/000.p/1", { kind: "hashes", level: 1, index: 0, width: 1 }],
  ["tile/63/999.p/255", { kind: "hashes", level: 63, index: 999, width: 255 }],
  ["tile/2/x001/000", { kind: "hashes", level: 2, index: 1000, width: 256 }],
  ["tile/0/x009/x007/x199/x254/x740/991", { kind: "hashes", level: 0, index: 2 ** 53 - 1, width: 256 }],
];

const NO_PATHS = [
  ..."tile/0/1234067 tile/0/67 tile/0/0067 tile/0/001/067 tile/0/x067 tile/0/x000/067 tile/0/x1/067".split(" "),
  ..."tile/64/000 tile/00/000 tile/-1/000 tile/01/000 tile/0x1/000 tile/1e1/000 tile//000 tile/0/ tile/0".split(" "),
  ..."tile/0/000.p/0 tile/0/000.p/256 tile/0/000.p/08 tile/0/000.p/ tile/0/000.p tile/0/000.p/-1".split(" "),
  ..."/tile/0/000 tile/0/000/ tile/0/000.p/8/ tile/entry/000 tile/Entries/000 tile/data/000".split(" "),
  ...["tile/0/000\n", " tile/0/000", "tile/0/000.p/8.p/8", "tile/0/../000", "tile/0/٠٠٠", "", "checkpoint"],
  // 2^53, and far too many digits.
  ...["tile/0/x009/x007/x199/x254/x740/992", `tile/0/${"x999/".repeat(400)}999`],
];

describe("A tile's path", () => {
  for (const [path, parsed] of PATHS)
    it(`is ${path} (TLOG-VECTORS)`, () => {
      assert.deepEqual(parseTilePath(path), parsed);
      const { kind, level, index, width } = parsed!;
      assert.equal(kind === "entries" ? bundlePath(index, width) : tilePath(level, index, width), path);
    });

  for (const path of NO_PATHS)
    it(`is not ${JSON.stringify(path.slice(0, 60))} (TLOG-ONE-SPELLING)`, () =>
      assert.equal(parseTilePath(path), null));

  it("comes back as what it was made of", () => {
    const tile = fc.record({
      level: fc.nat(63),
      index: fc.maxSafeNat(),
      width: fc.integer({ min: 1, max: TILE_WIDTH }),
    });
    fc.assert(
      fc.property(tile, ({ level, index, width }) => {
        assert.deepEqual(parseTilePath(tilePath(level, index, width)), { kind: "hashes", level, index, width });
        assert.deepEqual(parseTilePath(bundlePath(index, width)), { kind: "entries", level: 0, index, width });
      }),
    );
  });

  it("is not made for a tile that cannot be", () => {
    assert.throws(() => tilePath(64, 0), /level 64/);
    assert.throws(() => tilePath(0, -1), /index -1/);
    assert.throws(() => bundlePath(2 ** 53), /index 9007199254740992/);
    assert.throws(() => bundlePath(0, 0), /width 0/);
    assert.throws(() => tilePath(0, 0, 257), /width 257/);
  });
});

describe("A tree", () => {
  it("of 70,000 entries has the tiles of the specification's example", () => {
    const widths = (level: number, count: number) =>
      Array.from({ length: count }, (_, index) => widthOf(level, index, 70_000));
    assert.deepEqual(widths(0, 275), [...Array<number>(273).fill(256), 112, 0]);
    assert.deepEqual(widths(1, 3), [256, 17, 0]);
    assert.deepEqual(widths(2, 2), [1, 0]);
    assert.deepEqual(widths(3, 1), [0]);
    assert.equal(widthOf(63, 0, 70_000), 0);
  });

  it("of 256 entries has a full tile and one of width 1; an empty tree has none", () => {
    assert.deepEqual([widthOf(0, 0, 256), widthOf(0, 1, 256), widthOf(1, 0, 256)], [256, 0, 1]);
    assert.deepEqual([widthOf(0, 0, 0), widthOf(0, 0, 1), widthOf(1, 0, 255)], [0, 1, 0]);
  });
});

describe("A reader of tiles", () => {
  const leaves = naiveLeaves(300);
  const level0 = [Buffer.concat(leaves.slice(0, 256)), Buffer.concat(leaves.slice(256))];

  it("gives the hash of every complete subtree and of no other", async () => {
    const level1 = tileRoot(level0[0]!);
    const read = tileReader(async (level, index) => (level === 0 ? level0[index]! : level1), 300);
    for (let level = 0; level <= 9; level++)
      for (let index = 0; index < 300; index++) {
        const [start, end] = [index * 2 ** level, (index + 1) * 2 ** level];
        if (end <= 300) assert.deepEqual(await read(level, index), naiveRoot(leaves.slice(start, end)));
        else await assert.rejects(read(level, index), /a tree of 300 entries has no/);
      }
  });

  it("asks once for a tile that it has, and again for one that failed", async () => {
    let asked = 0;
    const read = tileReader(async () => {
      asked++;
      if (asked === 1) throw new Error("no route");
      return level0[1]!;
    }, 300);
    await assert.rejects(read(0, 256), /no route/);
    for (let index = 256; index < 300; index++) assert.deepEqual(await read(0, index), leaves[index]);
    assert.equal(asked, 2);
  });

  it("refuses a tile of another length", async () => {
    for (const tile of [level0[0]!, level0[1]!.subarray(1), Buffer.alloc(0)]) {
      const read = tileReader(async () => tile, 300);
      await assert.rejects(read(0, 256), new RegExp(`tile/0/001.p/44 has ${tile.length} bytes, not 1408`));
    }
  });

  it("holds few tiles, however many it reads", async () => {
    const size = 256 * 1000;
    let asked = 0;
    const read = tileReader(async () => {
      asked++;
      return level0[0]!;
    }, size);
    for (let tile = 0; tile < 1000; tile++) await read(0, tile * 256);
    await read(0, 999 * 256);
    assert.equal(asked, 1000);
    await read(0, 0);
    assert.equal(asked, 1001);
  });

  it("takes a full tile only for the tile above", () => {
    assert.deepEqual(tileRoot(level0[0]!), naiveRoot(leaves.slice(0, 256)));
    assert.throws(() => tileRoot(level0[1]!), /not 1408 bytes/);
    assert.throws(() => tileRoot(Buffer.alloc(257 * HASH_BYTES)), /bytes/);
  });
});

describe("A bundle", () => {
  it("has each entry behind two bytes of length", () => {
    const bundle = encodeBundle([Buffer.from("ab"), Buffer.alloc(0), Buffer.alloc(258, "c")]);
    assert.equal(bundle.toString("latin1"), `\x00\x02ab\x00\x00\x01\x02${"c".repeat(258)}`);
  });

  it("gives back what went in", () => {
    const entries = fc.array(fc.uint8Array({ maxLength: 700 }), { minLength: 1, maxLength: TILE_WIDTH });
    fc.assert(
      fc.property(entries, (leaves) => {
        const wanted = leaves.map((leaf) => Buffer.from(leaf));
        assert.deepEqual(decodeBundle(encodeBundle(leaves)), wanted);
      }),
    );
    const longest = Buffer.alloc(ENTRY_BYTES_MAX, 7);
    assert.deepEqual(decodeBundle(encodeBundle([longest, longest])), [longest, longest]);
  });

  it("that is cut short anywhere between two entries' ends is refused (TLOG-ONE-SPELLING)", () => {
    const bundle = encodeBundle([Buffer.from("abc"), Buffer.from("defg")]);
    for (let length = 1; length < bundle.length; length++)
      if (length === 5) assert.deepEqual(decodeBundle(bundle.subarray(0, length)), [Buffer.from("abc")]);
      else assert.throws(() => decodeBundle(bundle.subarray(0, length)), /entry [01] of the bundle/, `${length}`);
  });

  it("is not empty, has no more than 256 entries and none that is too long", () => {
    assert.throws(() => encodeBundle([]), /no bundle has 0 entries/);
    assert.throws(() => decodeBundle(Buffer.alloc(0)), /at least one entry/);
    assert.throws(() => encodeBundle(Array<Buffer>(257).fill(Buffer.alloc(1))), /no bundle has 257/);
    assert.throws(() => decodeBundle(Buffer.alloc(2 * 257)), /at most 256/);
    assert.equal(decodeBundle(Buffer.alloc(2 * 256)).length, 256);
    assert.throws(() => encodeBundle([Buffer.alloc(ENTRY_BYTES_MAX + 1)]), /65536 bytes fits no bundle/);
  });
});
