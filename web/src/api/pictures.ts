import type { QueryOutput } from "./client.ts";

/** What was filed and what ended over time. */
export type Flow = QueryOutput<"/v1/ticket/flow">;

/** How each seat stood over time. */
export type Timeline = QueryOutput<"/v1/seat/timeline">;

/** How much was written over time, and how long the server took. */
export type Pace = QueryOutput<"/v1/ledger/pace">;
