import { useQuery } from "@tanstack/react-query";
import { asked } from "../../api/queries.ts";
import { EntryLink, SeatLink, TicketLink } from "../../ui/links.tsx";
import { Empty } from "../../ui/empty.tsx";
import { Time } from "../../ui/time.tsx";

/** What was brought to its end last, with the entries that prove it: what happened overnight. */
export function Finished() {
  const { data } = useQuery(asked("/v1/feed/page", { kind: "ticket.finished", limit: 6 }));
  if (!data) return <div className="h-16" />;
  if (data.entries.length === 0)
    return <Empty title="Nothing was finished yet">A finished ticket shows here with its proof.</Empty>;
  return (
    <ul className="divide-y divide-line">
      {data.entries.map(({ seq, actor, subject, at, data: { note } }) => (
        <li key={seq} className="py-2 first:pt-0 last:pb-0">
          <div className="flex items-baseline gap-3">
            <TicketLink id={subject ?? ""} />
            <span className="min-w-0 flex-1 truncate text-ink-2">{typeof note === "string" && note}</span>
            <span className="shrink-0 text-sm text-ink-3">
              <EntryLink seq={seq} /> <Time at={at} />
            </span>
          </div>
          <p className="truncate text-sm">
            <SeatLink name={actor} />
          </p>
        </li>
      ))}
    </ul>
  );
}
