import { useSyncExternalStore } from "react";

/** The one timer of the page: everything that tells an age ticks together, each 5 s, and not while it is hidden. */
const TICK_MS = 5_000;
const told = new Set<() => void>();
let now = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;

function tick(): void {
  if (document.hidden) return;
  now = Date.now();
  for (const one of told) one();
}

/** The present, in milliseconds, to within 5 s. */
export function useNow(): number {
  return useSyncExternalStore(
    (one) => {
      told.add(one);
      timer ??= setInterval(tick, TICK_MS);
      return () => {
        told.delete(one);
      };
    },
    () => now,
  );
}

const units = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
] as const;
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "narrow" });

/** `3 min ago`, `in 2 days`. */
export function ago(at_ms: number, now_ms: number): string {
  const seconds = Math.round((at_ms - now_ms) / 1000);
  if (Math.abs(seconds) < 5) return "now";
  const [unit, size] = units.find(([, one]) => Math.abs(seconds) >= one) ?? units[3];
  return relative.format(Math.trunc(seconds / size), unit);
}

/** `2 d 4 h`, `35 s`: the two largest units. */
export function duration(seconds: number): string {
  const [d, h, m] = [
    Math.floor(seconds / 86_400),
    Math.floor((seconds % 86_400) / 3_600),
    Math.floor((seconds % 3_600) / 60),
  ];
  if (d > 0) return h > 0 ? `${d} d ${h} h` : `${d} d`;
  if (h > 0) return m > 0 ? `${h} h ${m} min` : `${h} h`;
  return m > 0 ? `${m} min` : `${Math.floor(seconds)} s`;
}
