import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useEffect } from "react";
import { ask, type QueryOutput } from "../../api/client.ts";
import { Chip } from "../../ui/chip.tsx";
import { Copyable } from "../../ui/copyable.tsx";
import { Empty } from "../../ui/empty.tsx";
import { ChoiceFilter, Filters, TextFilter } from "../../ui/filters.tsx";
import { PageHead } from "../../ui/panel.tsx";
import { ProblemNote } from "../../ui/problem_note.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import { Time } from "../../ui/time.tsx";
import { HeldBy, Maturity } from "./held_by.tsx";
import { Honesty } from "./honesty.tsx";
import { type DoctrineSearch, holdings, recordTypes } from "./search.ts";

type Line = QueryOutput<"/v1/doctrine/list">["records"][number];

const route = getRouteApi("/doctrine");
const PAGE = 500;

/** What the fleet learned, and how each rule is really held. */
export function DoctrinePage() {
  const search = route.useSearch();
  const navigate = useNavigate({ from: "/doctrine" });
  const change = (part: Partial<DoctrineSearch>) =>
    navigate({ search: (before) => ({ ...before, ...part }), replace: true });
  const { everything, records, error, refetch } = useRecords(search);
  return (
    <>
      <title>Doctrine · Longwatch</title>
      <PageHead
        title="Doctrine"
        about="What the fleet learned, how sure it is of it, and what really holds each rule."
      />
      {everything !== undefined && everything.length > 0 && <Honesty records={everything} />}
      <Filters>
        <TextFilter label="Words or id" value={search.words} onChange={(words) => change({ words })} />
        <ChoiceFilter label="Type" value={search.type} choices={recordTypes} onChange={(type) => change({ type })} />
        <ChoiceFilter
          label="Held by"
          value={search.held_by}
          choices={holdings}
          onChange={(held_by) => change({ held_by })}
        />
        <label className="flex items-center gap-1.5 text-sm text-ink-2">
          <input
            type="checkbox"
            checked={search.all === true}
            onChange={({ target }) => change({ all: target.checked || undefined })}
            className="accent-accent"
          />
          superseded too
        </label>
      </Filters>
      {error && <ProblemNote error={error} onRetry={() => refetch()} />}
      {!(error && records === undefined) && (
        <Records records={records} isSearched={Object.values(search).some((one) => one !== undefined)} />
      )}
    </>
  );
}

/** All records of the view: people write them, so that there are few, and all of them are looked through. */
function useRecords({ type, all, held_by, words }: DoctrineSearch) {
  const input = { limit: PAGE, ...(type ? { type } : {}), ...(all ? { all } : {}) };
  const { data, error, refetch, hasNextPage, isFetching, fetchNextPage } = useInfiniteQuery({
    queryKey: ["/v1/doctrine/list", input],
    queryFn: ({ pageParam, signal }) => ask("/v1/doctrine/list", { ...input, after: pageParam }, signal),
    initialPageParam: "",
    getNextPageParam: ({ next }) => next ?? undefined,
  });
  useEffect(() => {
    if (hasNextPage && !isFetching) void fetchNextPage();
  }, [hasNextPage, isFetching, fetchNextPage]);
  const wanted = words?.toLowerCase() ?? "";
  const everything = data?.pages.flatMap((page) => page.records);
  const records = everything?.filter(
    (one) =>
      (held_by === undefined || one.held_by === held_by) && `${one.id} ${one.title}`.toLowerCase().includes(wanted),
  );
  return { everything, records, error, refetch };
}

const columns: Column<Line>[] = [
  {
    id: "id",
    header: "Record",
    width: "8.5rem",
    isMinor: true,
    isExtra: true,
    sort: ({ id }) => id,
    cell: ({ id }) => (
      <Link to="/doctrine/$id" params={{ id }} className="font-mono text-[0.92em] text-accent hover:underline">
        {id}
      </Link>
    ),
  },
  {
    id: "title",
    header: "What it is",
    width: "minmax(12rem, 1fr)",
    narrow: "minmax(0, 1fr)",
    sort: ({ title }) => title,
    cell: ({ id, title, superseded_by }) => (
      <Link to="/doctrine/$id" params={{ id }} title={`${id} ${title}`} tabIndex={-1} className="hover:underline">
        {superseded_by !== null && <Chip>superseded</Chip>} {title}
      </Link>
    ),
  },
  {
    id: "type",
    header: "Type",
    width: "6.5rem",
    isMinor: true,
    isExtra: true,
    sort: ({ type }) => type,
    cell: ({ type }) => type,
  },
  {
    id: "maturity",
    header: "How sure",
    width: "6rem",
    isMinor: true,
    sort: ({ maturity }) => maturity,
    cell: ({ maturity, proposed }) => <Maturity level={maturity} proposed={proposed} />,
  },
  {
    id: "held",
    header: "Really held by",
    width: "9.5rem",
    narrow: "6.5rem",
    sort: ({ held_by }) => held_by,
    cell: ({ held_by }) => <HeldBy by={held_by} />,
  },
  {
    id: "fired",
    header: "Last fired",
    width: "5.5rem",
    isMinor: true,
    isExtra: true,
    sort: ({ last_fired_at }) => last_fired_at,
    cell: ({ last_fired_at }) => <Time at={last_fired_at} className="text-ink-2" />,
  },
  {
    id: "violated",
    header: "Last violated",
    width: "6.5rem",
    isMinor: true,
    isExtra: true,
    sort: ({ last_violated_at }) => last_violated_at,
    cell: ({ last_violated_at }) => <Time at={last_violated_at} className="text-ink-2" />,
  },
  {
    id: "readers",
    header: "Readers",
    width: "4.5rem",
    isMinor: true,
    isExtra: true,
    sort: ({ readers }) => readers,
    cell: ({ readers }) => (
      <span className="block pr-3 text-right tabular-nums">
        {readers === 0 ? "none" : readers.toLocaleString("en")}
      </span>
    ),
  },
];

const FIRST = 'npx longwatch doctrine file --type observation --title "What was seen" --evidence "Where to look it up"';

function FirstRecord() {
  return (
    <>
      <p className="mb-3">An agent or a person writes down what was seen; rules come of what is seen again:</p>
      <div className="text-left">
        <Copyable text={FIRST} label="Copy the command" />
      </div>
    </>
  );
}

function Records({ records, isSearched }: { records: readonly Line[] | undefined; isSearched: boolean }) {
  const navigate = useNavigate();
  if (records === undefined) return <div className="h-96 animate-pulse rounded-xl bg-sunken" />;
  return (
    <Table
      label="Records"
      columns={columns}
      rows={records}
      idOf={({ id }) => id}
      onOpen={({ id }) => navigate({ to: "/doctrine/$id", params: { id } })}
      empty={
        <Empty title={isSearched ? "No record is like that" : "Nothing was written down yet"}>
          {isSearched ? "Change the filters above." : <FirstRecord />}
        </Empty>
      }
    />
  );
}
