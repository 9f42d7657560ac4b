import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { hash } from "node:crypto";
import { before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { COSIGNATURE } from "../../src/tlog/keys.ts";
import { cosign, newSigner, withSignatures } from "../../src/tlog/note.ts";
import { long } from "../harness.ts";
import { goVerifier, whyNot, type Request, type Verified } from "./go_program.ts";
import { LogDirectory } from "./log_directory.ts";
import { indexesOf, SIZES, tilesIn } from "./sizes.ts";

/** Go's x/mod/sumdb against trees, tiles, notes and proofs that `src/tlog` made, as files. */

const missing = whyNot();
const verify = goVerifier();
/** Flipped bits a file. */
const FLIPS = 24;

if (missing) test("Go verifies logs that src/tlog wrote", { skip: !long && missing }, () => assert.fail(missing));
else {
  describe("Go's tlog and note verify the files of a log", () => {
    test("the Go sources are as gofmt writes them", () => {
      const { stdout, status } = spawnSync("gofmt", ["-l", fileURLToPath(new URL(".", import.meta.url))], {
        encoding: "utf8",
      });
      assert.deepEqual([status, stdout], [0, ""]);
    });

    const log = new LogDirectory();
    for (const size of SIZES)
      test(`of ${size.toLocaleString("en")} entries verifies`, async () => {
        log.grow(size, leafOf);
        const [inclusion, consistency] = [await inclusions(log, size), await consistencies(log, size)];
        assert.deepEqual(await verify({ log: log.path, vkey: log.vkey, inclusion, consistency }), {
          origin: "longwatch/0123456789abcdef/interop",
          size,
          root: log.root.toString("hex"),
          unknown_signers: 0,
          tiles: tilesIn(size),
          bundles: Math.ceil(size / 256),
          leaf_bytes: log.leaf_bytes,
          inclusion: inclusion.length,
          consistency: consistency.length,
        });
      });

    test("verifies at each of its earlier checkpoints", async () => {
      for (const [size, checkpoint] of log.notes) {
        const verified = await verify({ log: log.path, vkey: log.vkey, checkpoint });
        assert.equal((verified as Verified).size, size);
      }
    });
  });

  describe("Go's tlog and note find what is wrong with the files of a log:", () => {
    const log = new LogDirectory();
    const whole: Request = { log: log.path, vkey: log.vkey };
    // At this size two of the tree's three roots lie in one tile, which is where Go's own tile reader is blind.
    const size = 769;

    before(async () => {
      for (const grown of [1, 255, size]) log.grow(grown, leafOf);
      whole.inclusion = await inclusions(log, size);
      whole.consistency = await consistencies(log, size);
      await passes(whole);
    });

    async function passes(request: Request): Promise<Verified> {
      const verified = await verify(request);
      assert.ok(!("error" in verified), JSON.stringify(verified));
      return verified;
    }

    async function fails(request: Request, reason: RegExp, what: string): Promise<void> {
      const { error } = (await verify(request)) as { error?: string };
      assert.match(error ?? `it passed with ${what}`, reason);
    }

    const tile = /inconsistent tile|bad result slice|is not what its tile says/;
    const bundle = /is not what its tile says|holds \d+ entries/;
    for (const [file, reason] of Object.entries({
      "tile/0/000": tile,
      "tile/0/003.p/1": tile,
      "tile/1/000.p/3": tile,
      "tile/entries/000": bundle,
      "tile/entries/003.p/1": bundle,
      checkpoint: /^checkpoint: /,
    }))
      test(`a flipped bit anywhere in ${file}, a byte more or less, or no file at all fails`, async () => {
        for (let at = 0; at < FLIPS; at++)
          await log.changed(file, flipped(file, at), () => fails(whole, reason, `flip ${at}`));
        const longer = (bytes: Buffer) => Buffer.concat([bytes, Buffer.from("\n")]);
        await log.changed(file, longer, () => fails(whole, reason, "a byte more"));
        const shorter = (bytes: Buffer) => bytes.subarray(0, -1);
        await log.changed(file, shorter, () => fails(whole, reason, "a byte less"));
        const removed = () => null;
        await log.changed(file, removed, () => fails(whole, /no such file/, "no file"));
        await passes(whole);
      });

    test("a flipped bit in any hash of a proof, or a proof of something else, fails", async () => {
      for (const key of ["inclusion", "consistency"] as const)
        for (const given of whole[key]!.filter(({ proof }) => proof.length > 0)) {
          const request = (proof: string[], others = {}) => ({ ...whole, [key]: [{ ...given, proof, ...others }] });
          const failing = (changed: Request, what: string) => fails(changed, new RegExp(`^${key} of `), what);
          for (const [at, hash] of given.proof.entries()) {
            const other = (BigInt(`0x${hash}`) ^ (1n << BigInt(at))).toString(16).padStart(64, "0");
            await failing(request(given.proof.with(at, other)), `hash ${at}`);
          }
          await failing(request(given.proof.slice(1)), "a hash less");
          await failing(request([...given.proof, given.proof[0]!]), "a hash more");
          await failing(request(given.proof, { note: log.notes.get(255) }), "another checkpoint");
          await failing(request(given.proof, { index: 77, from_size: 77 }), "another entry or size");
        }
    });

    test("a note by another key fails, and so does a true signature below a wrong root or another origin", async () => {
      const { vkey } = newSigner("longwatch/0123456789abcdef/interop");
      await fails({ ...whole, vkey }, /no verifiable signatures/, "another key");
      const wrong = log.sign(size, hash("sha256", "another tree", "buffer"));
      await fails({ ...whole, checkpoint: wrong }, /inconsistent tile/, "another root");
      const shorter = log.sign(size - 1, log.root);
      await fails({ ...whole, checkpoint: shorter }, /no such file|inconsistent/, "another size");
      const renamed = log.sign(size, log.root, "longwatch/0123456789abcdef/other");
      await fails({ ...whole, checkpoint: renamed }, /the origin is/, "another origin");
    });

    test("a witness's cosignature, a key that Go does not know, changes nothing", async () => {
      const note = log.notes.get(size)!;
      const text = note.slice(0, note.lastIndexOf("\n\n") + 1);
      const line = cosign(text, newSigner("witness.example", COSIGNATURE).signer, 1_700_000_000);
      const verified = await passes({ ...whole, checkpoint: withSignatures(note, [line]) });
      assert.equal(verified.unknown_signers, 1);
    });
  });
}

/** Entries of all lengths that C2SP allows. */
function leafOf(index: number): Buffer {
  if (index === 3) return Buffer.alloc(65_535, "x");
  return index === 7 ? Buffer.alloc(0) : Buffer.from(JSON.stringify({ seq: index + 1 }));
}

function inclusions(log: LogDirectory, size: number) {
  return Promise.all(indexesOf(size).map((index) => log.inclusion(index, size)));
}

function consistencies(log: LogDirectory, size: number) {
  // From the empty tree there is nothing to prove, and Go refuses to check it.
  return Promise.all([...log.notes.keys()].filter((from) => from > 0).map((from) => log.consistency(from, size)));
}

/** Flips one bit, from the file's first byte to its last as `at` grows. */
function flipped(file: string, at: number) {
  return (bytes: Buffer) => {
    // The last character of a signature, before the padding and the newline, has bits that stand for nothing.
    const last = bytes.length - (file === "checkpoint" ? 4 : 1);
    bytes[Math.floor((last * at) / (FLIPS - 1))]! ^= 1 << (at % 8);
    return bytes;
  };
}
