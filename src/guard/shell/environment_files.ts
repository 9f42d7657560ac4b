/**
 * The variables that a file of `NAME=value` lines sets, as `.env` has them; of two of a name the later one. The pattern
 * looks at no character twice: files may be long.
 */
export function variablesIn(text: string): ReadonlyMap<string, string> {
  return new Map(
    [...text.matchAll(/^[ \t]*(?:export[ \t]+)?([A-Za-z_]\w*)[ \t]*=(.*)$/gm)].map(([, name, value]) => [
      name!,
      value!.trim().replace(/^(["'`])(.*?)\1(?:\s*#.*)?$/, "$2"),
    ]),
  );
}
