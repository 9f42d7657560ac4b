/**
 * What an address says, as the pages read it. Anybody may have typed it: what is not understood is left out, and only
 * what is one of the words that a page knows has their type.
 */

/** One of a few words. */
export function wordIn<Word extends string>(words: readonly Word[], said: unknown): Word | undefined {
  return words.find((word) => word === said);
}

/** A text that is not empty. */
export function textIn(said: unknown): string | undefined {
  return typeof said === "string" && said !== "" ? said : undefined;
}

/** A number of something: they begin with 1. */
export function numberIn(said: unknown): number | undefined {
  const number = Number(said);
  return Number.isSafeInteger(number) && number > 0 ? number : undefined;
}
