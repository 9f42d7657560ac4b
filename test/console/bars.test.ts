import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { barsOf, stretchAt, WIDTH } from "../../web/src/pages/seats/bars.ts";

const HOUR = 3_600_000;
const span = { from: 0, until: 8 * HOUR };
const iso = (at: number) => new Date(at).toISOString();
const stretch = (state: "busy" | "idle" | "dead", from: number, until: number, entry: number | null = from) => ({
  ...{ state, from: iso(from), until: iso(until), entry },
});

describe("A seat's lane", () => {
  test("draws each state's bars, and nothing narrower than can be seen", () => {
    const stretches = [stretch("busy", 0, 4 * HOUR), stretch("idle", 4 * HOUR, 4 * HOUR + 1_000)];
    const bars = barsOf(stretches, span);
    assert.equal(bars.get("busy"), "M0.00 4h500.00v16h-500.00z");
    assert.equal(bars.get("idle"), "M500.00 9h3.00v6h-3.00z");
    assert.equal(bars.get("dead"), "");
  });

  test("of a thousand changes an hour is no more bars than have room", () => {
    const step = HOUR / 1_000;
    const stretches = Array.from({ length: 8_000 }, (_, n) =>
      stretch(n % 20 < 10 && n % 2 ? "busy" : "idle", n * step, (n + 1) * step),
    );
    for (const [, path] of barsOf(stretches, span)) assert.ok(path.split("M").length - 1 <= WIDTH / 3);
    assert.equal(barsOf(stretches, span).get("idle"), "M0.00 9h1000.00v6h-1000.00z");
  });

  test("begins where the picture begins", () => {
    assert.equal(barsOf([stretch("dead", -HOUR, HOUR)], span).get("dead"), "M0.00 11h125.00v2h-125.00z");
  });

  test("tells the stretch that the pointer is on, also where it is as narrow as can be", () => {
    const [early, tiny] = [stretch("busy", HOUR, 2 * HOUR), stretch("idle", 6 * HOUR, 6 * HOUR + 1)];
    assert.equal(stretchAt([early, tiny], span, 0.05), undefined);
    assert.equal(stretchAt([early, tiny], span, 0.2), early);
    assert.equal(stretchAt([early, tiny], span, 0.751), tiny);
    assert.equal(stretchAt([early, tiny], span, 0.76), undefined);
  });
});
