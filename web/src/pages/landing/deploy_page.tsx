import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import type { QueryOutput } from "../../api/client.ts";
import { asked } from "../../api/queries.ts";
import { EntriesPanel } from "../../entries/entries_panel.tsx";
import { Facts as FactList } from "../../ui/facts.tsx";
import { Chip, State } from "../../ui/chip.tsx";
import { useNow } from "../../ui/clock.ts";
import { DecisionLink, SeatLink, TicketLink } from "../../ui/links.tsx";
import { PageHead, Panel } from "../../ui/panel.tsx";
import { ProblemNote } from "../../ui/problem_note.tsx";
import { Time } from "../../ui/time.tsx";
import { Closure } from "./closure.tsx";
import { lasted } from "./lasted.ts";
import { Log } from "./log.tsx";
import { ReleaseId } from "./release_id.tsx";
import { Stages } from "./stages.tsx";

/** A deploy as the server tells it whole. */
export type Deploy = QueryOutput<"/v1/deploy/show">;

const route = getRouteApi("/landing/deploys/$id");
const ENTRIES_MAX = 500;

/** One deploy: how far it came, what it lacked, what it says, and the entries that prove it. */
export function DeployPage() {
  const id = Number(route.useParams().id);
  const { data: deploy, error, refetch } = useQuery(asked("/v1/deploy/show", { id }));
  const entries = useQuery(asked("/v1/feed/read", { about: `deploy-${id}`, limit: ENTRIES_MAX }));
  if (error && !deploy)
    return (
      <>
        <PageHead title={`Deploy ${id}`} />
        <ProblemNote error={error} onRetry={() => refetch()} />
      </>
    );
  if (!deploy) return <div className="h-96 animate-pulse rounded-xl bg-sunken" />;
  return (
    <>
      <title>{`Deploy ${id} · Longwatch`}</title>
      <PageHead
        title={`Deploy ${id} to ${deploy.environment}`}
        about={
          <span className="flex flex-wrap items-center gap-2">
            <State state={deploy.state} />
            {deploy.rollback && <Chip tone="warn">goes back</Chip>}
            <ReleaseId sha={deploy.sha} />
            {deploy.ticket && <TicketLink id={deploy.ticket} />}
            <Link to="/landing" className="text-sm text-accent hover:underline">
              All of landing
            </Link>
          </span>
        }
      />
      <Stages deploy={deploy} entries={entries.data?.entries} />
      <div className="mt-5 grid grid-cols-1 gap-5 xl:grid-cols-[minmax(0,1fr)_24rem]">
        <div className="flex min-w-0 flex-col gap-5">
          {deploy.missing.length > 0 && <Closure deploy={deploy} />}
          <Log id={id} isRunning={deploy.state === "running"} />
          <EntriesPanel
            title="In the ledger"
            entries={entries.data?.entries}
            error={entries.error}
            isCut={entries.data?.entries.length === ENTRIES_MAX}
            all={{ about: `deploy-${id}` }}
          />
        </div>
        <div className="flex min-w-0 flex-col gap-5">
          <Panel title="Facts">
            <Facts deploy={deploy} />
          </Panel>
          {deploy.missing.length === 0 && <Closure deploy={deploy} />}
        </div>
      </div>
    </>
  );
}

function Facts({ deploy }: { deploy: Deploy }) {
  const { owner, runner, began_at, ended_at, served_release, down_from, downtime_milliseconds, cause } = deploy;
  const down =
    down_from === null ? null : downtime_milliseconds === null ? (
      <span className="text-bad">
        began <Time at={down_from} />, and still is
      </span>
    ) : (
      <span className="text-bad tabular-nums">for {lasted(downtime_milliseconds)}</span>
    );
  const rows: [string, React.ReactNode][] = [
    ["Owner", <SeatLink key="owner" name={owner} />],
    ...(runner === owner ? [] : [["Run by", <SeatLink key="runner" name={runner} />] as [string, React.ReactNode]]),
    ["Release", <Whole key="release" sha={deploy.sha} />],
    ["Began", <Time key="began" at={began_at} />],
    [ended_at ? "Took" : "Runs for", <Took key="took" began_at={began_at} ended_at={ended_at} />],
    ...(served_release ? [["Served", <Served key="served" deploy={deploy} />] as [string, React.ReactNode]] : []),
    ...(down ? [["Down", down] as [string, React.ReactNode]] : []),
    ...(cause ? [["Because", cause] as [string, React.ReactNode]] : []),
    ...(deploy.source ? [["From", <code key="source">{deploy.source}</code>] as [string, React.ReactNode]] : []),
    ...(deploy.commits.length > 0 ? [["Commits", `${deploy.commits.length} picked`] as [string, React.ReactNode]] : []),
    ...(deploy.attempt > 1 ? [["Attempt", deploy.attempt] as [string, React.ReactNode]] : []),
    ["Topology", `version ${deploy.topology}`],
    ["Allowed by", <DecisionLink key="decision" id={deploy.decision} />],
  ];
  return <FactList facts={rows} />;
}

/** All of a commit's digits, to be taken along. */
function Whole({ sha }: { sha: string }) {
  return <code className="break-all font-mono text-xs select-all">{sha}</code>;
}

/** What the health URL named in the end, which is what "deployed" means. */
function Served({ deploy: { sha, served_release } }: { deploy: Deploy }) {
  if (served_release === sha) return <Chip tone="good">this release</Chip>;
  return (
    <>
      <Chip tone="warn">another release</Chip> <Whole sha={served_release ?? ""} />
    </>
  );
}

function Took({ began_at, ended_at }: Pick<Deploy, "began_at" | "ended_at">) {
  const now = useNow();
  const until = ended_at === null ? now : Date.parse(ended_at);
  return <span className="tabular-nums">{lasted(Math.max(0, until - Date.parse(began_at)), ended_at === null)}</span>;
}
