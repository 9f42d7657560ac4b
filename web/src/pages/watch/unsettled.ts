import { queryOptions, useQueries } from "@tanstack/react-query";
import { ask, type QueryOutput } from "../../api/client.ts";
import { asked } from "../../api/queries.ts";
import type { Waiting } from "./waiting.ts";

/** These are long to answer and change seldom: they are asked by the clock, not by the ledger's entries. */
const EVERY_MS = 30_000;
/** What was refuted longer ago stands in the queue like any other work. */
const REFUTED_SECONDS = 86_400;
const SHOWN_MAX = 20;
/** Strategists who decide nothing for so long are the operator's business. */
const LATE_SECONDS = 3_600;

/** Deliverables that could not be verified, and whose tickets are not done again. */
const refuted = queryOptions({
  queryKey: ["deliverables refuted"],
  refetchInterval: EVERY_MS,
  queryFn: async ({ signal }) => {
    const { entries } = await ask("/v1/feed/page", { kind: "ticket.refuted", limit: SHOWN_MAX }, signal);
    const recent = entries.filter(({ at }) => Date.now() - Date.parse(at) < REFUTED_SECONDS * 1000);
    const ids = [...new Set(recent.flatMap(({ subject }) => subject ?? []))];
    const tickets = await Promise.all(ids.map((id) => ask("/v1/ticket/show", { id }, signal)));
    return tickets
      .filter(({ state }) => state !== "done" && state !== "cancelled")
      .map(({ id, title }) => ({ id, title, ...recent.find(({ subject }) => subject === id)! }));
  },
});

/** What was given to a seat that will not come. */
const stranded = queryOptions({
  queryKey: ["dispatches stranded"],
  refetchInterval: EVERY_MS,
  queryFn: async ({ signal }) => {
    const { dispatches } = await ask("/v1/dispatch/list", { limit: 200 }, signal);
    return dispatches.filter((one) => one.stranded);
  },
});

/**
 * What went wrong and stands so until somebody settles it: refuted deliverables, work given to seats that are gone, two
 * who want one number, and strategists who do not decide. `undefined` until all of it was answered once.
 */
export function useUnsettled(): { unsettled: Waiting[] | undefined; error: Error | null } {
  const answers = useQueries({
    queries: [
      refuted,
      stranded,
      asked("/v1/collision/list", { settled: false, limit: SHOWN_MAX }),
      asked("/v1/question/pace"),
    ],
  });
  const error = answers.find((one) => one.error)?.error ?? null;
  const [refutals, dispatches, collisions, pace] = answers;
  if (!refutals.data || !dispatches.data || !collisions.data || !pace.data) return { unsettled: undefined, error };
  const unsettled = [
    ...refutals.data.map(({ id, title, at }) => told(`refuted ${id}`, "Refuted", `${id}: ${title}`, at, id)),
    ...dispatches.data.map(({ id, title, to, receipts }) =>
      told(`stranded ${id}`, "Stranded", `${id}, given to ${to}: ${title}`, receipts.dispatched ?? null, id),
    ),
    ...collisions.data.collisions.map(ofCollision),
    ...pace.data.deciders.flatMap(ofDecider),
  ];
  return { unsettled, error };
}

function told(key: string, what: string, line: string, at: string | null, ticket: string): Waiting {
  return { key, tone: "warn", what, line, at, to: `/tickets/${ticket}` };
}

function ofCollision(one: QueryOutput<"/v1/collision/list">["collisions"][number]): Waiting {
  const { collision, number, first, second, opened_at } = one;
  const line = `${number}: “${first.title}” and “${second.title}”`;
  return told(`collision ${collision}`, "Collision", line, opened_at, first.ticket ?? number);
}

type Decider = QueryOutput<"/v1/question/pace">["deciders"][number];

/** The operator's own questions stand in the list one by one. */
function ofDecider({ goes_to, waiting, oldest_seconds, rendered }: Decider): Waiting[] {
  if (goes_to !== "strategist" || rendered > 0 || (oldest_seconds ?? 0) < LATE_SECONDS) return [];
  const line = `${waiting === 1 ? "A question waits" : `${waiting} questions wait`} for a strategist, and none decides`;
  const at = new Date(Date.now() - oldest_seconds! * 1000).toISOString();
  return [{ key: "strategists", tone: "warn", what: "Undecided", line, at, to: "/decisions" }];
}

/** Whether an approval is the operator's: on the highest rung, or left lying by the strategists. */
export function isForOperator({ rung, age_seconds }: { rung: string; age_seconds: number }): boolean {
  return rung === "L2" || age_seconds > LATE_SECONDS;
}
