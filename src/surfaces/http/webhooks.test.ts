import assert from "node:assert/strict";
import { createHash, createHmac, randomUUID } from "node:crypto";
import { connect } from "node:net";
import { describe, it } from "node:test";
import { sign } from "@octokit/webhooks-methods";
import { testServer } from "../../../test/harness.ts";
import { webhookSecret } from "./webhook_secret.ts";

/** Deliveries as GitHub and GitLab send them, over real HTTP. */

const key = Buffer.alloc(32, 7);
const world = await testServer({ webhooks: { key, tenantOf: async (name) => (name === "home" ? 1 : null) } });
const { operator, say, ask, url } = world;
const tenant = "home";
const commit = (word: string) => createHash("sha1").update(word).digest("hex");
await say(operator, "namespace.define", { prefix: "CMB", format: "CMB-NNNN" });
const file = async () => (await say(operator, "ticket.file", { namespace: "CMB", title: "Work" })).id as string;
const shop = await say(operator, "webhook.open", { name: "shop", provider: "github", repository: "Acme/Shop" });
const lab = await say(operator, "webhook.open", { name: "lab", provider: "gitlab", repository: "acme/lab" });
const secretOf = (name: string, round = 1) => webhookSecret(key, { tenant, name, round });

type Answer = { status: number; [field: string]: any };
async function post(path: string, body: string | Buffer, headers: Record<string, string>): Promise<Answer> {
  const init = { method: "POST", body: body as never, headers: { "content-type": "application/json", ...headers } };
  const answer = await fetch(`${url}${path}`, init);
  return { ...((await answer.json()) as object), status: answer.status };
}
async function gitHub(event: string, payload: object, more: { id?: string; secret?: string; text?: string } = {}) {
  const text = more.text ?? JSON.stringify(payload);
  const signature = await sign(more.secret ?? secretOf("shop"), text);
  const id = more.id ?? randomUUID();
  const headers = { "x-github-event": event, "x-github-delivery": id, "x-hub-signature-256": signature };
  return post(shop.address, text, headers);
}
const pushed = (messages: Record<string, string>, more: object = {}) => ({
  ref: "refs/heads/main",
  repository: { full_name: "acme/shop" },
  commits: Object.entries(messages).map(([word, message]) => ({ id: commit(word), message, distinct: true })),
  ...more,
});
const pull = (number: number, from: string, title: string, more: object = {}) => ({
  action: "closed",
  repository: { full_name: "acme/shop" },
  pull_request: {
    ...{ number, merged: true, title, merge_commit_sha: commit(`merge ${number}`) },
    ...{ base: { ref: "main" }, head: { ref: from }, ...more },
  },
});
const stages = async (id: string): Promise<string[]> =>
  (await ask(operator, "ticket.show", { id })).receipts.map(({ stage }: { stage: string }) => stage);
const newest = async () => (await ask(operator, "ledger.head", {})).seq as number;

describe("GitHub tells that", () => {
  it("a push brought commits: the tickets that they name are merged, with the commit as evidence", async () => {
    const [one, two] = [await file(), await file()];
    const said = await gitHub("push", pushed({ a: `${one}: routes\n\nAlso ${two}, and UTF-8.`, b: "no ticket" }));
    assert.deepEqual([said.status, said.outcome, said.tickets], [200, "merged", [one, two]]);
    const { receipts } = await ask(operator, "ticket.show", { id: two });
    assert.deepEqual(receipts[0].evidence, `${commit("a")} is on main of Acme/Shop`);
    assert.deepEqual([receipts[0].stage, receipts[0].by], ["merged", "longwatch"]);
  });

  it("a pull request was merged: the tickets of its branch, in any case, and of its title", async () => {
    const [one, two] = [await file(), await file()];
    const said = await gitHub("pull_request", pull(7, `codex/${one.toLowerCase()}-2`, `Routes (${two})`));
    assert.deepEqual([said.outcome, said.tickets], ["merged", [one, two]]);
    const three = await file();
    const message = `Merge pull request #8 from acme/codex/${three.toLowerCase()}-ready\n\nRoutes`;
    assert.deepEqual((await gitHub("push", pushed({ m8: message }))).tickets, [three]);
  });

  it("something else happened, and nothing is recorded", async () => {
    const id = await file();
    const before = await newest();
    const cases: [string, object][] = [
      ["ping", { zen: "Keep it logically awesome." }],
      ["push", pushed({ c: id }, { ref: "refs/heads/feature" })],
      ["push", pushed({ c: id }, { ref: "refs/tags/main" })],
      ["push", pushed({ c: id }, { repository: { full_name: "acme/other" } })],
      ["push", pushed({ c: id }, { deleted: true })],
      ["push", pushed({ c: `Revert "${id}: routes"\n\nThis reverts commit ${commit("a")}.` })],
      ["push", { ref: 7 }],
      ["pull_request", pull(9, id, id, { merged: false })],
      ["pull_request", pull(9, id, id, { base: { ref: "feature" } })],
      ["pull_request", { ...pull(9, id, id), action: "opened" }],
      ["push", pushed({ c: "CMB-9999: there is no such ticket" })],
    ];
    for (const [event, payload] of cases) {
      const said = await gitHub(event, payload);
      assert.equal(said.status, 200, JSON.stringify(said));
      assert.notEqual(said.outcome, "merged", JSON.stringify(payload));
    }
    assert.deepEqual([await stages(id), await newest()], [[], before]);
  });

  it("the same again, in any order and on any number of connections: it ends in one state", async () => {
    const ids = await Promise.all(Array.from({ length: 6 }, file));
    const deliveries = ids.flatMap((id, n) => {
      const push = { event: "push", payload: pushed({ [`x${n}`]: `${id}: work` }), id: randomUUID() };
      const merge = { event: "pull_request", payload: pull(100 + n, id, id), id: randomUUID() };
      // A replay under an id of its own: GitHub's signature does not cover the id.
      return [push, merge, push, merge, { ...push, id: randomUUID() }];
    });
    const shuffled = deliveries.map((one) => ({ one, at: Math.random() })).sort((a, b) => a.at - b.at);
    const said = await Promise.all(shuffled.map(({ one }) => gitHub(one.event, one.payload, { id: one.id })));
    assert.deepEqual([...new Set(said.map(({ status }) => status))], [200]);
    for (const id of ids) assert.deepEqual(await stages(id), ["merged"]);
    const place = { repository: "Acme/Shop", branch: "main", limit: 1000 };
    const { merges } = await ask(operator, "merge.list", place);
    const those = merges.filter(({ ticket }: { ticket: string }) => ids.includes(ticket));
    assert.equal(those.length, 12, "one fact for each commit");
    const marks = await world.sql("select count(*)::int as count from landing.deliveries");
    const before = await newest();
    for (const { one } of shuffled)
      assert.equal((await gitHub(one.event, one.payload, { id: one.id })).outcome, "known");
    assert.equal(await newest(), before, "what is known leaves no entry");
    assert.deepEqual(await world.sql("select count(*)::int as count from landing.deliveries"), marks);
  });

  it("an old delivery, sent again, gives a reopened ticket nothing back", async () => {
    const id = await file();
    const payload = pushed({ r: `${id}: work` });
    await gitHub("push", payload);
    await say(operator, "ticket.withdraw_receipt", { id, stage: "merged", reason: "it was taken out again" });
    await gitHub("push", payload);
    await gitHub("push", { ...payload, after: commit("r") });
    assert.deepEqual(await stages(id), []);
    await gitHub("push", pushed({ r2: `${id}: work, again` }));
    assert.deepEqual(await stages(id), ["merged"]);
  });
});

describe("a delivery", () => {
  const payload = pushed({ z: "CMB-0001: x" });
  const text = JSON.stringify(payload);
  const headers = { "x-github-event": "push", "x-github-delivery": "d" };

  it("without the right signature over its very bytes is not read", async () => {
    const right = await sign(secretOf("shop"), text);
    const bad: [string, string | Buffer, Record<string, string>][] = [
      ["none", text, {}],
      ["of another secret", text, { "x-hub-signature-256": await sign("another", text) }],
      ["of another webhook", text, { "x-hub-signature-256": await sign(secretOf("lab"), text) }],
      ["of another round", text, { "x-hub-signature-256": await sign(secretOf("shop", 2), text) }],
      ["of other bytes", `${text} `, { "x-hub-signature-256": right }],
      ["cut", text, { "x-hub-signature-256": right.slice(0, -1) }],
      ["SHA-1, as it was", text, { "x-hub-signature": right }],
      ["bytes that are no text", Buffer.from([0xff, 0xfe]), { "x-hub-signature-256": right }],
      ["nothing", "", { "x-hub-signature-256": right }],
      ["GitLab's way", text, { "x-gitlab-token": secretOf("shop") }],
    ];
    const before = await newest();
    for (const [what, body, more] of bad) {
      const { status, code } = await post(shop.address, body, { ...headers, ...more });
      assert.deepEqual([status, code], [401, "delivery.unsigned"], what);
    }
    assert.equal(await newest(), before, "strangers write nothing into the ledger");
  });

  it("that is signed and says nothing that can be read is told so", async () => {
    const form = await gitHub("push", {}, { text: "payload=%7B%7D" });
    assert.deepEqual([form.status, form.code], [400, "delivery.not_json"]);
    const signature = { "x-hub-signature-256": await sign(secretOf("shop"), text) };
    const { status, code } = await post(shop.address, text, signature);
    assert.deepEqual([status, code], [400, "delivery.unnamed"]);
    for (const odd of ["null", "[]", "7", '{"__proto__":{"ref":"x"}}'])
      assert.equal((await gitHub("push", {}, { text: odd })).outcome, "nothing", odd);
    const long = JSON.stringify({ padding: "x".repeat(8 * 1024 * 1024) });
    assert.equal((await gitHub("push", {}, { text: long })).status, 413);
  });

  it("to a webhook or a tenant that is not there is told so, and not who is there", async () => {
    for (const path of [
      "/webhooks/home/nobody",
      "/webhooks/elsewhere/shop",
      "/webhooks/home/shop%00",
      "/webhooks/home/Shop",
    ]) {
      const { status } = await post(path, text, { ...headers, "x-hub-signature-256": await sign("x", text) });
      assert.ok([400, 404].includes(status), `${path}: ${status}`);
    }
  });

  it("is nobody's to say who holds a token only", async () => {
    const steward = await world.seat("a-steward", "steward");
    const digest = "0".repeat(64);
    const input = { name: "shop", round: 1, event: "push", delivery: "d", digest, payload };
    assert.equal((await world.refused(steward, "webhook.take", input)).code, "webhook.not_signed");
    await assert.rejects(ask(steward, "webhook.expected", { name: "shop" }), { code: "webhook.not_signed" });
    assert.equal((await world.refused(operator, "webhook.take", input)).code, "role.forbidden");
  });
});

describe("GitLab tells that", () => {
  const push = (word: string, message: string) => ({
    ...{ object_kind: "push", ref: "refs/heads/main", checkout_sha: commit(word) },
    ...{ project: { path_with_namespace: "acme/lab" }, commits: [{ id: commit(word), message }] },
  });
  type More = { event?: string; id?: string; at?: number; signature?: (right: string) => string };
  const signed = (
    payload: object,
    { event = "Push Hook", id = randomUUID(), at = Date.now() / 1000, signature }: More = {},
  ) => {
    const text = JSON.stringify(payload);
    const time = String(Math.floor(at));
    const raw = Buffer.from(secretOf("lab").slice("whsec_".length), "base64");
    const right = `v1,${createHmac("sha256", raw).update(`${id}.${time}.${text}`).digest("base64")}`;
    const headers = { "webhook-id": id, "webhook-timestamp": time, "webhook-signature": signature?.(right) ?? right };
    return post(lab.address, text, { ...headers, "x-gitlab-event": event });
  };

  it("a push or a merge request brought commits, signed as Standard Webhooks has it", async () => {
    const [one, two] = [await file(), await file()];
    assert.deepEqual((await signed(push("l1", `${one}: x`))).tickets, [one]);
    const attributes = { state: "merged", title: "Routes", source_branch: two.toLowerCase(), target_branch: "main" };
    const object_attributes = { ...attributes, merge_commit_sha: null, last_commit: { id: commit("l2") } };
    const merge = { project: { path_with_namespace: "acme/lab" }, object_attributes };
    const said = await signed(merge, { event: "Merge Request Hook", signature: (right) => `v1,b2xk ${right} v1a,x` });
    assert.deepEqual([said.outcome, said.tickets], ["merged", [two]]);
    const closed = { ...merge, object_attributes: { ...object_attributes, state: "closed" } };
    assert.equal((await signed(closed, { event: "Merge Request Hook" })).outcome, "nothing");
  });

  it("not an old one again, nor one with another id, body or secret", async () => {
    const payload = push("l3", "CMB-0001: x");
    const bad: More[] = [
      { at: Date.now() / 1000 - 400 },
      { at: Date.now() / 1000 + 400 },
      { signature: (right) => right.replace("v1,", "v2,") },
      { signature: (right) => right.slice(0, -1) },
      { signature: () => "v1," },
      { id: "" },
    ];
    for (const more of bad) assert.equal((await signed(payload, more)).status, 401, JSON.stringify(more));
  });

  it("from an older one, with the secret itself in a header", async () => {
    const id = await file();
    const text = JSON.stringify(push("l4", `${id}: x`));
    const headers = { "x-gitlab-event": "Push Hook", "idempotency-key": randomUUID() };
    const wrong = await post(lab.address, text, { ...headers, "x-gitlab-token": `${secretOf("lab")} `.trim() + "x" });
    assert.equal(wrong.status, 401);
    const right = { ...headers, "x-gitlab-token": secretOf("lab") };
    assert.deepEqual((await post(lab.address, text, right)).tickets, [id]);
    assert.equal((await post(lab.address, text, right)).outcome, "known");
  });
});

it("Strangers who hold out half of large deliveries keep out large ones meanwhile, and no others", async () => {
  const { hostname, port } = new URL(url);
  const head = `POST ${shop.address} HTTP/1.1\r\nHost: ${hostname}\r\n`;
  const strangers = Array.from({ length: 8 }, () => connect(Number(port), hostname));
  for (const one of strangers) one.write(`${head}Content-Length: 1000000\r\n\r\n{`);
  const large = () => gitHub("ping", {}, { text: JSON.stringify({ zen: "x".repeat(300_000) }) });
  let answer = await large();
  // They are not there at once.
  while (answer.status === 200) answer = await large();
  assert.deepEqual([answer.status, answer.code], [503, "delivery.too_many"]);
  assert.equal((await gitHub("ping", {})).status, 200);
  for (const one of strangers) one.destroy();
  while (answer.status === 503) answer = await large();
  assert.equal(answer.status, 200);
});

describe("a webhook", () => {
  it("is opened once, and with another secret when it is said so; a closed one is believed no more", async () => {
    const again = { name: "shop", provider: "github", repository: "acme/shop" };
    assert.equal((await world.refused(operator, "webhook.open", again)).code, "webhook.opened");
    assert.equal((await say(operator, "webhook.open", { ...again, rotate: true })).round, 2);
    const ping = (secret: string) => gitHub("ping", {}, { secret });
    assert.equal((await ping(secretOf("shop"))).status, 401);
    assert.equal((await ping(secretOf("shop", 2))).status, 200);
    await say(operator, "webhook.close", { name: "shop", reason: "moved" });
    assert.equal((await ping(secretOf("shop", 2))).status, 404);
    assert.equal(
      (await world.refused(operator, "webhook.close", { name: "shop", reason: "x" })).code,
      "webhook.unknown",
    );
    assert.equal((await say(operator, "webhook.open", again)).round, 3, "an earlier secret never counts again");
  });

  it("has a secret that no table, entry or answer holds", async () => {
    const { placesOf } = await import("../../rooms/ledger/personal/erasure.fixture.ts");
    for (const round of [1, 2, 3]) assert.deepEqual(await placesOf(world, secretOf("shop", round)), {});
    assert.deepEqual(await placesOf(world, key.toString("hex")), {});
  });
});

it("after all this the ledger and the tables agree", async () => {
  assert.deepEqual((await ask(operator, "ticket.drift")).found, []);
});
