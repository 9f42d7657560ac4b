import assert from "node:assert/strict";
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { connect } from "node:net";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "../../src/client/client.ts";
import { Refusal } from "../../src/kernel/refusal.ts";
import type { Acknowledgement } from "./filer.ts";
import { muster } from "./filers.ts";
import { proportionalMegabytes } from "./memory.ts";
import { reckon } from "./reckoning.ts";
import { dataDirectory, type Ended, postmasterPid, ServerProcess, spawnServer } from "./server_process.ts";

/** An idle installation has to fit beside everything else on a small machine. */
const IDLE_MEGABYTES_MAX = 250;

let server: ServerProcess;
let operator: Client;
let sessions: { name: string; token: string }[];

before(async () => {
  server = await ServerProcess.start({ data: dataDirectory() });
  operator = server.client({ retryFor_seconds: 120 });
  sessions = (await muster(operator, 16)).sessions;
});

after(async () => {
  operator?.close();
  await server?.terminate().catch(() => {});
});

/** Its end, which must come by itself. */
async function endOf(ended: Promise<Ended>): Promise<Ended> {
  const late = sleep(300_000, null, { ref: false }).then(() => {
    throw new Error("it did not end within five minutes");
  });
  return Promise.race([ended, late]);
}

test("the idle server with its PostgreSQL is small", { skip: process.platform !== "linux" }, async () => {
  await sleep(1000);
  const megabytes = proportionalMegabytes([server.pid, postmasterPid(server.data)!]);
  console.log(`the idle server with its PostgreSQL: ${megabytes.toFixed(0)} MB`);
  assert.ok(megabytes < IDLE_MEGABYTES_MAX, `${megabytes} MB`);
});

test("a second start on one data directory names the holder and leaves it alone", async () => {
  const { code, stderr, stdout } = await endOf(spawnServer({ data: server.data }).ended);
  assert.equal(code, 1);
  assert.equal(stdout, "");
  assert.match(stderr, new RegExp(`process ${server.pid}, which answers at ${server.url}`));
  assert.equal(stderr.trim().split("\n").length, 1);
  assert.equal((await operator.ask<{ role: string }>("seat.whoami")).role, "operator");
});

test("its health is told while the database hangs", { skip: process.platform === "win32" }, async () => {
  const superuser = await server.superuser();
  const { rows } = await superuser.query("select pid from pg_stat_activity where usename = 'longwatch_app'");
  await superuser.end();
  const backends = rows.map(({ pid }: { pid: number }) => pid);
  assert.ok(backends.length > 1);
  for (const pid of backends) process.kill(pid, "SIGSTOP");
  try {
    const { state } = (await (await fetch(`${server.url}/health`)).json()) as { state: string };
    assert.equal(state, "database_away");
  } finally {
    for (const pid of backends) process.kill(pid, "SIGCONT");
  }
  await server.untilServing();
});

test("SIGTERM under load finishes what was accepted and turns the rest away", async () => {
  const acknowledgements: Acknowledgement[] = [];
  const turned = new Map<string, number>();
  const work = async ({ name, token }: (typeof sessions)[number]) => {
    const client = new Client({ url: server.url, token });
    for (let n = 0; ; n++) {
      const title = `Term ${name} ${n}`;
      try {
        const { id } = await client.say<{ id: string }>("ticket.file", { namespace: "CMB", title });
        acknowledgements.push({ key: title, act: "file", id, title });
      } catch (error) {
        assert.ok(error instanceof Refusal, String(error));
        turned.set(error.code, (turned.get(error.code) ?? 0) + 1);
        client.close();
        return;
      }
    }
  };
  const working = Promise.all(sessions.map(work));
  while (acknowledgements.length < sessions.length) await sleep(20);
  const ended = endOf(server.terminate());
  await working;
  const { code, stderr } = await ended;
  assert.deepEqual([code, stderr], [0, ""]);
  assert.equal(postmasterPid(server.data), null);
  for (const why of turned.keys())
    assert.ok(["server.closing", "server.unreachable"].includes(why), `turned away with ${why}`);
  await server.startAgain();
  // Not one more than were acknowledged: who was turned away left nothing.
  const { tickets } = await reckon(operator, acknowledgements);
  assert.ok(tickets > 0);
});

/** A caller who began a request and never ends it. */
async function dawdler(): Promise<{ gone: Promise<unknown>; destroy(): void }> {
  const { hostname, port } = new URL(server.url);
  const socket = connect({ host: hostname, port: Number(port) });
  const gone = new Promise((resolve) => socket.once("close", resolve));
  socket.on("error", () => {});
  const head = [
    "POST /v1/ticket/file HTTP/1.1",
    "host: localhost",
    "content-type: application/json",
    "content-length: 100",
    "expect: 100-continue",
  ];
  const begun = once(socket, "data");
  socket.write(`${head.join("\r\n")}\r\n\r\n{`);
  await begun;
  return { gone, destroy: () => socket.destroy() };
}

test("SIGINT twice ends it at once, and the next start adopts the PostgreSQL that stayed", async () => {
  const { gone, destroy } = await dawdler();
  const postgres = postmasterPid(server.data);
  server.signal("SIGINT");
  await sleep(300);
  server.signal("SIGINT");
  assert.equal((await endOf(server.ended)).code, 130);
  await gone;
  destroy();
  assert.equal(postmasterPid(server.data), postgres);
  await server.startAgain();
  assert.equal(postmasterPid(server.data), postgres);
});

test("an open stream and a caller who dawdles do not hold up the end", async () => {
  const { gone } = await dawdler();
  const headers = { authorization: `Bearer ${server.token}` };
  const asked = request(`${server.url}/v1/ledger/stream?after=0`, { headers }).end();
  const [answer] = (await once(asked, "response")) as [IncomingMessage];
  const streamed = new Promise((resolve) =>
    answer
      .resume()
      .once("close", resolve)
      .on("error", () => {}),
  );
  const { code, stderr } = await endOf(server.terminate());
  assert.deepEqual([code, stderr], [0, ""]);
  await Promise.all([gone, streamed]);
  assert.equal(postmasterPid(server.data), null);
  await server.startAgain();
});

test("told to stop while PostgreSQL is down, it still ends in order", async () => {
  const pid = postmasterPid(server.data)!;
  process.kill(pid, "SIGKILL");
  const { code } = await endOf(server.terminate());
  assert.equal(code, 0);
  assert.equal(postmasterPid(server.data), null);
  await server.startAgain();
});

test("after kill -9 it opens again with everything that was acknowledged", async () => {
  const { id } = await operator.say<{ id: string }>("ticket.file", { namespace: "NRE", title: "Kill" });
  await server.kill();
  await server.startAgain();
  assert.equal((await operator.ask<{ state: string }>("ticket.show", { id })).state, "awaiting_claim");
  await server.kill();
  process.kill(postmasterPid(server.data)!, "SIGKILL");
  await server.startAgain();
  assert.equal((await operator.ask<{ state: string }>("ticket.show", { id })).state, "awaiting_claim");
});

test("told to stop in the middle of its start, it leaves nothing running", async () => {
  const data = dataDirectory();
  const { child, ended } = spawnServer({ data });
  while (postmasterPid(data) === null) await sleep(5);
  child.kill("SIGTERM");
  assert.equal((await endOf(ended)).code, 0);
  assert.equal(postmasterPid(data), null, "PostgreSQL was left running");
});

test("of two that start at once on a new data directory one serves, and the other names it", async () => {
  const data = dataDirectory();
  const both = [spawnServer({ data }), spawnServer({ data })];
  const loser = await endOf(Promise.race(both.map(({ ended }) => ended)));
  assert.equal(loser.code, 1);
  assert.match(loser.stderr, /Another Longwatch/);
  const winner = both.find(({ child }) => child.exitCode === null)!;
  while (!winner.said.stdout.includes("\n")) await sleep(20);
  winner.child.kill("SIGTERM");
  const { code, stderr } = await endOf(winner.ended);
  assert.deepEqual([code, stderr], [0, ""]);
  assert.equal(postmasterPid(data), null);
});
