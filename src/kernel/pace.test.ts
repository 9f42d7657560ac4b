import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Pace, SLICE_SECONDS } from "./pace.ts";

const began = Date.UTC(2026, 0, 1);

describe("The pace", () => {
  it("tells a half and 99 of 100 to within a fifth, whatever the times are", () => {
    const times = fc.array(fc.double({ min: 0.1, max: 100_000, noNaN: true }), { minLength: 1, maxLength: 400 });
    fc.assert(
      fc.property(times, (took) => {
        const pace = new Pace(new Date(began), () => began);
        for (const one of took) pace.took(one);
        const [{ commands, half_ms, most_ms }] = pace.slices() as [ReturnType<Pace["slices"]>[number]];
        assert.equal(commands, took.length);
        const sorted = took.toSorted((a, b) => a - b);
        for (const [told, share] of [
          [half_ms, 0.5],
          [most_ms, 0.99],
        ] as const) {
          const exact = sorted[Math.ceil(took.length * share) - 1]!;
          assert.ok(told >= exact * 0.999 && told <= exact * 1.201, `${told} for ${exact}`);
        }
      }),
    );
  });

  it("keeps a day and no more, however long the process runs", () => {
    let now = began;
    const pace = new Pace(new Date(began), () => now);
    for (let slice = 0; slice < 2_000; slice++, now += SLICE_SECONDS * 1000) pace.took(1);
    const slices = pace.slices();
    assert.equal(slices.length, 288);
    assert.equal(slices.at(-1)!.from.getTime(), now - SLICE_SECONDS * 1000);
  });
});
