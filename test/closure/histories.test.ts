import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { branched, numbers, published } from "./histories.ts";
import { emptyTally, reckon, type Tally, told } from "./tally.ts";

/**
 * The long form (`npm run closure`): histories of public packages, rebuilt from the versions that they published, and
 * random picks from them. Nothing of theirs is kept here; it is fetched when the test runs.
 */
const PICKS_OF_EACH_STEP = 17;

const packages: { name: string; sources: string; versions: string[] }[] = [
  {
    name: "execa",
    sources: "{index.js,lib/**/*.js}",
    versions: ["9.0.0", "9.1.0", "9.2.0", "9.3.0", "9.4.0", "9.5.0", "9.6.0", "10.0.0", "10.2.0"],
  },
  {
    name: "d3-array",
    sources: "{index.js,src/**/*.js}",
    versions: ["1.0.0", "1.2.0", "2.0.0", "2.3.0", "2.5.0", "2.8.0", "2.11.0", "3.0.0", "3.2.4"],
  },
  {
    name: "immer",
    sources: "src/**/*.ts",
    versions: ["6.0.0", "7.0.0", "8.0.0", "9.0.0", "9.0.21", "10.0.0", "10.1.1", "10.2.0", "11.0.0"],
  },
];

const long = Boolean(process.env.LONGWATCH_LONG);

describe("Histories of public packages:", { skip: !long }, () => {
  const tallies: Tally[] = [];
  after(() => {
    if (tallies.length > 0) console.log(told(tallies));
  });

  for (const [index, { name, sources, versions }] of packages.entries())
    test(`no broken pick of ${name} passes, and at most 2 % of the whole ones are refused`, async () => {
      const tally = emptyTally(name);
      tallies.push(tally);
      const random = numbers(5_000 + index);
      const steps = versions.map((version) => published(name, version, sources));
      for (let at = 0; at + 1 < steps.length; at++) {
        // Every other branch is two versions long, so that picks leave out what later commits build upon.
        const made = branched(steps.slice(at, at + 2 + (at % 2)), random);
        using _ = made.repository;
        await reckon(tally, made, sources, PICKS_OF_EACH_STEP, random);
      }
      assert.deepEqual(tally.missed, []);
      assert.deepEqual(tally.not_whole, []);
      assert.ok(tally.refused.length <= tally.whole * 0.02, `wrongly refused:\n${tally.refused.join("\n")}`);
      assert.ok(tally.broken >= 10 && tally.whole >= 10, told([tally]));
    });

  test("there were at least 200 picks", () => {
    const picks = tallies.reduce((sum, one) => sum + one.picks, 0);
    assert.ok(picks >= 200, `${picks} picks`);
  });
});
