export const effects = ["deny", "allow"] as const;
export type Effect = (typeof effects)[number];

/** What the address of the decisions' page says; `open` is the decision that is read beside the list. */
export type DecisionsSearch = {
  effect?: Effect | undefined;
  action?: string | undefined;
  seat?: string | undefined;
  open?: number | undefined;
};

/** Reads an address that anybody may have typed: what is not understood is left out. */
export function decisionsSearch({ effect, action, seat, open }: Record<string, unknown>): DecisionsSearch {
  return {
    ...(effects.includes(effect as never) ? { effect: effect as Effect } : {}),
    ...(typeof action === "string" && action !== "" ? { action } : {}),
    ...(typeof seat === "string" && seat !== "" ? { seat } : {}),
    ...(Number.isSafeInteger(Number(open)) && Number(open) > 0 ? { open: Number(open) } : {}),
  };
}
