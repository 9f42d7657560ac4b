import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import * as http from "node:http";
import * as https from "node:https";
import * as net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { ask, type Asked } from "./ask.ts";
import type { Found } from "./vocabulary.ts";

const TOKEN = "lw_secret_token";
const deploy: Found = {
  action: "deploy",
  resource: { type: "environment", id: "production", properties: { production: true } },
  certain: true,
  text: "vercel deploy --prod",
  because: "vercel deploy",
};
const push: Found = {
  ...deploy,
  action: "push",
  resource: { type: "branch", id: "origin/main", properties: { production: true } },
};
const occasion = { cli: "claude", tool: "shell", call_id: "toolu_1" };

async function listening(server: net.Server): Promise<number> {
  await new Promise<void>((up) => server.listen(0, "127.0.0.1", up));
  const open = new Set<net.Socket>();
  server.on("connection", (socket: net.Socket) => open.add(socket.on("error", () => {})));
  after(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  return (server.address() as net.AddressInfo).port;
}

type Heard = { url: string; headers: http.IncomingHttpHeaders; body: any };
async function decisionPoint(reply: (response: ServerResponse, heard: Heard) => void) {
  const seen: Heard[] = [];
  const port = await listening(
    http.createServer(async (request: IncomingMessage, response) => {
      let body = "";
      for await (const part of request) body += part;
      const heard = { url: request.url!, headers: request.headers, body: body && JSON.parse(body) };
      seen.push(heard);
      reply(response, heard);
    }),
  );
  return { seen, url: `http://127.0.0.1:${port}` };
}

const asking = (url: string, founds = [deploy], wait_seconds = 60) =>
  ask(founds, { version: 1, url, token: TOKEN, protected_branches: [], wait_seconds }, occasion);

const answering = (body: unknown) => decisionPoint((response) => void response.end(JSON.stringify(body)));

function why(asked: Asked): string {
  assert.ok("failure" in asked, JSON.stringify(asked));
  assert.doesNotMatch(JSON.stringify(asked), new RegExp(TOKEN));
  return asked.failure.why;
}

describe("Asked about a tool call, the server", () => {
  test("gets one AuthZEN request for all of its actions, with the token in one header only", async () => {
    const { seen, url } = await answering({ evaluations: [{ decision: true }, { decision: true }] });
    const asked = await asking(`${url}/behind/`, [deploy, push]);
    assert.deepEqual("decided" in asked && asked.decided.map(({ allowed }) => allowed), [true, true]);
    assert.equal(seen.length, 1);
    const [{ headers, body, url: path }] = seen as [Heard];
    assert.equal(path, "/behind/access/v1/evaluations");
    assert.equal(headers.authorization, `Bearer ${TOKEN}`);
    const { authorization: _, ...others } = headers;
    assert.doesNotMatch(JSON.stringify([path, body, others]), new RegExp(TOKEN));
    assert.deepEqual(body.subject, { type: "seat", id: "me" });
    assert.deepEqual(body.context, { cli: "claude", tool: "shell", call_id: "toolu_1" });
    assert.deepEqual(body.evaluations[1], {
      action: { name: "push", properties: { certain: true, because: "vercel deploy", text: "vercel deploy --prod" } },
      resource: push.resource,
    });
  });

  test("hears which sub-agent it is", async () => {
    const { seen, url } = await answering({ evaluations: [{ decision: true }] });
    const settings = { version: 1 as const, url, token: TOKEN, protected_branches: [] };
    await ask([deploy], settings, { ...occasion, agent: "reviewer-a1" });
    assert.deepEqual(seen[0]!.body.subject, { type: "seat", id: "me/reviewer-a1" });
  });

  test("may deny, with reasons and a protocol", async () => {
    const protocol = { do: "Hand it over.", via: "dispatch", command: "longwatch ticket dispatch", offers: [] };
    const { url } = await answering({
      evaluations: [{ decision: false, context: { id: 12, reasons: ["Role stage."], protocol } }],
    });
    const asked = await asking(url);
    assert.ok("decided" in asked);
    const told = { allowed: false, id: 12, reasons: ["Role stage."], rules: [], protocol };
    assert.deepEqual(asked.decided, [{ found: deploy, ...told }]);
  });

  test("allows nothing by a condition that the guard does not know, or by a denial's error", async () => {
    const { url } = await answering({
      evaluations: [
        { decision: true, context: { obligations: [{ id: "record-the-screen" }] } },
        { decision: false, context: { error: { status: 403, message: "You are somebody else." } } },
      ],
    });
    const asked = await asking(url, [deploy, push]);
    assert.ok("decided" in asked);
    assert.deepEqual(
      asked.decided.map(({ allowed }) => allowed),
      [false, false],
    );
    assert.match(asked.decided[0]!.reasons[0]!, /condition that this guard does not know/);
    assert.deepEqual(asked.decided[1]!.reasons, ["You are somebody else."]);
  });
});

describe("Nothing is decided, and the reason says so, when the server", () => {
  for (const [name, body] of [
    ["leaves out an answer", { evaluations: [] }],
    ["answers more than was asked", { evaluations: [{ decision: true }, { decision: true }] }],
    ["gives no decision", { evaluations: [{ context: {} }] }],
    ["gives a decision that is none", { evaluations: [{ decision: "true" }] }],
    ["gives one for all", { decision: true }],
    ["answers null", null],
    ["answers a text", "yes"],
  ] as const)
    test(name, async () => {
      assert.match(why(await asking((await answering(body)).url)), /is not a decision/);
    });

  const replies: [string, RegExp, (response: ServerResponse) => void][] = [
    ["answers a web page", /is not a decision/, (response) => response.end("<html>It works!</html>")],
    ["fails", /answered 503 instead of deciding: busy/, (one) => one.writeHead(503).end('{"detail":"busy"}')],
    ["fails while it says yes", /answered 500/, (one) => one.writeHead(500).end('{"evaluations":[{"decision":true}]}')],
    [
      "does not know the token",
      /token is unknown to the server, revoked or expired/,
      (one) => one.writeHead(401).end(),
    ],
    ["takes us for somebody else", /answered 403/, (one) => one.writeHead(403).end("{}")],
    ["has no such route", /answered 404/, (one) => one.writeHead(404).end("{}")],
    ["sends us elsewhere", /another address \(307\)/, (one) => one.writeHead(307, { location: "http://x" }).end()],
    ["hangs up", /broke before its answer/, (one) => one.destroy()],
    ["stops in the middle", /broke before its answer/, (one) => (one.write('{"eval'), one.destroy())],
    ["says nothing", /did not answer within 0\.5 s/, () => {}],
    ["never ends", /too large|did not answer/, (one) => flood(one)],
  ];
  for (const [name, pattern, reply] of replies)
    test(name, async () => {
      const { url } = await decisionPoint(reply);
      assert.match(why(await asking(url, [deploy], name === "says nothing" ? 0.5 : 60)), pattern);
    });

  test("is not there, does not exist or is no HTTP", async () => {
    const server = net.createServer();
    const port = await listening(server);
    await new Promise((closed) => server.close(closed));
    assert.match(
      why(await asking(`http://127.0.0.1:${port}`)),
      /no server at http:\/\/127\.0\.0\.1:\d+ \(ECONNREFUSED\)/,
    );
    const strange = await listening(net.createServer((socket) => socket.end("SSH-2.0-OpenSSH\r\n\r\n")));
    assert.match(why(await asking(`http://127.0.0.1:${strange}`)), /broke before its answer/);
  });

  const bare = spawnSync("openssl", ["version"]).status === 0 ? false : "there is no openssl to make a certificate";
  test("cannot prove over TLS that it is the right one", { skip: bare }, async () => {
    const { key, cert } = selfSigned();
    const yes = (_: unknown, response: ServerResponse) => response.end('{"evaluations":[{"decision":true}]}');
    const port = await listening(https.createServer({ key, cert }, yes));
    assert.match(why(await asking(`https://127.0.0.1:${port}`)), /could not prove that it is the right one/);
    const plain = await listening(http.createServer(yes));
    assert.match(why(await asking(`https://127.0.0.1:${plain}`)), /could not prove|broke/);
  });
});

function flood(response: ServerResponse): void {
  const more = () => {
    while (response.write("x".repeat(1 << 20)));
    response.once("drain", more);
  };
  response.on("error", () => {});
  more();
}

function selfSigned(): { key: string; cert: string } {
  const directory = fs.mkdtempSync(join(tmpdir(), "longwatch-tls-"));
  after(() => fs.rmSync(directory, { recursive: true, force: true }));
  const [key, cert] = [join(directory, "key.pem"), join(directory, "cert.pem")];
  const words = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1"];
  const subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"];
  execFileSync("openssl", [...words, "-keyout", key, "-out", cert, ...subject], { stdio: "ignore" });
  return { key: fs.readFileSync(key, "utf8"), cert: fs.readFileSync(cert, "utf8") };
}
