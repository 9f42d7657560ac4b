import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { LayoutGrid, Rows3 } from "lucide-react";
import { ask } from "../../api/client.ts";
import { asked } from "../../api/queries.ts";
import { BurnUp } from "../../pictures/burn_up.tsx";
import { ChoiceFilter, Filters, TextFilter } from "../../ui/filters.tsx";
import { PageHead, Panel } from "../../ui/panel.tsx";
import { ProblemNote } from "../../ui/problem_note.tsx";
import { Board } from "./board.tsx";
import { openStates, type QueueSearch } from "./search.ts";
import { TicketTable } from "./ticket_table.tsx";

const route = getRouteApi("/queue");
const PAGE = 200;

/** The work, and who has it. */
export function QueuePage() {
  const search = route.useSearch();
  const navigate = useNavigate({ from: "/queue" });
  const change = (part: Partial<QueueSearch>) =>
    navigate({ search: (before) => ({ ...before, ...part }), replace: true });
  const { data: namespaces } = useQuery(asked("/v1/namespace/list"));
  const lanes = [...new Set(namespaces?.namespaces.map(({ lane }) => lane) ?? [])];
  return (
    <>
      <title>Queue · Longwatch</title>
      <PageHead title="Queue" about="What can be claimed, what is being done, and what waits.">
        <ViewSwitch view={search.view} onChange={(view) => change({ view })} />
      </PageHead>
      <Filters>
        <ChoiceFilter label="Lane" value={search.lane} choices={lanes} onChange={(lane) => change({ lane })} />
        {search.view === "table" && (
          <>
            <ChoiceFilter
              label="State"
              value={search.state}
              choices={openStates}
              onChange={(state) => change({ state })}
            />
            <TextFilter label="Held by" value={search.holder} onChange={(holder) => change({ holder })} />
          </>
        )}
      </Filters>
      <Panel title="Filed and finished" className="mb-5">
        <BurnUp lane={search.lane} />
      </Panel>
      {search.view === "board" ? <Board lane={search.lane} /> : <List search={search} />}
    </>
  );
}

function List({ search: { lane, state, holder } }: { search: QueueSearch }) {
  const input = { ...(lane ? { lane } : {}), ...(state ? { state } : {}), ...(holder ? { holder } : {}), limit: PAGE };
  const { data, error, fetchNextPage, hasNextPage, isFetchingNextPage, refetch } = useInfiniteQuery({
    queryKey: ["/v1/ticket/list", input],
    queryFn: ({ pageParam, signal }) =>
      ask("/v1/ticket/list", { ...input, ...(pageParam ? { after: pageParam } : {}) }, signal),
    initialPageParam: "",
    getNextPageParam: ({ tickets }) => (tickets.length === PAGE ? tickets.at(-1)!.id : undefined),
  });
  if (error && !data) return <ProblemNote error={error} onRetry={() => refetch()} />;
  return (
    <TicketTable
      tickets={data?.pages.flatMap(({ tickets }) => tickets)}
      onEnd={() => {
        if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
      }}
    />
  );
}

const views = [
  { view: "board", name: "Board", icon: LayoutGrid },
  { view: "table", name: "Table", icon: Rows3 },
] as const;

function ViewSwitch({ view, onChange }: { view: QueueSearch["view"]; onChange: (view: QueueSearch["view"]) => void }) {
  return (
    <div role="radiogroup" aria-label="View" className="flex rounded-md border border-line-2 bg-card p-0.5">
      {views.map(({ view: one, name, icon: Icon }) => (
        <button
          key={one}
          type="button"
          role="radio"
          aria-checked={view === one}
          onClick={() => onChange(one)}
          className={
            "flex items-center gap-1.5 rounded px-2.5 py-1 text-sm text-ink-2 aria-checked:bg-accent-soft " +
            "aria-checked:text-accent"
          }
        >
          <Icon aria-hidden className="size-4" /> {name}
        </button>
      ))}
    </div>
  );
}
