import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { formatCheckpoint } from "./checkpoint.ts";
import { EMPTY_ROOT } from "./hashing.ts";
import { naiveLeaf, naiveLeaves, naiveProof, naiveRoot } from "./naive.fixture.ts";
import { cosign, newSigner, NoteError, openNote, parseVerifier, signNote, withSignatures } from "./note.ts";
import { SOFA_REQUEST, SUM_VKEY } from "./published.fixture.ts";
import { considerCheckpoint, formatAddCheckpoint, parseAddCheckpoint, type Known } from "./witness.ts";

const ORIGIN = "example.com/log";
const log = newSigner(ORIGIN);
const stranger = newSigner(ORIGIN);
const verifiers = [parseVerifier(log.vkey)];
const leaves = naiveLeaves(20);
const rootOf = (size: number) => naiveRoot(leaves.slice(0, size));
const noteOf = (size: number, root = rootOf(size), signer = log.signer) =>
  signNote(formatCheckpoint({ origin: ORIGIN, size, root }), [signer]);
const known = (size: number): Known => ({ size, root: rootOf(size) });
const proofOf = (size1: number, size2: number) => naiveProof(size1, leaves.slice(0, size2));
const forked = leaves.with(0, naiveLeaf(Buffer.from("forked")));
const wrong = naiveRoot(forked);

type Asked = {
  known: Known | null;
  old_size: number;
  proof: Buffer[];
  note: string;
  verifiers?: typeof verifiers | null;
};

function consider({ known: latest, verifiers: trusted = verifiers, ...request }: Asked) {
  const received = parseAddCheckpoint(formatAddCheckpoint(request));
  return considerCheckpoint({ known: latest, verifiers: trusted, request: received });
}

describe("A witness answers (TLOG-STATUS)", () => {
  const tampered = noteOf(8).replace("\n8\n", "\n9\n");
  const rows: [status: number, why: string, asked: Asked, size?: number][] = [
    [200, "for the first time", { known: null, old_size: 0, proof: [], note: noteOf(8) }],
    [200, "for the first time, an empty tree", { known: null, old_size: 0, proof: [], note: noteOf(0, EMPTY_ROOT) }],
    [200, "after an empty tree", { known: { size: 0, root: EMPTY_ROOT }, old_size: 0, proof: [], note: noteOf(8) }],
    [200, "a grown tree", { known: known(8), old_size: 8, proof: proofOf(8, 13), note: noteOf(13) }],
    [200, "a tree that has not grown", { known: known(8), old_size: 8, proof: [], note: noteOf(8) }],
    [404, "an unknown origin", { known: null, old_size: 0, proof: [], note: noteOf(8), verifiers: null }],
    [
      404,
      "an unknown origin before all else",
      { known: null, old_size: 9, proof: [], note: tampered, verifiers: null },
    ],
    [
      403,
      "a stranger's signature",
      { known: null, old_size: 0, proof: [], note: noteOf(8, rootOf(8), stranger.signer) },
    ],
    [403, "a wrong signature", { known: null, old_size: 0, proof: [], note: tampered }],
    [403, "a wrong signature before a wrong size", { known: known(5), old_size: 10, proof: [], note: tampered }],
    [403, "no trusted key", { known: null, old_size: 0, proof: [], note: noteOf(8), verifiers: [] }],
    [400, "an old size beyond the new", { known: known(8), old_size: 9, proof: [], note: noteOf(8) }],
    [400, "such before one that is not known", { known: null, old_size: 9, proof: [], note: noteOf(8) }],
    [409, "a stale old size", { known: known(8), old_size: 5, proof: proofOf(5, 13), note: noteOf(13) }, 8],
    [409, "an old size of the future", { known: known(8), old_size: 9, proof: proofOf(9, 13), note: noteOf(13) }, 8],
    [409, "a first size that is not 0", { known: null, old_size: 5, proof: proofOf(5, 13), note: noteOf(13) }, 0],
    [409, "the question for the size", { known: known(8), old_size: 0, proof: [], note: noteOf(13) }, 8],
    [409, "a smaller tree: a rollback", { known: known(8), old_size: 5, proof: [], note: noteOf(5) }, 8],
    [409, "another root of the same size", { known: known(20), old_size: 20, proof: [], note: noteOf(20, wrong) }, 20],
    [422, "no proof", { known: known(8), old_size: 8, proof: [], note: noteOf(13) }],
    [422, "another proof", { known: known(8), old_size: 8, proof: proofOf(7, 13), note: noteOf(13) }],
    [
      422,
      "a tree that forked",
      { known: known(8), old_size: 8, proof: naiveProof(8, forked), note: noteOf(20, wrong) },
    ],
    [422, "a proof from nothing", { known: null, old_size: 0, proof: [rootOf(8)], note: noteOf(8) }],
    [422, "a proof that nothing grew", { known: known(8), old_size: 8, proof: [rootOf(8)], note: noteOf(8) }],
  ];
  for (const [status, why, asked, size] of rows)
    it(`${status} to ${why}`, () => {
      const answer = consider(asked);
      assert.equal(answer.status, status, answer.body);
      if (status === 409) assert.deepEqual([answer.content_type, answer.body], ["text/x.tlog.size", `${size}\n`]);
      else assert.equal(answer.content_type, "text/plain; charset=utf-8");
      if (answer.status === 200) assert.ok(asked.note.startsWith(answer.text));
      else assert.match(answer.body, /\n$/);
      assert.equal("next" in answer, status === 200);
    });

  it("what the client can put under its note", () => {
    const witness = newSigner("witness.example/w1", 4);
    const note = noteOf(13);
    const answer = consider({ known: known(8), old_size: 8, proof: proofOf(8, 13), note });
    assert.ok(answer.status === 200);
    assert.deepEqual(answer.next, known(13));
    const cosigned = withSignatures(note, [cosign(answer.text, witness.signer, 1_700_000_000)]);
    const { signatures } = openNote(cosigned, [parseVerifier(witness.vkey)]);
    assert.equal(signatures[0]!.time, 1_700_000_000);
  });

  it("the same to the same note, and moves nothing", () => {
    const first = consider({ known: null, old_size: 0, proof: [], note: noteOf(8) });
    assert.ok(first.status === 200);
    const asked = { old_size: 8, proof: [], note: noteOf(8) };
    const second = consider({ known: first.next, ...asked });
    assert.ok(second.status === 200);
    assert.deepEqual(second.next, first.next);
    assert.deepEqual(consider({ known: second.next, ...asked }), second);
    // The very request again, whose answer was lost: the client learns the size and asks with that.
    const replayed = consider({ known: first.next, old_size: 0, proof: [], note: noteOf(8) });
    assert.deepEqual([replayed.status, replayed.body], [409, "8\n"]);
  });

  it("with a proof from what it knows, not from a root that is sent", () => {
    // The proof and the new tree fit each other; only the tree that the witness has cosigned is another.
    const other = forked.slice(0, 8);
    const latest = { size: 8, root: naiveRoot(other) };
    const asked = { old_size: 8, proof: proofOf(8, 13), note: noteOf(13) };
    assert.equal(consider({ known: latest, ...asked }).status, 422);
    assert.equal(consider({ known: known(8), ...asked }).status, 200);
  });
});

describe("A request to a witness", () => {
  const BODY = SOFA_REQUEST;

  it("is the specification's example, both ways (TLOG-VECTORS)", () => {
    const request = parseAddCheckpoint(BODY);
    assert.equal(request.old_size, 20_852_014);
    assert.equal(request.proof.length, 4);
    assert.equal(request.proof[0]!.toString("hex").slice(0, 8), "3e544d0a");
    assert.equal(request.checkpoint.origin, "example.com/behind-the-sofa");
    assert.equal(request.checkpoint.size, 20_852_163);
    assert.equal(formatAddCheckpoint(request), BODY);
  });

  it("verifies against the log that the example was taken from (TLOG-VECTORS)", () => {
    // The example is a tree head of sum.golang.org by another name; the root at its old size is not published with it.
    const body = BODY.replace("example.com/behind-the-sofa", "go.sum database tree").replace(
      "— example.com/behind-the-sofa",
      "— sum.golang.org",
    );
    const request = parseAddCheckpoint(body);
    const answer = considerCheckpoint({ known: null, verifiers: [parseVerifier(SUM_VKEY)], request });
    assert.deepEqual([answer.status, answer.body], [409, "0\n"]);
    const first = { ...request, old_size: 0, proof: [] };
    assert.equal(considerCheckpoint({ known: null, verifiers: [parseVerifier(SUM_VKEY)], request: first }).status, 200);
  });

  const hash = "PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=";
  const malformed: [string, string, RegExp][] = [
    ["nothing", "", /no empty line/],
    ["a checkpoint alone", BODY.slice(BODY.indexOf("\n\n") + 2), /first line/],
    ["no old size", BODY.replace("old 20852014\n", ""), /first line/],
    ["a leading zero", BODY.replace("old 2", "old 02"), /first line/],
    ["two spaces", BODY.replace("old ", "old  "), /first line/],
    ["a size beyond numbers", BODY.replace("20852014", "9007199254740992"), /first line/],
    ["a negative size", BODY.replace("20852014", "-1"), /first line/],
    ["a short hash", BODY.replace(hash, "PlRN"), /line 1 of its proof/],
    ["a hash in hexadecimal", BODY.replace(hash, "ab".repeat(32)), /line 1 of its proof/],
    ["64 hashes", `old 1\n${`${hash}\n`.repeat(64)}${BODY.slice(BODY.indexOf("\n\n") + 1)}`, /more than 63/],
    ["no note", `${BODY.slice(0, BODY.indexOf("\n\n"))}\n\n`, /no signed note/],
    ["a note that is no checkpoint", `old 0\n\nhello\n\n${BODY.split("\n").at(-2)}\n`, /no checkpoint/],
    ["a carriage return", BODY.replaceAll("\n", "\r\n"), /no empty line/],
  ];
  for (const [why, body, message] of malformed)
    it(`with ${why} is refused (TLOG-ONE-SPELLING)`, () => {
      assert.throws(
        () => parseAddCheckpoint(body),
        (error: unknown) => {
          assert.ok(error instanceof NoteError, String(error));
          assert.match(error.message, message);
          return true;
        },
      );
    });

  it("may have 63 hashes, and no more are sent", () => {
    const body = `old 1\n${`${hash}\n`.repeat(63)}${BODY.slice(BODY.indexOf("\n\n") + 1)}`;
    const request = parseAddCheckpoint(body);
    assert.equal(request.proof.length, 63);
    assert.throws(() => formatAddCheckpoint({ ...request, proof: [...request.proof, EMPTY_ROOT] }), /at most 63/);
  });
});
