import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Client as McpClient, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import type { Streamed } from "../src/client/event_stream.ts";
import { openapi } from "../src/surfaces/http/openapi.ts";
import { testServer } from "./harness.ts";
import { surroundings } from "./surroundings.ts";

/** One story over all surfaces, as people, agents and programs meet them. */

const bin = fileURLToPath(new URL("../bin/longwatch", import.meta.url));

test("a ticket is filed over MCP, claimed over HTTP, finished from the command line, and streamed", async () => {
  const { url, operator, seat, client, ask, say } = await testServer();
  await say(operator, "namespace.define", { prefix: "CMB", format: "CMB-NNNN", lane: "web" });
  const token = await seat("CLAUDE-CLI-BOX-WEB-01");
  const since = await ask(operator, "ledger.head");
  const leaving = new AbortController();
  const seen: Streamed[] = [];
  const watching = (async () => {
    for await (const one of client(operator).stream(since.seq, leaving.signal)) {
      seen.push(one);
      if (one.event === "ticket.finished") leaving.abort();
    }
  })();

  const filed = await overMcp(url, token, "ticket_file", {
    namespace: "CMB",
    title: "Mend the login page ({{ITEM_ID}})",
  });
  assert.equal(filed.id, "CMB-0001");
  assert.equal(filed.title, "Mend the login page (CMB-0001)");

  const claimed = await overHttp(url, token, "ticket/claim", { lane: "web" });
  assert.equal(claimed.id, "CMB-0001");

  const words = ["ticket", "finish", "--id", claimed.id, "--claim-token", claimed.claim_token];
  words.push("--work-proof", "commit 1a2b3c4", "--json");
  const finished = JSON.parse(await overCli(url, token, ...words));
  assert.equal(finished.state, "done");

  await Promise.race([watching, sleep(60_000, null, { signal: leaving.signal }).catch(() => {})]);
  leaving.abort();
  await watching;
  assert.deepEqual(
    seen.map(({ id, event }) => [Number(id) - since.seq, event]),
    [
      [1, "ticket.filed"],
      [2, "ticket.claimed"],
      [3, "ticket.finished"],
    ],
  );
  const entries = seen.map(({ data }) => data as { actor: string; subject: string });
  for (const { actor, subject } of entries) assert.deepEqual([actor, subject], ["CLAUDE-CLI-BOX-WEB-01", "CMB-0001"]);
  const verified = await ask(operator, "ledger.verify");
  assert.deepEqual([verified.whole, verified.seq], [true, since.seq + 3]);
  assert.equal((await ask(operator, "ticket.drift")).differences, 0);
});

test("a person signs in by the link once, and it works for a person only", async () => {
  const { url, operator, say } = await testServer();
  const { token: code } = await say(operator, "token.issue", { scope: "sign_in" });
  const link = `${url}/sign-in?code=${code}`;
  // A link preview opens it first, and twice: that does not use it up.
  for (let times = 0; times < 2; times++) {
    const opened = await fetch(link);
    assert.equal(opened.status, 200);
    assert.equal(opened.headers.get("set-cookie"), null);
    assert.match(await opened.text(), /<button type="submit"/);
  }
  assert.equal((await fetch(`${url}/docs`)).status, 401);

  const signedIn = await signIn(url, code);
  assert.equal(signedIn.status, 303);
  assert.equal(signedIn.headers.get("location"), "/");
  const cookie = signedIn.headers.get("set-cookie")!;
  assert.match(cookie, /HttpOnly/);
  assert.match(cookie, /SameSite=Strict/);
  const session = { cookie: cookie.split(";")[0]!, "sec-fetch-site": "same-origin" };
  const docs = await fetch(`${url}/docs`, { headers: session });
  assert.equal(docs.status, 200);
  assert.match(await docs.text(), /<title>Longwatch API<\/title>/);

  const again = await signIn(url, code);
  assert.equal(again.status, 401);
  assert.match(await again.text(), /does not work any more/);
  assert.equal(again.headers.get("set-cookie"), null);
});

test("a session's cookie counts for our own pages only", async () => {
  const { url, operator, say } = await testServer();
  const { token: code } = await say(operator, "token.issue", { scope: "sign_in" });
  const cookie = (await signIn(url, code)).headers.get("set-cookie")!.split(";")[0]!;
  const post = (site: string | undefined) => {
    const headers = { cookie, "content-type": "application/json", ...(site ? { "sec-fetch-site": site } : {}) };
    return fetch(`${url}/v1/post/append`, { method: "POST", headers, body: '{"subject":"hello"}' });
  };
  assert.equal((await post("same-origin")).status, 200);
  for (const site of ["cross-site", "same-site", "none", undefined]) {
    const answer = await post(site);
    assert.equal(answer.status, 401, `Sec-Fetch-Site: ${site}`);
    assert.equal(((await answer.json()) as { code: string }).code, "token.missing");
  }
  // Over plain HTTP away from localhost a browser tells no site, but the origin of whatever does something.
  const postFrom = (origin: string) => {
    const headers = { cookie, origin, "content-type": "application/json" };
    return fetch(`${url}/v1/post/append`, { method: "POST", headers, body: '{"subject":"hello"}' });
  };
  // Behind a TLS proxy the scheme is another, and an older browser tells no site either.
  for (const origin of [url, url.replace("http:", "https:")]) assert.equal((await postFrom(origin)).status, 200);
  for (const origin of ["http://evil.example", "http://127.0.0.1:9", "https://127.0.0.1", "null"])
    assert.equal((await postFrom(origin)).status, 401, `Origin: ${origin}`);
  const gotFrom = (headers: object) => fetch(`${url}/v1/feed/read`, { headers: { cookie, ...headers } });
  assert.equal((await gotFrom({})).status, 200);
  assert.equal((await gotFrom({ origin: "http://evil.example" })).status, 401);
  const got = (site: string) => fetch(`${url}/v1/feed/read`, { headers: { cookie, "sec-fetch-site": site } });
  assert.equal((await got("cross-site")).status, 401);
  // Somebody typed the address.
  assert.equal((await got("none")).status, 200);
});

test("signing out ends the session's token and no other, and only our own pages can say it", async () => {
  const { url, operator, say, ask } = await testServer();
  const { token: code } = await say(operator, "token.issue", { scope: "sign_in" });
  const cookie = (await signIn(url, code)).headers.get("set-cookie")!.split(";")[0]!;
  const signOut = (headers: Record<string, string>) =>
    fetch(`${url}/sign-out`, { method: "POST", headers, redirect: "manual" });
  const who = () => fetch(`${url}/v1/seat/whoami`, { headers: { cookie, "sec-fetch-site": "same-origin" } });
  assert.equal((await signOut({})).status, 401);
  for (const site of ["cross-site", "same-site", "none"])
    assert.equal((await signOut({ cookie, "sec-fetch-site": site })).status, 401, `Sec-Fetch-Site: ${site}`);
  assert.equal((await who()).status, 200);

  const out = await signOut({ cookie, "sec-fetch-site": "same-origin" });
  assert.deepEqual([out.status, out.headers.get("location")], [303, "/"]);
  assert.match(out.headers.get("set-cookie")!, /^longwatch_session_\w+=;.*Expires=Thu, 01 Jan 1970/);
  // The token is worthless for whoever has a copy of the cookie, too.
  assert.equal((await who()).status, 401);
  assert.equal((await ask(operator, "seat.whoami")).name, "operator");
  const { entries } = await ask(operator, "feed.read", { limit: 1 });
  assert.deepEqual([entries[0].kind, entries[0].actor], ["token.ended", "operator"]);
  // Twice is once.
  assert.equal((await signOut({ cookie, "sec-fetch-site": "same-origin" })).status, 303);
});

test("without a token every path but /health answers 401, and says how to get one", async () => {
  const { url, catalogue } = await testServer();
  const document = openapi(catalogue) as { paths: Record<string, Record<string, unknown>> };
  const paths = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item)
      // Methods that OpenAPI 3.1 has no word for stand together under a word of their own.
      .flatMap(([method, more]) => (method === "x-oai-additionalOperations" ? Object.keys(more as object) : [method]))
      .map((method) => ({ path, method: method.toUpperCase() })),
  );
  assert.ok(paths.length > 40);
  const others = ["/openapi.json", "/v1/catalogue", "/docs", "/docs/json", "/docs/static/index.html"];
  for (const { path, method } of [...paths, ...others.map((path) => ({ path, method: "GET" }))]) {
    const body = method === "GET" ? undefined : "{}";
    const answer = await fetch(`${url}${path}`, { method, headers: { "content-type": "application/json" }, body });
    assert.equal(answer.status, path === "/health" ? 200 : 401, `${method} ${path}`);
    if (path.startsWith("/v1")) {
      const problem = (await answer.json()) as { code: string; hint: string };
      assert.equal(problem.code, "token.missing", path);
      assert.match(problem.hint, /sign-in/);
    } else await answer.body?.cancel();
  }
  assert.equal((await fetch(`${url}/mcp`, { method: "POST", body: "{}" })).status, 401);
});

async function overMcp(url: string, token: string, name: string, input: Record<string, unknown>) {
  const client = new McpClient({ name: "walk", version: "1" }, { versionNegotiation: { mode: "auto" } });
  const requestInit = { headers: { authorization: `Bearer ${token}` } };
  await client.connect(new StreamableHTTPClientTransport(new URL(`${url}/mcp`), { requestInit }));
  const { isError, structuredContent, content } = await client.callTool({ name, arguments: input });
  await client.close();
  assert.ok(!isError, JSON.stringify(content));
  return structuredContent as Record<string, string>;
}

async function overHttp(url: string, token: string, path: string, input: object) {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const answer = await fetch(`${url}/v1/${path}`, { method: "POST", headers, body: JSON.stringify(input) });
  assert.equal(answer.status, 200);
  return (await answer.json()) as { id: string; claim_token: string };
}

async function overCli(url: string, token: string, ...words: string[]): Promise<string> {
  const env = surroundings({ LONGWATCH_URL: url, LONGWATCH_TOKEN: token });
  const { stdout } = await promisify(execFile)(bin, words, { env });
  return stdout;
}

function signIn(url: string, code: string): Promise<Response> {
  const headers = { "sec-fetch-site": "same-origin" };
  return fetch(`${url}/sign-in`, { method: "POST", headers, body: new URLSearchParams({ code }), redirect: "manual" });
}
