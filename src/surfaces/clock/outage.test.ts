import assert from "node:assert/strict";
import { test } from "node:test";
import type { Logger } from "pino";
import type { Door } from "../../kernel/door.ts";
import { startClock } from "./clock.ts";

test("a database that is away is told with its reason, although the error has no words", async (t) => {
  let now = 0;
  t.mock.method(performance, "now", () => now);
  const told: { reason: string }[] = [];
  const log = { warn: (about: { reason: string }) => told.push(about) } as unknown as Logger;
  // As Node.js says that every address of a name refused.
  const away = () => Promise.reject(Object.assign(new AggregateError([]), { code: "ECONNREFUSED" }));
  const clock = startClock({} as Door, away, log);
  t.after(clock.stop);
  await clock.say("ticket.lapse");
  now = 6_000;
  await clock.say("ticket.lapse");
  assert.deepEqual(told, [{ reason: "ECONNREFUSED" }]);
});
