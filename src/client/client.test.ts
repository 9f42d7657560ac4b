import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import * as net from "node:net";
import { test } from "node:test";
import { problemOf, Refusal } from "../kernel/refusal.ts";
import { Client } from "./client.ts";
import { exchangeOverSocket } from "./wire.ts";

type Seen = { method: string; url: string; headers: IncomingMessage["headers"]; body: string };
type Reply = (response: ServerResponse, seen: Seen, count: number) => void;

/** A server that stands for the network: it may answer, refuse, or hang up. */
async function network(context: { after(done: () => void): void }, reply: Reply) {
  const seen: Seen[] = [];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const part of request) body += part;
    const one = { method: request.method!, url: request.url!, headers: request.headers, body };
    seen.push(one);
    reply(response, one, seen.length);
  });
  await new Promise<void>((up) => server.listen(0, "127.0.0.1", up));
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { seen, url: `http://127.0.0.1:${(server.address() as net.AddressInfo).port}` };
}

const json = (response: ServerResponse, body: unknown) =>
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
const refuse = (response: ServerResponse, refusal: Refusal) => {
  const problem = problemOf(refusal);
  response.writeHead(problem.status, { "content-type": "application/problem+json" }).end(JSON.stringify(problem));
};

for (const [way, exchange] of [
  ["node:http", undefined],
  ["a bare socket", exchangeOverSocket],
] as const) {
  test(`over ${way} a command is a POST with its input, token and key`, async (context) => {
    const { seen, url } = await network(context, (response) => json(response, { id: "LW-1", title: "grüß dich" }));
    const client = new Client({ url, token: "secret", exchange });
    context.after(() => client.close());
    assert.deepEqual(await client.say("ticket.claim", { lane: "ö" }, { key: "k1" }), {
      id: "LW-1",
      title: "grüß dich",
    });
    const [one] = seen;
    assert.equal(`${one!.method} ${one!.url}`, "POST /v1/ticket/claim");
    assert.deepEqual(JSON.parse(one!.body), { lane: "ö" });
    assert.equal(one!.headers.authorization, "Bearer secret");
    assert.equal(one!.headers["idempotency-key"], "k1");
  });

  test(`over ${way} a query repeats the key of a list`, async (context) => {
    const { seen, url } = await network(context, (response) => json(response, {}));
    const client = new Client({ url, exchange });
    context.after(() => client.close());
    await client.ask("ticket.list", { label: ["a b", "c&d"], lane: undefined, limit: 5 });
    assert.equal(seen[0]!.url, "/v1/ticket/list?label=a+b&label=c%26d&limit=5");
    assert.equal(seen[0]!.headers["idempotency-key"], undefined);
  });

  test(`over ${way} a query that is too long for an address has a body, and is asked again`, async (context) => {
    const { seen, url } = await network(context, (response, _, count) => {
      if (count === 1) refuse(response, new Refusal("unavailable", "server.closing", "Closing."));
      else json(response, {});
    });
    const client = new Client({ url, retryFor_seconds: 120, exchange });
    context.after(() => client.close());
    const text = "ö".repeat(4_000);
    await client.ask("policy.dry_run", { text, newest: 5, labels: ["a", "b"], version: undefined, note: null });
    for (const { method, url: address, headers, body } of seen) {
      assert.deepEqual([method, address], ["QUERY", "/v1/policy/dry_run"]);
      assert.deepEqual([headers["content-type"], headers["idempotency-key"]], ["application/json", undefined]);
      assert.deepEqual(JSON.parse(body), { text, newest: 5, labels: ["a", "b"] });
    }
    assert.equal(seen.length, 2);
  });

  test(`over ${way} a refusal keeps every field of the problem document`, async (context) => {
    const told = new Refusal("conflict", "lease.held", "CMB-1 is claimed.", { hint: "Wait.", facts: { holder: "A" } });
    const { url } = await network(context, (response) => refuse(response, told));
    const client = new Client({ url, exchange });
    context.after(() => client.close());
    const met = (await client.say("ticket.claim").catch((error) => error)) as Refusal;
    assert.ok(met instanceof Refusal);
    assert.deepEqual(problemOf(met), problemOf(told));
  });

  test(`over ${way} an overloaded server and a broken connection are met again with the same key`, async (context) => {
    const { seen, url } = await network(context, (response, _, count) => {
      if (count === 1) refuse(response, new Refusal("unavailable", "server.closing", "Closing."));
      else if (count === 2) response.socket!.destroy();
      else if (count === 3) refuse(response, new Refusal("timeout", "queue.full", "Full."));
      else json(response, { done: true });
    });
    const client = new Client({ url, retryFor_seconds: 120, exchange });
    context.after(() => client.close());
    assert.deepEqual(await client.say("ticket.claim", {}), { done: true });
    assert.equal(seen.length, 4);
    assert.equal(new Set(seen.map(({ headers }) => headers["idempotency-key"])).size, 1);
  });

  test(`over ${way} no server is a refusal that says how to start one`, async () => {
    const client = new Client({ url: "http://127.0.0.1:9", exchange });
    const met = (await client.say("ticket.claim").catch((error) => error)) as Refusal;
    assert.equal(met.code, "server.unreachable");
    assert.equal(met.kind, "unavailable");
    assert.match(met.hint ?? "", /longwatch serve/);
  });

  test(`over ${way} an answer that is cut short is not taken for an answer`, async (context) => {
    const { url } = await network(context, (response) => {
      response.writeHead(200, { "content-length": "100" });
      response.write('{"id":');
      setTimeout(() => response.socket?.destroy(), 20);
    });
    const client = new Client({ url, exchange });
    context.after(() => client.close());
    const met = (await client.say("ticket.claim").catch((error) => error)) as Refusal;
    assert.equal(met.code, "server.lost");
  });

  test(`over ${way} a token cannot write headers of its own`, async (context) => {
    const { seen, url } = await network(context, (response) => json(response, {}));
    const client = new Client({ url, token: "x\r\nidempotency-key: forged", exchange });
    const met = (await client.say("ticket.claim").catch((error) => error)) as Refusal;
    assert.equal(met.code, "header.malformed");
    assert.equal(seen.length, 0);
  });
}

test("a refusal that will not pass is not tried again", async (context) => {
  const { seen, url } = await network(context, (response) =>
    refuse(response, new Refusal("denied", "role.forbidden", "No.")),
  );
  const client = new Client({ url, retryFor_seconds: 120 });
  context.after(() => client.close());
  await assert.rejects(client.say("ticket.claim"), { code: "role.forbidden" });
  assert.equal(seen.length, 1);
});

test("each command gets a key of its own", async (context) => {
  const { seen, url } = await network(context, (response) => json(response, {}));
  const client = new Client({ url });
  context.after(() => client.close());
  for (let round = 0; round < 100; round++) await client.say("ticket.lapse");
  assert.equal(new Set(seen.map(({ headers }) => headers["idempotency-key"])).size, 100);
  assert.match(seen[0]!.headers["idempotency-key"] as string, /^[\x21-\x7e]{10,200}$/);
});

test("an answer of something else than Longwatch is told as such", async (context) => {
  const { url } = await network(context, (response) => response.writeHead(502).end("<h1>Bad gateway</h1>"));
  const client = new Client({ url });
  context.after(() => client.close());
  await assert.rejects(client.ask("queue.read"), { code: "server.strange", kind: "unavailable" });
});

test("a chunked answer is put together again by the bare socket", async (context) => {
  const { url } = await network(context, (response) => {
    response.writeHead(200, { "content-type": "application/json" });
    response.write('{"title":"gr');
    response.write("ü");
    response.end('n"}');
  });
  assert.deepEqual(await new Client({ url, exchange: exchangeOverSocket }).ask("ticket.show"), { title: "grün" });
});

/** One request over a bare socket, to a server that writes these pieces and never ends. */
async function bareAnswer(context: { after(done: () => void): void }, pieces: string[], answer_bytes_max: number) {
  const gone = Promise.withResolvers<void>();
  const server = net.createServer((socket) => {
    socket.on("error", () => {}).on("close", () => gone.resolve());
    socket.once("data", () => pieces.forEach((piece, n) => setTimeout(() => socket.write(piece), 20 * n)));
  });
  await new Promise<void>((up) => server.listen(0, "127.0.0.1", up));
  context.after(() => void server.close());
  const url = new URL(`http://127.0.0.1:${(server.address() as net.AddressInfo).port}`);
  const answer = exchangeOverSocket({ url, method: "GET", headers: {}, answer_bytes_max });
  return { answer, gone: gone.promise };
}

test("a bare socket is let go as soon as the answer is whole, though the server keeps it", async (context) => {
  const pieces = ["HTTP/1.1 200 OK\r\nContent-Le", 'ngth: 6\r\n\r\n"grü', '"', "HTTP/1.1 200 OK\r\n\r\n"];
  const { answer, gone } = await bareAnswer(context, pieces, 1_000);
  assert.equal((await answer).body, '"grü"');
  await gone;
});

test("an answer that is longer than who asks wants it is none, though it comes whole and at once", async (context) => {
  const body = "x".repeat(1_000);
  const { answer, gone } = await bareAnswer(context, [`HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n${body}`], 500);
  await assert.rejects(answer, /too large/);
  await gone;
});

test("a stream goes on after its last entry when the connection breaks, until it is told to end", async (context) => {
  const { seen, url } = await network(context, (response, _, count) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(`: heartbeat\n\nid: ${count}\nevent: entry\ndata: {"seq":${count}}\n\n`);
    setTimeout(() => response.socket?.destroy(), 10);
  });
  const stop = new AbortController();
  const came: unknown[] = [];
  for await (const one of new Client({ url }).stream(0, stop.signal)) {
    came.push(one);
    if (came.length === 2) stop.abort();
  }
  assert.deepEqual(came, [
    { id: "1", event: "entry", data: { seq: 1 } },
    { id: "2", event: "entry", data: { seq: 2 } },
  ]);
  assert.equal(seen[0]!.url, "/v1/ledger/stream?after=0");
  assert.equal(seen[0]!.headers["last-event-id"], undefined);
  assert.equal(seen[1]!.headers["last-event-id"], "1");
});

test("a stream that is refused says why", async (context) => {
  const { url } = await network(context, (response) =>
    refuse(response, new Refusal("denied", "role.forbidden", "No.")),
  );
  await assert.rejects(new Client({ url }).stream().next(), { code: "role.forbidden" });
});
