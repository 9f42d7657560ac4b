import { queryOptions } from "@tanstack/react-query";
import { ask } from "../../api/client.ts";

/** Over so many decisions, the newest. */
export const counts = [500, 2000, 5000] as const;

/**
 * What a version would have decided otherwise. It is asked once, and not again with each decision that is made
 * meanwhile: the server decides thousands again for it.
 */
export function tried(version: number) {
  return queryOptions({
    queryKey: ["what would change by version", version],
    queryFn: ({ signal }) => ask("/v1/policy/dry_run", { version, newest: counts[0] }, signal),
  });
}
