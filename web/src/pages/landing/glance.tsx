import { useQuery } from "@tanstack/react-query";
import type { QueryOutput } from "../../api/client.ts";
import { asked } from "../../api/queries.ts";

type Environments = QueryOutput<"/v1/environment/list">["environments"];

/** So many are asked for, here and in the list beneath. */
export const FAILURES_MAX = 50;

/** Whether anything of landing needs somebody: four numbers, and a word where one is not as it should be. */
export function Glance({ environments }: { environments: Environments }) {
  const failures = useQuery(asked("/v1/failure/list", { all: false, limit: FAILURES_MAX }));
  const debts = useQuery(asked("/v1/debt/list"));
  const credentials = useQuery(asked("/v1/credential/list", { unguarded: true }));
  const down = environments.filter(({ down_since }) => down_since !== null).length;
  const inDoubt = environments.filter(({ state }) => state === "in_doubt").length;
  const deploying = environments.filter(({ state }) => state === "deploying").length;
  const states = [
    ...(down > 0 ? [`${down} down`] : []),
    ...(inDoubt > 0 ? [`${inDoubt} in doubt`] : []),
    ...(deploying > 0 ? [`${deploying} deploying`] : []),
  ];
  return (
    <dl className="mb-5 grid grid-cols-2 gap-3 lg:grid-cols-4">
      <Figure
        name={environments.length === 1 ? "environment" : "environments"}
        count={environments.length}
        word={states.join(", ") || "all settled"}
        isWordBad={down + inDoubt > 0}
      />
      <Figure
        name="open failures"
        count={failures.data?.failures.length}
        max={FAILURES_MAX}
        word={failures.data?.failures.length ? "not mended yet" : "nothing waits"}
        isBad={(failures.data?.failures.length ?? 0) > 0}
      />
      <Figure
        name="branches not merged"
        count={debts.data?.debts.length}
        word={debts.data?.debts.length ? "their tickets are done" : "nothing done waits"}
      />
      <Figure
        name="unguarded credentials"
        count={credentials.data?.credentials.length}
        word={credentials.data?.credentials.length ? "their guard is not served" : "every guard is served"}
        isBad={(credentials.data?.credentials.length ?? 0) > 0}
      />
    </dl>
  );
}

type Props = {
  name: string;
  count: number | undefined;
  word: string;
  /** So many are as many as were asked for. */
  max?: number;
  /** The number itself is bad, or only what is said of it. */
  isBad?: boolean;
  isWordBad?: boolean;
};

function Figure({ name, count, word, isBad = false, isWordBad = isBad, max = Number.POSITIVE_INFINITY }: Props) {
  const digits = count === undefined ? "…" : `${count.toLocaleString("en")}${count >= max ? "+" : ""}`;
  return (
    <div className="flex flex-col-reverse justify-end rounded-xl border border-line bg-card px-4 py-3 shadow-card">
      <dt className="text-sm text-ink-2">
        {name}
        <span className={`block text-xs ${isWordBad ? "font-medium text-bad" : "text-ink-3"}`}>
          {count === undefined ? "…" : word}
        </span>
      </dt>
      <dd className={`text-2xl font-semibold tracking-tight tabular-nums ${isBad ? "text-bad" : ""}`}>{digits}</dd>
    </div>
  );
}
