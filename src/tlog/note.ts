import { sign, verify } from "node:crypto";
import { COSIGNATURE, isKeyName, NoteError, SIGNATURE, strictBase64, type Signer, type Verifier } from "./keys.ts";

export {
  formatVerifier,
  newSigner,
  NoteError,
  parseSigner,
  parseVerifier,
  type Algorithm,
  type Signer,
  type Verifier,
} from "./keys.ts";

/** Signed notes (C2SP signed-note): a text, an empty line, and a line for each signature. */

/** A signature's line as it stands in the note, without its newline. */
export type Signature = { name: string; key_id: Buffer; line: string };

/** `time` is when a cosigner signed, in seconds since 1970; other signatures do not tell. */
export type VerifiedSignature = Signature & { verifier: Verifier; time: number | null };

export type OpenedNote = {
  text: string;
  /** Those of known keys, in the note's order, one for each key. */
  signatures: VerifiedSignature[];
  verified: Verifier[];
  /** How many lines are of unknown keys, equal lines counted once. */
  unverified: number;
};

// As Go's sumdb/note limits them, so that what one accepts the other does too.
const NOTE_BYTES_MAX = 1_000_000;
const SIGNATURES_MAX = 100;
const KEY_ID_BYTES = 4;
const ED25519_BYTES = 64;
const TIME_BYTES = 8;

/** The text with a line of each signer: the whole note. */
export function signNote(text: string, signers: readonly Signer[]): string {
  mustBeText(text);
  if (signers.length === 0) throw new NoteError("malformed", "A note needs a signer.");
  return withSignatures(
    `${text}\n`,
    signers.map((signer) => {
      if (signer.algorithm !== SIGNATURE) throw new NoteError("malformed", `${signer.name} is a key for cosignatures.`);
      return signatureLine(signer, sign(null, Buffer.from(text), signer.private_key));
    }),
  );
}

/**
 * A witness's line for the text of a checkpoint (C2SP tlog-cosignature, `cosignature/v1`): as of that time, in seconds
 * since 1970, this was the largest consistent tree it had seen.
 */
export function cosign(text: string, signer: Signer, unix_seconds: number): string {
  mustBeText(text);
  if (signer.algorithm !== COSIGNATURE)
    throw new NoteError("malformed", `${signer.name} is not a key for cosignatures.`);
  if (!Number.isSafeInteger(unix_seconds) || unix_seconds < 0)
    throw new RangeError(`no cosignature has the time ${unix_seconds}`);
  const time = Buffer.alloc(TIME_BYTES);
  time.writeBigUInt64BE(BigInt(unix_seconds));
  const signature = sign(null, cosigned(text, BigInt(unix_seconds)), signer.private_key);
  return signatureLine(signer, Buffer.concat([time, signature]));
}

/** The note with more lines under it; a line that it has already is not repeated. */
export function withSignatures(note: string, lines: readonly string[]): string {
  const present = new Set(note.slice(note.lastIndexOf("\n\n") + 2).split("\n"));
  return note + [...new Set(lines)].flatMap((line) => (present.has(line) ? [] : [`${line}\n`])).join("");
}

/** Takes a note apart. Nothing of it is to be believed yet. */
export function splitNote(note: string | Uint8Array): { text: string; signatures: Signature[] } {
  const whole = typeof note === "string" ? note : decode(note);
  if (Buffer.byteLength(whole) > NOTE_BYTES_MAX) throw malformed(`it has more than ${NOTE_BYTES_MAX} bytes`);
  mustBeCharacters(whole);
  const split = whole.lastIndexOf("\n\n");
  if (split < 0) throw malformed("it has no empty line between its text and its signatures");
  if (split + 2 === whole.length) throw malformed("it has no signature");
  if (!whole.endsWith("\n")) throw malformed("its last line has no newline");
  const lines = whole.slice(split + 2, -1).split("\n");
  if (lines.length > SIGNATURES_MAX) throw malformed(`it has more than ${SIGNATURES_MAX} signatures`);
  return { text: whole.slice(0, split + 1), signatures: lines.map(parseSignature) };
}

/**
 * The text of a note that at least one of the verifiers has signed. Signatures of unknown keys are ignored; one that is
 * wrong by a known key makes the whole note wrong.
 */
export function openNote(note: string | Uint8Array, verifiers: readonly Verifier[]): OpenedNote {
  const { text, signatures } = splitNote(note);
  const known = new Map<Verifier, VerifiedSignature>();
  const unknown = new Set<string>();
  for (const signature of signatures) {
    const verifier = verifierOf(signature, verifiers);
    if (!verifier) {
      unknown.add(signature.line);
      continue;
    }
    // A stranger may repeat a line a hundred times, and a verification is dear.
    if (known.get(verifier)?.line === signature.line) continue;
    const time = verifySignature(text, signature, verifier);
    if (!known.has(verifier)) known.set(verifier, { ...signature, verifier, time });
  }
  if (known.size === 0) throw new NoteError("unverified", "None of the keys that are trusted has signed this note.");
  return { text, signatures: [...known.values()], verified: [...known.keys()], unverified: unknown.size };
}

function verifierOf({ name, key_id }: Signature, verifiers: readonly Verifier[]): Verifier | undefined {
  const found = verifiers.filter((verifier) => verifier.name === name && verifier.key_id.equals(key_id));
  if (found.some((verifier) => !verifier.public_key.equals(found[0]!.public_key)))
    throw new NoteError("ambiguous_key", `Two different keys are trusted as ${name}+${key_id.toString("hex")}.`);
  return found[0];
}

/** Throws unless the key made the signature. Returns the time that a cosignature tells. */
function verifySignature(text: string, { name, key_id, line }: Signature, verifier: Verifier): number | null {
  const bytes = signatureBytes(line);
  const wrong = () =>
    new NoteError("invalid_signature", `The signature of ${name}+${key_id.toString("hex")} does not fit the text.`);
  if (verifier.algorithm === SIGNATURE) {
    if (verify(null, Buffer.from(text), verifier.key, bytes)) return null;
    throw wrong();
  }
  if (bytes.length !== TIME_BYTES + ED25519_BYTES) throw wrong();
  const time = bytes.readBigUInt64BE();
  if (time > BigInt(Number.MAX_SAFE_INTEGER)) throw wrong();
  if (!verify(null, cosigned(text, time), verifier.key, bytes.subarray(TIME_BYTES))) throw wrong();
  return Number(time);
}

function cosigned(text: string, time: bigint): Buffer {
  return Buffer.from(`cosignature/v1\ntime ${time}\n${text}`);
}

function signatureLine({ name, key_id }: Signer, signature: Buffer): string {
  return `— ${name} ${Buffer.concat([key_id, signature]).toString("base64")}`;
}

function parseSignature(line: string): Signature {
  const [dash, name, base64, ...rest] = line.split(" ");
  const bytes = strictBase64(base64 ?? "");
  const isWhole = dash === "—" && name !== undefined && isKeyName(name) && rest.length === 0;
  if (!isWhole || !bytes || bytes.length <= KEY_ID_BYTES)
    throw malformed(`this line of it is no signature: ${line.slice(0, 80)}`);
  return { name, key_id: bytes.subarray(0, KEY_ID_BYTES), line };
}

function signatureBytes(line: string): Buffer {
  return Buffer.from(line.slice(line.lastIndexOf(" ") + 1), "base64").subarray(KEY_ID_BYTES);
}

function mustBeText(text: string): void {
  if (!text.endsWith("\n")) throw malformed("its text does not end with a newline");
  mustBeCharacters(text);
}

function mustBeCharacters(text: string): void {
  if (!text.isWellFormed()) throw malformed("it is not Unicode");
  if (/[\0-\x09\x0b-\x1f]/.test(text)) throw malformed("it has a control character other than newline");
}

function decode(note: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(note);
  } catch {
    throw malformed("it is not UTF-8");
  }
}

function malformed(why: string): NoteError {
  return new NoteError("malformed", `This is no signed note: ${why}.`);
}
