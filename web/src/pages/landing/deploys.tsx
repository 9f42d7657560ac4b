import { useQuery } from "@tanstack/react-query";
import { asked } from "../../api/queries.ts";
import { State } from "../../ui/chip.tsx";
import { Empty } from "../../ui/empty.tsx";
import { TicketLink } from "../../ui/links.tsx";
import { Panel } from "../../ui/panel.tsx";
import { ProblemNote } from "../../ui/problem_note.tsx";
import { Time } from "../../ui/time.tsx";
import { DeployLink } from "./deploy_link.tsx";
import { ReleaseId } from "./release_id.tsx";

const SHOWN_MAX = 20;

/** The newest deploys, whatever became of them. */
export function Deploys() {
  const { data, error } = useQuery(asked("/v1/deploy/list", { limit: SHOWN_MAX }));
  return (
    <Panel title="Deploys" aside={data && data.deploys.length === SHOWN_MAX ? `the newest ${SHOWN_MAX}` : undefined}>
      {error && <ProblemNote error={error} />}
      {data?.deploys.length === 0 && (
        <Empty title="Nothing was deployed yet">
          The owner of an environment lands a release with: npx longwatch land --environment production --ticket …
        </Empty>
      )}
      <ul className="divide-y divide-line">
        {data?.deploys.map(({ deploy, environment, ticket, sha, state, stage, rollback, began_at, cause }) => (
          <li key={deploy} className="py-2 first:pt-0 last:pb-0">
            <div className="flex flex-wrap items-baseline gap-x-3 gap-y-0.5">
              <DeployLink id={deploy} />
              <span className="font-medium">{environment}</span>
              <ReleaseId sha={sha} />
              {ticket && <TicketLink id={ticket} />}
              <span className="ml-auto flex items-baseline gap-3">
                <Time at={began_at} className="text-sm text-ink-3" />
                <State state={state} />
              </span>
            </div>
            {state === "running" && <p className="text-sm text-ink-2">Now at: {rollback ? "going back" : stage}</p>}
            {cause && <p className="line-clamp-2 break-words text-sm text-ink-2">{cause}</p>}
          </li>
        ))}
      </ul>
    </Panel>
  );
}
