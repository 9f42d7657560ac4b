import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fc } from "../../test/cases.ts";
import { formatCheckpoint, parseCheckpoint } from "./checkpoint.ts";
import { EMPTY_ROOT, HASH_BYTES } from "./hashing.ts";
import { NoteError } from "./note.ts";

/** C2SP tlog-checkpoint's example. */
const TEXT = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
const ROOT = Buffer.from("0ac5186a91863e8e1d90c808014aa89bf5da8e3ee1d9f07630f0378f68f1ab62", "hex");

describe("A checkpoint", () => {
  it("is the specification's example, both ways (TLOG-VECTORS)", () => {
    const checkpoint = { origin: "example.com/behind-the-sofa", size: 20_852_163, root: ROOT };
    assert.deepEqual(parseCheckpoint(TEXT), checkpoint);
    assert.equal(formatCheckpoint(checkpoint), TEXT);
  });

  it("of an empty tree has the hash of nothing as its root", () => {
    const text = "o\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n";
    assert.equal(formatCheckpoint({ origin: "o", size: 0, root: EMPTY_ROOT }), text);
    assert.deepEqual(parseCheckpoint(text).root, EMPTY_ROOT);
    assert.throws(() => parseCheckpoint(TEXT.replace("20852163", "0")), /not the one of the empty tree/);
  });

  it("may have lines that other logs add", () => {
    assert.deepEqual(parseCheckpoint(`${TEXT}one\ntwo\n`).extensions, ["one", "two"]);
    assert.equal(formatCheckpoint(parseCheckpoint(`${TEXT}one\n`)), `${TEXT}one\n`);
  });

  it("comes back as it was", () => {
    const any = fc.record({
      origin: fc.stringMatching(/^[^\n]+$/),
      size: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
      root: fc.uint8Array({ minLength: HASH_BYTES, maxLength: HASH_BYTES }).map((bytes) => Buffer.from(bytes)),
    });
    fc.assert(fc.property(any, (one) => assert.deepEqual(parseCheckpoint(formatCheckpoint(one)), { ...one })));
  });

  const malformed = [
    ...["", "\n", "\n\n\n", "o\n1\n", TEXT.slice(0, -1), `${TEXT}\n`, `\n${TEXT}`, TEXT.replace("\n", "\n\n")],
    ...["-1", "+1", "01", "00", " 1", "1 ", "1.0", "1e3", "0x1", "", "one", "9007199254740992", "٣"].map((size) =>
      TEXT.replace("20852163", size),
    ),
    ...["CsUYapGG", "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I", ROOT.toString("hex"), ` ${ROOT.toString("base64")}`]
      .concat(["CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2J=", "CsUYapGGPo4dkMgIAUqom_Xajj7h2fB2MPA3j2jxq2I="])
      .map((root) => TEXT.replace(ROOT.toString("base64"), root)),
  ];
  for (const text of malformed)
    it(`is not ${JSON.stringify(text)} (TLOG-ONE-SPELLING)`, () => {
      assert.throws(() => parseCheckpoint(text), NoteError);
    });

  it("is not made of what would be read as another one", () => {
    const wrong = [
      { origin: "", size: 1, root: ROOT },
      { origin: `other\n999\n${ROOT.toString("base64")}`, size: 1, root: ROOT },
      { origin: `other\n1\n${ROOT.toString("base64")}`, size: 1, root: ROOT },
      { origin: "o", size: 1.5, root: ROOT },
      { origin: "o", size: -1, root: ROOT },
      { origin: "o", size: 2 ** 53, root: ROOT },
      { origin: "o", size: 1, root: ROOT.subarray(1) },
      { origin: "o", size: 0, root: ROOT },
      { origin: "o", size: 1, root: ROOT, extensions: [""] },
    ];
    for (const one of wrong) assert.throws(() => formatCheckpoint(one), NoteError, JSON.stringify(one));
  });
});
