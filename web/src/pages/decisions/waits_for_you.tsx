import { useQuery } from "@tanstack/react-query";
import { CircleCheck } from "lucide-react";
import type { ReactNode } from "react";
import { asked } from "../../api/queries.ts";
import { Panel } from "../../ui/panel.tsx";
import { ProblemNote } from "../../ui/problem_note.tsx";
import { stepThrough } from "../../ui/step_through.ts";
import { ApprovalLine } from "./approval_line.tsx";
import { Bundle } from "./bundle.tsx";
import { EscalationLine } from "./escalation_line.tsx";
import { QuestionLine } from "./question_line.tsx";
import { questionsFor } from "./questions.ts";

/** What one looks through at once; the newest of more come when the first are decided. */
const LINES_MAX = 100;

/** Everything that waits for a word of the operator, one line each; what waits for strategists below it. */
export function WaitsForYou() {
  const own = useQuery(questionsFor("operator"));
  const theirs = useQuery(questionsFor("strategist"));
  const approvals = useQuery(asked("/v1/approval/list", { state: "pending", limit: LINES_MAX }));
  const escalations = useQuery(asked("/v1/escalation/list", { limit: LINES_MAX }));
  const error = [own, theirs, approvals, escalations].find((one) => one.error)?.error;
  if (error) return <ProblemNote error={error} />;
  if (!own.data || !theirs.data || !approvals.data || !escalations.data)
    return <div className="mb-8 h-24 animate-pulse rounded-xl bg-sunken" role="status" aria-label="Loading" />;
  const high = approvals.data.items.filter(({ rung }) => rung === "L2");
  const low = approvals.data.items.filter(({ rung }) => rung !== "L2");
  const count = own.data.length + high.length + escalations.data.escalations.length;
  return (
    <div className="mb-8 flex flex-col gap-3">
      <Panel
        title="Waits for you"
        aside={count > 0 && <Bundle loose={high.filter(({ manifest }) => manifest === null).length} />}
      >
        {count === 0 ? (
          <p className="flex items-center gap-2 text-ink-2">
            <CircleCheck aria-hidden className="size-4.5 text-good" /> No question, approval or escalation waits for
            you.
          </p>
        ) : (
          <Lines label="Waits for you">
            {own.data.map((one) => (
              <QuestionLine key={one.id} {...one} />
            ))}
            {high.map((one) => (
              <ApprovalLine key={one.id} approval={one} />
            ))}
            {escalations.data.escalations.map((one) => (
              <EscalationLine key={one.id} escalation={one} />
            ))}
          </Lines>
        )}
        {approvals.data.moot.map((line) => (
          <p key={line} className="mt-2 text-sm text-ink-3">
            Settles itself: approval {line}
          </p>
        ))}
      </Panel>
      {low.length + theirs.data.length > 0 && (
        <details className="rounded-xl border border-line bg-card px-5 py-3 shadow-card">
          <summary className="cursor-pointer text-ink-2">
            {low.length + theirs.data.length} more {low.length + theirs.data.length === 1 ? "waits" : "wait"} for a
            strategist; you may decide these too
          </summary>
          <div className="pt-2">
            <Lines label="Waits for a strategist">
              {theirs.data.map((one) => (
                <QuestionLine key={one.id} {...one} />
              ))}
              {low.map((one) => (
                <ApprovalLine key={one.id} approval={one} />
              ))}
            </Lines>
          </div>
        </details>
      )}
    </div>
  );
}

function Lines({ label, children }: { label: string; children: ReactNode }) {
  return (
    <ul aria-label={label} className="divide-y divide-line" onKeyDown={stepThrough}>
      {children}
    </ul>
  );
}
