import { HOLE, isKnown } from "./values.ts";

/** Output longer than this is not made but unknown. */
const CHARACTERS_MAX = 64 * 1024;

/** What `echo` prints. */
export function echoed(words: readonly string[]): string {
  let [ends, reads, at] = ["\n", false, 0];
  for (; /^-[neE]+$/.test(words[at] ?? ""); at++) {
    if (words[at]!.includes("n")) ends = "";
    reads = words[at]!.lastIndexOf("e") > words[at]!.lastIndexOf("E") || (reads && !words[at]!.includes("E"));
  }
  const text = words.slice(at).join(" ");
  if (!reads) return text + ends;
  const { value, isCut } = unescaped(text, "0");
  return isCut ? value : value + ends;
}

const letters: Record<string, string> = {
  a: "\x07",
  b: "\b",
  e: "\x1b",
  E: "\x1b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\\": "\\",
};

/** Backslash escapes; octal ones begin with `\0` for echo and `%b`, with any digit in a format. `\c` cuts. */
export function unescaped(text: string, octal: "0" | ""): { value: string; isCut: boolean } {
  let isCut = false;
  const pattern = octal
    ? /\\(?:0([0-7]{0,3})|x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{1,4})|U([0-9a-fA-F]{1,8})|([\s\S]))/g
    : /\\(?:([0-7]{1,3})|x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{1,4})|U([0-9a-fA-F]{1,8})|([\s\S]))/g;
  let cut = text.length;
  const value = text.replace(pattern, (all, digits, hex, short, long, letter, offset: number) => {
    if (digits !== undefined) return String.fromCharCode(parseInt(digits || "0", 8) & 255);
    const code = hex ?? short ?? long;
    if (code !== undefined) return parseInt(code, 16) <= 0x10ffff ? String.fromCodePoint(parseInt(code, 16)) : HOLE;
    if (letter === "c" && !isCut) {
      isCut = true;
      cut = offset;
    }
    return letters[letter] ?? (octal === "" && /["'?]/.test(letter) ? letter : all);
  });
  if (!isCut) return { value, isCut };
  return { value: unescaped(text.slice(0, cut), octal).value, isCut };
}

/** What `printf` prints; the format is used again until the words are. */
export function formatted(format: string, words: readonly string[]): string {
  if (!isKnown(format)) return HOLE;
  let [result, at] = ["", 0];
  do {
    const before = at;
    const round = formattedOnce(format, () => words[at++]);
    result += round.value;
    if (round.isCut || at === before || result.length > CHARACTERS_MAX) break;
  } while (at < words.length);
  return result.length > CHARACTERS_MAX ? HOLE : result;
}

function formattedOnce(format: string, next: () => string | undefined): { value: string; isCut: boolean } {
  let value = "";
  let last = 0;
  for (const match of format.matchAll(/%(?:%|([-+ #0]*)(\*|\d{1,4})?(?:\.(\*|\d{0,4}))?(\([^)]*\)T|[a-zA-Z]))/g)) {
    const plain = unescaped(format.slice(last, match.index), "");
    value += plain.value;
    if (plain.isCut) return { value, isCut: true };
    last = match.index + match[0].length;
    if (match[0] === "%%") {
      value += "%";
      continue;
    }
    const width = match[2] === "*" ? Number(next()) : Number(match[2] ?? 0);
    const precision = match[3] === "*" ? Number(next()) : match[3] === undefined ? undefined : Number(match[3]);
    if (value.length > CHARACTERS_MAX) return { value: HOLE, isCut: true };
    const piece = converted(match[4]!, next(), precision);
    const isLeft = match[1]!.includes("-");
    const fill = match[1]!.includes("0") && /[diouxX]/.test(match[4]!) ? "0" : " ";
    if (!(width <= CHARACTERS_MAX)) value += HOLE;
    else value += isLeft ? piece.value.padEnd(width) : piece.value.padStart(width, fill);
    if (piece.isCut) return { value, isCut: true };
  }
  const rest = unescaped(format.slice(last), "");
  return { value: value + rest.value, isCut: rest.isCut };
}

function converted(kind: string, word: string | undefined, precision: number | undefined) {
  const given = word ?? "";
  if (kind === "s") return { value: given.slice(0, precision), isCut: false };
  // Bash takes octal digits with and without a zero before them here.
  const octal = /\\(\\|[1-7][0-7]{0,2})/g;
  if (kind === "b")
    return unescaped(
      given.replace(octal, (all, one) => (one === "\\" ? all : `\\0${one}`)),
      "0",
    );
  if (kind === "c") return { value: given.slice(0, 1), isCut: false };
  if (kind === "q") return { value: /^[\w./:=@%+,-]+$/.test(given) ? given : HOLE, isCut: false };
  const quoted = /^["'](.)/su.exec(given);
  const number = quoted
    ? quoted[1]!.codePointAt(0)!
    : Number(/^-?(\d{1,15}|0x[0-9a-f]{1,12})?$/i.test(given) ? given : NaN);
  if (Number.isNaN(number) || precision !== undefined || (/^-?0\d/.test(given) && !quoted))
    return { value: HOLE, isCut: false };
  const radix = { d: 10, i: 10, u: 10, x: 16, X: 16, o: 8 }[kind];
  if (radix === undefined || (number < 0 && radix !== 10)) return { value: HOLE, isCut: false };
  const digits = number.toString(radix);
  return { value: kind === "X" ? digits.toUpperCase() : digits, isCut: false };
}
