import { queryOptions, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";
import { ask, type QueryOutput } from "../../api/client.ts";
import { asked } from "../../api/queries.ts";
import type { Entry } from "../../live/stream.ts";
import type { DecisionsSearch } from "./search.ts";

/** A decision as it is kept. */
export type Decision = QueryOutput<"/v1/policy/decisions">["decisions"][number];

const PAGE = 100;

/**
 * Recorded decisions, the newest first, page by page. A decision never changes: only what is newer than the first page
 * is asked for when the ledger tells of more, however far down somebody has read. `decided` has them page by page.
 */
export function useDecisions({ effect, action, seat }: DecisionsSearch) {
  const wanted = {
    ...(effect ? { effect } : {}),
    ...(action ? { action } : {}),
    ...(seat ? { seat } : {}),
    limit: PAGE,
  };
  const pages = useInfiniteQuery({
    queryKey: ["decisions", wanted],
    queryFn: ({ pageParam, signal }) =>
      ask("/v1/policy/decisions", { ...wanted, ...(pageParam > 0 ? { before: pageParam } : {}) }, signal),
    initialPageParam: 0,
    getNextPageParam: ({ decisions }) => (decisions.length === PAGE ? decisions.at(-1)!.id : undefined),
  });
  const newest = useQuery(asked("/v1/policy/decisions", wanted));
  const [read, latest] = [pages.data?.pages, newest.data?.decisions];
  const decided = useMemo(() => {
    const known = read?.map(({ decisions }) => decisions);
    const first = known?.[0]?.[0]?.id ?? 0;
    return known && [latest?.filter(({ id }) => id > first) ?? [], ...known];
  }, [read, latest]);
  // More came than a page holds: what lies between is asked for with the rest.
  const hasGap = decided?.[0]?.length === PAGE;
  const { refetch } = pages;
  useEffect(() => {
    if (hasGap) void refetch();
  }, [hasGap, refetch]);
  return { ...pages, decided };
}

/** Entries of one batch stand together; this is more than one has. */
const BATCH_ENTRIES_MAX = 300;

/** The ledger's entry of a decision: it stands right behind the entry that the decision names as the newest. */
export function entryOf({ id, state_version }: Pick<Decision, "id" | "state_version">) {
  const among = async (limit: number, signal: AbortSignal): Promise<Entry | undefined> => {
    const { entries } = await ask("/v1/feed/read", { after: state_version, limit }, signal);
    return entries.find(({ kind, data }) => kind === "policy.decided" && data.id === id);
  };
  return queryOptions({
    queryKey: ["the entry of decision", id],
    queryFn: async ({ signal }) => (await among(5, signal)) ?? (await among(BATCH_ENTRIES_MAX, signal)) ?? null,
  });
}

/** What became of a denial, in short. */
export type Became = QueryOutput<"/v1/policy/aftermath">["denials"][number];

/** What became of denials; asked for a page of a list at once, and for what is in sight only. */
export function aftermathOf(denials: readonly number[]) {
  return asked("/v1/policy/aftermath", { decision: [...denials] });
}

/** The tickets that a denial was dispatched as. */
export function traced(decision: number) {
  return asked("/v1/dispatch/trace", { decision });
}
