import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { QueryOutput } from "../../api/client.ts";
import { asked } from "../../api/queries.ts";
import { Button } from "../../ui/button.tsx";
import { State } from "../../ui/chip.tsx";
import { duration } from "../../ui/clock.ts";
import { Copyable } from "../../ui/copyable.tsx";
import { Empty } from "../../ui/empty.tsx";
import { DeployLink, TicketLink } from "../../ui/links.tsx";
import { Panel } from "../../ui/panel.tsx";
import { ProblemNote } from "../../ui/problem_note.tsx";
import { Time } from "../../ui/time.tsx";
import { ReleaseId } from "./release_id.tsx";

type Deploy = QueryOutput<"/v1/deploy/list">["deploys"][number];

const SHOWN = 10;
const SHOWN_MAX = 100;

/** The newest deploys, whatever became of them. */
export function Deploys() {
  const [limit, setLimit] = useState(SHOWN);
  const { data, error } = useQuery({
    ...asked("/v1/deploy/list", { limit }),
    placeholderData: (before) => before,
  });
  return (
    <Panel title="Deploys" aside={data && data.deploys.length >= SHOWN_MAX ? `the newest ${SHOWN_MAX}` : undefined}>
      {error && <ProblemNote isPart error={error} />}
      {!data && !error && <div className="h-40 animate-pulse rounded-lg bg-sunken" />}
      {data?.deploys.length === 0 && (
        <Empty title="Nothing was deployed yet">
          <p className="mb-3">The seat that owns an environment lands a commit, out of its repository:</p>
          <div className="text-left">
            <Copyable text="npx longwatch land run production --ticket CMB-0001" label="Copy the command" />
          </div>
        </Empty>
      )}
      <ul className="divide-y divide-line">
        {data?.deploys.map((deploy) => (
          <Line key={deploy.deploy} {...deploy} />
        ))}
      </ul>
      {data && data.deploys.length === limit && limit < SHOWN_MAX && (
        <div className="mt-3">
          <Button onClick={() => setLimit(SHOWN_MAX)}>Show older ones</Button>
        </div>
      )}
    </Panel>
  );
}

const columns = "lg:grid lg:grid-cols-[5rem_minmax(0,1fr)_6rem_6.5rem_5.5rem_5rem_6rem]";

function Line({ deploy, environment, ticket, sha, state, stage, rollback, began_at, ended_at, cause }: Deploy) {
  return (
    <li className="py-2 first:pt-0 last:pb-0">
      <div className={`flex flex-wrap items-baseline gap-x-3 gap-y-0.5 ${columns}`}>
        <DeployLink id={deploy} />
        <span className="min-w-0 truncate font-medium" title={environment}>
          {environment}
        </span>
        <ReleaseId sha={sha} />
        <span className="min-w-0 truncate">{ticket && <TicketLink id={ticket} />}</span>
        <span className="text-right text-sm text-ink-3 tabular-nums max-lg:hidden" title="How long it took">
          {ended_at !== null && took(began_at, ended_at)}
        </span>
        <Time at={began_at} className="ml-auto text-right text-sm text-ink-3" />
        <span className="text-right">
          <State state={state} />
        </span>
      </div>
      {state === "running" && <p className="text-sm text-ink-2">Now at: {rollback ? "going back" : stage}</p>}
      {cause && <p className="line-clamp-2 break-words text-sm text-ink-2">{cause}</p>}
    </li>
  );
}

function took(began_at: string, ended_at: string): string {
  return `took ${duration(Math.max(0, Date.parse(ended_at) - Date.parse(began_at)) / 1_000)}`;
}
