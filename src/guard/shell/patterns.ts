/**
 * Shell patterns (`*`, `?`, `[a-z]`, backslash) against known text, by walking all the states that the pattern may be
 * in at once: no backtracking, so length times length is the most that it can cost.
 */
type Token =
  { kind: "char"; char: string } | { kind: "any" } | { kind: "star" } | { kind: "set"; has(char: string): boolean };

/** Null for what is not followed here: extended globs and character classes. */
export function compilePattern(pattern: string): Token[] | null {
  const tokens: Token[] = [];
  for (let at = 0; at < pattern.length; at++) {
    const char = pattern[at]!;
    if (/[?*+@!]/.test(char) && pattern[at + 1] === "(") return null;
    if (char === "\\" && at + 1 < pattern.length) tokens.push({ kind: "char", char: pattern[++at]! });
    else if (char === "*") tokens.push({ kind: "star" });
    else if (char === "?") tokens.push({ kind: "any" });
    else if (char === "[") {
      const set = compileSet(pattern, at);
      if (set === null) return null;
      tokens.push(set.token);
      at = set.end;
    } else tokens.push({ kind: "char", char });
  }
  return tokens;
}

function compileSet(pattern: string, start: number): { token: Token; end: number } | null {
  let at = start + 1;
  const isNegated = pattern[at] === "!" || pattern[at] === "^";
  if (isNegated) at++;
  const ranges: [string, string][] = [];
  for (let isFirst = true; at < pattern.length; isFirst = false) {
    if (pattern[at] === "]" && !isFirst)
      return {
        token: { kind: "set", has: (char) => ranges.some(([low, high]) => low <= char && char <= high) !== isNegated },
        end: at,
      };
    if (pattern[at] === "[" && /[:.=]/.test(pattern[at + 1] ?? "")) return null;
    if (pattern[at] === "\\") at++;
    const low = pattern[at];
    if (low === undefined) break;
    const isRange = pattern[at + 1] === "-" && pattern[at + 2] !== undefined && pattern[at + 2] !== "]";
    ranges.push([low, isRange ? pattern[at + 2]! : low]);
    at += isRange ? 3 : 1;
  }
  // Never closed: then it is a bracket like any other character.
  return { token: { kind: "char", char: "[" }, end: start };
}

/** Where matches that begin at `start` may end, shortest first. */
export function matchEnds(tokens: readonly Token[], text: string, start: number): number[] {
  const ends: number[] = [];
  let states = new Set<number>();
  enter(states, tokens, 0);
  for (let at = start; ; at++) {
    if (states.has(tokens.length)) ends.push(at);
    if (at >= text.length || states.size === 0) return ends;
    const next = new Set<number>();
    for (const state of states) {
      const token = tokens[state];
      if (token?.kind === "star") enter(next, tokens, state);
      else if (token && accepts(token, text[at]!)) enter(next, tokens, state + 1);
    }
    states = next;
  }
}

function enter(states: Set<number>, tokens: readonly Token[], state: number): void {
  states.add(state);
  // A star may stand for nothing.
  while (tokens[state]?.kind === "star") states.add(++state);
}

function accepts(token: Token, char: string): boolean {
  return (
    token.kind === "any" || (token.kind === "char" && token.char === char) || (token.kind === "set" && token.has(char))
  );
}

/** Whether a text as a whole is of a pattern; none is of one that is not followed here. */
export function matchesPattern(pattern: string, text: string): boolean {
  const tokens = compilePattern(pattern);
  return tokens !== null && matchEnds(tokens, text, 0).includes(text.length);
}

/** The pattern that matches just this text. */
export function escapedPattern(text: string): string {
  return text.replaceAll(/[\\*?[\]!^+@()|-]/g, "\\$&");
}
