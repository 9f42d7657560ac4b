import assert from "node:assert/strict";
import { test } from "node:test";
import { slimmed } from "./slimmed.ts";

const number = (value: number) => {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32LE(value);
  return bytes;
};
const head = Buffer.from("what the program needs \0 and its own lengths");
const modules = Array.from({ length: 60 }, (_, n) => {
  const name = Buffer.from(`internal/module_${n}`);
  return Buffer.concat([number(name.length), name, number(256 * n), Buffer.alloc(256 * n, n)]);
});
const code = Buffer.concat([number(modules.length), ...modules]);

test("what Node compiled of its own modules is left out of a snapshot, and counts as none", () => {
  assert.deepEqual(slimmed(Buffer.concat([head, code])), Buffer.concat([head, number(0)]));
});

test("a file that does not end like that stays as it is", () => {
  const whole = Buffer.concat([head, code]);
  const others = [
    head,
    Buffer.concat([whole, Buffer.of(1)]),
    whole.subarray(0, -1),
    Buffer.alloc(0),
    Buffer.alloc(5_000),
  ];
  for (const other of others) assert.equal(slimmed(other), other);
});
