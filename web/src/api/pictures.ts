import type { QueryOutput } from "./client.ts";

/** What was filed and what ended over time. */
export type Flow = QueryOutput<"/v1/ticket/flow">;

/** How each seat stood over time. */
export type Timeline = QueryOutput<"/v1/seat/timeline">;
