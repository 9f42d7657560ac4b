import assert from "node:assert/strict";
import { inspect } from "node:util";
import { describe, it } from "node:test";
import { fc } from "../../test/cases.ts";
import { parseCheckpoint } from "./checkpoint.ts";
import {
  cosign,
  formatVerifier,
  newSigner,
  NoteError,
  openNote,
  parseSigner,
  parseVerifier,
  signNote,
  splitNote,
  withSignatures,
} from "./note.ts";
import { ARCHE_NOTE, ARCHE_VKEY, REMORA_VKEY, SOFA_NOTE, SUM_NOTE, SUM_VKEY } from "./published.fixture.ts";

/** golang.org/x/mod, sumdb/note: two signers of one text. */
const SKEY = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
const VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const ENOCH_VKEY = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop";
const TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
const LINE =
  "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
const ENOCH_LINE =
  "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n";
const NOTE = `${TEXT}\n${LINE}`;

const peter = parseVerifier(VKEY);
const enoch = parseVerifier(ENOCH_VKEY);
const refused = (reason: NoteError["reason"], message?: RegExp) => (error: unknown) => {
  assert.ok(error instanceof NoteError, String(error));
  assert.equal(error.reason, reason, error.message);
  if (message) assert.match(error.message, message);
  return true;
};

describe("A signed note", () => {
  it("has the bytes that Go gives it (TLOG-VECTORS)", () => {
    assert.equal(signNote(TEXT, [parseSigner(SKEY)]), NOTE);
    assert.equal(withSignatures(NOTE, [ENOCH_LINE.trimEnd()]), NOTE + ENOCH_LINE);
    assert.equal(formatVerifier(parseSigner(SKEY)), VKEY);
    assert.equal(formatVerifier(enoch), ENOCH_VKEY);
  });

  it("opens for each of its signers (TLOG-VECTORS)", () => {
    const both = NOTE + ENOCH_LINE;
    const one = openNote(both, [peter]);
    assert.deepEqual([one.text, one.verified, one.unverified], [TEXT, [peter], 1]);
    assert.deepEqual(
      one.signatures.map(({ name, key_id, line, time }) => ({ name, key_id: key_id.toString("hex"), line, time })),
      [{ name: "PeterNeumann", key_id: "c74f20a3", line: LINE.trimEnd(), time: null }],
    );
    assert.deepEqual(openNote(both, [enoch, peter]).verified, [peter, enoch]);
    assert.deepEqual(openNote(Buffer.from(both), [enoch]).verified, [enoch]);
  });

  it("of the world outside opens: sum.golang.org, a certificate log and its witness (TLOG-VECTORS)", () => {
    const sum = openNote(SUM_NOTE, [parseVerifier(SUM_VKEY)]);
    assert.equal(parseCheckpoint(sum.text).size, 20_852_163);
    const [arche, remora] = [parseVerifier(ARCHE_VKEY), parseVerifier(REMORA_VKEY)];
    const opened = openNote(ARCHE_NOTE, [arche, remora]);
    assert.deepEqual(opened.verified, [arche, remora]);
    assert.equal(opened.unverified, 1);
    assert.deepEqual(
      opened.signatures.map(({ time }) => time),
      [null, 0x6a122120],
    );
    const other = ARCHE_NOTE.replace("1432088532", "1432088533");
    assert.throws(() => openNote(other, [remora]), refused("invalid_signature", /remora.n621.de\+da77ade7/));
  });

  it("of the specification reads as it stands there", () => {
    const { text, signatures } = splitNote(SOFA_NOTE);
    assert.equal(text, SOFA_NOTE.slice(0, SOFA_NOTE.indexOf("\n\n") + 1));
    assert.deepEqual(
      signatures.map(({ name, key_id }) => `${name} ${key_id.toString("hex")}`),
      ["example.com/behind-the-sofa 033de0ae", "witness.example.com/w1 8d66cf3f"],
    );
  });

  it("may have empty lines in its text", () => {
    const { signer, vkey } = newSigner("quasimodo.example/salvatore");
    const verifier = parseVerifier(vkey);
    for (const text of ["\n", "a\n\nb\n", "a\n\n", "\n\n\n", "ed è subito sera.\n", "\ufeffmarked\n", "nul \x7f\n"])
      for (const note of [signNote(text, [signer]), Buffer.from(signNote(text, [signer]))])
        assert.equal(openNote(note, [verifier]).text, text);
  });

  const malformed: [string, string | Buffer][] = [
    ["no signatures", TEXT],
    ["nothing after the empty line", `${TEXT}\n`],
    ["a last line without newline", NOTE.slice(0, -1)],
    ["a control character", `\x01${NOTE}`],
    ["a carriage return", NOTE.replaceAll("\n", "\r\n")],
    ["a tab", `\t${NOTE}`],
    ["bytes that are not UTF-8", Buffer.concat([Buffer.from([0xff]), Buffer.from(NOTE)])],
    ["a lone surrogate", `\ud800${NOTE}`],
    ["a space in the name", `${TEXT}\n${LINE.replace("PeterNeumann", "Bad Name")}`],
    ["a plus in the name", `${TEXT}\n${LINE.replace("PeterNeumann", "Bad+Name")}`],
    ["a space of another script in the name", `${TEXT}\n${LINE.replace("PeterNeumann", "Bad\u3000Name")}`],
    ["no name", `${TEXT}\n${LINE.replace("PeterNeumann", "")}`],
    ["no base64", `${TEXT}\n— PeterNeumann \n`],
    ["no base64 and no space", `${TEXT}\n— PeterNeumann\n`],
    ["a key identifier alone", `${TEXT}\n— PeterNeumann x08gow==\n`],
    ["base64 without its padding", NOTE.replace("=\n", "\n")],
    ["base64 with other bits in its end", NOTE.replace("nAM=\n", "nAN=\n")],
    ["base64 for addresses", NOTE.replace("/", "_")],
    ["something behind a signature", `${TEXT}\n${LINE.trimEnd()} \n`],
    ["a hyphen for the dash", `${TEXT}\n${LINE.replace("—", "-")}`],
    ["another line after the signatures", `${NOTE}Unexpected line.\n`],
    ["an empty line after the signatures", `${NOTE}\n`],
    ["more than a megabyte", `${"a".repeat(1_000_000)}\n\n${LINE}`],
    ["more than 100 signatures", `${TEXT}\n${LINE.repeat(101)}`],
    ["nothing", ""],
  ];
  for (const [name, note] of malformed)
    it(`is refused with ${name} (TLOG-ONE-SPELLING)`, () => {
      assert.throws(() => openNote(note, [peter]), refused("malformed"));
      assert.throws(() => openNote(note, []), refused("malformed"));
    });

  it("may have 100 signatures, and a repeated one counts once", () => {
    assert.deepEqual(openNote(`${TEXT}\n${LINE.repeat(100)}`, [peter]).verified, [peter]);
    let verified = 0;
    const counting = Object.defineProperty({ ...peter }, "key", { get: () => (verified++, peter.key) });
    openNote(`${TEXT}\n${LINE.repeat(100)}`, [counting]);
    assert.equal(verified, 1, "a stranger does not have it verified a hundred times");
    const opened = openNote(`${NOTE}${LINE}${ENOCH_LINE}${ENOCH_LINE}${ENOCH_LINE.replace("rwz+eBz", "rwz+eBx")}`, [
      peter,
    ]);
    assert.equal(opened.signatures.length, 1);
    assert.equal(opened.unverified, 2);
    assert.equal(withSignatures(NOTE, [LINE.trimEnd(), LINE.trimEnd()]), NOTE);
  });

  it("is not believed without a known signer (TLOG-KNOWN-KEY)", () => {
    assert.throws(() => openNote(NOTE, []), refused("unverified"));
    assert.throws(() => openNote(NOTE, [enoch]), refused("unverified"));
    // The same name with another key, and the same key by another name, are unknown.
    const { signer } = newSigner("PeterNeumann");
    assert.throws(() => openNote(signNote(TEXT, [signer]), [peter]), refused("unverified"));
    assert.throws(() => openNote(NOTE.replace("— Peter", "— Paul"), [peter]), refused("unverified"));
  });

  it("is spoilt by a wrong signature of a known key, wherever that stands (TLOG-KNOWN-KEY)", () => {
    const wrong = LINE.replace("o/ZJ", "o/ZK");
    const invalid = refused("invalid_signature", /PeterNeumann\+c74f20a3/);
    assert.throws(() => openNote(`${TEXT}\n${wrong}`, [peter]), invalid);
    assert.throws(() => openNote(`${TEXT}\n${wrong}${ENOCH_LINE}`, [enoch, peter]), invalid);
    assert.throws(() => openNote(`${NOTE}${wrong}`, [peter]), invalid);
    assert.throws(() => openNote(`${TEXT}\n${LINE.slice(0, 60)}ABCD${LINE.slice(60)}`, [peter]), invalid);
    assert.throws(() => openNote(NOTE.replace("problem,", "problem."), [peter]), invalid);
    assert.deepEqual(openNote(`${TEXT}\n${wrong}${ENOCH_LINE}`, [enoch]).verified, [enoch]);
  });

  it("does not open if two keys are known by one name and identifier, but does if they are one key", () => {
    const other = { ...enoch, public_key: peter.public_key, key: peter.key };
    assert.throws(() => openNote(NOTE + ENOCH_LINE, [enoch, peter, other]), refused("ambiguous_key", /EnochRoot/));
    assert.deepEqual(openNote(NOTE, [enoch, peter, other]).verified, [peter]);
    assert.deepEqual(openNote(NOTE, [peter, parseVerifier(VKEY)]).verified, [peter]);
  });

  it("never opens with another byte in it", () => {
    const bytes = Buffer.from(NOTE);
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, mask) => {
        const changed = Buffer.from(bytes);
        changed[at]! ^= mask;
        assert.throws(() => openNote(changed, [peter]), NoteError);
      }),
      { numRuns: 500 },
    );
  });

  it("is not signed if it could not be read back", () => {
    const signer = parseSigner(SKEY);
    for (const text of ["", "no newline", "a\x00b\n", "\ud800\n"])
      assert.throws(() => signNote(text, [signer]), refused("malformed"));
    assert.throws(() => signNote(TEXT, []), refused("malformed", /needs a signer/));
  });
});

describe("A key", () => {
  it("is refused with any byte more, less or other (TLOG-ONE-SPELLING)", () => {
    for (const [key, parse] of [
      [VKEY, parseVerifier],
      [SKEY, parseSigner],
    ] as const) {
      for (let start = 0; start < key.length; start++)
        for (let end = start; end <= key.length; end++)
          if (end - start < key.length) assert.throws(() => parse(key.slice(start, end)), refused("malformed"));
      for (let at = 0; at < key.length; at++)
        for (let code = 0; code < 128; code++) {
          if (code === key.charCodeAt(at)) continue;
          const other = key.slice(0, at) + String.fromCharCode(code) + key.slice(at + 1);
          assert.throws(() => parse(other), refused("malformed"), other);
        }
      for (const other of [`${key}\n`, ` ${key}`, `${key}=`, key.replace("c74f20a3", "C74F20A3")])
        assert.throws(() => parse(other), refused("malformed"));
    }
  });

  it("is refused with another length or type, though its identifier fits", () => {
    const bad = (key: string, message: RegExp) =>
      assert.throws(() => parseVerifier(key), refused("malformed", message));
    bad("PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==", /bytes/);
    bad("PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", /its type is 101/);
  });

  it("does not show its secret in an error or in a print", () => {
    const { signer, skey, vkey } = newSigner("example.com/log");
    const secret = skey.split("+").slice(4).join("+");
    assert.ok(!inspect(signer, { depth: 9 }).includes(secret));
    for (const other of [skey.replace("log", "fog"), `${skey}x`, skey.replace("PRIVATE", "PUBLIC")])
      try {
        parseSigner(other);
        assert.fail("a wrong key was read");
      } catch (error) {
        assert.ok(!inspect(error).includes(secret.slice(0, 20)));
      }
    assert.equal(formatVerifier(parseSigner(skey)), vkey);
  });

  it("is made for one name and signs for it", () => {
    const { signer, skey, vkey } = newSigner("example.com/log");
    assert.match(vkey, /^example\.com\/log\+[0-9a-f]{8}\+A[A-Za-z0-9+/]{43}$/);
    const note = signNote(TEXT, [parseSigner(skey)]);
    assert.equal(note, signNote(TEXT, [signer]));
    assert.deepEqual(openNote(note, [parseVerifier(vkey)]).verified, [parseVerifier(vkey)]);
    for (const name of ["", "a b", "a+b", "a\nb", "a\u00a0b", "\ud800"])
      assert.throws(() => newSigner(name), refused("malformed", /its name/));
  });
});

describe("A cosignature", () => {
  const log = newSigner("example.com/log");
  const witness = newSigner("witness.example/w1", 4);
  const verifiers = [parseVerifier(log.vkey), parseVerifier(witness.vkey)];
  const text = `example.com/log\n1\n${Buffer.alloc(32, 7).toString("base64")}\n`;
  const TIME = 1_679_315_147;

  it("tells when the witness saw the checkpoint", () => {
    const note = withSignatures(signNote(text, [log.signer]), [cosign(text, parseSigner(witness.skey), TIME)]);
    const { signatures, verified } = openNote(note, verifiers);
    assert.deepEqual(verified, verifiers);
    assert.deepEqual(
      signatures.map(({ time }) => time),
      [null, TIME],
    );
  });

  it("of another time, another text or another length spoils the note", () => {
    const line = cosign(text, witness.signer, TIME);
    const bytes = Buffer.from(line.split(" ")[2]!, "base64");
    const lined = (other: Buffer) => `${text}\n— witness.example/w1 ${other.toString("base64")}\n`;
    assert.equal(openNote(lined(bytes), verifiers).signatures[0]!.time, TIME);
    const later = Buffer.from(bytes);
    later[11]! += 1;
    for (const other of [later, bytes.subarray(0, -1), Buffer.concat([bytes, Buffer.alloc(1)]), bytes.subarray(0, 9)])
      assert.throws(() => openNote(lined(other), verifiers), refused("invalid_signature"));
    const moved = lined(bytes).replace("\n1\n", "\n2\n");
    assert.throws(() => openNote(moved, verifiers), refused("invalid_signature"));
  });

  it("is not a log's signature, and a log's key makes none", () => {
    assert.throws(() => signNote(text, [witness.signer]), refused("malformed", /for cosignatures/));
    assert.throws(() => cosign(text, log.signer, TIME), refused("malformed", /not a key for cosignatures/));
    assert.throws(() => cosign(text, witness.signer, -1), RangeError);
    assert.throws(() => cosign("no newline", witness.signer, TIME), refused("malformed"));
    // One secret, two purposes: the identifier says which, so neither signature is taken for the other.
    assert.throws(() => parseVerifier(formatVerifier({ ...witness.signer, algorithm: 1 })), refused("malformed"));
  });
});
