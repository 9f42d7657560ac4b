import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { Looks } from "./looks.ts";
import { Wakes } from "./wakes.ts";

test("Looks go on after one that failed, until the last stream ends, and begin again with the next", async () => {
  const wakes = new Wakes();
  let [asked, newest] = [0, 0];
  const looks = new Looks(async () => {
    if (asked++ === 0) throw new Error("the database is away");
    return newest;
  }, wakes);
  const woken = async (seq: number) => {
    const late = AbortSignal.timeout(60_000);
    const next = wakes.next(1, 120_000, late);
    newest = seq;
    await next;
    assert.ok(!late.aborted, `nobody told of entry ${seq}`);
  };
  looks.begin(1);
  looks.begin(1);
  looks.end(1);
  await woken(1);
  looks.end(1);
  // It is between two looks, and does not stop for a stream that goes while another comes.
  looks.begin(1);
  await woken(2);
  looks.end(1);
  await pause(600);
  const asked_before = asked;
  await pause(600);
  assert.equal(asked, asked_before);
  looks.begin(1);
  await woken(3);
  looks.end(1);
});
