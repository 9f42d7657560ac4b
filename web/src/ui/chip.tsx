import type { ReactNode } from "react";
import { softly, type Tone, toneOf } from "./tone.ts";

const shape = "inline-flex items-center whitespace-nowrap rounded-full px-2 py-px text-xs font-medium";

/** A word in its colour. */
export function Chip({ tone = "quiet", children }: { tone?: Tone; children: ReactNode }) {
  return <span className={`${shape} ${softly[tone]}`}>{children}</span>;
}

/** A state, as a person says it: `awaiting claim`. */
export function State({ state }: { state: string }) {
  return <Chip tone={toneOf(state)}>{state.replaceAll("_", " ")}</Chip>;
}
