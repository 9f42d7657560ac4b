import { Chip } from "../../ui/chip.tsx";
import { outcomes } from "./words.ts";

/** Allowed or denied, in its colour. */
export function Outcome({ effect }: { effect: string }) {
  const { word, tone } = outcomes[effect] ?? { word: effect, tone: "quiet" as const };
  return <Chip tone={tone}>{word}</Chip>;
}
