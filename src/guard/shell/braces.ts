import type { Word } from "unbash";

/**
 * Brace expansion is done on the source of a word, before anything else (`a{b,$c}d` is `abd a$cd`), so this gives the
 * sources of the words that stand in its place. Null where they are too many.
 */
const WORDS_MAX = 1_024;
/** Nested braces are looked through once for each level. */
const CHARACTERS_MAX = 4_096;

export function expandBraces(word: Word): string[] | null {
  if (word.text.length > CHARACTERS_MAX) return null;
  let sources = [""];
  for (const part of word.parts ?? []) {
    const choices = part.type === "BraceExpansion" ? choicesOf(part.text) : [part.text];
    if (choices === null || sources.length * choices.length > WORDS_MAX) return null;
    sources = sources.flatMap((source) => choices.map((choice) => source + choice));
  }
  return sources;
}

function choicesOf(brace: string): string[] | null {
  const inside = brace.slice(1, -1);
  const items = splitAtCommas(inside);
  if (items.length === 1) return sequence(inside) ?? nested(brace);
  const choices: string[] = [];
  for (const item of items) {
    const expanded = nested(item);
    if (expanded === null || choices.length + expanded.length > WORDS_MAX) return null;
    choices.push(...expanded);
  }
  return choices;
}

/** An item of a brace may have braces of its own, with text before and after them. */
function nested(item: string): string[] | null {
  for (let at = 0; at < item.length; at = after(item, at)) {
    if (item[at] !== "{") continue;
    const end = closing(item, at);
    if (end === undefined) continue;
    const inside = item.slice(at + 1, end);
    if (splitAtCommas(inside).length === 1 && sequence(inside) === null) continue;
    const [middle, rest] = [choicesOf(item.slice(at, end + 1)), nested(item.slice(end + 1))];
    if (middle === null || rest === null || middle.length * rest.length > WORDS_MAX) return null;
    return middle.flatMap((choice) => rest.map((tail) => item.slice(0, at) + choice + tail));
  }
  return [item];
}

function splitAtCommas(text: string): string[] {
  const items: string[] = [];
  let start = 0;
  for (let at = 0; at < text.length;) {
    const end = text[at] === "{" ? closing(text, at) : undefined;
    if (text[at] === ",") {
      items.push(text.slice(start, at));
      start = at + 1;
    }
    at = end === undefined ? after(text, at) : end + 1;
  }
  return [...items, text.slice(start)];
}

function closing(text: string, open: number): number | undefined {
  let depth = 0;
  for (let at = open; at < text.length; at = after(text, at)) {
    if (text[at] === "{") depth++;
    if (text[at] === "}" && --depth === 0) return at;
  }
  return undefined;
}

const closers: Record<string, string> = { "'": "'", '"': '"', "`": "`" };

/** The place after the character, the quotation or the expansion that begins here. */
function after(text: string, at: number): number {
  if (text[at] === "\\") return at + 2;
  const quote = closers[text[at]!];
  if (quote !== undefined) {
    let end = at + 1;
    while (end < text.length && text[end] !== quote) end += text[end] === "\\" && quote !== "'" ? 2 : 1;
    return end + 1;
  }
  if (text[at] !== "$" || !/[({]/.test(text[at + 1] ?? "")) return at + 1;
  const [open, close] = text[at + 1] === "(" ? ["(", ")"] : ["{", "}"];
  let depth = 0;
  for (let end = at + 1; end < text.length; end++) {
    if (text[end] === "\\") end++;
    else if (text[end] === open) depth++;
    else if (text[end] === close && --depth === 0) return end + 1;
  }
  return text.length;
}

function sequence(inside: string): string[] | null {
  const match = /^(-?\d{1,9}|[a-zA-Z])\.\.(-?\d{1,9}|[a-zA-Z])(?:\.\.(-?\d{1,9}))?$/.exec(inside);
  if (!match) return null;
  const [, from, to, by] = match as unknown as [string, string, string, string | undefined];
  const areNumbers = /\d/.test(from) && /\d/.test(to);
  if (!areNumbers && (/\d/.test(from) || /\d/.test(to))) return null;
  const [first, last] = areNumbers ? [Number(from), Number(to)] : [from.charCodeAt(0), to.charCodeAt(0)];
  const step = Math.max(1, Math.abs(Number(by ?? 1))) * (first <= last ? 1 : -1);
  const count = Math.floor(Math.abs(last - first) / Math.abs(step)) + 1;
  if (count > WORDS_MAX) return null;
  const isPadded = /^-?0\d/.test(from) || /^-?0\d/.test(to);
  return Array.from({ length: count }, (_, index) => {
    const value = first + index * step;
    if (!areNumbers) return escapedLetter(String.fromCharCode(value));
    return isPadded ? padded(value, Math.max(from.length, to.length)) : String(value);
  });
}

function padded(value: number, width: number): string {
  const digits = String(Math.abs(value));
  return value < 0 ? `-${digits.padStart(width - 1, "0")}` : digits.padStart(width, "0");
}

/** Between `Z` and `a` lie characters that mean something. */
function escapedLetter(char: string): string {
  return /[a-zA-Z]/.test(char) ? char : `\\${char}`;
}
