import { type ReactNode, useMemo } from "react";
import { SeatLink } from "../../ui/links.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import { Time } from "../../ui/time.tsx";
import { Outcome } from "./outcome.tsx";
import type { Decision } from "./recorded.ts";
import { act, ways } from "./words.ts";

type Props = {
  decisions: readonly Decision[] | undefined;
  onOpen: (decision: Decision) => void;
  onEnd: () => void;
  empty: ReactNode;
};

/** What was decided, the newest first, of any length. */
export function DecisionTable({ decisions, onOpen, onEnd, empty }: Props) {
  const columns = useMemo(
    (): Column<Decision>[] => [
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
        cell: (decision) => (
          <span title={act(decision)}>
            <span className="font-medium">{decision.action.replaceAll("_", " ")}</span> {decision.resource_id}{" "}
            <span className="text-sm text-ink-3">{decision.resource_type}</span>
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
        width: "minmax(10rem, 1.4fr)",
        isMinor: true,
        cell: (decision) => <Way decision={decision} />,
      },
      { id: "rung", header: "Rung", width: "3rem", isMinor: true, cell: ({ rung }) => rung },
      {
        id: "at",
        header: "When",
        width: "5.5rem",
        narrow: "4.5rem",
        cell: ({ at }) => <Time at={at} className="text-ink-2" />,
      },
    ],
    [],
  );
  if (decisions === undefined)
    return <div className="h-96 animate-pulse rounded-xl bg-sunken" role="status" aria-label="Loading" />;
  return (
    <Table
      label="Decisions, the newest first"
      columns={columns}
      rows={decisions}
      idOf={({ id }) => String(id)}
      onOpen={onOpen}
      onEnd={onEnd}
      empty={empty}
    />
  );
}

/** In a few words: why it was allowed, or what to do instead. */
function Way({ decision: { protocol, reasons } }: { decision: Decision }) {
  if (protocol === null) return <span className="text-ink-2">{reasons[0]}</span>;
  const { via, offers, approval, escalation } = protocol;
  const number =
    approval !== null ? ` (approval ${approval})` : escalation !== null ? ` (escalation ${escalation})` : "";
  const to = offers[0] ? ` to ${offers[0].seat}` : "";
  const text = `${ways[via] ?? via}${to}${number}`;
  return <span title={`${reasons[0]} ${protocol.do}`}>{text}</span>;
}
