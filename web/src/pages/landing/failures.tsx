import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { QueryOutput } from "../../api/client.ts";
import { asked } from "../../api/queries.ts";
import { Chip } from "../../ui/chip.tsx";
import { Empty } from "../../ui/empty.tsx";
import { DeployLink, EntryLink, SeatLink, TicketLink } from "../../ui/links.tsx";
import { Panel } from "../../ui/panel.tsx";
import { ProblemNote } from "../../ui/problem_note.tsx";
import { Time } from "../../ui/time.tsx";
import { FAILURES_MAX } from "./glance.tsx";
import { lasted } from "./lasted.ts";
import { ReleaseId } from "./release_id.tsx";

type Failure = QueryOutput<"/v1/failure/list">["failures"][number];

/** What broke: for how long, to the millisecond, why, and the entries that prove it. */
export function Failures() {
  const [all, setAll] = useState(true);
  const { data, error } = useQuery(asked("/v1/failure/list", { all, limit: FAILURES_MAX }));
  return (
    <Panel
      title="Failures"
      aside={
        <label className="flex items-center gap-1.5">
          <input
            type="checkbox"
            checked={all}
            onChange={({ target }) => setAll(target.checked)}
            className="accent-accent"
          />
          mended too
        </label>
      }
    >
      {error && <ProblemNote isPart error={error} />}
      {data?.failures.length === 0 && (
        <Empty title={all ? "No deploy failed" : "No failure is open"}>
          When a deploy ends badly, it stands here with its downtime and its cause until another has mended it.
        </Empty>
      )}
      <ul className="divide-y divide-line">
        {data?.failures.toSorted(openFirst).map((failure) => (
          <Line key={failure.failure} {...failure} />
        ))}
      </ul>
    </Panel>
  );
}

/** What nobody has mended stands above what somebody has. */
function openFirst(one: Failure, other: Failure): number {
  return Number(one.mended_at !== null) - Number(other.mended_at !== null);
}

function Line({ failure, environment, ticket, release, outcome, owner, cause, entries, ...rest }: Failure) {
  const { down_from, downtime_milliseconds, opened_at, mended_by, mended_at } = rest;
  return (
    <li className="py-2.5 first:pt-0 last:pb-0">
      <div className="flex flex-wrap items-baseline gap-x-3 gap-y-0.5">
        <DeployLink id={failure} />
        <span className="font-medium">{environment}</span>
        <ReleaseId sha={release} />
        {ticket && <TicketLink id={ticket} />}
        <span className="ml-auto flex items-baseline gap-3">
          <Time at={opened_at} className="text-sm text-ink-3" />
          {mended_at === null ? <Chip tone="bad">open</Chip> : <Chip tone="good">mended</Chip>}
        </span>
      </div>
      <p className="mt-0.5 break-words">{cause}</p>
      <p className="mt-0.5 flex flex-wrap items-baseline gap-x-2 text-sm text-ink-2">
        <Downtime down_from={down_from} milliseconds={downtime_milliseconds} />
        <span>
          {outcome.replaceAll("_", " ")}, by <SeatLink name={owner} />
        </span>
        {mended_by !== null && (
          <span>
            mended by <DeployLink id={mended_by} /> <Time at={mended_at} />
          </span>
        )}
        <span className="flex flex-wrap gap-x-1.5">
          {entries.slice(0, 12).map((seq) => (
            <EntryLink key={seq} seq={seq} />
          ))}
        </span>
      </p>
    </li>
  );
}

function Downtime({ down_from, milliseconds }: { down_from: string | null; milliseconds: number | null }) {
  if (down_from === null) return <span>never down</span>;
  if (milliseconds === null)
    return (
      <span className="font-medium text-bad">
        went down <Time at={down_from} />, and still is
      </span>
    );
  return <span className="font-medium tabular-nums text-bad">down for {lasted(milliseconds)}</span>;
}
