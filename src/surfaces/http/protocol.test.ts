import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { text } from "node:stream/consumers";
import { describe, test } from "node:test";
import { pino } from "pino";
import { testServer, testWorld } from "../../../test/harness.ts";
import { refuseUnreadable } from "./protocol.ts";
import { httpServer } from "./server.ts";

/** Writes bytes to a port and reads until the other side hangs up. */
async function said(port: number, bytes: string) {
  const socket = connect(port, "127.0.0.1");
  socket.write(bytes, "latin1");
  const [head = "", ...body] = (await text(socket)).split("\r\n\r\n");
  const [line = "", ...lines] = head.split("\r\n");
  const headers = new Headers(lines.map((one) => one.split(/: */, 2) as [string, string]));
  return { status: Number(line.split(" ")[1]), headers, body: body.join("\r\n\r\n") };
}

describe("What HTTP itself refuses is a problem document with a code and a hint:", async () => {
  const { url, operator } = await testServer();
  const port = Number(new URL(url).port);
  const bearer = `Authorization: Bearer ${operator}\r\n`;
  const request = (line: string, headers = "", body = "") =>
    `${line} HTTP/1.1\r\nHost: here\r\nConnection: close\r\n${bearer}${headers}\r\n${body}`;
  const json = "Content-Type: application/json\r\n";
  const form = "Content-Type: application/x-www-form-urlencoded\r\n";
  const long = "a".repeat(20_000);

  const cases: [what: string, bytes: string, status: number, code: string, headers?: Record<string, string>][] = [
    ["half a character", request("GET /tickets/%E0%A4%A"), 400, "request.malformed"],
    ["an unknown path", request("GET /v1/nothing"), 404, "path.unknown"],
    ["a body where nothing is", request("POST /nothing", "Content-Length: 1\r\n", "<"), 404, "path.unknown"],
    ["a path out of the files", request("GET /assets/../../package.json"), 404, "path.unknown"],
    ["a file with a NUL", request("GET /assets/%00"), 404, "path.unknown"],
    ["another method", request("DELETE /v1/ticket/list"), 405, "method.not_allowed", { allow: "GET, HEAD, QUERY" }],
    ["a command as a question", request("QUERY /v1/ticket/file"), 405, "method.not_allowed", { allow: "POST" }],
    ["a method of WebDAV", request("PROPFIND /health"), 405, "method.not_allowed", { allow: "GET, HEAD" }],
    [
      "a log that is deleted",
      request("DELETE /ledger/home/checkpoint"),
      405,
      "method.not_allowed",
      { allow: "GET, HEAD" },
    ],
    ["a session of MCP", request("GET /mcp"), 405, "method.not_allowed", { allow: "POST" }],
    ["the end of one", request("DELETE /mcp"), 405, "method.not_allowed", { allow: "POST" }],
    ["a tunnel", request("CONNECT there:443"), 405, "method.not_allowed", { allow: "GET, HEAD, POST, QUERY" }],
    ["another file than If-Match names", request("GET /icon.svg", 'If-Match: "x"\r\n'), 412, "precondition.failed"],
    ["a large body", request("POST /v1/ticket/file", `${json}Content-Length: 999999\r\n`), 413, "body.oversized"],
    ["a large form", request("POST /sign-in", `${form}Content-Length: 999999\r\n`), 413, "body.oversized"],
    ["a long name", request(`GET /ledger/${"a".repeat(101)}/checkpoint`), 414, "address.oversized"],
    [
      "XML as a command",
      request("POST /v1/ticket/file", "Content-Type: text/xml\r\nContent-Length: 1\r\n", "<"),
      ...([415, "content_type.unsupported", { accept: "application/json" }] as const),
    ],
    [
      "XML as a question",
      request("QUERY /v1/ticket/list", "Content-Type: text/xml\r\nContent-Length: 1\r\n", "<"),
      ...([415, "content_type.unsupported", { "accept-query": "application/json" }] as const),
    ],
    [
      "text as a command",
      request("POST /v1/ticket/file", "Content-Type: text/plain\r\nContent-Length: 2\r\n", "{}"),
      ...([415, "content_type.unsupported", { accept: "application/json" }] as const),
    ],
    [
      "a question of no type",
      request("QUERY /v1/ticket/list", "Content-Length: 2\r\n", "{}"),
      ...([400, "request.malformed", { "accept-query": "application/json" }] as const),
    ],
    ["half of JSON", request("POST /v1/ticket/file", `${json}Content-Length: 1\r\n`, "{"), 400, "request.malformed"],
    ["no JSON", request("POST /v1/ticket/file", `${json}Content-Length: 0\r\n`), 400, "request.malformed"],
    ["a range behind the end", request("GET /icon.svg", "Range: bytes=999999-\r\n"), 416, "range.unsatisfiable"],
    ["an expectation", request("GET /health", "Expect: 200-ok\r\n"), 417, "expectation.unmet"],
    ["a long address", request(`GET /v1/ticket/list?lane=${long}`), 431, "head.oversized"],
    ["a long header", request("GET /health", `X-Long: ${long}\r\n`), 431, "head.oversized"],
    ["a header with a space", request("GET /health", "X y: 1\r\n"), 400, "request.malformed"],
    ["no host", "GET /health HTTP/1.1\r\nConnection: close\r\n\r\n", 400, "request.malformed"],
    ["two hosts", request("GET /health", "Host: there\r\n"), 400, "request.malformed"],
    [
      "a host that is none",
      "GET /health HTTP/1.1\r\nHost: a@b/c\r\nConnection: close\r\n\r\n",
      400,
      "request.malformed",
    ],
    [
      "a packed body",
      request("POST /v1/post/append", `${json}Content-Encoding: gzip\r\nContent-Length: 15\r\n`, '{"subject":"x"}'),
      ...([415, "content_type.unsupported", { "accept-encoding": "identity" }] as const),
    ],
    [
      "a body in Latin-1",
      request("POST /v1/post/append", `${json}Content-Length: 18\r\n`, '{"subject":"caf\xe9"}'),
      ...([400, "request.malformed"] as const),
    ],
    [
      "a program at the documents",
      "GET /docs/json HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n",
      401,
      "token.missing",
    ],
    ["a method that nobody knows", request("FROB /health"), 400, "request.malformed"],
    ["two lengths", request("POST /sign-out", "Content-Length: 1\r\nContent-Length: 2\r\n"), 400, "request.malformed"],
    ["no chunk", request("POST /sign-out", "Transfer-Encoding: chunked\r\n", "zz\r\n"), 400, "request.malformed"],
    ["HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, "request.malformed"],
    ["TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400, "request.malformed"],
  ];
  for (const [what, bytes, status, code, named = {}] of cases)
    test(`${what}: ${status}`, async () => {
      const { headers, body, ...answer } = await said(port, bytes);
      const problem = JSON.parse(body);
      assert.deepEqual([answer.status, problem.status, problem.code], [status, status, code], body);
      assert.match(headers.get("content-type")!, /^application\/problem\+json/);
      assert.equal(headers.get("x-content-type-options"), "nosniff");
      assert.equal(headers.get("cache-control"), "no-store");
      assert.ok(problem.detail.length > 0 && problem.hint.length > 0, body);
      for (const [name, value] of Object.entries(named)) assert.equal(headers.get(name), value, name);
    });

  test("but not what only offers another protocol, or waits to be told to go on", async () => {
    const upgrade = await said(
      port,
      "GET /health HTTP/1.1\r\nHost: here\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n\r\n",
    );
    assert.equal(upgrade.status, 200);
    const waiting = await said(port, request("GET /health", "Expect: 100-Continue\r\n"));
    assert.equal(waiting.status, 100);
    assert.match(waiting.body, /^HTTP\/1\.1 200 /);
    assert.equal((await said(port, "GET /health HTTP/1.0\r\n\r\n")).status, 200, "HTTP/1.0 knows no Host");
  });
});

test("A request that does not come to its end is refused, and one behind half an answer gets none", async () => {
  const patience = { headersTimeout: 100, requestTimeout: 100, connectionsCheckingInterval: 20 };
  const server = createServer(patience, ({ method }, answer) => {
    if (method === "POST") return;
    answer.writeHead(200, { "content-length": 10 }).write("half");
  });
  refuseUnreadable({ server } as never);
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  try {
    for (const half of ["GET / HTTP/1.1\r\nHost: ", "POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 2\r\n\r\n{"]) {
      const late = await said(port, half);
      const { code, retry } = JSON.parse(late.body);
      assert.deepEqual([late.status, code, retry], [408, "request.late", true]);
    }
    const socket = connect(port, "127.0.0.1");
    socket.write("GET / HTTP/1.1\r\nHost: here\r\n\r\n");
    let got = "";
    for await (const part of socket.setEncoding("latin1")) {
      got += part;
      if (got.endsWith("half")) socket.write("nonsense\r\n\r\n");
    }
    assert.match(got, /^HTTP\/1\.1 200 [^{]*half$/);
  } finally {
    server.close();
    server.closeAllConnections();
  }
});

test("The server waits for the rest of a request, and not for ever", async () => {
  const { door, catalogue, wakes } = await testWorld();
  const health = async () => ({ state: "serving" as const });
  const { server } = await httpServer({ door, catalogue, wakes, health, log: pino({ level: "silent" }) });
  assert.ok(server.requestTimeout > 0 && server.requestTimeout <= 60_000);
});

test("What is refused stands behind the answers before it; breaking off in the middle harms nobody else", async () => {
  const server = createServer((_, answer) => void setTimeout(() => answer.end("late"), 20));
  refuseUnreadable({ server } as never);
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const asked = "GET / HTTP/1.1\r\nHost: here\r\n\r\n";
  const tunnel = "CONNECT there:443 HTTP/1.1\r\nHost: there\r\n\r\n";
  try {
    for (let n = 0; n < 20; n++) {
      const socket = connect(port, "127.0.0.1").on("error", () => {});
      await once(socket, "connect");
      // More than is read at once, so that the answer meets a connection that is gone.
      socket.write(tunnel + "x".repeat(200_000));
      socket.resetAndDestroy();
      await once(socket, "close");
    }
    for (const [bytes, status] of [
      [tunnel, 405],
      ["nonsense\r\n\r\n", 400],
    ] as const) {
      const { status: first, body } = await said(port, asked + asked + bytes);
      const rest = [...body.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, one]) => Number(one));
      assert.deepEqual([first, ...rest], [200, 200, status]);
    }
  } finally {
    server.close();
    server.closeAllConnections();
  }
});
