import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { ask, type QueryInput, type QueryOutput } from "../../api/client.ts";
import { type Entry, useEntries } from "../../live/stream.ts";
import type { FeedSearch } from "./search.ts";

type Page = QueryOutput<"/v1/feed/page">;
type Pages = { pages: Page[]; pageParams: number[] };

const PAGE = 100;
/** What came in is folded into one page when it is more than this, so that a page that stands open does not grow. */
const FRESH_MAX = 500;
const KEPT = 200;
/** Entries do not tell a lane: such a view is asked anew, this often at the most. */
const LANE_MS = 2_000;
/** Further down than this, somebody reads: what comes in must not push the text away. */
export const READING_PX = 80;

const isReading = () => scrollY >= READING_PX;

/** What came in: shown, counted only (a reader is further down, and it is too much), or held until the pages came. */
type Fresh = { entries: readonly Entry[]; uncounted: number; isRenewing: boolean };
const NOTHING: Fresh = { entries: [], uncounted: 0, isRenewing: false };

/**
 * The feed, back from now or from a moment, and what comes in meanwhile. Entries of the stream continue the first page
 * by their numbers, so that none is missing between the two and none is there twice. Where the stream missed some, the
 * first page is asked anew before anything newer shows.
 */
export function useFeed(search: FeedSearch) {
  const client = useQueryClient();
  const [fresh, setFresh] = useState(NOTHING);
  const [folds, setFolds] = useState(0);
  const key = useMemo(() => ["feed", search] as const, [search]);
  const pages = useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam, signal }): Promise<Page> => {
      const before = pageParam === 0 ? {} : { before: pageParam };
      return ask("/v1/feed/page", { ...(search as QueryInput<"/v1/feed/page">), ...before, limit: PAGE }, signal);
    },
    initialPageParam: 0,
    getNextPageParam: ({ next }) => next ?? undefined,
    // Nobody tells these pages of what came in while nobody looked at them.
    gcTime: 0,
  });
  const renew = useMemo(
    () => async () => {
      setFresh({ ...NOTHING, isRenewing: true });
      await client.cancelQueries({ queryKey: key });
      client.setQueryData<Pages>(key, (data) => data && { pages: data.pages.slice(0, 1), pageParams: [0] });
      await client.refetchQueries({ queryKey: key });
      const hasFailed = client.getQueryState(key)?.status === "error";
      setFresh((before) => (hasFailed ? { ...NOTHING, uncounted: 1 } : { ...before, isRenewing: false }));
    },
    [client, key],
  );
  useLine(search, renew, setFresh);
  const asked = pages.data?.pages.flatMap(({ entries }) => entries) ?? [];
  const newest = asked[0]?.seq ?? 0;
  const came = fresh.isRenewing ? [] : fresh.entries.filter(({ seq }) => seq > newest);
  useEffect(() => {
    if (came.length <= FRESH_MAX) return;
    if (isReading()) {
      setFresh((before) => ({ ...before, uncounted: 1 }));
      return;
    }
    const entries = came.slice(0, KEPT);
    const page = { entries, next: entries.at(-1)!.seq, head: entries[0]!.seq };
    client.setQueryData<Pages>(key, { pages: [page], pageParams: [0] });
    setFresh(NOTHING);
    setFolds((before) => before + 1);
  });
  return { ...pages, fresh: came, entries: asked, uncounted: fresh.uncounted, folds, renew };
}

/** Joins the stream to the view. */
function useLine(
  search: FeedSearch,
  renew: () => Promise<void>,
  setFresh: (change: (before: Fresh) => Fresh) => void,
): void {
  const listener = useMemo(() => {
    const isNow = search.until === undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const uncounted = (count: number) => setFresh((before) => ({ ...before, uncounted: before.uncounted + count }));
    const missed = () => {
      if (isReading()) uncounted(1);
      else if (isNow) void renew();
    };
    const heard = (entries: readonly Entry[]) => {
      if (!isNow) return;
      if (search.lane !== undefined) {
        timer ??= setTimeout(() => {
          timer = undefined;
          missed();
        }, LANE_MS);
        return;
      }
      const wanted = entries.filter((entry) => matches(entry, search)).reverse();
      if (wanted.length === 0) return;
      setFresh((before) =>
        before.uncounted > 0
          ? { ...before, uncounted: before.uncounted + wanted.length }
          : { ...before, entries: [...wanted, ...before.entries] },
      );
    };
    return { heard, missed, end: () => clearTimeout(timer) };
  }, [search, renew, setFresh]);
  useEntries(listener.heard, listener.missed);
  useEffect(() => listener.end, [listener]);
}

/** Whether an entry of the stream belongs in this view. */
function matches({ kind, actor, subject }: Entry, search: FeedSearch): boolean {
  const isKind = search.kind === undefined || kind === search.kind || kind.startsWith(`${search.kind}.`);
  const isActor = search.actor === undefined || actor === search.actor;
  return isKind && isActor && (search.about === undefined || subject === search.about);
}
