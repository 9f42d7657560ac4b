import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, type Socket } from "node:net";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import fastify, { type FastifyInstance } from "fastify";
import { pino } from "pino";
import { testWorld } from "../../../test/harness.ts";
import { hangUpOnceAnswered } from "./hanging_up.ts";
import { httpServer } from "./server.ts";

/** Below the 72 s for which a client may keep its connection. */
const CLOSING_MILLISECONDS_MAX = 40_000;

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

/** More than the system takes for a reader that does not read. */
const LARGE = "x".repeat(20_000_000);

type Served = { app: FastifyInstance; caller: Socket; got: () => string; asked: () => number };

async function served(patience: number): Promise<Served> {
  const app = fastify({ forceCloseConnections: "idle", return503OnClosing: false });
  hangUpOnceAnswered(app, patience);
  let asked = 0;
  app.get("/large", async () => {
    asked += 1;
    return LARGE;
  });
  app.get("/slow", () => {
    asked += 1;
    return pause(200, "at last");
  });
  app.post("/", async () => "read");
  await app.listen({ host: "127.0.0.1", port: 0 });
  const caller = connect((app.server.address() as AddressInfo).port, "127.0.0.1");
  const parts: Buffer[] = [];
  caller.on("data", (part) => parts.push(part));
  caller.on("error", () => {});
  return { app, caller, got: () => Buffer.concat(parts).toString(), asked: () => asked };
}

const HEAD = "HTTP/1.1\r\nHost: longwatch\r\n";

test("an answer that is being taken when the server closes comes whole", async () => {
  const { app, caller, got, asked } = await served(60_000);
  caller.pause();
  caller.write(`GET /large ${HEAD}\r\n`);
  while (asked() < 1) await pause(1);
  await pause(200);
  const closed = app.close();
  await pause(50);
  caller.resume();
  await once(caller, "close");
  await closed;
  assert.equal(got().split("\r\n\r\n")[1]?.length, LARGE.length);
});

test("requests that follow each other without waiting are all answered", async () => {
  const { app, caller, got, asked } = await served(60_000);
  caller.write(`GET /slow ${HEAD}\r\nGET /slow ${HEAD}\r\n`);
  while (asked() < 2) await pause(1);
  await Promise.all([once(caller, "close"), app.close()]);
  assert.equal(got().match(/at last/g)?.length, 2);
});

test("a caller that neither ends its request nor takes its answer holds up the end only so long", async () => {
  for (const request of [`POST / ${HEAD}Content-Length: 9\r\n\r\nhalf`, "POST / HTT", `GET /large ${HEAD}\r\n`]) {
    const { app, caller } = await served(100);
    caller.pause();
    caller.write(request);
    await pause(100);
    const began_at = performance.now();
    await app.close();
    assert.ok(performance.now() - began_at < CLOSING_MILLISECONDS_MAX, request);
    caller.destroy();
  }
});
