import assert from "node:assert/strict";
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { after, describe, test } from "node:test";
import { pino } from "pino";
import { testServer, testWorld } from "../../../test/harness.ts";
import { derivedPassword } from "../../database/migrate.ts";
import { openWorld } from "../../world.ts";

describe("Signing in", async () => {
  const { url, operator, say, sql } = await testServer();
  const link = async () => (await say(operator, "token.issue", { scope: "sign_in" })).token as string;
  const press = (code: string, headers: Record<string, string> = {}) =>
    fetch(`${url}/sign-in`, { method: "POST", redirect: "manual", headers, body: new URLSearchParams({ code }) });
  const home = new URL(url);

  test("is not done by a page of somebody else, and that does not use the link up", async () => {
    const code = await link();
    const foreign: Record<string, string>[] = [
      { "sec-fetch-site": "cross-site" },
      // Another port or another name of the same host.
      { "sec-fetch-site": "same-site" },
      { origin: "http://elsewhere.example" },
      { origin: `http://${home.hostname}:1` },
      { origin: "null" },
    ];
    for (const headers of foreign) {
      const answer = await press(code, headers);
      assert.equal(answer.status, 403, JSON.stringify(headers));
      assert.equal(answer.headers.get("set-cookie"), null);
    }
    assert.equal((await press(code, { origin: url })).status, 303);
    assert.equal((await press(code, { origin: url })).status, 401, "a link works once");
  });

  test("is done where a proxy writes the host in its own way, and nowhere else for that", async () => {
    const pressed = async (origin: string, host: string) => {
      const headers = { origin, host, "content-type": "application/x-www-form-urlencoded" };
      const asked = request(`${url}/sign-in`, { method: "POST", headers });
      asked.end(`code=${await link()}`);
      const [answer] = (await once(asked, "response")) as [IncomingMessage];
      return answer.resume().statusCode;
    };
    for (const [origin, host, status] of [
      ["https://fleet.example", "Fleet.Example:443", 303],
      ["http://fleet.example", "fleet.example:80", 303],
      ["http://[fd00::1]:8443", "[FD00:0::1]:8443", 303],
      ["https://fleet.example", "fleet.example:80", 403],
      ["https://fleet.example:8443", "fleet.example", 403],
      ["https://fleet.example", "fleet.example.", 403],
      ["https://fleet.example", "", 403],
    ] as const)
      assert.equal(await pressed(origin, host), status, `${origin} at ${host}`);
  });

  test("is not done by looking at the link, nor by what is no link, and its code is written nowhere", async () => {
    const code = await link();
    for (const method of ["GET", "HEAD"])
      assert.equal((await fetch(`${url}/sign-in?code=${code}`, { method })).status, 200);
    assert.equal((await press(operator)).status, 401, "a token for programs is no link");
    assert.equal((await press(code)).status, 303);
    const [{ count }] = await sql("select count(*)::int as count from ledger.entries e where e::text like $1", [
      `%${code.slice(3)}%`,
    ]);
    assert.equal(count, 0);
  });

  test("gives a cookie that no script reads, and over TLS one that travels over nothing else", async () => {
    const plain = (await press(await link(), { origin: url })).headers.get("set-cookie")!;
    assert.match(plain, /HttpOnly.*SameSite=Strict/);
    assert.doesNotMatch(plain, /Secure/);
    const proxied: Record<string, string>[] = [
      { origin: "https://fleet.example", "sec-fetch-site": "same-origin" },
      // Browsers that tell nothing but the origin; the proxy passes on the name that they asked for.
      { origin: `https://${home.host}` },
    ];
    for (const headers of proxied)
      assert.match((await press(await link(), headers)).headers.get("set-cookie") ?? "", /Secure/);
  });

  test("happens on a page that no other frames, none keeps, and no other learns the code of", async () => {
    for (const address of [`/sign-in?code=${await link()}`, "/sign-in", "/docs"]) {
      const { headers } = await fetch(url + address, { headers: { accept: "text/html" } });
      assert.match(headers.get("content-security-policy")!, /frame-ancestors 'none'/, address);
      assert.doesNotMatch(headers.get("content-security-policy")!, /unsafe/, address);
      assert.equal(headers.get("cache-control"), "no-store", address);
      assert.equal(headers.get("referrer-policy"), "strict-origin", address);
    }
    const { headers } = await fetch(`${url}/docs`, { headers: { authorization: `Bearer ${operator}` } });
    assert.match(headers.get("content-security-policy")!, /frame-ancestors 'none'/);
  });

  test("is the only thing that a form can ask for", async () => {
    const headers = { authorization: `Bearer ${operator}` };
    const body = new URLSearchParams({ prefix: "WEB", format: "WEB-NNNN", lane: "WEB" });
    for (const [path, method] of [
      ["namespace/define", "POST"],
      ["ticket/list", "QUERY"],
    ] as const) {
      const answer = await fetch(`${url}/v1/${path}`, { method, headers, body });
      assert.deepEqual([answer.status, ((await answer.json()) as any).code], [415, "content_type.unsupported"], path);
    }
  });
});

test("Two servers on one host leave each other's people signed in, whatever their ports are", async () => {
  const servers = [await testServer(), await testServer()];
  const jar = new Map<string, string>();
  const sent = () => [...jar].map((pair) => pair.join("=")).join("; ");
  // As a browser does: cookies know their host, not its port.
  const keep = ({ headers }: Response) => {
    for (const line of headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)!;
      if (value === "") jar.delete(name!);
      else jar.set(name!, value!);
    }
  };
  const ask = ({ url }: { url: string }, path: string, init: RequestInit = {}) =>
    fetch(url + path, { redirect: "manual", headers: { cookie: sent(), "sec-fetch-site": "same-origin" }, ...init });
  const signedIn = () => Promise.all(servers.map(async (one) => (await ask(one, "/v1/seat/whoami")).status));
  for (const server of servers) {
    const { token } = await server.say(server.operator, "token.issue", { scope: "sign_in" });
    keep(await ask(server, "/sign-in", { method: "POST", body: new URLSearchParams({ code: token }) }));
  }
  assert.deepEqual(await signedIn(), [200, 200]);
  keep(await ask(servers[0]!, "/sign-out", { method: "POST" }));
  assert.deepEqual(await signedIn(), [401, 200]);
});

test("The servers of one database are one installation, and no two databases are", async () => {
  const [one, another] = [await testWorld(), await testWorld()];
  const log = pino({ level: "silent" });
  const applicationPassword = derivedPassword((one.admin as { password: string }).password);
  const second = await openWorld({ admin: one.admin, applicationPassword, log });
  after(async () => {
    await second.door.close();
    await second.database.end();
  });
  assert.equal(second.installation, one.installation);
  assert.match(one.installation, /^[0-9a-f]{8,16}$/);
  assert.notEqual(another.installation, one.installation);
});

test("Each answer says what it is and whether it may be kept", async () => {
  const { url, operator } = await testServer();
  const headers = { authorization: `Bearer ${operator}`, accept: "text/html" };
  for (const [address, kept] of [
    ["/health", "no-store"],
    ["/v1/catalogue", "no-store"],
    ["/v1/ticket/list", "no-store"],
    ["/favicon.ico", "no-store"],
    // A sub-agent's name may have a dot.
    ["/seats/CODEX-CLI-BOX-WEB-01%2Freader.v2", /^no-cache$|^no-store$/],
    ["/%zz", "no-store"],
    ["/", /^no-cache$|^no-store$/],
  ] as const) {
    const answer = await fetch(url + address, { headers });
    assert.equal(answer.headers.get("x-content-type-options"), "nosniff", address);
    assert.match(answer.headers.get("cache-control")!, new RegExp(kept), address);
    if (address.startsWith("/seats")) assert.match(answer.headers.get("content-type")!, /^text\/html/);
    if (address === "/%zz") assert.equal(answer.headers.get("content-type"), "application/problem+json; charset=utf-8");
  }
  const head = await fetch(`${url}/v1/ledger/stream`, { method: "HEAD", headers, signal: AbortSignal.timeout(2_000) });
  assert.equal(head.status, 405, "a stream has no end that HEAD could come to");
});
