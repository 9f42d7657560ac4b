import { parseCheckpoint, type Checkpoint } from "./checkpoint.ts";
import { HASH_BYTES } from "./hashing.ts";
import { strictBase64 } from "./keys.ts";
import { NoteError, openNote, splitNote, type Verifier } from "./note.ts";
import { verifyConsistency } from "./proofs.ts";

/** C2SP tlog-witness, `add-checkpoint`: what is asked and what is answered, without any I/O. */

export type AddCheckpoint = { old_size: number; proof: Buffer[]; note: string };

/** As it was received: `checkpoint` is read from the note, and nobody has verified it yet. */
export type ReceivedCheckpoint = AddCheckpoint & { checkpoint: Checkpoint };

/** The newest tree that the witness has cosigned for an origin. */
export type Known = { size: number; root: Buffer };

/**
 * With 200 the body is still empty: whoever asked stores `next`, only if what is known has not changed meanwhile, and
 * then answers with its cosignature of `text`.
 */
export type WitnessAnswer =
  | { status: 200; content_type: string; body: string; text: string; next: Known }
  | { status: 400 | 403 | 404 | 409 | 422; content_type: string; body: string };

/** The specification allows no more: a tree of 2^63 entries needs no more. */
const PROOF_LINES_MAX = 63;
const PLAIN = "text/plain; charset=utf-8";
const SIZE = "text/x.tlog.size";

/** The body of a request. */
export function formatAddCheckpoint({ old_size, proof, note }: AddCheckpoint): string {
  if (proof.length > PROOF_LINES_MAX) throw new RangeError(`a proof has at most ${PROOF_LINES_MAX} hashes`);
  return [`old ${old_size}`, ...proof.map((hash) => hash.toString("base64")), "", note].join("\n");
}

/** Reads the body of a request. A NoteError of it is to be answered with 400. */
export function parseAddCheckpoint(body: string): ReceivedCheckpoint {
  const split = body.indexOf("\n\n");
  if (split < 0) throw malformed("it has no empty line before the checkpoint");
  const [old, ...lines] = body.slice(0, split).split("\n");
  const digits = /^old (0|[1-9]\d*)$/.exec(old!)?.[1];
  const old_size = Number(digits);
  if (digits === undefined || !Number.isSafeInteger(old_size)) throw malformed("its first line is not old and a size");
  if (lines.length > PROOF_LINES_MAX) throw malformed(`its proof has more than ${PROOF_LINES_MAX} lines`);
  const proof = lines.map((line, at) => {
    const hash = strictBase64(line);
    if (hash?.length === HASH_BYTES) return hash;
    throw malformed(`line ${at + 1} of its proof is no hash in base64`);
  });
  const note = body.slice(split + 2);
  return { old_size, proof, note, checkpoint: parseCheckpoint(splitNote(note).text) };
}

/**
 * What the witness answers. `known` is the newest tree it cosigned for the checkpoint's origin, null if it never did;
 * `verifiers` are the keys it trusts for that origin, null if it does not know the origin.
 */
export function considerCheckpoint(consideration: {
  known: Known | null;
  verifiers: readonly Verifier[] | null;
  request: ReceivedCheckpoint;
}): WitnessAnswer {
  const { known, verifiers, request } = consideration;
  const { old_size, proof, note } = request;
  if (!verifiers) return plain(404, `This witness does not know the log ${request.checkpoint.origin}.`);
  const text = verifiedText(note, verifiers);
  if (text instanceof NoteError) return plain(403, text.message);
  const { size, root } = parseCheckpoint(text);
  if (old_size > size) return plain(400, `The old size ${old_size} is larger than the checkpoint's size ${size}.`);
  const known_size = known?.size ?? 0;
  if (old_size !== known_size) return conflict(known_size);
  if (known && size === known_size && !root.equals(known.root)) return conflict(known_size);
  // From nothing there is nothing to prove; else the proof leads from the tree that is known here, not from one sent.
  const is_consistent =
    known && known_size > 0 ? verifyConsistency(known_size, known.root, size, root, proof) : proof.length === 0;
  if (!is_consistent) return plain(422, `The proof does not lead from size ${known_size} to this checkpoint.`);
  return { status: 200, content_type: PLAIN, body: "", text, next: { size, root } };
}

function verifiedText(note: string, verifiers: readonly Verifier[]): string | NoteError {
  try {
    return openNote(note, verifiers).text;
  } catch (error) {
    if (error instanceof NoteError) return error;
    throw error;
  }
}

function conflict(size: number): WitnessAnswer {
  return { status: 409, content_type: SIZE, body: `${size}\n` };
}

function plain(status: 400 | 403 | 404 | 422, message: string): WitnessAnswer {
  return { status, content_type: PLAIN, body: `${message}\n` };
}

function malformed(why: string): NoteError {
  return new NoteError("malformed", `This is no add-checkpoint request: ${why}.`);
}
