import { ask } from "../api/client.ts";
import { type Bytes, Broken, fromBase64, fromHex, sha256, toHex, utf8 } from "./bytes.ts";
import { entriesIn } from "./note.ts";

/** The tree is served in pieces of so many entries (C2SP tlog-tiles). */
export const BUNDLE_WIDTH = 256;

/** The canonical bytes of an entry that a checkpoint of that size covers. */
export async function coveredBytes(seq: number, size: number): Promise<Bytes> {
  const index = Math.floor((seq - 1) / BUNDLE_WIDTH);
  const place = (seq - 1) % BUNDLE_WIDTH;
  const width = (index + 1) * BUNDLE_WIDTH <= size ? BUNDLE_WIDTH : place + 1;
  const { entries } = await ask("/v1/ledger/bundle", { index, width });
  const bytes = entriesIn(fromBase64(entries))[place];
  if (bytes === undefined) throw new Broken(`Entry ${seq} is not among the entries that the server gave.`);
  return bytes;
}

export type Exported = { bytes: Bytes; payload: { salt: Bytes; payload: Bytes } | null };

/** The canonical bytes of any entry, and what lies beside them, out of a page of the export. */
export async function exportedBytes(seq: number): Promise<Exported> {
  const after = Math.floor((seq - 1) / BUNDLE_WIDTH) * BUNDLE_WIDTH;
  const { lines } = await ask("/v1/ledger/export", { after, to: seq });
  let at = after;
  let payload: Exported["payload"] = null;
  for (const line of lines.split("\n")) {
    if (line === "") continue;
    if (!line.startsWith('{"@"')) {
      at++;
      if (at === seq) return { bytes: utf8(line), payload };
      continue;
    }
    const marked = JSON.parse(line) as { "@": string; seq?: number; salt?: string; payload?: string; to?: number };
    if (marked["@"] === "bytes") at++;
    if (marked["@"] === "gap") at = marked.to ?? at;
    if (marked["@"] === "payload" && marked.seq === seq)
      payload = { salt: fromHex(marked.salt ?? ""), payload: fromBase64(marked.payload ?? "") };
  }
  throw new Broken(`Entry ${seq} is not where the ledger should have it.`);
}

/** Stands before what is hashed into a commitment, as 0x00 does before a leaf. */
const COMMITMENT = new Uint8Array([0x03]);

/** Throws unless these are the personal words that the entry committed to. */
export async function mustBeCommitted(commitment: unknown, { salt, payload }: NonNullable<Exported["payload"]>) {
  if (toHex(await sha256(COMMITMENT, salt, payload)) !== commitment)
    throw new Broken("The personal words that lie beside the entry are not those that it was written with.");
}
