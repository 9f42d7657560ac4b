import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { ask } from "../../api/client.ts";
import type { Timeline } from "../../api/pictures.ts";
import { Button } from "../../ui/button.tsx";
import { Panel } from "../../ui/panel.tsx";
import { ProblemNote } from "../../ui/problem_note.tsx";
import { LanesTable } from "./lanes_table.tsx";
import { looks, SwimLane } from "./swim_lane.tsx";
import type { SeatsSearch } from "./search.ts";

const spans = [2, 8, 24, 168] as const;
const SEATS_A_PAGE = 15;
/** Time goes on though nothing happens; and a busy fleet's every change is not worth a question of its own. */
const ASKED_MS = 5_000;

/** A swim lane for each seat: what it was doing over the last hours. */
export function SwimLanes({ lane, state }: SeatsSearch) {
  const [hours, setHours] = useState<number>(8);
  const [retired, setRetired] = useState(state === "retired");
  const input = { hours, retired, limit: SEATS_A_PAGE, ...(lane ? { lane } : {}) };
  const { data, error, refetch, hasNextPage, isFetching, fetchNextPage } = useInfiniteQuery({
    queryKey: ["timeline", input],
    queryFn: ({ pageParam, signal }) => ask("/v1/seat/timeline", { ...input, after: pageParam }, signal),
    initialPageParam: "",
    getNextPageParam: ({ next }) => next ?? undefined,
    refetchInterval: ASKED_MS,
  });
  const first = data?.pages[0];
  const seats = data?.pages.flatMap((page) => page.seats).filter((seat) => !state || seat.state === state) ?? [];
  return (
    <Panel title="Over time" aside={<Spans hours={hours} onChange={setHours} />} className="mb-5">
      {error && <ProblemNote error={error} onRetry={() => refetch()} />}
      <label className="mb-2 flex w-fit items-center gap-1.5 text-sm text-ink-2" data-print="no">
        <input
          type="checkbox"
          checked={retired}
          onChange={({ target }) => setRetired(target.checked)}
          className="accent-accent"
        />
        retired too
      </label>
      {first && seats.length === 0 && <p className="text-ink-2">No seat of this kind was there in this time.</p>}
      {first && seats.length > 0 && <Lanes {...first} seats={seats} />}
      {!first && !error && <div className="h-40 animate-pulse rounded bg-sunken" />}
      {hasNextPage && (
        <Button className="mt-3" disabled={isFetching} onClick={() => fetchNextPage()}>
          Show more seats
        </Button>
      )}
    </Panel>
  );
}

function Spans({ hours, onChange }: { hours: number; onChange: (hours: number) => void }) {
  return (
    <div role="radiogroup" aria-label="How far back" className="flex gap-1" data-print="no">
      {spans.map((one) => (
        <button
          key={one}
          type="button"
          role="radio"
          aria-checked={hours === one}
          onClick={() => onChange(one)}
          className="rounded px-2 py-0.5 text-ink-2 aria-checked:bg-accent-soft aria-checked:text-accent"
        >
          {one === 168 ? "7 days" : `${one} h`}
        </button>
      ))}
    </div>
  );
}

function Lanes({ seats, from, until }: Pick<Timeline, "seats" | "from" | "until">) {
  const span = { from: Date.parse(from), until: Date.parse(until) };
  return (
    <>
      <ul className="mb-3 flex flex-wrap gap-x-5 gap-y-1 text-sm text-ink-2" aria-label="What the lanes show">
        {Object.entries(looks).map(([state, { word, bar }]) => (
          <li key={state} className="flex items-center gap-2">
            <span aria-hidden className="flex h-4 w-5 items-center">
              <span className={`w-full rounded-sm ${bar}`} />
            </span>
            {word}
          </li>
        ))}
      </ul>
      <Hours {...span} />
      <ol aria-label="Seats over time">
        {seats.map((seat) => (
          <SwimLane key={seat.name} seat={seat} {...span} />
        ))}
      </ol>
      <LanesTable seats={seats} />
    </>
  );
}

const TICKS = 4;
const hour = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat(undefined, { weekday: "short", hour: "2-digit" });

function Hours({ from, until }: { from: number; until: number }) {
  const form = until - from > 2 * 86_400_000 ? day : hour;
  return (
    <div aria-hidden className="flex justify-between text-2xs tabular-nums text-ink-3 md:pl-64">
      {Array.from({ length: TICKS + 1 }, (_, index) => (
        <span key={index}>{index === TICKS ? "now" : form.format(from + ((until - from) * index) / TICKS)}</span>
      ))}
    </div>
  );
}
