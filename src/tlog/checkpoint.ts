import { EMPTY_ROOT, HASH_BYTES } from "./hashing.ts";
import { NoteError, strictBase64 } from "./keys.ts";

/** What a log says of itself (C2SP tlog-checkpoint): under this origin, so many entries have this root. */
export type Checkpoint = {
  origin: string;
  size: number;
  root: Buffer;
  /** Lines that other logs may add. Ours add none; they mean nothing here. */
  extensions?: string[];
};

/** The text of the note: origin, size and root, a line each. */
export function formatCheckpoint(checkpoint: Checkpoint): string {
  const { origin, size, root, extensions = [] } = checkpoint;
  const text = [origin, size, root.toString("base64"), ...extensions].map((line) => `${line}\n`).join("");
  // What is read back as something else must not be signed: an origin with a newline in it could say anything.
  const read = parseCheckpoint(text);
  if (read.origin !== origin || read.size !== size) throw malformed("its origin is more than a line");
  return text;
}

/** Reads the text of a note as a checkpoint. Throws what has another spelling than the one that is allowed. */
export function parseCheckpoint(text: string): Checkpoint {
  const lines = text.split("\n");
  if (lines.pop() !== "" || lines.length < 3 || lines.includes(""))
    throw malformed("it has not three lines or more, each with something in it");
  const [origin, digits, base64, ...extensions] = lines;
  const size = Number(digits);
  if (!/^(0|[1-9]\d*)$/.test(digits!) || !Number.isSafeInteger(size))
    throw malformed(`its size is ${digits!.slice(0, 80)}`);
  const root = strictBase64(base64!);
  if (root?.length !== HASH_BYTES) throw malformed("its root is no hash in base64");
  if (size === 0 && !root.equals(EMPTY_ROOT)) throw malformed("its root is not the one of the empty tree");
  return { origin: origin!, size, root, ...(extensions.length > 0 && { extensions }) };
}

function malformed(why: string): NoteError {
  return new NoteError("malformed", `This is no checkpoint: ${why}.`);
}
