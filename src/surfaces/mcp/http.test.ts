import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { after, before, beforeEach, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import fastify from "fastify";
import { catalogue } from "../../kernel/catalogue.ts";
import { mcpRoutes } from "./http.ts";
import { KEY_META, PROBLEM_META } from "./tools.ts";
import { openYard } from "./yard.fixture.ts";

const run = promisify(execFile);
const eras = { "2025-11-25": undefined, "2026-07-28": { mode: "auto" } } as const;
type Era = keyof typeof eras;
/** A loaded machine may take its time; nobody waits for a client to let go. */
const CLOSING_MILLISECONDS_MAX = 40_000;

let open: Awaited<ReturnType<typeof openYard>>;
before(async () => {
  open = await openYard();
});
beforeEach(() => open.yard.taken.clear());
after(() => open.close());

async function connected(era: Era, token = "lw_seat", url = open.url) {
  const client = new Client({ name: "test", version: "1" }, { versionNegotiation: eras[era] });
  const headers = { authorization: `Bearer ${token}` };
  await client.connect(new StreamableHTTPClientTransport(new URL(`${url}/mcp`), { requestInit: { headers } }));
  assert.equal(client.getNegotiatedProtocolVersion(), era);
  return client;
}

async function refusal(client: Client, name: string, input: Record<string, unknown>) {
  const { isError, content, _meta } = await client.callTool({ name, arguments: input });
  assert.equal(isError, true);
  const { code } = _meta![PROBLEM_META] as { code: string };
  return { code, text: (content[0] as { text: string }).text };
}

function post(body: string | Buffer<ArrayBuffer>, headers: Record<string, string> = {}) {
  const usual = {
    authorization: "Bearer lw_seat",
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
  };
  return fetch(`${open.url}/mcp`, { method: "POST", headers: { ...usual, ...headers }, body });
}

for (const era of Object.keys(eras) as Era[])
  describe(`to a client of ${era}, /mcp`, () => {
    test("lists what the caller's role may say", async () => {
      const [seat, operator] = await Promise.all([connected(era), connected(era, "lw_operator")]);
      const names = async (client: Client) => (await client.listTools()).tools.map(({ name }) => name);
      assert.deepEqual(await names(seat), ["crate_take", "crate_list", "seat_beat", "seat_whoami"]);
      assert.deepEqual(await names(operator), ["crate_list", "yard_clear", "seat_whoami"]);
      assert.equal(seat.getServerVersion()?.version, "9.8.7");
      await Promise.all([seat.close(), operator.close()]);
    });

    test("says commands with their key, asks queries, and answers what fits the output's schema", async () => {
      const client = await connected(era);
      await client.listTools();
      const _meta = { [KEY_META]: "k-1" };
      const taken = await client.callTool({ name: "crate_take", arguments: { colour: "red" }, _meta });
      const output = { colour: "red", holder: "implementer-1", weight_max: 10, note: null };
      assert.deepEqual(taken.structuredContent, output);
      assert.deepEqual(taken.content, [{ type: "text", text: JSON.stringify(output) }]);
      const input = { colour: "red", weight_max: 10 };
      assert.deepEqual(open.yard.said.at(-1), { name: "crate.take", input, key: "k-1" });
      const listed = await client.callTool({ name: "crate_list", arguments: {} });
      assert.deepEqual(listed.structuredContent, { crates: [{ colour: "red", holder: "implementer-1" }] });
      await client.close();
    });

    test("refuses with a reason, names bad fields, and lets the door deny what is not listed", async () => {
      const client = await connected(era);
      open.yard.taken.set("red", "implementer-2");
      const lines = [
        "refused (crate.held): implementer-2 holds it.",
        "next: Take another.",
        'facts: {"holder":"implementer-2"}',
      ];
      const held = await refusal(client, "crate_take", { colour: "red" });
      assert.deepEqual(held, { code: "crate.held", text: lines.join("\n") });
      const bad = await refusal(client, "crate_take", { colour: "green", wieght_max: 2 });
      assert.equal(bad.code, "input.invalid");
      assert.match(bad.text, /colour: .*red.*blue/);
      assert.match(bad.text, /wieght_max: is not a field of this operation; expected: colour, weight_max/);
      assert.equal((await refusal(client, "yard_clear", {})).code, "role.forbidden");
      await client.close();
    });

    test("does not begin without a token it knows", async () => {
      await assert.rejects(connected(era, "lw_other"));
    });

    test("answers the call in flight when the server closes, and nothing holds the server open", async () => {
      const closing = await openYard();
      const client = await connected(era, "lw_seat", closing.url);
      if (era === "2026-07-28") await client.listen({ toolsListChanged: true });
      const gate = Promise.withResolvers<void>();
      closing.yard.gate = gate.promise;
      const call = client.callTool({ name: "crate_take", arguments: { colour: "red" } });
      while (closing.yard.said.length === 0) await new Promise((done) => setTimeout(done, 5));
      const closed = closing.close();
      await new Promise((done) => setTimeout(done, 50));
      gate.resolve();
      assert.equal(((await call).structuredContent as { holder: string }).holder, "implementer-1");
      const answered_at = performance.now();
      await closed;
      // The client would keep the connection for its next call, for as long as the server offers: 72 s.
      assert.ok(performance.now() - answered_at < CLOSING_MILLISECONDS_MAX);
      await client.close();
    });
  });

describe("/mcp", () => {
  test("answers 401 with WWW-Authenticate, before it reads the body", async () => {
    for (const authorization of ["", "Basic eDp5", "Bearer lw_other"]) {
      const response = await post("{not json", { authorization });
      assert.equal(response.status, 401);
      assert.match(response.headers.get("www-authenticate")!, /^Bearer/);
    }
  });

  test("answers what is not the protocol in the protocol's words", async () => {
    const broken = await post("{not json");
    assert.equal(broken.status, 400);
    assert.equal(((await broken.json()) as { error: { code: number } }).error.code, -32700);
    assert.equal((await post(JSON.stringify({ text: "x".repeat(70_000) }))).status, 413);
    assert.equal((await post("a=1", { "content-type": "application/x-www-form-urlencoded" })).status, 415);
  });

  test("reads UTF-8 and nothing else, wherever it is cut in parts", async () => {
    const call = (colour: string) =>
      JSON.stringify({
        jsonrpc: "2.0",
        id: 1,
        method: "tools/call",
        params: { name: "crate_take", arguments: { colour } },
      });
    const half = Buffer.concat([Buffer.from(call("red")), Buffer.of(0xc3)]);
    for (const bytes of [Buffer.from(call("caf\xe9"), "latin1"), half]) {
      const refused = await post(bytes);
      assert.equal(refused.status, 400);
      assert.equal(((await refused.json()) as { error: { code: number } }).error.code, -32700);
    }
    const parts = new ReadableStream({
      start: (controller) => {
        for (const byte of Buffer.from(call("größer als 🦉"))) controller.enqueue(Uint8Array.of(byte));
        controller.close();
      },
    });
    const headers = {
      authorization: "Bearer lw_seat",
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
    };
    const answered = await fetch(`${open.url}/mcp`, {
      method: "POST",
      headers,
      body: parts,
      duplex: "half",
    } as RequestInit);
    assert.equal(answered.status, 200);
    assert.match(await answered.text(), /colour/);
  });

  test("counts what it cannot read", async () => {
    let parts = 0;
    const body = new ReadableStream({
      pull: (controller) => (parts++ < 20 ? controller.enqueue(new Uint8Array(10_000).fill(0xff)) : controller.close()),
    });
    const headers = { authorization: "Bearer lw_seat", "content-type": "application/json" };
    const sent = fetch(`${open.url}/mcp`, { method: "POST", headers, body, duplex: "half" } as RequestInit);
    // Who is still sending may find the line cut before it reads the answer.
    assert.equal(await sent.then(({ status }) => status).catch(() => 413), 413);
  });

  test("calls no caller who leaves in the midst a bug", async () => {
    const bugs: unknown[] = [];
    const app = fastify();
    mcpRoutes(app, { door: open.yard, catalogue: catalogue([], "1.0.0"), onBug: (error) => bugs.push(error) });
    await app.listen({ port: 0, host: "127.0.0.1" });
    const { port } = app.server.address() as AddressInfo;
    const asking = connect(port, "127.0.0.1");
    asking.write("POST /mcp HTTP/1.1\r\nhost: here\r\nauthorization: Bearer lw_seat\r\ncontent-length: 100\r\n\r\n{");
    const [request] = (await once(app.server, "request")) as [IncomingMessage];
    asking.destroy();
    await new Promise((closed) => request.socket.once("close", closed));
    await app.close();
    assert.deepEqual(bugs, []);
  });

  test("refuses the pages of other sites", async () => {
    assert.equal((await post("{}", { origin: "http://evil.example" })).status, 403);
    assert.notEqual((await post("{}", { origin: open.url })).status, 403);
  });

  test("satisfies the protocol's own inspector", { timeout: 300_000 }, async () => {
    const manifest = fileURLToPath(import.meta.resolve("@modelcontextprotocol/inspector/package.json"));
    const inspector = manifest.replace("package.json", "clients/launcher/build/index.js");
    const inspect = async (...args: string[]) => {
      const header = "Authorization: Bearer lw_seat";
      const options = ["--cli", `${open.url}/mcp`, "--transport", "http", "--header", header, ...args];
      return JSON.parse((await run(process.execPath, [inspector, ...options])).stdout);
    };
    const { tools } = await inspect("--method", "tools/list");
    const names = tools.map(({ name }: { name: string }) => name);
    assert.deepEqual(names, ["crate_take", "crate_list", "seat_beat", "seat_whoami"]);
    const called = await inspect("--method", "tools/call", "--tool-name", "crate_take", "--tool-arg", "colour=red");
    assert.equal(called.structuredContent.holder, "implementer-1");
  });
});
