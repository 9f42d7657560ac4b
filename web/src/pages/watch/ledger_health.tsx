import { useQuery } from "@tanstack/react-query";
import { ShieldAlert, ShieldCheck } from "lucide-react";
import { asked } from "../../api/queries.ts";
import { duration } from "../../ui/clock.ts";
import { Time } from "../../ui/time.tsx";

/** Whether what happened can be proven. */
export function LedgerHealth() {
  const { data } = useQuery(asked("/v1/ledger/coverage"));
  if (!data) return <div className="h-16" />;
  const { entries, broken, anchored, covered, last_whole_at } = data;
  const Mark = broken === null ? ShieldCheck : ShieldAlert;
  return (
    <div className="flex gap-4">
      <Mark aria-hidden className={`size-8 shrink-0 ${broken === null ? "text-good" : "text-bad"}`} strokeWidth={1.5} />
      <div>
        <p>
          <span className="font-semibold tabular-nums">{entries.toLocaleString("en")}</span> entries,{" "}
          {broken === null ? "none broken" : "broken"}; {Math.round(covered * 100)} % hashed anew in a day.
        </p>
        <p className="mt-1 text-sm text-ink-2">
          Signed up to entry {anchored.size.toLocaleString("en")}
          {anchored.lag_entries > 0 && `, ${anchored.lag_entries} behind (${duration(anchored.lag_seconds)})`}. Whole
          check: <Time at={last_whole_at} />.
        </p>
      </div>
    </div>
  );
}
