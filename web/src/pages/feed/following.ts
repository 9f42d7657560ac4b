import { useInfiniteQuery } from "@tanstack/react-query";
import { useCallback, useState } from "react";
import { ask, type QueryInput, type QueryOutput } from "../../api/client.ts";
import { type Entry, useEntries } from "../../live/stream.ts";
import type { FeedSearch } from "./search.ts";

type Page = QueryOutput<"/v1/feed/page">;

const PAGE = 100;
/** What came in while the page stands open; older pages are asked for by scrolling. */
const FRESH_MAX = 1_000;

/**
 * The feed, back from now or from a moment, and what comes in meanwhile. Entries of the stream continue the first page
 * by their numbers, so that none is missing between the two and none is there twice.
 */
export function useFeed(search: FeedSearch) {
  const [fresh, setFresh] = useState<readonly Entry[]>([]);
  const pages = useInfiniteQuery({
    queryKey: ["feed", search],
    queryFn: ({ pageParam, signal }): Promise<Page> => {
      const before = pageParam === 0 ? {} : { before: pageParam };
      return ask("/v1/feed/page", { ...(search as QueryInput<"/v1/feed/page">), ...before, limit: PAGE }, signal);
    },
    initialPageParam: 0,
    getNextPageParam: ({ next }) => next ?? undefined,
  });
  const isNow = search.until === undefined;
  const heard = useCallback(
    (entries: readonly Entry[]) => {
      const wanted = entries.filter((entry) => isNow && matches(entry, search));
      if (wanted.length > 0) setFresh((before) => [...wanted.toReversed(), ...before].slice(0, FRESH_MAX));
    },
    [isNow, search],
  );
  useEntries(heard);
  const asked = pages.data?.pages.flatMap(({ entries }) => entries) ?? [];
  const newest = asked[0]?.seq ?? 0;
  const isWanted = ({ seq }: Entry) => seq > newest;
  return { ...pages, fresh: fresh.filter((entry) => isWanted(entry) && matches(entry, search)), entries: asked };
}

/** Whether an entry of the stream belongs in this view. A lane is not told by entries: such a view asks anew. */
function matches({ kind, actor, subject }: Entry, search: FeedSearch): boolean {
  if (search.lane !== undefined) return false;
  const isKind = search.kind === undefined || kind === search.kind || kind.startsWith(`${search.kind}.`);
  const isActor = search.actor === undefined || actor === search.actor;
  return isKind && isActor && (search.about === undefined || subject === search.about);
}
