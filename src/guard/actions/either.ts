/** One pattern out of several, so that a long one can be read. The flags are the first one's. */
export function either(...patterns: readonly RegExp[]): RegExp {
  return new RegExp(patterns.map(({ source }) => `(?:${source})`).join("|"), patterns[0]?.flags);
}
