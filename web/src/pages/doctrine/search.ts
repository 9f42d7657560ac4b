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
    ...(recordTypes.includes(type as never) ? { type: type as (typeof recordTypes)[number] } : {}),
    ...(holdings.includes(held_by as never) ? { held_by: held_by as (typeof holdings)[number] } : {}),
    ...(typeof words === "string" && words !== "" ? { words } : {}),
    ...(all === true ? { all } : {}),
  };
}
