import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { branched, numbers } from "./histories.ts";
import { Invented } from "./invented.ts";
import { emptyTally, reckon, told } from "./tally.ts";

const long = Boolean(process.env.LONGWATCH_LONG);

/** The short form of the histories of public packages: nothing is fetched. */
describe("An invented history:", () => {
  test("no broken pick passes, no whole one is refused, and what is offered is whole", async () => {
    const tally = emptyTally("invented");
    const random = numbers(2);
    for (let branch = 0; branch < (long ? 12 : 1); branch++) {
      const invented = new Invented(random);
      const steps = [invented.step()];
      for (let step = 0; step < 2; step++) {
        for (let change = 0; change < 5; change++) invented.change();
        steps.push(invented.step());
      }
      const made = branched(steps, random);
      using _ = made.repository;
      await reckon(tally, made, "src/**/*.js", long ? 12 : 8, random);
    }
    if (long) console.log(told([tally]));
    assert.deepEqual([tally.missed, tally.refused, tally.not_whole], [[], [], []]);
    assert.ok(tally.broken > 0 && tally.whole > 0, told([tally]));
    assert.ok(tally.by_names > 0, "a check of files alone would have done as well");
  });
});
