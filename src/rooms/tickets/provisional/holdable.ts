/** Nothing that an operation takes is nested as deep. */
const DEPTH_MAX = 32;

/** Half of a surrogate pair, as a program leaves it that cuts a text in the middle of a sign. */
export const holdableText = (text: string): string => text.toWellFormed();

/**
 * An input as the ledger can hold it (RFC 8785). Nobody is there any more to say it better, and nobody else's posts may
 * wait for it.
 */
export function holdable(input: Record<string, unknown>): Record<string, unknown> {
  return held(input, 0) as Record<string, unknown>;
}

function held(value: unknown, depth: number): unknown {
  if (typeof value === "string") return holdableText(value);
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  if (typeof value !== "object" || value === null) return value;
  if (depth === DEPTH_MAX) return null;
  if (Array.isArray(value)) return value.map((one) => held(one, depth + 1));
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [holdableText(name), held(one, depth + 1)]));
}
