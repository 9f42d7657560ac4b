import { queryOptions } from "@tanstack/react-query";
import type { QueryOutput } from "../../api/client.ts";
import { asked } from "../../api/queries.ts";

/** A page of signed checkpoints. */
export type CheckpointPage = QueryOutput<"/v1/checkpoint/list">;

/** No entry tells of a new checkpoint, so that this asks by itself. */
const AGAIN_MS = 15_000;
const LISTED = 20;

/** The newest checkpoints. */
export const newestCheckpoints = queryOptions({
  ...asked("/v1/checkpoint/list", { limit: LISTED }),
  refetchInterval: AGAIN_MS,
});
