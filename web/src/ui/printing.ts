import { useSyncExternalStore } from "react";

const paper = matchMedia("print");
let printed_at: Date | null = null;

function subscribe(told: () => void): () => void {
  const turn = () => {
    printed_at = paper.matches ? new Date() : null;
    told();
  };
  paper.addEventListener("change", turn);
  return () => paper.removeEventListener("change", turn);
}

/** Since when the page is laid out for paper; null while it is on a screen. */
export function usePrinting(): Date | null {
  return useSyncExternalStore(subscribe, () => printed_at);
}
