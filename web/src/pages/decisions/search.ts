import { numberIn, textIn, wordIn } from "../../ui/address.ts";

export const effects = ["deny", "allow"] as const;

/** What the address of the decisions' page says; `open` is the decision that is read beside the list. */
export type DecisionsSearch = {
  effect?: (typeof effects)[number] | undefined;
  action?: string | undefined;
  seat?: string | undefined;
  open?: number | undefined;
};

/** Reads an address that anybody may have typed. */
export function decisionsSearch({ effect, action, seat, open }: Record<string, unknown>): DecisionsSearch {
  return { effect: wordIn(effects, effect), action: textIn(action), seat: textIn(seat), open: numberIn(open) };
}
