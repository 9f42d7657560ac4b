import assert from "node:assert/strict";
import { test } from "node:test";
import { catalogue } from "../../src/kernel/catalogue.ts";
import { twoWords } from "../../src/programs/names.ts";
import { operations as defined } from "../../src/rooms/rooms.ts";
import { flagsOf } from "../../src/surfaces/cli/flags.ts";
import { files, read } from "../house.ts";

/** The programs that read their own words; their own tests hold those. */
const oneWord = ["connect", "disconnect", "sign-in", "doctor", "demo", "serve"];
const isProgram = (said: string) =>
  oneWord.includes(said.split(" ")[0]!) || (twoWords as readonly string[]).includes(said);

const { operations } = catalogue(defined, "0.0.0");

const TOLD = /npx longwatch (?<said>[a-z-]+(?: [a-z-]+)?)(?<rest>[^"`\n<]*)/g;

/** What a newcomer copies out of a page is a command that there is. */
test("each command that a page tells exists, and takes the words that it is told with", () => {
  let told = 0;
  for (const file of files.filter((one) => /^web\/src\/.*\.tsx?$/.test(one) && !one.endsWith(".d.ts"))) {
    // A text that goes on in the next line of the source is one text.
    for (const { groups, 0: text } of read(file)
      .replaceAll(/["'`] \+\s+["'`]/g, "")
      .matchAll(TOLD)) {
      const { said, rest } = groups as { said: string; rest: string };
      told++;
      if (isProgram(said)) continue;
      const operation = operations.find(({ name }) => name === said.replace(" ", ".").replaceAll("-", "_"));
      assert.ok(operation, `${file}: there is no \`${text}\``);
      const flags = flagsOf(operation);
      for (const [, flag] of rest.matchAll(/--([a-z-]+)/g))
        assert.ok(
          flags.some(({ spelling }) => spelling === flag),
          `${file}: \`${text}\` has no --${flag}`,
        );
      const isBare = /^ [A-Za-z${]/.test(rest);
      assert.ok(!isBare || flags.some(({ positional }) => positional), `${file}: \`${text}\` takes no word without --`);
    }
  }
  assert.ok(told >= 15, `they are found: ${told}`);
});
