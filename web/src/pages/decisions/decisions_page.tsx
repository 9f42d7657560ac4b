import { useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { asked } from "../../api/queries.ts";
import { Copyable } from "../../ui/copyable.tsx";
import { Empty } from "../../ui/empty.tsx";
import { ChoiceFilter, Filters } from "../../ui/filters.tsx";
import { PageHead } from "../../ui/panel.tsx";
import { ProblemNote } from "../../ui/problem_note.tsx";
import { DecisionSheet } from "./decision_sheet.tsx";
import { DecisionTable } from "./decision_table.tsx";
import { useDecisions } from "./recorded.ts";
import { type DecisionsSearch, effects } from "./search.ts";
import { WaitsForYou } from "./waits_for_you.tsx";
import { ManifestsLink, PolicyLink } from "./ways_there.tsx";

const route = getRouteApi("/decisions");

/** What waits for the operator's word; and what was decided of everything that agents wanted to do. */
export function DecisionsPage() {
  return (
    <>
      <title>Decisions · Longwatch</title>
      <PageHead title="Decisions" about="What was denied, what became of it, and what waits for your word.">
        <span className="flex gap-2">
          <ManifestsLink />
          <PolicyLink />
        </span>
      </PageHead>
      <WaitsForYou />
      <Decided />
    </>
  );
}

/** What the guard asks about; a policy may know more. */
const actions = ["deploy", "push", "merge", "publish", "migrate", "delete", "spend", "write_outside", "direct"];

function Decided() {
  const search = route.useSearch();
  const navigate = useNavigate({ from: "/decisions" });
  const change = (part: Partial<DecisionsSearch>) =>
    void navigate({ search: (before) => ({ ...before, ...part }), replace: true, resetScroll: false });
  const { decided, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = useDecisions(search);
  const seats = useQuery(asked("/v1/seat/list", { limit: 1000 }));
  const ladder = useQuery(asked("/v1/rung/list"));
  const known = (all: readonly string[], chosen: string | undefined) =>
    [...new Set([...all, ...(chosen === undefined ? [] : [chosen])])].sort();
  const names = known(seats.data?.seats.map(({ name }) => name) ?? [], search.seat);
  const acts = known([...actions, ...(ladder.data?.ladder.map(({ action }) => action) ?? [])], search.action);
  return (
    <section aria-label="What was decided">
      <h2 className="mb-3 text-lg font-semibold tracking-tight">What was decided</h2>
      <Filters>
        <ChoiceFilter
          label="Outcome"
          value={search.effect}
          choices={effects}
          onChange={(effect) => change({ effect })}
        />
        <ChoiceFilter label="Action" value={search.action} choices={acts} onChange={(action) => change({ action })} />
        <ChoiceFilter label="Seat" value={search.seat} choices={names} onChange={(seat) => change({ seat })} />
      </Filters>
      {error ? (
        <ProblemNote error={error} onRetry={() => refetch()} />
      ) : (
        <DecisionTable
          decided={decided}
          onOpen={({ id }) => change({ open: id })}
          onEnd={() => {
            if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
          }}
          empty={<Nothing isFiltered={Boolean(search.effect ?? search.action ?? search.seat)} />}
        />
      )}
      <DecisionSheet
        id={search.open ?? null}
        decisions={decided?.flat() ?? []}
        onOpen={(open) => change({ open: open ?? undefined })}
      />
    </section>
  );
}

const ASK = "npx longwatch policy decide --action deploy --resource-type environment --resource-id production";

function Nothing({ isFiltered }: { isFiltered: boolean }) {
  if (isFiltered) return <Empty title="No decision is like that">Change the filters above.</Empty>;
  return (
    <Empty title="Nothing was decided yet">
      <p className="mb-3">
        Once an agent is connected, it is asked about each act that others live with. To ask by yourself:
      </p>
      <Copyable text={ASK} />
    </Empty>
  );
}
