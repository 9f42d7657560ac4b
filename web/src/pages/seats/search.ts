export const seatStates = ["stuck", "dead", "blocked", "busy", "idle", "dormant", "unadopted", "retired"] as const;

/** What the address of the seats' page says. */
export type SeatsSearch = { state?: (typeof seatStates)[number] | undefined; lane?: string | undefined };

/** Reads an address that anybody may have typed: what is not understood is left out. */
export function seatsSearch({ state, lane }: Record<string, unknown>): SeatsSearch {
  return {
    ...(seatStates.includes(state as never) ? { state: state as (typeof seatStates)[number] } : {}),
    ...(typeof lane === "string" ? { lane } : {}),
  };
}
