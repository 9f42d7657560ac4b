import assert from "node:assert/strict";
import { test } from "node:test";
import { parseWords } from "./command.ts";
import { flagsOf } from "./flags.ts";
import { plainWords } from "./plain.ts";

const flags = flagsOf({
  name: "ticket.file",
  kind: "command",
  summary: "Files it.",
  input: {
    properties: {
      id: { type: "string" },
      title: { type: "string" },
      lane: { type: ["string", "null"] },
      lease_seconds: { type: "integer" },
      urgent: { type: "boolean" },
      default_on: { type: "boolean", default: true },
      labels: { type: "array", items: { type: "string" } },
      token: { type: "string" },
    },
  },
  output: {},
  may: [],
  refuses: [],
});

const nowhere = { write: () => {} };
const byCommander = (words: string[]) => parseWords({ usage: "x", summary: "", flags }, words, nowhere);

function defined<T extends object>(record: T): Partial<T> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as Partial<T>;
}

test("the short way reads words as commander does", () => {
  for (const line of [
    "",
    "LW-1 --title t",
    "--title t LW-1",
    "--title --lane --lane -x",
    "--title=a=b --lane=",
    "--lease_seconds 5 --lease-seconds=6",
    "--urgent --no-default-on --no-lane",
    "--no-urgent --urgent --lane l --no-lane",
    "--labels a --labels=b --json --url http://u --key k",
    "--token field --default_on",
  ]) {
    const words = line === "" ? [] : line.split(" ");
    const plain = plainWords(flags, words);
    const whole = byCommander(words);
    assert.ok(plain && plain !== "help" && whole !== "help", line);
    const sorted = (given: Map<string, unknown>) => Object.fromEntries([...given].sort());
    assert.deepEqual(sorted(plain.given), sorted(whole.given), line);
    assert.deepEqual(plain.globals, defined(whole.globals), line);
  }
});

test("the short way leaves to commander whatever needs a word said about it", () => {
  for (const line of [
    "--help",
    "-h",
    "--titel t",
    "--title",
    "LW-1 LW-2",
    "LW-1 --id LW-2",
    "--urgent=yes",
    "-- LW-1",
    "--no-title",
  ])
    assert.equal(plainWords(flags, line.split(" ")), undefined, line);
});
