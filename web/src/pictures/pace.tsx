import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useMemo, useState } from "react";
import type { Pace as Told } from "../api/pictures.ts";
import { asked } from "../api/queries.ts";
import { ProblemNote } from "../ui/problem_note.tsx";
import { Time } from "../ui/time.tsx";
import { Key } from "./key.tsx";
import type { Line } from "./line_chart.tsx";
import { SpanChoice } from "./span_choice.tsx";

const LineChart = lazy(async () => ({ default: (await import("./line_chart.tsx")).LineChart }));

const spans = [
  { hours: 1, name: "1 h" },
  { hours: 6, name: "6 h" },
  { hours: 24, name: "a day" },
] as const;
/** Where nothing is written, no entry tells that time goes on. */
const EVERY_MS = 60_000;
const HEIGHT_PX = 104;

const written: readonly Line[] = [{ label: "Entries", colour: "accent", isFilled: true }];
const taken: readonly Line[] = [
  { label: "99 of 100", colour: "info", hasHoles: true },
  { label: "Half", colour: "good", hasHoles: true },
];

const moment = new Intl.DateTimeFormat(undefined, { weekday: "short", hour: "2-digit", minute: "2-digit" });
const rate = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });
const milliseconds = (value: number | null | undefined) => (value == null ? "–" : `${rate.format(value)} ms`);

/** How much was written over time and how long the server took for it, as two pictures and as a table. */
export function Pace() {
  const [hours, setHours] = useState<number>(6);
  const question = asked("/v1/ledger/pace", { hours });
  const { data, error, refetch } = useQuery({
    ...question,
    refetchInterval: EVERY_MS,
    placeholderData: (before) => before,
  });
  return (
    <>
      <SpanChoice spans={spans} hours={hours} onChange={setHours} />
      {error && <ProblemNote error={error} onRetry={() => refetch()} />}
      {data ? <Drawn pace={data} /> : !error && <div className="h-64 animate-pulse rounded-md bg-sunken" />}
    </>
  );
}

/** The rate of a slice; the last one goes on, and only a part of it has passed. */
function rates({ slices, slice_seconds, until }: Told): number[] {
  return slices.map(({ from, entries }) => {
    const seconds = Math.min(slice_seconds, (Date.parse(until) - Date.parse(from)) / 1000);
    return entries / (Math.max(60, seconds) / 60);
  });
}

function Drawn({ pace }: { pace: Told }) {
  const [pointed, setPointed] = useState<number | null>(null);
  const { slices, measured_since } = pace;
  const rows = useMemo(() => {
    const at = slices.map(({ from }) => Date.parse(from) / 1000);
    return { at, written: rates(pace), half: slices.map((one) => one.half_ms), most: slices.map((one) => one.most_ms) };
  }, [pace, slices]);
  const entries = useMemo((): [number[], number[]] => [rows.at, rows.written], [rows]);
  const latencies = useMemo((): [number[], (number | null)[], (number | null)[]] => {
    return [rows.at, rows.most, rows.half];
  }, [rows]);
  const last = slices.length - 1;
  const shown = Math.min(pointed ?? last, last);
  const when = pointed === null || pointed >= last ? "now" : moment.format((rows.at[shown] ?? 0) * 1000);
  return (
    <figure className="text-sm text-ink-2">
      <Suspense fallback={<div className="h-52" />}>
        <LineChart data={entries} lines={written} height_px={HEIGHT_PX} onPoint={setPointed} />
        <LineChart data={latencies} lines={taken} height_px={HEIGHT_PX} onPoint={setPointed} />
      </Suspense>
      <figcaption className="mt-1">
        <span className="flex flex-wrap gap-x-4" data-moves>
          <Key colour="bg-accent" name="entries a minute">
            {rate.format(rows.written[shown] ?? 0)}
          </Key>
          <Key colour="bg-good" name="half answered within">
            {milliseconds(rows.half[shown])}
          </Key>
          <Key colour="bg-info" name="99 of 100 within">
            {milliseconds(rows.most[shown])}
          </Key>
          <span className="ml-auto text-ink-3">{when}</span>
        </span>
        <span className="mt-1 block text-ink-3">
          The times are what this server’s process measured of its own commands since it began (
          <Time at={measured_since} />
          ). They are kept nowhere else.
        </span>
      </figcaption>
      <PaceTable pace={pace} written={rows.written} />
    </figure>
  );
}

/** The same in numbers, the newest first; times in which nothing happened are left out. */
function PaceTable({ pace: { slices }, written: each }: { pace: Told; written: readonly number[] }) {
  const rows = slices
    .map((slice, index) => ({ ...slice, a_minute: each[index] ?? 0 }))
    .filter(({ entries, commands }) => entries + commands > 0)
    .toReversed();
  return (
    <details className="mt-2">
      <summary className="cursor-pointer text-ink-3 hover:text-ink">As a table</summary>
      {rows.length === 0 ? (
        <p className="mt-1">Nothing was written and nothing was said in this time.</p>
      ) : (
        <div className="mt-1 max-h-64 overflow-y-auto" tabIndex={0} role="region" aria-label="Written and answered">
          <table className="w-full text-right tabular-nums">
            <thead className="text-ink-3">
              <tr>
                {["From", "Entries", "A minute", "Commands", "Half within", "99 of 100"].map((name, index) => (
                  <th key={name} scope="col" className={`font-normal ${index === 0 ? "text-left" : ""}`}>
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map(({ from, entries, a_minute, commands, half_ms, most_ms }) => (
                <tr key={from} className="border-t border-line">
                  <th scope="row" className="text-left font-normal" title={`${from} UTC`}>
                    {moment.format(new Date(from))}
                  </th>
                  <td>{entries}</td>
                  <td>{rate.format(a_minute)}</td>
                  <td>{commands}</td>
                  <td>{milliseconds(half_ms)}</td>
                  <td>{milliseconds(most_ms)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </details>
  );
}
