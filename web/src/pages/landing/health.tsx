import type { QueryOutput } from "../../api/client.ts";
import { Chip, State } from "../../ui/chip.tsx";

type Standing = QueryOutput<"/v1/environment/list">["environments"][number];

/** A word for how an environment is. What never served anything is not called good. */
export function Health({ down_since, state, release }: Pick<Standing, "down_since" | "state" | "release">) {
  if (down_since !== null) return <Chip tone="bad">down</Chip>;
  if (state !== "settled") return <State state={state} />;
  return release === null ? <Chip>nothing served</Chip> : <Chip tone="good">serving</Chip>;
}
