/// <reference lib="dom" />
import type { Page } from "playwright-core";

/** An interaction as the browser timed it: from the press, by what the page did with it, to the next picture. */
export type Press = {
  /** A key, or what the pointer was on. */
  what: string;
  /** The page that was pressed on. */
  where: string;
  /** Until the page began with it, while it handled it, and until the picture after it stood. */
  waited_ms: number;
  handled_ms: number;
  painted_ms: number;
  duration_ms: number;
};

/** How many interactions there were, and those of 16 ms or more, the slowest first. */
export type Presses = { count: number; presses: Press[] };

/**
 * Watches a page for as long as it stands. The answer tells every interaction that took 16 ms or more, the slowest
 * first, and how many there were: the measure is the Web's own (Event Timing, the longest event of an interaction).
 */
export async function watchPresses(page: Page): Promise<() => Promise<Presses>> {
  await page.evaluate(() => {
    const pressed = new Map<number, { what: string; where: string }>();
    const longest = new Map<number, Press>();
    const note = (event: KeyboardEvent | PointerEvent) => {
      const { target } = event;
      const name = target instanceof Element ? (target.getAttribute("aria-label") ?? target.textContent.trim()) : "";
      const what = event instanceof KeyboardEvent ? `the key ${event.key}` : `“${name.slice(0, 40)}”`;
      pressed.set(event.timeStamp, { what, where: location.pathname });
    };
    for (const type of ["keydown", "keyup", "pointerdown", "pointerup"] as const)
      addEventListener(type, note, { capture: true });
    const observer = new PerformanceObserver((list) => {
      for (const event of list.getEntries() as PerformanceEventTiming[]) {
        const { interactionId, startTime, processingStart, processingEnd, duration } = event;
        if (!interactionId || duration <= (longest.get(interactionId)?.duration_ms ?? 0)) continue;
        longest.set(interactionId, {
          ...(pressed.get(startTime) ?? { what: event.name, where: location.pathname }),
          waited_ms: processingStart - startTime,
          handled_ms: processingEnd - processingStart,
          painted_ms: Math.max(0, startTime + duration - processingEnd),
          duration_ms: duration,
        });
      }
    });
    observer.observe({ type: "event", durationThreshold: 16, buffered: true } as PerformanceObserverInit);
    (globalThis as unknown as { longest: typeof longest }).longest = longest;
  });
  return () =>
    page.evaluate(() => {
      const { longest } = globalThis as unknown as { longest: Map<number, Press> };
      const { interactionCount = longest.size } = performance as { interactionCount?: number };
      const presses = [...longest.values()].sort((a, b) => b.duration_ms - a.duration_ms);
      return { count: interactionCount, presses };
    });
}

/** As the Web has it: the slowest, but for one in fifty. What was quicker than 16 ms is not told, and counts as 16. */
export function interactionToNextPaint({ count, presses }: Presses): number {
  return presses[Math.floor(count / 50)]?.duration_ms ?? 16;
}
