import { Broken, type Bytes, fromBase64, sha256, textOf, toHex, utf8 } from "./bytes.ts";

/** Who signs (C2SP signed-note): `name+identifier+key`, where the identifier follows from the name and the key. */
export type Key = { vkey: string; name: string; id: string; key: CryptoKey };

/** Ed25519 over the text of a note, as the first byte of a key names it. */
const SIGNATURE = 0x01;
const ID_BYTES = 4;
const KEY_BYTES = 32;

/** Reads a key, and recomputes its identifier. */
export async function readKey(vkey: string): Promise<Key> {
  const [, name, id, base64] = /^([^+\s]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})$/.exec(vkey) ?? [];
  if (name === undefined || id === undefined) throw new Broken("The log’s key is not name+identifier+key.");
  const bytes = fromBase64(base64!);
  if (bytes[0] !== SIGNATURE || bytes.length !== 1 + KEY_BYTES) throw new Broken("The log’s key is no Ed25519 key.");
  const digest = await sha256(utf8(`${name}\n`), bytes);
  if (toHex(digest.subarray(0, ID_BYTES)) !== id)
    throw new Broken(`The key’s identifier ${id} does not follow from it.`);
  const key = await crypto.subtle.importKey("raw", bytes.subarray(1), "Ed25519", false, ["verify"]);
  return { vkey, name, id, key };
}

/** What a log says of itself: under this name, so many entries have this root. */
export type Checkpoint = { origin: string; size: number; root: Bytes };

/**
 * The checkpoint that the note says, if one of the keys signed it. A signature that is wrong by one of these keys makes
 * the whole note wrong; those of others, such as witnesses, are not looked at.
 */
export async function openNote(note: string, keys: readonly Key[]): Promise<Checkpoint & { key: Key }> {
  const split = note.lastIndexOf("\n\n");
  if (split < 0 || !note.endsWith("\n")) throw new Broken("This is no signed note.");
  const text = note.slice(0, split + 1);
  let signed_by: Key | undefined;
  for (const line of note.slice(split + 2, -1).split("\n")) {
    const [dash, name, base64 = "", ...rest] = line.split(" ");
    if (dash !== "—" || rest.length > 0) throw new Broken("A line of the note is no signature.");
    const bytes = fromBase64(base64);
    const id = toHex(bytes.subarray(0, ID_BYTES));
    const known = keys.find((key) => key.name === name && key.id === id);
    if (known === undefined) continue;
    if (!(await crypto.subtle.verify("Ed25519", known.key, bytes.subarray(ID_BYTES), utf8(text))))
      throw new Broken(`The signature of ${name} does not fit what the checkpoint says.`);
    signed_by = known;
  }
  if (signed_by === undefined) throw new Broken("None of the log’s keys has signed this checkpoint.");
  const checkpoint = readCheckpoint(text);
  if (checkpoint.origin !== signed_by.name) throw new Broken("The key is of another log than the checkpoint.");
  return { ...checkpoint, key: signed_by };
}

/** Three lines (C2SP tlog-checkpoint): origin, size, root; what follows is other logs’ business. */
function readCheckpoint(text: string): Checkpoint {
  const [origin = "", digits = "", base64 = ""] = text.split("\n");
  const size = Number(digits);
  if (origin === "" || !/^(0|[1-9]\d*)$/.test(digits) || !Number.isSafeInteger(size))
    throw new Broken("The note is no checkpoint.");
  return { origin, size, root: fromBase64(base64) };
}

/** The entries of a bundle (C2SP tlog-tiles): each behind its length, two bytes, the greater first. */
export function entriesIn(bundle: Bytes): Bytes[] {
  const entries: Bytes[] = [];
  for (let at = 0; at < bundle.length;) {
    const end = at + 2 + bundle[at]! * 256 + (bundle[at + 1] ?? 0);
    if (end > bundle.length) throw new Broken("The entries’ bytes are cut short.");
    entries.push(bundle.subarray(at + 2, end));
    at = end;
  }
  return entries;
}

/** What an entry's bytes say, held against the number and the tenant that they were asked for by. */
export function readEntry(bytes: Bytes, seq: number, tenant: string): Record<string, unknown> {
  let entry: unknown;
  try {
    entry = JSON.parse(textOf(bytes));
  } catch (cause) {
    throw cause instanceof Broken ? cause : new Broken(`The bytes of entry ${seq} are not JSON.`);
  }
  const said = entry as Record<string, unknown> | null;
  if (said?.seq !== seq || said.tenant !== tenant)
    throw new Broken(`The bytes that were given for entry ${seq} are those of another entry.`);
  return said;
}
