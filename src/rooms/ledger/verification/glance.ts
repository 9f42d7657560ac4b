import { TOLD_KINDS } from "./facts.ts";

/**
 * Reads an entry's number and whether a verifier has to read more of it, out of canonical bytes and without parsing
 * them. Keys stand in order (RFC 8785), so the bytes end with
 * `…,"kind":"…","seq":7,"subject":…,"tenant":"…","v":1}`, and a raw quote inside a text is always escaped.
 */
const SEQ_BYTES = '"seq":'.length;
const QUOTE = 0x22;
const COMMA = 0x2c;
const ZERO = 0x30;
/** The kinds by their first two letters, so that most entries are passed over at once. */
const TOLD = Map.groupBy(TOLD_KINDS, (kind) => (kind.charCodeAt(0) << 8) | kind.charCodeAt(1));

/** Whether the entry is of a kind that a verifier reads; null when its bytes do not say that they have this number. */
export function glance(bytes: Buffer, start: number, end: number, seq: number): boolean | null {
  const at = seqAt(bytes, start, end);
  if (at < 0 || numberAt(bytes, at + SEQ_BYTES, end) !== seq) return null;
  // `"kind":"ticket.filed","seq":7`: the kind's last quote stands two bytes before.
  const close = at - 2;
  let open = close - 1;
  while (open > start && bytes[open] !== QUOTE) open--;
  const kinds = TOLD.get((bytes[open + 1]! << 8) | bytes[open + 2]!);
  return kinds !== undefined && (kinds as string[]).includes(bytes.toString("latin1", open + 1, close));
}

function numberAt(bytes: Buffer, from: number, end: number): number {
  let number = 0;
  for (let at = from; at < end && bytes[at] !== COMMA; at++) {
    const digit = bytes[at]! - ZERO;
    if (digit < 0 || digit > 9) return -1;
    number = number * 10 + digit;
  }
  return number;
}

function seqAt(bytes: Buffer, start: number, end: number): number {
  // The last key before the end; nothing but the subject, the tenant and the version come behind it.
  for (let at = end - SEQ_BYTES; at >= start; at--)
    if (
      bytes[at] === QUOTE &&
      bytes[at + 1] === 0x73 &&
      bytes[at + 2] === 0x65 &&
      bytes[at + 3] === 0x71 &&
      bytes[at + 4] === QUOTE &&
      bytes[at + 5] === 0x3a
    )
      return at;
  return -1;
}
