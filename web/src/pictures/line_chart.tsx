import { useDeferredValue, useEffect, useRef } from "react";
import uPlot, { type AlignedData } from "uplot";
import "uplot/dist/uPlot.min.css";
import { type Colours, useColours } from "./colours.ts";

const FONT = "11px ui-sans-serif, system-ui, sans-serif";

const hour = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric" });
const DAY_SECONDS = 86_400;

/** Names the instants on the axis: by the hour, or by the day where they are days apart. */
function named([first = 0, second = 0]: readonly number[]): (instant: number) => string {
  const form = second - first >= DAY_SECONDS / 2 ? day : hour;
  return (instant) => form.format(instant * 1000);
}

/**
 * A line of a picture: what it is of, and its colour; what lies below it may be filled. One with holes has a point for
 * each value, or a value between two holes would not show.
 */
export type Line = { label: string; colour: keyof Colours; isFilled?: boolean; hasHoles?: boolean };

function options(size: { width: number; height: number }, lines: readonly Line[], colours: Colours): uPlot.Options {
  const axis = { stroke: colours.ink3, font: FONT, grid: { stroke: colours.line, width: 1 }, ticks: { show: false } };
  return {
    ...{ ...size, legend: { show: false }, padding: [8, 24, 0, 0] },
    cursor: { y: false, points: { size: 7 }, drag: { x: false, y: false } },
    scales: { y: { range: (_, __, max) => [0, Math.max(4, Math.ceil(max * 1.08))] } },
    axes: [
      { ...axis, size: 28, space: 64, grid: { show: false }, values: (_, splits) => splits.map(named(splits)) },
      { ...axis, size: 44, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000] },
    ],
    series: [
      {},
      ...lines.map(({ label, colour, isFilled, hasHoles = false }) => ({
        ...{ label, stroke: colours[colour], width: 2, points: { show: hasHoles, size: 4 } },
        ...(isFilled ? { fill: `${colours[colour]}26` } : {}),
      })),
    ],
  };
}

type LineChartProps = {
  data: AlignedData;
  /** The same array each time: another one is another picture. */
  lines: readonly Line[];
  height_px?: number;
  onPoint: (index: number | null) => void;
};

/** Lines over time, the first row of `data` being instants in seconds. `onPoint` tells where the pointer is. */
export function LineChart({ data, lines, height_px = 180, onPoint }: LineChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const newest = useRef(data);
  newest.current = data;
  const colours = useColours();
  // Drawn when the page around it is painted: the press that led here has its answer before.
  const isDue = useDeferredValue(true, false);
  useEffect(() => {
    if (!isDue) return undefined;
    const place = box.current!;
    const made = new uPlot(
      {
        ...options({ width: place.clientWidth, height: height_px }, lines, colours),
        hooks: { setCursor: [({ cursor }) => onPoint(cursor.idx ?? null)] },
      },
      newest.current,
      place,
    );
    plot.current = made;
    const observer = new ResizeObserver(() => {
      const width = place.clientWidth;
      if (width !== made.width) made.setSize({ width, height: height_px });
    });
    observer.observe(place);
    return () => {
      observer.disconnect();
      plot.current = null;
      made.destroy();
    };
  }, [isDue, colours, lines, height_px, onPoint]);
  useEffect(() => plot.current?.setData(data), [data]);
  return <div ref={box} aria-hidden className="w-full" style={{ minHeight: height_px }} />;
}
