import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { asked } from "../../api/queries.ts";
import { Empty } from "../../ui/empty.tsx";
import { SeatLink } from "../../ui/links.tsx";
import { spelled } from "../../ui/spelled.ts";
import { Time } from "../../ui/time.tsx";

/** The newest denials, and what each was told to do instead. */
export function Decisions() {
  const { data } = useQuery(asked("/v1/policy/decisions", { effect: "deny", limit: 5 }));
  if (!data) return <div className="h-16" />;
  if (data.decisions.length === 0)
    return (
      <Empty title="Nothing was denied">
        When an agent tries what its role may not, it shows here with the way out.
      </Empty>
    );
  return (
    <ul className="divide-y divide-line">
      {data.decisions.map(({ id, at, subject, action, resource_id, reasons }) => (
        <li key={id} className="py-2 first:pt-0 last:pb-0">
          <div className="flex items-baseline justify-between gap-3">
            <span className="min-w-0 truncate max-md:whitespace-normal max-md:wrap-anywhere">
              <SeatLink name={subject} /> <span className="text-ink-3">{action.replaceAll("_", " ")}</span>{" "}
              <Link to={`/decisions/${id}` as string} className="hover:underline">
                {spelled(resource_id)}
              </Link>
            </span>
            <Time at={at} className="shrink-0 text-sm text-ink-3" />
          </div>
          <p className="truncate text-sm text-ink-2" title={reasons.join(" ")}>
            {reasons[0]}
          </p>
        </li>
      ))}
    </ul>
  );
}
