import assert from "node:assert/strict";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { pino } from "pino";
import { testWorld } from "../../../test/harness.ts";
import { httpServer } from "./server.ts";

/** Far below the 72 s for which a client may keep its connection. */
const CLOSING_MILLISECONDS_MAX = 2_000;

test("a server that closes answers who asked before, and no kept connection holds up its end", async () => {
  const { door, catalogue, wakes } = await testWorld();
  const [asked, answer] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const health = async () => {
    asked.resolve();
    await answer.promise;
    return { state: "serving" as const };
  };
  const app = await httpServer({ door, catalogue, wakes, health, log: pino({ level: "silent" }) });
  await app.listen({ host: "127.0.0.1", port: 0 });
  const call = fetch(`http://127.0.0.1:${(app.server.address() as AddressInfo).port}/health`);
  await asked.promise;
  const closed = app.close();
  while (app.server.listening) await pause(1);
  answer.resolve();
  assert.deepEqual(await (await call).json(), { state: "serving" });
  const answered_at = performance.now();
  await closed;
  assert.ok(performance.now() - answered_at < CLOSING_MILLISECONDS_MAX);
});
