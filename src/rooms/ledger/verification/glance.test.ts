import assert from "node:assert/strict";
import { describe, it } from "node:test";
import canonicalize from "canonicalize";
import { glance } from "./glance.ts";

const entry = {
  actor: "operator",
  at: "2026-01-02T03:04:05.678Z",
  command: "telemetry.drop",
  data: { text: '","kind":"post.appended","seq":7,"subject":null,"tenant":"t","v":1}' },
  incarnation: null,
  kind: "telemetry.dropped",
  seq: 10,
  subject: null as string | null,
  tenant: "home",
  v: 1,
};
const told = (text: string, seq = 10) => glance(Buffer.from(text), 0, Buffer.byteLength(text), seq);
const canonical = canonicalize(entry)!;

describe("A glance at an entry", () => {
  it("sees the number and the kind that a parser sees", () => {
    assert.equal(told(canonical), true);
    assert.equal(told(canonical, 1), null);
    assert.equal(told(canonicalize({ ...entry, kind: "post.appended" })!), false);
    for (const subject of ['a "quoted" \\ one', '","seq":11,"subject":null', "é\\"])
      assert.equal(told(canonicalize({ ...entry, subject })!), true, subject);
    assert.equal(told(canonicalize({ ...entry, seq: 9_999_999 })!, 9_999_999), true);
  });

  const disguises: [what: string, text: string][] = [
    ["a kind with an escape", canonical.replace("telemetry.dropped", "telemetry.d\\u0072opped")],
    ["an escape in the key of the kind", canonical.replace('"kind":"t', '"k\\u0069nd":"t')],
    ["a space before the kind", canonical.replace('"kind":"t', '"kind": "t')],
    ["a space behind the number", canonical.replace('"seq":10,"s', '"seq":10 ,"s')],
    ["a number with a zero in front", canonical.replace('"seq":10,"s', '"seq":010,"s')],
    ["a second kind behind the number", canonical.replace(',"v":1}', ',"kind":"telemetry.dropped","v":1}')],
    ["a second kind at the end", canonical.replace(',"v":1}', ',"v":1,"kind":"telemetry.dropped"}')],
    ["a key between kind and number", canonical.replace(',"seq":10,"sub', ',"kind2":"x","seq":10,"sub')],
    ["a carriage return at the end", `${canonical}\r`],
    ["an entry in an entry", `{"a":${canonical}}`],
    ["nothing", ""],
    ["a torn end", canonical.slice(0, -5)],
  ];
  for (const [what, text] of disguises)
    it(`takes ${what} for no entry`, () => {
      assert.equal(told(text), null);
    });
});
