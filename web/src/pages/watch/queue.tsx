import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { asked } from "../../api/queries.ts";
import { duration } from "../../ui/clock.ts";
import { Empty } from "../../ui/empty.tsx";
import { ProblemNote } from "../../ui/problem_note.tsx";
import { Time } from "../../ui/time.tsx";

/** From fresh to old: the older, the more it strikes the eye. The number stands in each. */
const cell = "min-w-6 rounded text-center md:min-w-9";
const heat = [
  "bg-good-soft text-good",
  "bg-accent-soft text-accent",
  "bg-info-soft text-info",
  "bg-warn-soft text-warn",
  "bg-warn-soft text-warn",
  "bg-bad-soft text-bad",
];
const LANES_SHOWN = 8;

/** What is open, by lane and by how long ago it was filed. */
export function Queue() {
  const { data, error, refetch } = useQuery(asked("/v1/queue/ages"));
  if (error && !data) return <ProblemNote error={error} onRetry={() => refetch()} />;
  if (!data) return <div className="h-32" />;
  const { bounds_seconds, lanes, lanes_left_out } = data;
  if (lanes.length === 0)
    return (
      <Empty title="No open work">
        A ticket is filed by an agent’s tool ticket_file, or: npx longwatch ticket file.
      </Empty>
    );
  const names = [
    ...bounds_seconds.map((seconds) => `< ${duration(seconds)}`),
    `> ${duration(bounds_seconds.at(-1) ?? 0)}`,
  ];
  const more = Math.max(0, lanes.length - LANES_SHOWN) + lanes_left_out;
  return (
    <>
      <div className="overflow-x-auto" tabIndex={0} role="region" aria-label="Open work by lane and age">
        <table className="w-full border-separate border-spacing-1 max-md:border-spacing-x-0.5 text-sm tabular-nums">
          <thead className="text-2xs text-ink-3">
            <tr>
              <th scope="col" className="text-left font-normal">
                Lane
              </th>
              {names.map((name) => (
                <th key={name} scope="col" className="whitespace-nowrap font-normal">
                  {name}
                </th>
              ))}
              <th scope="col" className="text-right font-normal">
                Open
              </th>
            </tr>
          </thead>
          <tbody>
            {lanes.slice(0, LANES_SHOWN).map(({ lane, open, ages, claimable, active, waiting, oldest_at }) => (
              <tr key={lane} title={`${claimable} can be claimed, ${active} being done, ${waiting} wait`}>
                <th scope="row" className="max-w-18 truncate md:max-w-28 text-left font-normal">
                  <Link to="/queue" search={{ view: "board", lane }} className="text-accent hover:underline">
                    {lane}
                  </Link>
                  <span className="block text-2xs text-ink-3">
                    <span className="max-md:sr-only">oldest </span>
                    <Time at={oldest_at} />
                  </span>
                </th>
                {ages.map((count, age) => (
                  <td key={names[age]} className={`${cell} ${count > 0 ? heat[age] : "bg-sunken text-ink-3"}`}>
                    {count === 0 ? "·" : count.toLocaleString("en")}
                  </td>
                ))}
                <td className="text-right font-medium">{open.toLocaleString("en")}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {more > 0 && (
        <p className="mt-1 text-sm text-ink-3">
          {more} more {more === 1 ? "lane" : "lanes"}
        </p>
      )}
    </>
  );
}
