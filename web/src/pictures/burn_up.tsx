import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useMemo, useState } from "react";
import type { Flow } from "../api/pictures.ts";
import { asked } from "../api/queries.ts";
import { ProblemNote } from "../ui/problem_note.tsx";
import { Key } from "./key.tsx";
import type { Line } from "./line_chart.tsx";
import { SpanChoice } from "./span_choice.tsx";

const LineChart = lazy(async () => ({ default: (await import("./line_chart.tsx")).LineChart }));

const spans = [
  { hours: 6, name: "6 h" },
  { hours: 24, name: "a day" },
  { hours: 168, name: "a week" },
  { hours: 720, name: "30 days" },
] as const;

/** Two lines that rise; what lies between them is open. */
const lines: readonly Line[] = [
  { label: "Filed", colour: "info" },
  { label: "Finished", colour: "good", isFilled: true },
];

const moment = new Intl.DateTimeFormat(undefined, { weekday: "short", hour: "2-digit", minute: "2-digit" });

/** The queue over time: what was filed, what ended, and so what is open; as a picture and as a table. */
export function BurnUp({ lane }: { lane?: string | undefined }) {
  const [hours, setHours] = useState<number>(24);
  const { data, error, refetch } = useQuery({
    ...asked("/v1/ticket/flow", { hours, ...(lane ? { lane } : {}) }),
    placeholderData: (before) => before,
  });
  return (
    <>
      <SpanChoice spans={spans} hours={hours} onChange={setHours} />
      {error && <ProblemNote error={error} onRetry={() => refetch()} />}
      {data ? <Drawn flow={data} /> : !error && <div className="h-[212px] animate-pulse rounded-md bg-sunken" />}
    </>
  );
}

function Drawn({ flow }: { flow: Flow }) {
  const [pointed, setPointed] = useState<number | null>(null);
  const risen = useMemo(() => rise(flow), [flow]);
  const data = useMemo(
    () =>
      [risen.map(({ at }) => at), risen.map((one) => one.filed), risen.map((one) => one.ended)] as [
        number[],
        number[],
        number[],
      ],
    [risen],
  );
  const last = risen.length - 1;
  const shown = risen[pointed ?? last] ?? risen[last]!;
  const sum = (what: "filed" | "done" | "cancelled") => flow.slices.reduce((total, one) => total + one[what], 0);
  return (
    <figure>
      <Suspense fallback={<div className="h-[180px]" />}>
        <LineChart data={data} lines={lines} onPoint={setPointed} />
      </Suspense>
      <figcaption className="mt-1 text-sm text-ink-2">
        <span className="flex flex-wrap gap-x-4">
          <Key colour="bg-info" name="filed">
            {shown.filed.toLocaleString("en")}
          </Key>
          <Key colour="bg-good" name="finished">
            {shown.ended.toLocaleString("en")}
          </Key>
          <span>
            open <b className="font-medium tabular-nums text-ink">{shown.open.toLocaleString("en")}</b>
          </span>
          <span className="ml-auto text-ink-3">
            {pointed === null || pointed === last ? "now" : moment.format(shown.at * 1000)}
          </span>
        </span>
        <span className="sr-only">
          {`${sum("filed")} tickets were filed, ${sum("done")} done and ${sum("cancelled")} cancelled. `}
          {`${flow.open_before} were open at the beginning, ${flow.open_now} are open now.`}
        </span>
      </figcaption>
      <FlowTable risen={risen} flow={flow} />
    </figure>
  );
}

type Risen = { at: number; filed: number; ended: number; open: number };

/** What was open at the beginning counts as filed before it: so the two lines are apart by what is open. */
function rise({ open_before, slices, slice_seconds, until, from }: Flow): Risen[] {
  let [filed, ended] = [Math.max(0, open_before), 0];
  const points: Risen[] = [{ at: Date.parse(from) / 1000, filed, ended, open: filed }];
  for (const slice of slices) {
    filed += slice.filed;
    ended += slice.done + slice.cancelled;
    const end = Math.min(Date.parse(slice.from) / 1000 + slice_seconds, Date.parse(until) / 1000);
    points.push({ at: end, filed, ended, open: filed - ended });
  }
  return points;
}

/** The same in numbers, the newest first; times in which nothing happened are left out. */
function FlowTable({ risen, flow: { slices } }: { risen: readonly Risen[]; flow: Flow }) {
  const rows = slices
    .map((slice, index) => ({ ...slice, open: risen[index + 1]!.open }))
    .filter(({ filed, done, cancelled }) => filed + done + cancelled > 0)
    .toReversed();
  return (
    <details className="mt-2 text-sm">
      <summary className="cursor-pointer text-ink-3 hover:text-ink">As a table</summary>
      {rows.length === 0 ? (
        <p className="mt-1 text-ink-2">Nothing was filed and nothing ended in this time.</p>
      ) : (
        <div className="mt-1 max-h-64 overflow-y-auto" tabIndex={0} role="region" aria-label="Filed and finished">
          <table className="w-full text-right tabular-nums">
            <thead className="text-ink-3">
              <tr>
                {["From", "Filed", "Done", "Cancelled", "Open then"].map((name, index) => (
                  <th key={name} scope="col" className={`font-normal ${index === 0 ? "text-left" : ""}`}>
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map(({ from, filed, done, cancelled, open }) => (
                <tr key={from} className="border-t border-line">
                  <th scope="row" className="text-left font-normal" title={`${from} UTC`}>
                    {moment.format(new Date(from))}
                  </th>
                  <td>{filed}</td>
                  <td>{done}</td>
                  <td>{cancelled}</td>
                  <td>{open}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </details>
  );
}
