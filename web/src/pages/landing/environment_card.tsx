import { useQuery } from "@tanstack/react-query";
import { CircleAlert } from "lucide-react";
import type { ReactNode } from "react";
import type { QueryOutput } from "../../api/client.ts";
import { asked } from "../../api/queries.ts";
import { Chip } from "../../ui/chip.tsx";
import { DeployLink, SeatLink, TicketLink } from "../../ui/links.tsx";
import { Time } from "../../ui/time.tsx";
import { Health } from "./health.tsx";
import { ReleaseId } from "./release_id.tsx";
import { Topology } from "./topology.tsx";

type Standing = QueryOutput<"/v1/environment/list">["environments"][number];

/** One environment: what it serves and since when, who owns it, and how it is deployed. */
export function EnvironmentCard(standing: Standing) {
  const { environment, production, lane, owner, bound_at, release, released_at } = standing;
  return (
    <li
      aria-label={environment}
      className={`flex min-w-0 flex-col rounded-xl border bg-card shadow-card ${
        standing.down_since ? "border-2 border-bad" : "border-line"
      }`}
    >
      <header className="flex flex-wrap items-center gap-2 px-5 pt-4">
        <h2 className="mr-1 text-lg font-semibold tracking-tight wrap-anywhere">{environment}</h2>
        <Health {...standing} />
        {production && <Chip tone="info">production</Chip>}
        {lane && <Chip>lane {lane}</Chip>}
      </header>
      <Trouble {...standing} />
      <dl className="grid grid-cols-1 gap-x-6 gap-y-3 px-5 py-4 sm:grid-cols-2">
        <Fact name="Serves">
          {release ? (
            <>
              <ReleaseId sha={release} /> <Since at={released_at} />
            </>
          ) : (
            <span className="text-ink-2">nothing that landed here yet</span>
          )}
        </Fact>
        <Fact name="Deployed by">
          {owner ? (
            <>
              <SeatLink name={owner} /> <Since at={bound_at} />
            </>
          ) : (
            <>
              <span className="text-warn">Nobody.</span>{" "}
              <span className="text-sm text-ink-2">
                A seat takes it: its tool <code className="font-mono">binding_take</code>, or{" "}
                <code className="font-mono">npx longwatch binding take {environment}</code>
              </span>
            </>
          )}
        </Fact>
      </dl>
      <Releases environment={environment} />
      <Topology standing={standing} />
    </li>
  );
}

function Since({ at }: { at: string | null }) {
  return (
    <span className="text-sm whitespace-nowrap text-ink-3">
      <Time at={at} />
    </span>
  );
}

/** What is wrong with it now, or on its way to it. */
function Trouble({ environment, down_since, state, deploy }: Standing) {
  if (down_since === null && deploy === null) return null;
  const isBad = down_since !== null || state === "in_doubt";
  return (
    <p
      className={`mx-5 mt-3 flex items-start gap-2 rounded-md px-3 py-2 text-sm ${
        isBad ? "bg-bad-soft text-bad" : "bg-accent-soft text-ink"
      }`}
    >
      {isBad && <CircleAlert aria-hidden className="mt-0.5 size-4 shrink-0" />}
      <span>
        {down_since !== null && (
          <>
            A deploy left it down <Time at={down_since} />.{" "}
          </>
        )}
        {deploy !== null &&
          (state === "in_doubt" ? (
            <>
              The runner of <DeployLink id={deploy} /> was lost. Its owner looks what is served:{" "}
              <code className="font-mono">npx longwatch land recover {environment}</code>
            </>
          ) : (
            <>
              <DeployLink id={deploy} /> is running.
            </>
          ))}
      </span>
    </p>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="min-w-0">
      <dt className="text-sm text-ink-3">{name}</dt>
      <dd className="break-words">{children}</dd>
    </div>
  );
}

const RELEASES_SHOWN = 4;

function Releases({ environment }: { environment: string }) {
  const { data } = useQuery(asked("/v1/release/list", { environment, limit: RELEASES_SHOWN }));
  if (!data || data.releases.length === 0) return null;
  return (
    <div className="px-5 pb-3">
      <h3 className="text-sm text-ink-3">Last releases</h3>
      <ol className="mt-1 flex flex-col gap-1">
        {data.releases.map(({ release, deploy, ticket, landed_at, rollback, withdrawn_by }) => (
          <li key={deploy} className="flex items-baseline gap-x-3">
            <span className="flex min-w-0 flex-1 flex-wrap items-baseline gap-x-3">
              <ReleaseId sha={release} />
              <span className="text-sm">
                <DeployLink id={deploy} />
              </span>
              {ticket && <TicketLink id={ticket} />}
              {release === data.good && withdrawn_by === null && <Chip tone="good">last good</Chip>}
              {rollback && <Chip tone="warn">rollback</Chip>}
              {withdrawn_by !== null && <Chip tone="bad">taken back</Chip>}
            </span>
            <Time at={landed_at} className="shrink-0 text-sm text-ink-3" />
          </li>
        ))}
      </ol>
    </div>
  );
}
