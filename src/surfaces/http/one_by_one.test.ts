import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { after, describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import fastify from "fastify";
import { pino } from "pino";
import { testWorld } from "../../../test/harness.ts";
import { hangUpOnceAnswered } from "./hanging_up.ts";
import { beginOneByOne } from "./one_by_one.ts";
import { httpServer } from "./server.ts";

/** More than the system takes for a reader that does not read. */
const LARGE = "x".repeat(20_000_000);
const PATIENCE_MILLISECONDS = 100;
const request = (path: string, headers = "") => `GET ${path} HTTP/1.1\r\nHost: longwatch\r\n${headers}\r\n`;

async function served() {
  const app = fastify({ forceCloseConnections: "idle", return503OnClosing: false });
  hangUpOnceAnswered(app, PATIENCE_MILLISECONDS);
  beginOneByOne(app);
  const begun: string[] = [];
  const sockets: Socket[] = [];
  app.server.on("connection", (socket) => sockets.push(socket));
  const held = Promise.withResolvers<void>();
  app.get("/:what", async ({ url }, reply) => {
    begun.push(url);
    if (url === "/held") await held.promise;
    if (url === "/last") reply.header("connection", "close");
    return url.startsWith("/large") ? LARGE : "small";
  });
  await app.listen({ host: "127.0.0.1", port: 0 });
  const caller = connect((app.server.address() as AddressInfo).port, "127.0.0.1").pause();
  caller.on("error", () => {});
  after(() => {
    held.resolve();
    caller.destroy();
    return app.close();
  });
  const untilFull = async () => {
    while (!sockets[0]?.writableNeedDrain) await pause(1);
  };
  return { app, caller, begun, untilFull };
}

describe("Of the requests that a connection sends without waiting,", { timeout: 300_000 }, () => {
  test("the next is begun when the answer before it is taken, and each is answered", async () => {
    const { caller, begun, untilFull } = await served();
    caller.write(request("/large1") + request("/large2") + request("/small", "Connection: close\r\n"));
    await untilFull();
    await pause(100);
    assert.deepEqual(begun, ["/large1"]);
    assert.ok((await text(caller)).length > 2 * LARGE.length);
    assert.deepEqual(begun, ["/large1", "/large2", "/small"]);
  });

  test("none is begun behind the one that is to be the last", async () => {
    const { caller, begun } = await served();
    caller.write(request("/last") + request("/never"));
    assert.equal((await text(caller)).match(/HTTP\/1\.1 200/g)?.length, 1);
    assert.deepEqual(begun, ["/last"]);
  });

  test("so many may wait, and then the caller is hung up on", async () => {
    const { caller, begun } = await served();
    caller.write(request("/held") + request("/small").repeat(1_001));
    // Resumed, it learns that the other side has gone.
    await once(caller.resume(), "close");
    assert.deepEqual(begun, ["/held"]);
  });

  test("those that wait for a caller who takes nothing do not hold up the server's end", async () => {
    const { app, caller, untilFull } = await served();
    caller.write(request("/large") + request("/small"));
    await untilFull();
    const began_at = performance.now();
    await app.close();
    // A client may keep its connection for 72 s.
    assert.ok(performance.now() - began_at < 40_000);
  });
});

test("The server begins the requests of a connection one by one", async () => {
  const { door, catalogue, wakes } = await testWorld();
  let [now, most] = [0, 0];
  const health = async () => {
    most = Math.max(most, ++now);
    await pause(20);
    now--;
    return { state: "serving" as const };
  };
  const app = await httpServer({ door, catalogue, wakes, health, log: pino({ level: "silent" }) });
  await app.listen({ host: "127.0.0.1", port: 0 });
  after(() => app.close());
  const caller = connect((app.server.address() as AddressInfo).port, "127.0.0.1");
  caller.write(request("/health") + request("/health") + request("/health", "Connection: close\r\n"));
  assert.equal((await text(caller)).match(/HTTP\/1\.1 200/g)?.length, 3);
  assert.equal(most, 1);
});
