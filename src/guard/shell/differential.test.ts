import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fc } from "../../../test/cases.ts";
import { list } from "./grammar.fixture.ts";
import { readShell, type Reading, type Word } from "./index.ts";

/** What the stubs were really started with, by bash, against what the reading says that they would be. */
const STUB = `#!/bin/sh
printf '%s\\0' "$PWD" "\${0##*/}" "$@" "\u0001" >> "$STUB_LOG"
`;

type Started = { cwd: string; argv: string[] };

describe("Real bash starts nothing that the reading does not tell", () => {
  let root = "";
  let bin = "";
  before(() => {
    root = realpathSync(mkdtempSync(join(tmpdir(), "longwatch-shell-")));
    bin = join(root, "bin");
    mkdirSync(bin);
    for (const name of ["git", "deploy", "stub"]) {
      writeFileSync(join(bin, name), STUB);
      chmodSync(join(bin, name), 0o755);
    }
  });
  after(() => rmSync(root, { recursive: true, force: true }));

  function inBash(command: string): { started: Started[]; stderr: string } {
    const [cwd, log] = [join(root, "work"), join(root, "log")];
    rmSync(cwd, { recursive: true, force: true });
    rmSync(log, { force: true });
    for (const directory of ["d1/d2", "d3"]) mkdirSync(join(cwd, directory), { recursive: true });
    const { stderr } = spawnSync("bash", ["-c", command], {
      cwd,
      env: environment(),
      timeout: 20_000,
      encoding: "utf8",
      input: "",
    });
    const records = existsSync(log) ? readFileSync(log, "utf8").split("\0\u0001\0").slice(0, -1) : [];
    return {
      started: records.map((record) => record.split("\0")).map(([at, ...argv]) => ({ cwd: at!, argv })),
      stderr,
    };
  }

  const environment = () => ({
    HOME: join(root, "work/d3"),
    PATH: `${bin}:/usr/bin:/bin`,
    STUB_LOG: join(root, "log"),
    LC_ALL: "C.UTF-8",
  });

  function read(command: string): Reading {
    return readShell(command, { cwd: join(root, "work"), env: environment(), readFile: () => null });
  }

  test("for commands made from a grammar", () => {
    let excused = 0;
    let compared = 0;
    fc.assert(
      fc.property(list, (command) => {
        const { started, stderr } = inBash(command);
        if (/syntax error|unexpected EOF|expression|invalid indirect|invalid variable|value too great/.test(stderr))
          return;
        const reading = read(command);
        for (const one of started) {
          compared++;
          if (reading.invocations.some(({ argv, cwd }) => fits(argv, one.argv) && (cwd === null || cwd === one.cwd)))
            continue;
          if (reading.unknowns.length > 0) excused++;
          else assert.fail(`bash started ${JSON.stringify(one)}, the reading has ${told(reading)}`);
        }
      }),
      { numRuns: 300 },
    );
    assert.ok(compared > 300, `only ${compared} programs were started`);
    assert.ok(excused < compared / 20, `${excused} of ${compared} were only told as unknown`);
  });
});

/** An unknown word may be any number of words. */
function fits(argv: readonly Word[], words: readonly string[]): boolean {
  const [first, ...rest] = argv;
  if (first === undefined) return words.length === 0;
  if (first.value === null) return fits(rest, words) || (words.length > 0 && fits(argv, words.slice(1)));
  return (
    words.length > 0 && (first.value === words[0] || basename(first.value) === words[0]) && fits(rest, words.slice(1))
  );
}

function told({ invocations }: Reading): string {
  return JSON.stringify(
    invocations.map(({ argv, cwd }) => ({ cwd, argv: argv.map(({ value, text }) => value ?? { text }) })),
  );
}
