/** A word as every shell takes it for one, whatever stands in it. */
export function quotedForShell(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

/** The same, bare where no shell reads anything into it: a path, an option, a name. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : quotedForShell(word);
}
