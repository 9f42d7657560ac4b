export const openStates = [
  "awaiting_claim",
  "in_progress",
  "blocked",
  "parked",
  "conditional",
  "reserved",
  "done",
  "cancelled",
] as const;

/** What the queue's address says. */
export type QueueSearch = {
  view: "board" | "table";
  lane?: string | undefined;
  state?: (typeof openStates)[number] | undefined;
  holder?: string | undefined;
};

/** Reads an address that anybody may have typed: what is not understood is left out. */
export function queueSearch(said: Record<string, unknown>): QueueSearch {
  const { view, lane, state, holder } = said;
  const known = openStates.find((one) => one === state);
  return {
    view: view === "table" ? "table" : "board",
    ...(typeof lane === "string" ? { lane } : {}),
    ...(known ? { state: known } : {}),
    ...(typeof holder === "string" ? { holder } : {}),
  };
}
