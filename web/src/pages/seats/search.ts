export const seatStates = ["stuck", "dead", "blocked", "busy", "idle", "dormant", "unadopted", "retired"] as const;

/** What the address of the seats' page says. */
export type SeatsSearch = { state?: (typeof seatStates)[number] | undefined; lane?: string | undefined };

/** Reads an address that anybody may have typed: what is not understood is left out. */
export function seatsSearch({ state, lane }: Record<string, unknown>): SeatsSearch {
  const known = seatStates.find((one) => one === state);
  return {
    ...(known ? { state: known } : {}),
    ...(typeof lane === "string" ? { lane } : {}),
  };
}
