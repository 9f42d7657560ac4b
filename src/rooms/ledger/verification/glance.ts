import { TOLD_KINDS } from "./facts.ts";

/**
 * Reads an entry's number and whether a verifier has to read more of it, out of canonical bytes and without parsing
 * them. Keys stand in order (RFC 8785), so the bytes end with
 * `…,"kind":"…","seq":7,"subject":…,"tenant":"…","v":1}`. Every byte of that end is held to this one spelling: with
 * another one (a space, an escape, a key that comes again) a parser would find another kind than the one seen here.
 */
const SEQ = Buffer.from('"seq":');
const KIND = Buffer.from(',"kind":"');
const SUBJECT = Buffer.from(',"subject":');
const TENANT = Buffer.from(',"tenant":');
const VERSION = Buffer.from(',"v":1}');
const NULL = Buffer.from("null");
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const ZERO = 0x30;
/** The kinds by their first two letters, so that most entries are passed over at once. */
const TOLD = Map.groupBy(TOLD_KINDS, (kind) => (kind.charCodeAt(0) << 8) | kind.charCodeAt(1));

/** Whether the entry is of a kind that a verifier reads; null when its bytes do not say that they have this number. */
export function glance(bytes: Buffer, start: number, end: number, seq: number): boolean | null {
  const at = seqAt(bytes, start, end);
  if (at < 0 || numberAt(bytes, at + SEQ.length, end) !== seq) return null;
  if (!endsWell(bytes, at + SEQ.length + digits(seq), end)) return null;
  // `"kind":"ticket.filed","seq":7`: the kind's last quote stands two bytes before.
  const close = at - 2;
  let open = close - 1;
  while (open > start && bytes[open] !== QUOTE && bytes[open] !== BACKSLASH) open--;
  const before = open + 1 - KIND.length;
  if (bytes[at - 1] !== COMMA || bytes[close] !== QUOTE || before < start || !stands(KIND, bytes, before)) return null;
  const kinds = TOLD.get((bytes[open + 1]! << 8) | bytes[open + 2]!);
  return kinds !== undefined && (kinds as string[]).includes(bytes.toString("latin1", open + 1, close));
}

/** Whether a subject, a tenant and the version follow, and nothing else. */
function endsWell(bytes: Buffer, from: number, end: number): boolean {
  const subject = from + SUBJECT.length;
  if (!stands(SUBJECT, bytes, from)) return false;
  const tenant = (stands(NULL, bytes, subject) ? subject + NULL.length : textEnd(bytes, subject, end)) + TENANT.length;
  if (!stands(TENANT, bytes, tenant - TENANT.length)) return false;
  const version = textEnd(bytes, tenant, end);
  return version + VERSION.length === end && stands(VERSION, bytes, version);
}

/** Where a text in quotes is over; `end` where there is none. */
function textEnd(bytes: Buffer, from: number, end: number): number {
  if (bytes[from] !== QUOTE) return end;
  let at = from + 1;
  for (; at < end && bytes[at] !== QUOTE; at++) if (bytes[at] === BACKSLASH) at++;
  return at + 1;
}

function stands(word: Buffer, bytes: Buffer, at: number): boolean {
  for (let n = 0; n < word.length; n++) if (bytes[at + n] !== word[n]) return false;
  return true;
}

function digits(number: number): number {
  let count = 1;
  for (let rest = number; rest >= 10; rest /= 10) count++;
  return count;
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
  for (let at = end - SEQ.length; at >= start; at--)
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
