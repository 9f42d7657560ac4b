import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { testServer } from "../../../test/harness.ts";

/** Longer than an address may be: the server reads 16 KiB of a request's head. */
const LONG = "x".repeat(40_000);

describe("A query", async () => {
  const server = await testServer();
  const { url, operator, say, client } = server;
  const seat = await server.seat("CODEX-CLI-BOX-WEB-01");
  await say(operator, "namespace.define", { prefix: "WEB", format: "WEB-NNNN", lane: "WEB" });
  await say(operator, "ticket.file", { namespace: "WEB", title: "Mend the lamp" });

  const ask = async (path: string, body: string | undefined, headers: Record<string, string> = {}) => {
    const authorization = `Bearer ${operator}`;
    const typed = { "content-type": "application/json", authorization, ...headers };
    const answer = await fetch(`${url}/v1/${path}`, { method: "QUERY", headers: typed, ...(body ? { body } : {}) });
    return { status: answer.status, accepts: answer.headers.get("accept-query"), body: (await answer.json()) as any };
  };

  test("is asked with a body as with an address, and each answer says so", async () => {
    const got = await fetch(`${url}/v1/ticket/list?lane=WEB&limit=5`, {
      headers: { authorization: `Bearer ${operator}` },
    });
    assert.equal(got.headers.get("accept-query"), "application/json");
    const asked = await ask("ticket/list", JSON.stringify({ lane: "WEB", limit: 5 }));
    assert.deepEqual([asked.status, asked.accepts], [200, "application/json"]);
    assert.equal(asked.body.tickets.length, 1);
    assert.deepEqual(asked.body, await got.json());
  });

  test("takes what no address holds, over each client", async () => {
    const { status, body } = await ask("policy/dry_run", JSON.stringify({ text: LONG }));
    assert.deepEqual([status, body.code], [400, "policy.malformed"]);
    const own = client();
    await assert.rejects(own.ask("policy.dry_run", { text: LONG, version: undefined }), { code: "policy.malformed" });
    own.close();
    const address = await fetch(`${url}/v1/policy/dry_run?text=${LONG}`, {
      headers: { authorization: `Bearer ${operator}` },
    });
    assert.equal(address.status, 431);
  });

  test("does what it does by GET: it writes nothing, and who may not is denied", async () => {
    const entries = async () => (await server.sql("select count(*)::int as count from ledger.entries"))[0].count;
    const before = await entries();
    await ask("policy/dry_run", JSON.stringify({ version: 1 }));
    assert.equal(await entries(), before);
    const denied = await ask("policy/dry_run", JSON.stringify({ version: 1 }), { authorization: `Bearer ${seat}` });
    assert.deepEqual([denied.status, denied.body.code], [403, "role.forbidden"]);
  });

  test("refuses what is no JSON object, and says what to send", async () => {
    const typeless = await ask("ticket/list", undefined, { "content-type": "" });
    assert.deepEqual([typeless.status, typeless.body.hint], [415, "Send Content-Type: application/json."]);
    for (const body of ["[]", '"lane"', "{"]) assert.equal((await ask("ticket/list", body)).status, 400, body);
    const { body } = await ask("ticket/list", '{"limit":"many"}');
    assert.deepEqual([body.code, body.fields[0].field], ["input.invalid", "limit"]);
    assert.equal((await ask("ticket/file", "{}")).status, 405, "a command is no question");
    const xml = await ask("ticket/list", "<lane/>", { "content-type": "text/xml" });
    assert.deepEqual([xml.status, xml.body.code, xml.accepts], [415, "content_type.unsupported", "application/json"]);
  });

  test("asked with a session's cookie counts from our own pages only", async () => {
    const { token } = await say(operator, "token.issue", { scope: "sign_in" });
    const signedIn = await fetch(`${url}/sign-in`, {
      method: "POST",
      redirect: "manual",
      body: new URLSearchParams({ code: token }),
    });
    const cookie = signedIn.headers.get("set-cookie")!.split(";")[0]!;
    const from = async (headers: Record<string, string>) =>
      (
        await fetch(`${url}/v1/ticket/list`, {
          method: "QUERY",
          headers: { cookie, "content-type": "application/json", ...headers },
          body: "{}",
        })
      ).status;
    assert.equal(await from({ "sec-fetch-site": "same-origin" }), 200);
    // Nobody types a body into an address line.
    for (const site of ["cross-site", "same-site", "none"]) assert.equal(await from({ "sec-fetch-site": site }), 401);
    assert.equal(await from({}), 401);
    // A foreign page would have to be allowed to send it first.
    const asked = await fetch(`${url}/v1/ticket/list`, {
      method: "OPTIONS",
      headers: { origin: "https://elsewhere.example", "access-control-request-method": "QUERY" },
    });
    assert.deepEqual([asked.status, asked.headers.get("access-control-allow-methods")], [405, null]);
  });

  test("stands in the API's document beside its GET, with the same parameters", async () => {
    const answer = await fetch(`${url}/openapi.json`, { headers: { authorization: `Bearer ${operator}` } });
    const { paths } = (await answer.json()) as any;
    const queries = Object.entries<any>(paths).filter(([, { get }]) => get?.parameters && get.operationId);
    const bodies = queries.filter(([, item]) => item["x-oai-additionalOperations"]);
    assert.ok(bodies.length > 50, String(bodies.length));
    for (const [path, { get, "x-oai-additionalOperations": more }] of bodies) {
      const { schema } = more.QUERY.requestBody.content["application/json"];
      const names = get.parameters.map(({ name }: { name: string }) => name);
      assert.deepEqual(Object.keys(schema.properties ?? {}), names, path);
      const pointer = more.QUERY.responses[200].$ref.slice(2).split("/");
      const found = pointer.reduce((at: any, part: string) => at[part.replaceAll("~1", "/")], { paths });
      assert.equal(found, get.responses[200], path);
    }
  });
});
