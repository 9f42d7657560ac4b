import assert from "node:assert/strict";
import { test } from "node:test";
import { readInstant } from "./instants.ts";

const before = Date.parse("2026-04-16T20:00:00Z");
const iso = (milliseconds: number) => new Date(milliseconds).toISOString().replace(".000Z", "Z");
const span = (written: string) => {
  const { from, to, doubts } = readInstant(written, before);
  return [iso(from), iso(to), ...doubts];
};

test("an instant that is whole is that instant", () => {
  assert.deepEqual(span("2026-04-15T03:51:49Z"), ["2026-04-15T03:51:49Z", "2026-04-15T03:51:49Z"]);
  assert.deepEqual(span("2026-04-15 05:51:49+02:00"), ["2026-04-15T03:51:49Z", "2026-04-15T03:51:49Z"]);
  assert.deepEqual(span("2026-04-15T03:51:49-0400"), ["2026-04-15T07:51:49Z", "2026-04-15T07:51:49Z"]);
});

test("what is not known of an instant makes it a span, and is said", () => {
  assert.deepEqual(span("2026-04-16T18:32:xxZ"), [
    "2026-04-16T18:32:00Z",
    "2026-04-16T18:32:59.999Z",
    "its second is not known",
  ]);
  const about = span("~22:30Z");
  assert.deepEqual(about.slice(0, 2), ["2026-04-16T22:25:00Z", "2026-04-16T22:35:59.999Z"]);
  assert.ok(about.includes("it is about then") && about.includes("it has no date"));
});

test("an instant in two time zones is either, in summer and in winter", () => {
  const [from, to, ...doubts] = span("2026-04-16T17:44:00Z ET");
  assert.deepEqual([from, to], ["2026-04-16T17:44:00Z", "2026-04-16T21:44:00Z"]);
  assert.deepEqual(doubts, ["it names two time zones"]);
  assert.deepEqual(span("2026-01-16T17:44:00 ET").slice(0, 2), ["2026-01-16T22:44:00Z", "2026-01-16T22:44:00Z"]);
});

test("a part of a day is its hours, in its time zone", () => {
  const [from, to] = span("2026-04-20 ET afternoon");
  assert.deepEqual([from, to], ["2026-04-20T16:00:00Z", "2026-04-20T21:59:59.999Z"]);
  assert.deepEqual(span("ET afternoon").slice(0, 2), ["2026-04-16T16:00:00Z", "2026-04-16T21:59:59.999Z"]);
  assert.deepEqual(span("2026-04-20").slice(0, 2), ["2026-04-20T00:00:00Z", "2026-04-20T23:59:59.999Z"]);
});

test("what is no instant, or has no day, is refused", () => {
  assert.throws(() => readInstant("10:00Z", null), /no date/);
  assert.throws(() => readInstant("2026-04-16T25:00Z", null), /no time of day/);
  assert.throws(() => readInstant("2026-04-16T9 o'clock", null), /cannot be read/);
});
