import { useNavigate } from "@tanstack/react-router";
import type { QueryOutput } from "../../api/client.ts";
import { State } from "../../ui/chip.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import { Empty } from "../../ui/empty.tsx";
import { SeatLink, TicketLink } from "../../ui/links.tsx";
import { Time } from "../../ui/time.tsx";

type Ticket = QueryOutput<"/v1/ticket/list">["tickets"][number];

const columns: Column<Ticket>[] = [
  {
    id: "id",
    header: "Ticket",
    width: "8rem",
    narrow: "6rem",
    sort: ({ id }) => id,
    cell: ({ id }) => <TicketLink id={id} />,
  },
  {
    id: "title",
    header: "Title",
    width: "minmax(12rem, 1fr)",
    narrow: "minmax(0, 1fr)",
    cell: ({ title }) => <span title={title}>{title}</span>,
  },
  {
    id: "state",
    header: "State",
    width: "8.5rem",
    narrow: "6.5rem",
    sort: ({ state }) => state,
    cell: ({ state }) => <State state={state} />,
  },
  {
    id: "priority",
    header: "Priority",
    width: "4.5rem",
    isMinor: true,
    sort: ({ priority }) => priority,
    cell: ({ priority }) => `P${priority}`,
  },
  { id: "lane", header: "Lane", width: "7rem", isMinor: true, sort: ({ lane }) => lane, cell: ({ lane }) => lane },
  {
    id: "holder",
    header: "Held by",
    width: "15rem",
    isMinor: true,
    sort: ({ holder }) => holder,
    cell: ({ holder }) => (holder ? <SeatLink name={holder} /> : <span className="text-ink-3">—</span>),
  },
  {
    id: "filed",
    header: "Filed",
    width: "6rem",
    isMinor: true,
    sort: ({ filed_at }) => filed_at,
    cell: ({ filed_at }) => <Time at={filed_at} className="text-ink-2" />,
  },
];

/** A list of tickets, of any length. */
export function TicketTable({ tickets, onEnd }: { tickets: readonly Ticket[] | undefined; onEnd?: () => void }) {
  const navigate = useNavigate();
  if (tickets === undefined) return <div className="h-96 animate-pulse rounded-xl bg-sunken" />;
  return (
    <Table
      label="Tickets"
      columns={columns}
      rows={tickets}
      idOf={({ id }) => id}
      onOpen={({ id }) => navigate({ to: "/tickets/$id", params: { id } })}
      empty={
        <Empty title="No ticket is like that">Change the filters above, or file one: npx longwatch ticket file.</Empty>
      }
      {...(onEnd ? { onEnd } : {})}
    />
  );
}
