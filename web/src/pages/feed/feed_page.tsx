import { useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { asked } from "../../api/queries.ts";
import { EntryLine } from "../../entries/entry_line.tsx";
import { isActionable } from "../../entries/sentence.ts";
import type { Entry } from "../../live/stream.ts";
import { Button } from "../../ui/button.tsx";
import { Empty } from "../../ui/empty.tsx";
import { ChoiceFilter, Filters, TextFilter } from "../../ui/filters.tsx";
import { PageHead } from "../../ui/panel.tsx";
import { ProblemNote } from "../../ui/problem_note.tsx";
import { usePrinting } from "../../ui/printing.ts";
import { stepThrough } from "../../ui/step_through.ts";
import { READING_PX, useFeed } from "./following.ts";
import { Moment } from "./moment.tsx";
import { feedSearch, type FeedSearch, kinds } from "./search.ts";

const route = getRouteApi("/feed");

/** What happened, as it happens. */
export function FeedPage() {
  // The router hands on whatever else stands in an address; the server would refuse it.
  const said = route.useSearch();
  const search = useMemo(() => feedSearch(said), [said]);
  const navigate = useNavigate({ from: "/feed" });
  const change = (part: Partial<FeedSearch>) =>
    void navigate({ search: (before) => ({ ...before, ...part }), replace: true });
  const { data: namespaces } = useQuery(asked("/v1/namespace/list"));
  const lanes = [...new Set(namespaces?.namespaces.map(({ lane }) => lane) ?? [])];
  return (
    <>
      <title>Feed · Longwatch</title>
      <PageHead title="Feed" about="What happened, as it happens. Every line is an entry of the ledger." />
      <Filters>
        <ChoiceFilter label="Kind" value={search.kind} choices={kinds} onChange={(kind) => change({ kind })} />
        <ChoiceFilter label="Lane" value={search.lane} choices={lanes} onChange={(lane) => change({ lane })} />
        <TextFilter label="Seat" value={search.actor} onChange={(actor) => change({ actor })} />
        <TextFilter label="Ticket" value={search.about} onChange={(about) => change({ about })} />
        <Moment value={search.until} onChange={(until) => change({ until })} />
      </Filters>
      <Entries key={JSON.stringify(search)} search={search} />
    </>
  );
}

function Entries({ search }: { search: FeedSearch }) {
  const feed = useFeed(search);
  const { entries, fresh, uncounted, folds, renew, error, refetch, isPending, hasNextPage, isFetching, fetchNextPage } =
    feed;
  const [held_at, setHeldAt] = useState<number | null>(null);
  const isOnPaper = usePrinting() !== null;
  const newest = useRef(0);
  newest.current = fresh[0]?.seq ?? entries[0]?.seq ?? 0;
  useEffect(() => {
    // While somebody reads further down, what comes in waits above.
    const follow = () => setHeldAt((before) => (scrollY < READING_PX ? null : (before ?? newest.current)));
    follow();
    addEventListener("scroll", follow, { passive: true });
    return () => removeEventListener("scroll", follow);
  }, []);
  const toTop = () => {
    scrollTo({ top: 0 });
    if (uncounted > 0) void renew();
  };
  if (error && entries.length === 0) return <ProblemNote error={error} onRetry={() => refetch()} />;
  if (isPending) return <div className="h-96 animate-pulse rounded-xl bg-sunken" />;
  const seen = held_at === null ? fresh : fresh.filter(({ seq }) => seq <= held_at);
  const waiting = fresh.length - seen.length;
  const all = [...seen, ...entries];
  if (all.length === 0 && !hasNextPage)
    return (
      <Empty title="Nothing is like that">Change the filters above. Agents post with their tool post_append.</Empty>
    );
  return (
    <div className="relative">
      {waiting + uncounted > 0 && (
        <div className="sticky top-3 z-10 flex justify-center">
          <Button look="main" onClick={toTop}>
            {uncounted > 0 ? "Newer entries" : waiting === 1 ? "1 new entry" : `${waiting} new entries`}
          </Button>
        </div>
      )}
      {isOnPaper ? (
        <Sheet entries={all} />
      ) : (
        // The list remembers the height of each line that it ever showed: where lines fall away, it begins anew.
        <Lines
          key={folds}
          entries={all}
          onEnd={() => {
            if (hasNextPage && !isFetching) void fetchNextPage();
          }}
        />
      )}
      {hasNextPage && <p className="py-4 text-center text-sm text-ink-3">Reading on…</p>}
    </div>
  );
}

/** A sheet has no window to scroll: what was read so far is all there. */
function Sheet({ entries }: { entries: readonly Entry[] }) {
  return (
    <ol aria-label="Entries, the newest first">
      {entries.map((entry) => (
        <li key={entry.seq} className="border-b border-line py-1.5">
          <EntryLine entry={entry} />
        </li>
      ))}
    </ol>
  );
}

const LINE_PX = 38;

function Lines({ entries, onEnd }: { entries: readonly Entry[]; onEnd: () => void }) {
  const list = useRef<HTMLOListElement>(null);
  const [offset, setOffset] = useState(0);
  useLayoutEffect(() => setOffset(list.current?.offsetTop ?? 0), []);
  const virtual = useWindowVirtualizer({
    count: entries.length,
    estimateSize: () => LINE_PX,
    overscan: 15,
    scrollMargin: offset,
    getItemKey: (index) => entries[index]?.seq ?? index,
  });
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? -1;
  useLayoutEffect(() => {
    if (last >= entries.length - 5) onEnd();
  });
  return (
    <ol
      ref={list}
      aria-label="Entries, the newest first"
      onKeyDown={stepThrough}
      className="relative rounded-xl border border-line bg-card shadow-card"
      style={{ height: virtual.getTotalSize() }}
    >
      {items.map(({ index, key, start }) => {
        const entry = entries[index]!;
        return (
          <li
            key={key}
            ref={virtual.measureElement}
            data-index={index}
            className={`absolute inset-x-0 border-b border-line px-4 py-1.5 ${isActionable(entry) ? "" : "text-ink-2"}`}
            style={{ transform: `translateY(${start - virtual.options.scrollMargin}px)` }}
          >
            <EntryLine entry={entry} />
          </li>
        );
      })}
    </ol>
  );
}
