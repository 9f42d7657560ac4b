import { type ReactNode, useMemo } from "react";
import { SeatLink } from "../../ui/links.tsx";
import { spelled } from "../../ui/spelled.ts";
import { type Column, Table } from "../../ui/table.tsx";
import { Time } from "../../ui/time.tsx";
import { Became } from "./became.tsx";
import { Outcome } from "./outcome.tsx";
import type { Decision } from "./recorded.ts";
import { act, ways } from "./words.ts";

type Props = {
  /** Page by page, as they were asked for. */
  decided: readonly (readonly Decision[])[] | undefined;
  onOpen: (decision: Decision) => void;
  onEnd: () => void;
  empty: ReactNode;
};

/** What was decided, the newest first, of any length. */
export function DecisionTable({ decided, onOpen, onEnd, empty }: Props) {
  const denials = useMemo(() => denialsByPage(decided ?? []), [decided]);
  const columns = useMemo(() => columnsOf(denials), [denials]);
  if (decided === undefined)
    return <div className="h-96 animate-pulse rounded-xl bg-sunken" role="status" aria-label="Loading" />;
  return (
    <Table
      label="Decisions, the newest first"
      columns={columns}
      rows={decided.flat()}
      idOf={({ id }) => String(id)}
      onOpen={onOpen}
      onEnd={onEnd}
      empty={empty}
    />
  );
}

function columnsOf(denials: ReadonlyMap<number, readonly number[]>): Column<Decision>[] {
  return [
    {
      id: "effect",
      header: "Outcome",
      width: "5.5rem",
      narrow: "4rem",
      cell: ({ effect }) => <Outcome effect={effect} />,
    },
    {
      id: "act",
      header: "Wanted to",
      width: "minmax(9rem, 1.2fr)",
      narrow: "minmax(0, 1fr)",
      cell: ({ action, resource_type, resource_id }) => (
        <span title={act({ action, resource_type, resource_id })}>
          <span className="font-medium">{action.replaceAll("_", " ")}</span> {spelled(resource_id)}{" "}
          <span className="text-sm text-ink-3">{resource_type}</span>
        </span>
      ),
    },
    {
      id: "seat",
      header: "Seat",
      width: "minmax(12rem, 1fr)",
      isMinor: true,
      cell: ({ subject }) => <SeatLink name={subject} />,
    },
    {
      id: "way",
      header: "Why, or the way out",
      width: "minmax(8rem, 1.2fr)",
      isMinor: true,
      cell: (decision) => <Way decision={decision} />,
    },
    {
      id: "became",
      header: "Since then",
      width: "minmax(11rem, 1fr)",
      narrow: "minmax(0, 0.8fr)",
      cell: ({ id }) => {
        const page = denials.get(id);
        return page && <Became id={id} page={page} />;
      },
    },
    { id: "rung", header: "Rung", width: "3rem", isExtra: true, cell: ({ rung }) => rung },
    {
      id: "at",
      header: "When",
      width: "5.5rem",
      isMinor: true,
      cell: ({ at }) => <Time at={at} className="text-ink-2" />,
    },
  ];
}

/** The denials of each decision's page, which are asked about together. */
function denialsByPage(pages: readonly (readonly Decision[])[]): ReadonlyMap<number, readonly number[]> {
  const entries = pages.flatMap((page) => {
    const ids = page.filter(({ effect }) => effect === "deny").map(({ id }) => id);
    return ids.map((id) => [id, ids] as const);
  });
  return new Map(entries);
}

/** In a few words: why it was allowed, or what to do instead. */
function Way({ decision: { protocol, reasons } }: { decision: Decision }) {
  if (protocol === null) return <span className="text-ink-2">{reasons[0]}</span>;
  const { via, offers } = protocol;
  const to = offers[0] ? ` to ${offers[0].seat}` : "";
  return (
    <span title={`${reasons[0]} ${protocol.do}`}>
      {ways[via] ?? via}
      {to}
    </span>
  );
}
