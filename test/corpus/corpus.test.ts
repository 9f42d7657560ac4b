import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { aroundOf } from "../../src/guard/around.ts";
import { classify } from "../../src/guard/actions/classify.ts";
import { quotedForShell } from "../../src/shell_words.ts";
import { root } from "../house.ts";
import { bypasses } from "./cases.ts";
import { openPlace, type Place } from "./place.ts";
import { score, summary } from "./score.ts";

describe("The corpus", () => {
  let result: ReturnType<typeof score>;
  before(() => {
    result = score();
  });
  const told = (wrong: readonly { line: string; said: string }[]) =>
    [summary(result), ...wrong.map(({ line, said }) => `  ${line}\n      ${said}`)].join("\n");

  it("is large enough to say something", () => {
    assert.ok(result.caught.cases >= 330 && result.stopped.cases >= 330, summary(result));
  });

  it("has the figures that README.md tells", () => {
    const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8").replaceAll(/\s+/g, " ");
    const count = (number: number) => number.toLocaleString("en");
    assert.ok(readme.includes(`the ${count(result.caught.cases)} hidden protected acts`), summary(result));
    const { wrong, cases } = result.stopped;
    assert.ok(readme.includes(`${wrong.length} of ${count(cases)} harmless look-alikes`), summary(result));
  });

  it("has no bypass that goes unseen", () => {
    assert.equal(result.caught.wrong.length, 0, told(result.caught.wrong));
  });

  it("has at most one harmless look-alike in a hundred that is stopped", () => {
    assert.ok(result.stopped.wrong.length <= result.stopped.cases / 100, told(result.stopped.wrong));
  });
});

describe("A bypass inside another shell", () => {
  let place: Place;
  before(() => {
    place = openPlace();
  });
  after(() => place.close());

  const inside = [
    (text: string) => `sh -c ${quotedForShell(text)}`,
    (text: string) => `eval ${quotedForShell(text)}`,
    (text: string) => `npm test && ${text}`,
    (text: string) => `( ${text}\n)`,
    (text: string) => `sudo bash -c ${quotedForShell(text)}`,
  ];

  it("is seen all the same", () => {
    const unseen = bypasses().flatMap(({ call }, index) => {
      // Each case in one of them: all in all would take a minute.
      if (call.kind !== "shell") return [];
      const command = inside[index % inside.length]!(call.command);
      return classify({ ...call, command }, place.around(call.cwd)).length > 0 ? [] : [command];
    });
    assert.deepEqual(unseen, []);
  });
});

describe("Whoever works on this repository", () => {
  it("is asked about none of its scripts but the one that could disconnect the guard", () => {
    const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    const around = { ...aroundOf(root, process.env), worktree: root, protected_branches: [] };
    const asked = Object.keys(scripts).flatMap((name) => {
      const founds = classify({ kind: "shell", command: `npm run ${name}`, cwd: root }, around);
      return founds.map(({ action }) => `${name}: ${action}`);
    });
    assert.deepEqual(asked, ["longwatch: reconfigure_guard"]);
  });
});
