/** The variables that a file of `NAME=value` lines sets, as `.env` has them. */
export function variablesIn(text: string): (readonly [name: string, value: string])[] {
  return [...text.matchAll(/^[ \t]*(?:export[ \t]+)?([A-Za-z_]\w*)[ \t]*=[ \t]*(.*?)[ \t\r]*$/gm)].map(
    ([, name, value]) => [name!, value!.replace(/^(["'`])(.*)\1$/s, "$2")],
  );
}
