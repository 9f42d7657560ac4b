import { limits } from "./budget.ts";
import { HOLE, isKnown } from "./values.ts";

/** Each replacement of a text costs its length times this at worst. */
const SCRIPT_MAX = 1_024;

/**
 * Runs the substitutions of a sed script on known text. Only plain patterns are followed: no groups, no repetition, so
 * nothing can take long; everything else makes the output unknown.
 */
export function substituted(input: string, scripts: readonly string[], isQuiet: boolean): string {
  if (!isKnown(input) || isQuiet || scripts.join("").length > SCRIPT_MAX) return HOLE;
  const steps = scripts.flatMap((script) => script.split(/;|\n/)).map((step) => step.trim());
  let text = input;
  for (const step of steps.filter((one) => one !== "")) {
    const next = /^s./s.test(step) ? substitute(text, step) : /^y./s.test(step) ? exchanged(text, step) : null;
    if (next === null || next.length > limits.value_characters) return HOLE;
    text = next;
  }
  return text;
}

function parts(step: string): string[] | null {
  const separator = step[1]!;
  const found = [""];
  for (let at = 2; at < step.length; at++) {
    const last = found.length - 1;
    if (step[at] === "\\") {
      const pair = step.slice(at, at + 2);
      found[last] += pair[1] === separator ? separator : pair;
      at++;
    } else if (step[at] === separator) found.push("");
    else found[last] += step[at]!;
  }
  return found.length === 3 && !/[\\\w\s]/.test(separator) ? found : null;
}

function substitute(text: string, step: string): string | null {
  const found = parts(step);
  if (found === null || !/^g?$/.test(found[2]!)) return null;
  const [pattern, replacement, flags] = found as [string, string, string];
  const source = plainPattern(pattern);
  if (source === null || /\\\d|\\n|\\[A-Za-z]/.test(replacement)) return null;
  const expression = new RegExp(source, flags === "g" ? "g" : "");
  const replaced = (match: string) => replacement.replaceAll(/\\(.)|&/gs, (all, char) => (all === "&" ? match : char));
  return text
    .split("\n")
    .map((line, at, all) => (at === all.length - 1 && line === "" ? line : line.replace(expression, replaced)))
    .join("\n");
}

/** Literal characters, `.`, sets and anchors: their match has one length, so it cannot be slow. */
function plainPattern(pattern: string): string | null {
  let source = "";
  for (let at = 0; at < pattern.length; at++) {
    const char = pattern[at]!;
    const set = /^\[\^?[\w .,:/@#%=-]+\]/.exec(pattern.slice(at));
    if (set) {
      source += set[0];
      at += set[0].length - 1;
    } else if (char === "\\") {
      const next = pattern[++at] ?? "";
      if (/[\w(){}|+?<>'`]/.test(next) || next === "") return null;
      source += `\\${next}`;
    } else if (char === "*" || char === "[") return null;
    else if (char === "^") source += at === 0 ? "^" : "\\^";
    else if (char === "$") source += at === pattern.length - 1 ? "$" : "\\$";
    else source += /[.\w\s"'`~!@#%&=:;<>,-]/.test(char) ? char : `\\${char}`;
  }
  return pattern === "" ? null : source;
}

function exchanged(text: string, step: string): string | null {
  const found = parts(step);
  if (found === null || found[2] !== "" || found[0]!.length !== found[1]!.length || step.includes("\\")) return null;
  const [from, to] = found as [string, string];
  return [...text].map((char) => (from.includes(char) ? to[from.indexOf(char)]! : char)).join("");
}
