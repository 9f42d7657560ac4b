import type { Word } from "./reading.ts";

/**
 * While it is being read, a value is a string with holes: each stands for text of unknown length and content. NUL can
 * be in no shell word, so it marks them; a command that has it in its text is unknown there, which is right too.
 */
export const HOLE = "\0";

export const isKnown = (value: string) => !value.includes(HOLE);

/** A word after expansion: `isGlob` says that the file system decides what it becomes, and `value` is its pattern. */
export type Argument = { value: string; isGlob: boolean; text: string };

/** A word that stands for itself. */
export const literally = (value: string): Argument => ({ value, isGlob: false, text: value });

/** Its value for whoever has to look into it: what is not certain is a hole. */
export const certainly = ({ value, isGlob }: Argument) => (isGlob ? HOLE : value);

/** What of a value is known, for people and for those who look for words in it. */
export function shown(value: string): string {
  return value.replaceAll(/\0+/g, "…");
}

export function asWord({ value, isGlob, text }: Argument): Word {
  if (isGlob) return { value: null, text: shown(value) };
  if (isKnown(value)) return { value, text };
  const known = shown(value);
  // A word that is nothing but a hole is better told by what was written there.
  return { value: null, text: known === "…" ? shown(text) : known };
}

/** Without what repeats at its end; a regular expression would try from each of them. */
export function trimmedEnd(value: string, char: string): string {
  let end = value.length;
  while (end > 0 && value[end - 1] === char) end--;
  return value.slice(0, end);
}

/** Both values where they are one, a hole where they are not. */
export function either(one: string | undefined, other: string | undefined): string {
  return one === other && one !== undefined ? one : HOLE;
}
