import { HOLE } from "./values.ts";

/** Decoders and translators that hide commands in pipes: `echo Z2l0… | base64 -d | sh`. */

export function decodeBase64(text: string): string {
  return asText(Buffer.from(text.replaceAll(/\s/g, ""), "base64"));
}

export function encodedBase64(text: string): string {
  const encoded = Buffer.from(text).toString("base64");
  return `${encoded.replaceAll(/.{76}(?=.)/g, "$&\n")}\n`;
}

const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

export function decodeBase32(text: string): string {
  const bytes: number[] = [];
  let [bits, held] = [0, 0];
  for (const char of text.replaceAll(/[\s=]/g, "")) {
    const value = BASE32.indexOf(char.toUpperCase());
    if (value < 0) return HOLE;
    held = ((held << 5) | value) & 0xfff;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push((held >> bits) & 255);
  }
  return asText(Buffer.from(bytes));
}

/** `xxd -r -p`, and a dump with addresses. */
export function decodeHex(text: string): string {
  if (text.includes(HOLE)) return HOLE;
  const digits = text
    .split("\n")
    .map((line) => /^[0-9a-f]+: ((?:[0-9a-f]{2} ?)+)(?: |$)/i.exec(line)?.[1] ?? line)
    .join("")
    .replaceAll(/\s/g, "");
  return /^([0-9a-f]{2})*$/i.test(digits) ? asText(Buffer.from(digits, "hex")) : HOLE;
}

function asText(bytes: Buffer): string {
  const text = bytes.toString("utf8");
  return text.includes("\ufffd") ? HOLE : text;
}

/** `tr`: sets with ranges, classes that are used, and escapes. */
export function translated(input: string, sets: readonly string[], deletes: boolean, squeezes: boolean): string {
  const [from, to] = sets.map(members);
  if (!from || sets.some((set) => members(set) === null)) return HOLE;
  if (deletes) return squeezes ? HOLE : [...input].filter((char) => !from.includes(char)).join("");
  if (!to || to.length === 0) return squeezes ? squeezed(input, from) : HOLE;
  const mapped = [...input].map((char) => {
    const at = from.lastIndexOf(char);
    return at < 0 ? char : to[Math.min(at, to.length - 1)]!;
  });
  return squeezes ? squeezed(mapped.join(""), to) : mapped.join("");
}

function squeezed(text: string, set: readonly string[]): string {
  return [...text].filter((char, at, all) => char !== all[at - 1] || !set.includes(char)).join("");
}

const classes: Record<string, string> = {
  upper: "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
  lower: "abcdefghijklmnopqrstuvwxyz",
  digit: "0123456789",
  space: "\t\n\v\f\r ",
  blank: "\t ",
};
const escapes: Record<string, string> = { n: "\n", t: "\t", r: "\r", "\\": "\\", f: "\f", v: "\v", b: "\b", a: "\x07" };

function members(set: string): string[] | null {
  if (set.includes(HOLE) || /\[[=.]|\*\d*\]/.test(set)) return null;
  const found: string[] = [];
  for (let at = 0; at < set.length; at++) {
    const named = /^\[:(\w+):\]/.exec(set.slice(at, at + 12));
    if (named) {
      if (classes[named[1]!] === undefined) return null;
      found.push(...classes[named[1]!]!);
      at += named[0].length - 1;
      continue;
    }
    const octal = /^\\([0-7]{1,3})/.exec(set.slice(at, at + 4));
    let char = set[at]!;
    if (octal) {
      char = String.fromCharCode(parseInt(octal[1]!, 8));
      at += octal[0].length - 1;
    } else if (char === "\\" && at + 1 < set.length) char = escapes[set[++at]!] ?? set[at]!;
    const end = set[at + 1] === "-" ? set[at + 2] : undefined;
    if (end === undefined || end === "\\") found.push(char);
    else {
      if (end < char || end.charCodeAt(0) > 255) return null;
      for (let code = char.charCodeAt(0); code <= end.charCodeAt(0); code++) found.push(String.fromCharCode(code));
      at += 2;
    }
  }
  return found;
}
