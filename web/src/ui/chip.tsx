import type { ReactNode } from "react";
import { softly, type Tone, toneOf } from "./tone.ts";

const shape = "inline-block max-w-full truncate rounded-full px-2 py-px align-middle text-xs font-medium";

/** A word in its colour. */
export function Chip({ tone = "quiet", children }: { tone?: Tone; children: ReactNode }) {
  return <span className={`${shape} ${softly[tone]}`}>{children}</span>;
}

/** How urgent a ticket is: what is most so is seen from afar. */
export function Priority({ priority }: { priority: number }) {
  return <Chip tone={priority === 0 ? "bad" : priority === 1 ? "warn" : "quiet"}>P{priority}</Chip>;
}

/** A state, as a person says it: `awaiting claim`. */
export function State({ state }: { state: string }) {
  return <Chip tone={toneOf(state)}>{state.replaceAll("_", " ")}</Chip>;
}
