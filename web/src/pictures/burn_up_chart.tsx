import { useEffect, useRef } from "react";
import uPlot, { type AlignedData } from "uplot";
import "uplot/dist/uPlot.min.css";
import { type Colours, useColours } from "./colours.ts";

const HEIGHT_PX = 180;
const FONT = "11px ui-sans-serif, system-ui, sans-serif";

const hour = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric" });
const DAY_SECONDS = 86_400;

/** Names the instants on the axis: by the hour, or by the day where they are days apart. */
function named([first = 0, second = 0]: readonly number[]): (instant: number) => string {
  const form = second - first >= DAY_SECONDS / 2 ? day : hour;
  return (instant) => form.format(instant * 1000);
}

function options(width: number, colours: Colours): uPlot.Options {
  const axis = { stroke: colours.ink3, font: FONT, grid: { stroke: colours.line, width: 1 }, ticks: { show: false } };
  const line = (label: string, stroke: string, fill?: string) => ({
    ...{ label, stroke, width: 2, points: { show: false } },
    ...(fill ? { fill } : {}),
  });
  return {
    ...{ width, height: HEIGHT_PX, legend: { show: false }, padding: [8, 8, 0, 0] },
    cursor: { y: false, points: { size: 7 }, drag: { x: false, y: false } },
    scales: { y: { range: (_, __, max) => [0, Math.max(4, Math.ceil(max * 1.08))] } },
    axes: [
      { ...axis, size: 28, space: 64, grid: { show: false }, values: (_, splits) => splits.map(named(splits)) },
      { ...axis, size: 44, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000] },
    ],
    series: [{}, line("Filed", colours.info), line("Finished", colours.good, `${colours.good}26`)],
  };
}

/** Filed and finished as two lines that rise; what lies between them is open. `onPoint` tells where the pointer is. */
export function BurnUpChart({ data, onPoint }: { data: AlignedData; onPoint: (index: number | null) => void }) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const newest = useRef(data);
  newest.current = data;
  const colours = useColours();
  useEffect(() => {
    const place = box.current!;
    const made = new uPlot(
      {
        ...options(place.clientWidth, colours),
        hooks: { setCursor: [({ cursor }) => onPoint(cursor.idx ?? null)] },
      },
      newest.current,
      place,
    );
    plot.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: place.clientWidth, height: HEIGHT_PX }));
    observer.observe(place);
    return () => {
      observer.disconnect();
      plot.current = null;
      made.destroy();
    };
  }, [colours, onPoint]);
  useEffect(() => plot.current?.setData(data), [data]);
  return <div ref={box} aria-hidden className="min-h-[180px] w-full" />;
}
