import type { Timeline } from "../../api/pictures.ts";

type Stretch = Timeline["seats"][number]["stretches"][number];

/** From when to when a lane goes, in milliseconds. */
export type Span = { from: number; until: number };

/** A lane's own measure: it is stretched to the room it has. */
export const WIDTH = 1_000;
/** As WIDTH, from top to bottom: the h-6 of the lane. */
export const HEIGHT = 24;
/** Narrower than this it is less than a pixel of a phone. */
const WIDTH_MIN = 3;
/** How high a bar is, as `looks` says it: h-4, h-4, h-1.5, h-0.5. The lower ones are drawn over the higher. */
const heights = { busy: 16, blocked: 16, idle: 6, dead: 2 } as const;

type Bar = { left: number; right: number };

/** Where a stretch is drawn: never narrower than can be seen, and never past the end. */
function barOf(stretch: Stretch, { from, until }: Span): Bar {
  const xOf = (instant: string) => ((Math.max(Date.parse(instant), from) - from) / (until - from)) * WIDTH;
  const left = Math.min(xOf(stretch.from), WIDTH - WIDTH_MIN);
  return { left, right: Math.max(left + WIDTH_MIN, xOf(stretch.until)) };
}

/**
 * The bars of each state as one SVG path. Bars of one state that touch are one bar: so there are never more of them
 * than can be seen, however often a seat changed.
 */
export function barsOf(stretches: readonly Stretch[], span: Span): Map<Stretch["state"], string> {
  const open = new Map<Stretch["state"], Bar>();
  const paths = new Map((Object.keys(heights) as Stretch["state"][]).map((state) => [state, ""]));
  const draw = (state: Stretch["state"], { left, right }: Bar) => {
    const [height, wide] = [heights[state], (right - left).toFixed(2)];
    const bar = `M${left.toFixed(2)} ${(HEIGHT - height) / 2}h${wide}v${height}h-${wide}z`;
    paths.set(state, paths.get(state)! + bar);
  };
  for (const stretch of stretches) {
    const { state } = stretch;
    const [before, bar] = [open.get(state), barOf(stretch, span)];
    if (before && bar.left <= before.right) before.right = bar.right;
    else {
      if (before) draw(state, before);
      open.set(state, bar);
    }
  }
  for (const [state, bar] of open) draw(state, bar);
  return paths;
}

/** The stretch that is seen so far from the left of a lane, where 1 is its right end. */
export function stretchAt(stretches: readonly Stretch[], span: Span, share: number): Stretch | undefined {
  const x = share * WIDTH;
  return stretches.findLast((stretch) => {
    const { left, right } = barOf(stretch, span);
    return left <= x && x <= right;
  });
}
