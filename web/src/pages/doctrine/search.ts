import { textIn, wordIn } from "../../ui/address.ts";

export const recordTypes = [
  "failure",
  "observation",
  "pattern",
  "hypothesis",
  "experiment",
  "synthesis",
  "decision",
  "doctrine",
] as const;
export const holdings = ["text only", "a running mechanism", "a mechanism that is not there"] as const;

/** What the doctrine's address says. */
export type DoctrineSearch = {
  type?: (typeof recordTypes)[number] | undefined;
  held_by?: (typeof holdings)[number] | undefined;
  words?: string | undefined;
  all?: boolean | undefined;
};

/** Reads an address that anybody may have typed: what is not understood is left out. */
export function doctrineSearch({ type, held_by, words, all }: Record<string, unknown>): DoctrineSearch {
  return {
    type: wordIn(recordTypes, type),
    held_by: wordIn(holdings, held_by),
    words: textIn(words),
    all: all === true ? all : undefined,
  };
}
