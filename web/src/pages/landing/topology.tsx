import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { QueryOutput } from "../../api/client.ts";
import { asked } from "../../api/queries.ts";
import { duration } from "../../ui/clock.ts";
import { SeatLink } from "../../ui/links.tsx";
import { ProblemNote } from "../../ui/problem_note.tsx";
import { Time } from "../../ui/time.tsx";

type Standing = QueryOutput<"/v1/environment/list">["environments"][number];
type Whole = QueryOutput<"/v1/environment/show">;

/** How an environment is deployed, as it is recorded; the rest of it, and what it was before, when one asks. */
export function Topology({ standing: { environment, branch, version } }: { standing: Standing }) {
  const [isOpen, setOpen] = useState(false);
  const { data, error } = useQuery({ ...asked("/v1/environment/show", { environment }), enabled: isOpen });
  return (
    <details className="mt-auto border-t border-line" onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary className="cursor-pointer rounded-b-xl px-5 py-2.5 text-sm text-ink-2 hover:bg-paper">
        How it is deployed: from <code className="font-mono">{branch}</code>, version {version}
      </summary>
      <div className="px-5 pb-4">
        {error && <ProblemNote isPart error={error} />}
        {data && <Recorded topology={data.topology} />}
        {data && data.history.length > 1 && <Before history={data.history} />}
      </div>
    </details>
  );
}

function Recorded({ topology }: { topology: Whole["topology"] }) {
  const { command, verify_command, rollback_command, health_url, release_pointer } = topology;
  const { timeout_seconds, health_seconds, memory_mb, output_kb } = topology;
  const lines: [string, string][] = [
    ["Deploys with", command],
    ["Verified by", verify_command ?? "nothing"],
    ["Goes back with", rollback_command ?? "the same command, at the release before"],
    ["Healthy when", `${health_url} names the release at ${release_pointer || "its whole body"}`],
    [
      "Limits",
      `${duration(timeout_seconds)} a command, ${duration(health_seconds)} to be healthy, ` +
        `${memory_mb} MB, ${output_kb} kB of log`,
    ],
  ];
  return (
    <dl className="grid grid-cols-1 gap-x-4 gap-y-1 pt-1 text-sm sm:grid-cols-[8rem_minmax(0,1fr)] sm:gap-y-1.5">
      {lines.map(([name, value]) => (
        <div key={name} className="contents">
          <dt className="text-ink-3">{name}</dt>
          <dd className="mb-1 break-words font-mono sm:mb-0">{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Before({ history }: { history: Whole["history"] }) {
  return (
    <>
      <h3 className="mb-1 mt-4 text-sm text-ink-3">What it was</h3>
      <ol className="flex flex-col gap-1 text-sm">
        {history.map(({ version, branch, reason, defined_by, defined_at }) => (
          <li key={version}>
            Version {version}: <code className="font-mono">{branch}</code>, by <SeatLink name={defined_by} />{" "}
            <Time at={defined_at} className="text-ink-3" />
            <p className="break-words text-ink-2">{reason}</p>
          </li>
        ))}
      </ol>
    </>
  );
}
