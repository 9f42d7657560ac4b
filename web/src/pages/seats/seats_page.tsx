import { useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import type { QueryOutput } from "../../api/client.ts";
import { State } from "../../ui/chip.tsx";
import { Copyable } from "../../ui/copyable.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import { Empty } from "../../ui/empty.tsx";
import { ChoiceFilter, Filters } from "../../ui/filters.tsx";
import { SeatLink } from "../../ui/links.tsx";
import { PageHead } from "../../ui/panel.tsx";
import { ProblemNote } from "../../ui/problem_note.tsx";
import { Time } from "../../ui/time.tsx";
import { everySeat } from "./every_seat.ts";
import { seatStates, type SeatsSearch } from "./search.ts";
import { SwimLanes } from "./swim_lanes.tsx";

type Seat = QueryOutput<"/v1/seat/list">["seats"][number];

const route = getRouteApi("/seats");

/** Who is here, and what each is doing. */
export function SeatsPage() {
  const search = route.useSearch();
  const navigate = useNavigate({ from: "/seats" });
  const change = (part: Partial<SeatsSearch>) =>
    navigate({ search: (before) => ({ ...before, ...part }), replace: true });
  const { data, error, refetch } = useQuery(everySeat({ all: search.state === "retired" }));
  const seats = data?.seats.filter(
    ({ state, lane }) => (!search.state || state === search.state) && (!search.lane || lane === search.lane),
  );
  const lanes = [...new Set(data?.seats.flatMap(({ lane }) => lane ?? []) ?? [])].sort();
  return (
    <>
      <title>Seats · Longwatch</title>
      <PageHead title="Seats" about="A seat is one working agent under a durable name." />
      <Filters>
        <ChoiceFilter label="State" value={search.state} choices={seatStates} onChange={(state) => change({ state })} />
        <ChoiceFilter label="Lane" value={search.lane} choices={lanes} onChange={(lane) => change({ lane })} />
      </Filters>
      {error && <ProblemNote error={error} onRetry={() => refetch()} />}
      <SwimLanes {...search} />
      <SeatTable seats={seats} />
    </>
  );
}

const columns: Column<Seat>[] = [
  {
    id: "name",
    header: "Seat",
    width: "minmax(14rem, 1fr)",
    narrow: "minmax(0, 1fr)",
    sort: ({ name }) => name,
    cell: ({ name }) => <SeatLink name={name} />,
  },
  {
    id: "state",
    header: "State",
    width: "7rem",
    narrow: "5rem",
    sort: ({ state }) => state,
    cell: ({ state }) => <State state={state} />,
  },
  { id: "role", header: "Role", width: "9rem", isMinor: true, sort: ({ role }) => role, cell: ({ role }) => role },
  {
    id: "lane",
    header: "Lane",
    width: "8rem",
    isMinor: true,
    sort: ({ lane }) => lane,
    cell: ({ lane }) => lane ?? "—",
  },
  {
    id: "heard",
    header: "Last heard",
    width: "7rem",
    narrow: "5rem",
    sort: ({ heard_at }) => heard_at,
    cell: ({ heard_at }) => <Time at={heard_at} className="text-ink-2" />,
  },
  {
    id: "output",
    header: "Last output",
    width: "7rem",
    isMinor: true,
    sort: ({ output_at }) => output_at,
    cell: ({ output_at }) => <Time at={output_at} className="text-ink-2" />,
  },
];

function SeatTable({ seats }: { seats: readonly Seat[] | undefined }) {
  const navigate = useNavigate();
  if (seats === undefined) return <div className="h-96 animate-pulse rounded-xl bg-sunken" />;
  return (
    <Table
      label="Seats"
      columns={columns}
      rows={seats}
      idOf={({ name }) => name}
      onOpen={({ name }) => navigate({ to: "/seats/$name", params: { name } })}
      empty={
        <Empty title="No seat is like that">
          <p className="mb-3">Connect an agent from Longwatch’s directory; DIR is where the agent works:</p>
          <Copyable text="npx longwatch connect claude --project DIR --role implementer" />
        </Empty>
      }
    />
  );
}
