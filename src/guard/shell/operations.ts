import { quotedForShell } from "../../shell_words.ts";
import { limits } from "./budget.ts";
import { compilePattern, matchEnds } from "./patterns.ts";
import { unescaped } from "./printing.ts";
import { HOLE, isKnown } from "./values.ts";

/** Matching costs the square of the value times the pattern at worst; what would cost more is unknown. */
const SEARCH_COST_MAX = 4_000_000;

export const searchCost = (value: string, pattern: string) => value.length * value.length * (pattern.length + 1);

type Tokens = NonNullable<ReturnType<typeof compilePattern>>;

/** `${x#p}`, `${x##p}`, `${x%p}`, `${x%%p}` */
export function removed(value: string, operator: string, pattern: string): string {
  const tokens = searchable(value, pattern);
  if (tokens === null) return HOLE;
  const isLongest = operator.length === 2;
  if (operator.startsWith("#")) {
    const end = matchEnds(tokens, value, 0).at(isLongest ? -1 : 0);
    return end === undefined ? value : value.slice(end);
  }
  const starts = Array.from({ length: value.length + 1 }, (_, at) => at).filter((at) =>
    matchEnds(tokens, value, at).includes(value.length),
  );
  const start = starts.at(isLongest ? 0 : -1);
  return start === undefined ? value : value.slice(0, start);
}

/** `${x/p/r}`, `${x//p/r}`, `${x/#p/r}`, `${x/%p/r}` */
export function replaced(value: string, operator: string, pattern: string, replacement: string): string {
  const tokens = searchable(value, pattern);
  if (tokens === null || value.length * replacement.length > limits.characters) return HOLE;
  if (pattern === "") return value;
  let result = "";
  for (let at = 0; at <= value.length;) {
    const ends = operator === "/#" && at > 0 ? [] : matchEnds(tokens, value, at);
    const end = operator === "/%" ? ends.find((one) => one === value.length) : ends.at(-1);
    if (end === undefined || (end === at && at < value.length)) result += value[at++] ?? (at++, "");
    else if (end === at) break;
    else {
      result += replacement;
      at = end;
      if (operator !== "//") return result + value.slice(at);
    }
  }
  return result;
}

/** `${x:offset}` and `${x:offset:length}`; a null is not known. */
export function sliced(value: string, offset: number | null, length: number | null | undefined): string {
  if (offset === null || length === null || !isKnown(value)) return HOLE;
  const characters = [...value];
  const start = offset < 0 ? characters.length + offset : offset;
  if (start < 0) return "";
  const end = length === undefined ? undefined : length < 0 ? characters.length + length : start + length;
  return characters.slice(start, end === undefined ? undefined : Math.max(start, end)).join("");
}

/** `${x^}`, `${x^^}`, `${x,}`, `${x,,}`; with a pattern it is unknown. */
export function recased(value: string, operator: string): string {
  const change = (text: string) => (operator.startsWith("^") ? text.toUpperCase() : text.toLowerCase());
  if (operator.length === 2) return change(value);
  return change(value.slice(0, 1)) + value.slice(1);
}

/** `${x@U}` and the like. */
export function transformed(value: string, operator: string): string {
  if (!isKnown(value)) return HOLE;
  if (operator === "U") return value.toUpperCase();
  if (operator === "L") return value.toLowerCase();
  if (operator === "u") return recased(value, "^");
  if (operator === "E") return backslashed(value);
  return operator === "Q" ? quotedByBash(value) : HOLE;
}

/** What `$'…'` calls the characters that nobody can print. */
const ESCAPES: Readonly<Record<string, string>> = {
  ...{ "\u0007": "\\a", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\v": "\\v", "\f": "\\f", "\r": "\\r" },
  ...{ "\u001b": "\\E", "\\": "\\\\", "'": "\\'" },
};

/** As `${x@Q}` and its like write it: `$'…'` where a character cannot be printed. */
function quotedByBash(value: string): string {
  // Which others can be printed is the locale's to say.
  if (/(?![\0-\x7f])[\p{C}\p{Zl}\p{Zp}]/u.test(value)) return HOLE;
  if (!/[\0-\x1f\x7f]/.test(value)) return quotedForShell(value);
  const escaped = value.replaceAll(
    /[\0-\x1f\x7f\\']/g,
    (one) => ESCAPES[one] ?? `\\${one.charCodeAt(0).toString(8).padStart(3, "0")}`,
  );
  return `$'${escaped}'`;
}

/** As between the quotes of `$'…'`. */
function backslashed(value: string): string {
  const { value: text, isCut } = unescaped(value, "");
  return isCut ? HOLE : text;
}

/** A prompt's own escapes: what stands for a name, a time or a directory is not known. Quoting stays for later. */
export function promptEscapes(value: string): string {
  return value.replaceAll(/\\([0-7]{1,3}|.)/gs, (all, escape: string) => {
    if (/[\\$]/.test(escape)) return all;
    if (/[[\]]/.test(escape)) return "";
    return /^[0-7aenr]/.test(escape) ? backslashed(all) : HOLE;
  });
}

function searchable(value: string, pattern: string): Tokens | null {
  const isShort = searchCost(value, pattern) <= SEARCH_COST_MAX;
  return isShort && isKnown(value) && isKnown(pattern) ? compilePattern(pattern) : null;
}
