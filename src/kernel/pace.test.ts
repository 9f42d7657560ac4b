import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { fc } from "../../test/cases.ts";
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

  it("keeps no more when the clock is set back and forth, and tells each slice once and in order", () => {
    let now = began;
    const pace = new Pace(new Date(began), () => now);
    for (let slice = 0; slice < 1_000; slice++) {
      pace.took(1);
      now += (slice % 10 === 9 ? -2_000 : 3) * SLICE_SECONDS * 1000;
    }
    const starts = pace.slices().map(({ from }) => from.getTime());
    assert.ok(starts.length <= 288, `${starts.length}`);
    assert.deepEqual(
      starts,
      [...new Set(starts)].sort((a, b) => a - b),
    );
    now = began;
    pace.took(1);
    now += SLICE_SECONDS * 1000;
    pace.took(1);
    assert.ok(
      pace.slices().some(({ from }) => from.getTime() === now),
      "what is said now is counted now",
    );
  });

  it("takes a few kilobytes of a tenant whose clock speaks all day long", () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const used = () => {
      collect();
      const { heapUsed, external } = process.memoryUsage();
      return heapUsed + external;
    };
    const before = used();
    let now = began;
    const paces = Array.from({ length: 100 }, () => new Pace(new Date(began), () => now));
    for (let slice = 0; slice < 288; slice++, now += SLICE_SECONDS * 1000) for (const pace of paces) pace.took(1);
    const each = (used() - before) / paces.length / 1024;
    assert.ok(each < 50, `${each} kB`);
    assert.equal(paces.at(-1)!.slices().length, 288);
  });
});
