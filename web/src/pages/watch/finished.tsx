import { useQuery } from "@tanstack/react-query";
import { asked } from "../../api/queries.ts";
import { EntryLink, SeatLink, TicketLink } from "../../ui/links.tsx";
import { Empty } from "../../ui/empty.tsx";
import { Time } from "../../ui/time.tsx";

/** On a phone it stands below, in full. */
const said =
  "min-w-0 flex-1 truncate text-ink-2 " +
  "max-md:order-last max-md:basis-full max-md:whitespace-normal max-md:wrap-anywhere";

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
          <div className="flex items-baseline gap-x-3 max-md:flex-wrap max-md:justify-between">
            <TicketLink id={subject ?? ""} />
            <span className={said}>{typeof note === "string" && note}</span>
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
