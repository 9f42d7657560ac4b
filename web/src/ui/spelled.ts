/** Alphabets with letters that look like Latin ones: “о” is Cyrillic here, and “o” is not. */
const LIKE_LATIN = {
  Cyrillic: /\p{Script=Cyrillic}/u,
  Greek: /\p{Script=Greek}/u,
  Armenian: /\p{Script=Armenian}/u,
  Cherokee: /\p{Script=Cherokee}/u,
};

/**
 * A name, and in words which of its letters only look as if they belonged there: whoever says yes to an act upon
 * `оrders` has to see that it is not `orders`. A name of one alphabet alone is what it is.
 */
export function spelled(name: string): string {
  if (!/\p{Script=Latin}/u.test(name)) return name;
  for (const [alphabet, letters] of Object.entries(LIKE_LATIN)) {
    const letter = letters.exec(name)?.[0];
    if (letter !== undefined) return `${name} (mixed alphabets: its “${letter}” is ${alphabet})`;
  }
  return name;
}
