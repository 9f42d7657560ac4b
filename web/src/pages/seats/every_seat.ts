import { asked } from "../../api/queries.ts";

/** Beats are no entries, so the stream does not tell of them; a seat counts as dead after 120 s without one. */
const BEATS_MS = 15_000;

/** The seats with their states. `all`: people, services and sub-agents too. */
export function everySeat({ all = false } = {}) {
  const question = asked("/v1/seat/list", { limit: 1000, ...(all ? { all } : {}) });
  return { ...question, refetchInterval: BEATS_MS };
}
