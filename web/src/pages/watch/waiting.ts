import { useQueries } from "@tanstack/react-query";
import { asked } from "../../api/queries.ts";
import type { Tone } from "../../ui/tone.ts";

/** One thing that waits for the operator: what, since when, and where to settle it. */
export type Waiting = { key: string; tone: Tone; what: string; line: string; at: string | null; to: string };

/** Everything that waits for a person, the worst first. `undefined` until all of it was answered once. */
export function useWaiting(): { waiting: Waiting[] | undefined; error: Error | null } {
  const [approvals, escalations, failures, environments, coverage] = useQueries({
    queries: [
      asked("/v1/approval/list", { state: "pending", limit: 50 }),
      asked("/v1/escalation/list", { limit: 50 }),
      asked("/v1/failure/list", { limit: 50 }),
      asked("/v1/environment/list"),
      asked("/v1/ledger/coverage"),
    ],
  });
  const all = [approvals, escalations, failures, environments, coverage];
  const error = all.find((one) => one.error)?.error ?? null;
  if (!approvals.data || !escalations.data || !failures.data || !environments.data || !coverage.data)
    return { waiting: undefined, error };
  const waiting: Waiting[] = [];
  const { broken } = coverage.data;
  if (broken !== null)
    waiting.push({
      key: "ledger",
      tone: "bad",
      what: "Ledger broken",
      line: JSON.stringify(broken),
      at: null,
      to: "/ledger",
    });
  for (const { environment, state, down_since } of environments.data.environments) {
    if (down_since !== null)
      waiting.push({
        key: `down ${environment}`,
        tone: "bad",
        what: "Down",
        line: environment,
        at: down_since,
        to: "/landing",
      });
    else if (state === "in_doubt")
      waiting.push({
        key: `doubt ${environment}`,
        tone: "bad",
        what: "In doubt",
        line: environment,
        at: null,
        to: "/landing",
      });
  }
  for (const { failure, environment, cause, opened_at } of failures.data.failures)
    waiting.push({
      key: `failure ${failure}`,
      tone: "bad",
      what: "Failed deploy",
      line: `${environment}: ${cause}`,
      at: opened_at,
      to: "/landing",
    });
  for (const { id, reason, opened_at } of escalations.data.escalations)
    waiting.push({
      key: `escalation ${id}`,
      tone: "warn",
      what: "Escalation",
      line: reason,
      at: opened_at,
      to: "/decisions",
    });
  for (const { id, line, asked_at } of approvals.data.items)
    waiting.push({ key: `approval ${id}`, tone: "warn", what: "Approval", line, at: asked_at, to: "/decisions" });
  return { waiting, error };
}
