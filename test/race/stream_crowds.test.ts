import assert from "node:assert/strict";
import { connect, type Socket } from "node:net";
import { describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import type { Door } from "../../src/kernel/door.ts";
import { testServer } from "../harness.ts";
import { anotherNode, events, open } from "./followers.ts";

const world = await testServer();
const head = async () => (await world.ask(world.operator, "ledger.head")).seq as number;
const LARGE = [world.operator, "post.append", { subject: "large", body: "x".repeat(50_000) }] as const;

describe("a crowd of streams", { timeout: 600_000 }, () => {
  it("costs what one stream does while nothing happens, and nothing any more when its readers have gone", async () => {
    const node = await anotherNode(world);
    const counted = reading(node.door);
    const cutting = new AbortController();
    const { signal } = cutting;
    const from = await head();
    const streams = await Promise.all(
      Array.from({ length: 20 }, () => open(node.url, from, { token: world.operator, signal })),
    );
    const heard = streams.map((stream) => events(stream).next());
    await settled(counted, 4);
    await world.say(world.operator, "post.append", { subject: "seen by another node" });
    for (const { value } of await Promise.all(heard)) assert.equal(value!.id, from + 1);
    cutting.abort();
    await settled(counted, 0);
  });

  it("leaves the connections to those who write, however many follow", async () => {
    const node = await anotherNode(world);
    const counted = reading(node.door);
    const cutting = new AbortController();
    const { signal } = cutting;
    const from = await head();
    const streams = await Promise.all(
      Array.from({ length: 60 }, () => open(node.url, from, { token: world.operator, signal })),
    );
    const heard = streams.map((stream) => events(stream).next());
    const { seq } = await node.door.say(world.operator, "post.append", { subject: "for everybody" });
    for (const { value } of await Promise.all(heard)) assert.equal(value!.id, seq);
    assert.ok(counted.at_once_max <= 4, `${counted.at_once_max} read at once`);
    cutting.abort();
  });

  it("keeps little for a reader that takes nothing, and does not wait for it when the server closes", async () => {
    const node = await anotherNode(world);
    const sockets: Socket[] = [];
    node.app.server.on("connection", (socket) => sockets.push(socket));
    const from = await head();
    // Far more than the system's own buffers take.
    for (let n = 0; n < 20; n++) await Promise.all(Array.from({ length: 20 }, () => node.door.say(...LARGE)));
    const url = new URL(node.url);
    const reader = connect(Number(url.port), url.hostname).pause();
    const bearer = `Authorization: Bearer ${world.operator}`;
    reader.write(`GET /v1/ledger/stream?after=${from} HTTP/1.1\r\nHost: ${url.host}\r\n${bearer}\r\n\r\n`);
    while (!sockets[0]?.writableNeedDrain) await pause(5);
    const kept = sockets[0]!.writableLength;
    assert.ok(kept < 256 * 1024, `${kept} bytes are kept`);
    await node.app.close();
    reader.destroy();
  });
});

/** Waits, on a busy machine longer, until so few reads come in a time that looks of each stream would exceed them. */
async function settled(counted: { reads: number }, reads_max: number): Promise<void> {
  do {
    counted.reads = 0;
    await pause(1_200);
  } while (counted.reads > reads_max);
}

/** Counts what is asked at a door, and how much of it at the same time. */
function reading(door: Door): { reads: number; at_once_max: number } {
  const counted = { reads: 0, at_once_max: 0 };
  let now = 0;
  for (const way of ["ask", "askInside"] as const) {
    const ask = door[way].bind(door) as (...wanted: unknown[]) => Promise<unknown>;
    door[way] = async (...wanted: unknown[]) => {
      counted.reads++;
      counted.at_once_max = Math.max(counted.at_once_max, ++now);
      return ask(...wanted).finally(() => now--);
    };
  }
  return counted;
}
