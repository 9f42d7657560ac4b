import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import type { QueryOutput } from "../../api/client.ts";
import { asked } from "../../api/queries.ts";
import { EntriesPanel } from "../../entries/entries_panel.tsx";
import { Facts as FactList } from "../../ui/facts.tsx";
import { Chip, Priority, State } from "../../ui/chip.tsx";
import { SeatLink } from "../../ui/links.tsx";
import { PageHead, Panel } from "../../ui/panel.tsx";
import { ProblemNote } from "../../ui/problem_note.tsx";
import { LongText } from "../../ui/long_text.tsx";
import { Time } from "../../ui/time.tsx";
import { Actions } from "./actions.tsx";
import { Graph } from "./graph.tsx";
import { Receipts } from "./receipts.tsx";

export type Ticket = QueryOutput<"/v1/ticket/show">;

const route = getRouteApi("/tickets/$id");

/** A ticket's whole life: what it is, who has it, what proves that it is done, and everything that happened to it. */
export function TicketPage() {
  const { id } = route.useParams();
  const { data: ticket, error, refetch } = useQuery(asked("/v1/ticket/show", { id }));
  // What was read stays: somebody may be writing into one of its windows.
  if (error && !ticket)
    return (
      <>
        <PageHead title={id} />
        <ProblemNote error={error} onRetry={() => refetch()} />
      </>
    );
  if (!ticket) return <div className="h-96 animate-pulse rounded-xl bg-sunken" />;
  return (
    <>
      <title>{`${ticket.id} · Longwatch`}</title>
      <PageHead
        title={ticket.title}
        about={
          <span className="flex flex-wrap items-center gap-2">
            <span className="font-mono text-accent">{ticket.id}</span>
            <State state={ticket.state} />
            <Priority priority={ticket.priority} />
            {ticket.labels.map((label) => (
              <Chip key={label}>{label}</Chip>
            ))}
          </span>
        }
      >
        <Actions ticket={ticket} />
      </PageHead>
      <div className="grid grid-cols-1 gap-5 xl:grid-cols-[minmax(0,1fr)_24rem]">
        <div className="flex min-w-0 flex-col gap-5">
          {ticket.body !== "" && (
            <Panel title="What it is about">
              <LongText text={ticket.body} />
            </Panel>
          )}
          <Life id={ticket.id} />
        </div>
        <div className="flex min-w-0 flex-col gap-5">
          <Panel title="Facts">
            <Facts ticket={ticket} />
          </Panel>
          <Panel title="Done means">
            <Receipts ticket={ticket} />
          </Panel>
          {ticket.links.length + ticket.linked_from.length > 0 && (
            <Panel title="Hangs together with">
              <Graph ticket={ticket} />
            </Panel>
          )}
        </div>
      </div>
    </>
  );
}

const LIFE_MAX = 200;

function Life({ id }: { id: string }) {
  const { data, error } = useQuery(asked("/v1/feed/read", { about: id, limit: LIFE_MAX }));
  return (
    <EntriesPanel
      title="Its life"
      entries={data?.entries}
      error={error}
      isCut={data?.entries.length === LIFE_MAX}
      all={{ about: id }}
    />
  );
}

function Facts({ ticket }: { ticket: Ticket }) {
  const { lane, type, holder, owner, filer, filed_at, closed_at, lease_expires_at, surface_key } = ticket;
  const rows: [string, React.ReactNode][] = [
    ["Lane", lane],
    ["Kind", type],
    ["Held by", holder ? <SeatLink name={holder} /> : "nobody"],
    ...(lease_expires_at
      ? [["Lease ends", <Time key="lease" at={lease_expires_at} />] as [string, React.ReactNode]]
      : []),
    ...(owner ? [["Given to", <SeatLink key="owner" name={owner} />] as [string, React.ReactNode]] : []),
    [
      "Filed",
      <span key="filed">
        <Time at={filed_at} />
        {filer && (
          <>
            {" "}
            by <SeatLink name={filer} />
          </>
        )}
      </span>,
    ],
    ...(closed_at ? [["Ended", <Time key="closed" at={closed_at} />] as [string, React.ReactNode]] : []),
    ...(surface_key
      ? [
          [
            "Changes",
            <code key="surface" className="font-mono text-sm">
              {surface_key}
            </code>,
          ] as [string, React.ReactNode],
        ]
      : []),
    ...(ticket.blocked_reason ? [["Blocked", ticket.blocked_reason] as [string, React.ReactNode]] : []),
    ...(ticket.closes_when ? [["Closes when", ticket.closes_when] as [string, React.ReactNode]] : []),
    ...(ticket.opens_when ? [["Opens when", ticket.opens_when] as [string, React.ReactNode]] : []),
  ];
  return <FactList facts={rows} />;
}
