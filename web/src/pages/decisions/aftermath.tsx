import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { asked } from "../../api/queries.ts";
import { State } from "../../ui/chip.tsx";
import { DecisionLink, SeatLink, TicketLink } from "../../ui/links.tsx";
import { ProblemNote } from "../../ui/problem_note.tsx";
import { Time } from "../../ui/time.tsx";
import { CloseEscalation } from "./close_escalation.tsx";
import { Proof } from "./proof.tsx";
import { Verdict } from "./verdict.tsx";
import { aftermathOf, type Decision, traced } from "./recorded.ts";

/** What became of a denial: the ticket it went out as, its approval, its escalation, or that it was allowed later. */
export function Aftermath({ decision }: { decision: Decision }) {
  const { approval = null, escalation = null } = decision.protocol ?? {};
  const dispatched = useQuery(traced(decision.id));
  const became = useQuery(aftermathOf([decision.id]));
  for (const { error, refetch } of [dispatched, became])
    if (error) return <ProblemNote error={error} onRetry={() => refetch()} />;
  if (!dispatched.data || !became.data)
    return <div className="h-6 animate-pulse rounded bg-sunken" role="status" aria-label="Loading" />;
  const { tickets } = dispatched.data;
  const allowed_by = became.data.denials[0]?.allowed_by ?? null;
  const isNothing = tickets.length === 0 && approval === null && escalation === null && allowed_by === null;
  if (isNothing) return <p className="text-ink-2">Nobody took it up yet.</p>;
  return (
    <ul className="flex flex-col gap-3">
      {tickets.map(({ id, title, state, to, by, dispatched_at, verdict }) => (
        <Step key={id} state={verdict ?? state}>
          Dispatched as <TicketLink id={id} /> {title}
          <Told>
            to {to === null ? "whoever claims it" : <SeatLink name={to} />}, by <SeatLink name={by} />,{" "}
            <Time at={dispatched_at} />
          </Told>
        </Step>
      ))}
      {approval !== null && <Approval id={approval} />}
      {escalation !== null && <Escalation id={escalation} />}
      {allowed_by !== null && (
        <Step state="allow">
          The same act of the same seat was allowed later, by <DecisionLink id={allowed_by} />
        </Step>
      )}
    </ul>
  );
}

function Approval({ id }: { id: number }) {
  const { data } = useQuery(asked("/v1/approval/show", { id }));
  if (!data) return null;
  const { state, wording, decided_by, decided_at, reason, expires_at, used_by } = data;
  return (
    <Step state={state}>
      Approval {id}{" "}
      {state === "pending" ? (
        <>
          was asked for <Time at={data.asked_at} />
        </>
      ) : (
        <>
          was {state} <Time at={decided_at} />
          {decided_by !== null && <> by {decided_by}</>} <Proof about={`approval-${id}`} />
        </>
      )}
      {wording !== null && <code className="block break-words font-mono text-sm text-ink-2">{wording}</code>}
      {reason !== null && <Told>{reason}</Told>}
      {state === "granted" && (
        <Told>
          {used_by === null ? (
            <>
              may be used until <Time at={expires_at} />
            </>
          ) : (
            <>
              used by <DecisionLink id={used_by} />
            </>
          )}
        </Told>
      )}
      {state === "pending" && (
        <div className="mt-2">
          <Verdict approval={data} />
        </div>
      )}
    </Step>
  );
}

function Escalation({ id }: { id: number }) {
  const { data } = useQuery(asked("/v1/escalation/list", { id }));
  const [one] = data?.escalations ?? [];
  if (!one) return null;
  const { opened_at, closed_at, closed_by, note } = one;
  return (
    <Step state={closed_at === null ? "pending" : "done"}>
      Escalation {id}{" "}
      {closed_at === null ? (
        <>
          was opened <Time at={opened_at} />, and still is
        </>
      ) : (
        <>
          was closed <Time at={closed_at} /> by {closed_by}
        </>
      )}
      {note !== null && <Told>{note}</Told>}
      {closed_at === null && (
        <div className="mt-2">
          <CloseEscalation escalation={one} />
        </div>
      )}
    </Step>
  );
}

function Step({ state, children }: { state: string; children: ReactNode }) {
  return (
    <li className="flex items-baseline gap-3">
      <div className="min-w-0 flex-1 break-words">{children}</div>
      <State state={state} />
    </li>
  );
}

function Told({ children }: { children: ReactNode }) {
  return <p className="break-words text-sm text-ink-2">{children}</p>;
}
