import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import http from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { gunzipSync } from "node:zlib";
import { pino } from "pino";
import { testServer } from "../../../test/harness.ts";
import { Signer } from "../../anchors/signer.ts";
import { Database } from "../../kernel/database.ts";
import { publicTenant } from "../../rooms/ledger/index.ts";

const world = await testServer();
const directory = await mkdtemp(join(tmpdir(), "longwatch-tlog-"));
after(() => rm(directory, { recursive: true, force: true }));

type Answer = { status: number; headers: http.IncomingHttpHeaders; body: Buffer };

/** Sends exactly this path: fetch would tidy it up first. */
function get(path: string, headers: Record<string, string> = {}, method = "GET"): Promise<Answer> {
  return new Promise((done, fail) => {
    const { hostname, port } = new URL(world.url);
    const request = http.request({ hostname, port, path, method, headers, agent: false }, (response) => {
      const parts: Buffer[] = [];
      response.on("data", (part) => parts.push(part));
      response.on("end", () =>
        done({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(parts) }),
      );
    });
    request.on("error", fail);
    request.end();
  });
}

const as = (token: string) => ({ authorization: `Bearer ${token}` });
const me = as(world.operator);
const sha256 = (...parts: (string | Uint8Array)[]) => {
  const digest = createHash("sha256");
  for (const part of parts) digest.update(part);
  return digest.digest();
};
/** RFC 6962, section 2.1, word for word. */
function treeHash(leaves: Buffer[]): Buffer {
  if (leaves.length === 1) return sha256(Buffer.from([0]), leaves[0]!);
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return sha256(Buffer.from([1]), treeHash(leaves.slice(0, k)), treeHash(leaves.slice(k)));
}

/** The lengths are two bytes, the greater first (C2SP tlog-tiles). */
function entriesIn(bundle: Buffer): Buffer[] {
  const entries: Buffer[] = [];
  for (let at = 0; at < bundle.length;) {
    const length = bundle.readUInt16BE(at);
    entries.push(bundle.subarray(at + 2, at + 2 + length));
    at += 2 + length;
  }
  return entries;
}

const SIZE = 300;
let leaves: Buffer[] = [];

async function grow(size: number): Promise<void> {
  const [{ seq }] = await world.sql("select seq from ledger.heads where tenant_id = 1");
  for (let n = seq; n < size; n++) await world.say(world.operator, "post.append", { subject: `post ${n}` });
}

async function sign(): Promise<void> {
  const { database, door, home_tenant_id: tenant_id } = world;
  const where = { anchors: join(directory, "anchors"), keys: join(directory, "signer") };
  const log = pino({ level: "silent" });
  await new Signer({ tenant_id, tenant: "home", database, door, log, ...where }).pass(true);
}

describe("A tenant's log over HTTP", () => {
  before(async () => {
    // The signer opens the log, which is an entry; then the checkpoint is to have exactly this size.
    assert.equal((await get("/ledger/home/checkpoint", me)).status, 404);
    await sign();
    await grow(SIZE);
    await sign();
    const rows = await world.sql("select leaf from ledger.entries where tenant_id = 1 order by seq");
    leaves = rows.map(({ leaf }) => leaf).slice(0, SIZE);
    // Entries that no checkpoint covers yet, which nobody may see here.
    await grow(SIZE + 3);
  });

  it("has a checkpoint of three lines and a signature, never cached unasked", async () => {
    const { status, headers, body } = await get("/ledger/home/checkpoint", me);
    assert.equal(status, 200);
    assert.equal(headers["content-type"], "text/plain; charset=utf-8");
    assert.equal(headers["cache-control"], "no-cache");
    const [origin, size, root, empty, signature] = body.toString().split("\n");
    assert.match(origin!, /^longwatch\/[0-9a-f]{16}\/home$/);
    assert.deepEqual([size, root, empty], [String(SIZE), treeHash(leaves).toString("base64"), ""]);
    assert.ok(signature!.startsWith(`— ${origin} `));
    const again = await get("/ledger/home/checkpoint", { ...me, "if-none-match": headers.etag! });
    assert.deepEqual([again.status, again.body.length, again.headers.etag], [304, 0, headers.etag]);
  });

  it("lists its checkpoints from the newest back, a page at a time", async () => {
    const page = (input: object) => world.ask(world.operator, "checkpoint.list", input);
    const { origin, checkpoints, next } = await page({ limit: 1 });
    const newest = await world.ask(world.operator, "ledger.checkpoint");
    assert.equal(origin, newest.origin);
    const { size, root, at } = newest;
    assert.deepEqual([checkpoints, next], [[{ size, root, at, cosigned_by: [] }], SIZE]);
    const before = await page({ before_size: next, limit: 1 });
    assert.deepEqual([before.checkpoints[0].size, before.next], [256, 256]);
    const all = await page({});
    assert.equal(all.next, null);
    const sizes = all.checkpoints.map((one: { size: number }) => one.size);
    assert.deepEqual(
      sizes,
      sizes.toSorted((one: number, other: number) => other - one),
    );
  });

  it("serves a full tile as the hashes of the stored entries, for ever", async () => {
    const { status, headers, body } = await get("/ledger/home/tile/0/000", me);
    assert.equal(status, 200);
    assert.equal(headers["content-type"], "application/octet-stream");
    assert.equal(headers["cache-control"], "private, max-age=31536000, immutable");
    assert.equal(headers.vary, "authorization, cookie");
    const hashes = leaves.slice(0, 256).map((leaf) => sha256(Buffer.from([0]), leaf));
    assert.deepEqual(body, Buffer.concat(hashes));
    const known = { ...me, "if-none-match": `"other", W/${headers.etag}` };
    assert.equal((await get("/ledger/home/tile/0/000", known)).status, 304);
  });

  it("serves a partial tile of exactly its width, and the level above", async () => {
    const { body } = await get("/ledger/home/tile/0/001.p/44", me);
    assert.deepEqual(body, Buffer.concat(leaves.slice(256).map((leaf) => sha256(Buffer.from([0]), leaf))));
    const above = await get("/ledger/home/tile/1/000.p/1", me);
    assert.deepEqual(above.body, treeHash(leaves.slice(0, 256)));
    // An earlier checkpoint needed a narrower one; it is the beginning of the same tile.
    assert.deepEqual((await get("/ledger/home/tile/0/001.p/7", me)).body, body.subarray(0, 7 * 32));
  });

  it("serves the entries behind their lengths, and they give the root", async () => {
    const full = await get("/ledger/home/tile/entries/000", me);
    const partial = await get("/ledger/home/tile/entries/001.p/44", me);
    assert.deepEqual([...entriesIn(full.body), ...entriesIn(partial.body)], leaves);
    assert.equal(full.headers["content-encoding"], undefined);
    const packed = await get("/ledger/home/tile/entries/000", { ...me, "accept-encoding": "br, gzip;q=0.5" });
    assert.equal(packed.headers["content-encoding"], "gzip");
    assert.deepEqual(gunzipSync(packed.body), full.body);
    assert.ok(packed.body.length < full.body.length / 2);
    assert.notEqual(packed.headers.etag, full.headers.etag);
    assert.match(String(full.headers.vary), /accept-encoding/);
    const unpacked = await get("/ledger/home/tile/entries/000", { ...me, "accept-encoding": "gzip;q=0, identity" });
    assert.deepEqual(unpacked.body, full.body);
  });

  it("answers HEAD with the same headers and no body", async () => {
    for (const path of ["checkpoint", "tile/0/000", "tile/entries/001.p/44"]) {
      const whole = await get(`/ledger/home/${path}`, me);
      const head = await get(`/ledger/home/${path}`, me, "HEAD");
      assert.deepEqual([head.status, head.body.length], [200, 0]);
      for (const name of ["content-type", "content-length", "etag", "cache-control"])
        assert.equal(head.headers[name], whole.headers[name], `${path} ${name}`);
    }
  });

  const nothing = [
    ["beyond the checkpoint", "tile/0/001.p/45"],
    ["a full tile that is not full yet", "tile/0/001"],
    ["a full tile of the level above", "tile/1/000"],
    ["an empty tile", "tile/2/000.p/1"],
    ["an empty width", "tile/0/001.p/0"],
    ["a full tile as a partial one", "tile/0/000.p/256"],
    ["a width with a zero before it", "tile/0/001.p/044"],
    ["an index without its zeros", "tile/0/1.p/44"],
    ["an index with an empty thousand", "tile/0/x000/000"],
    ["an index that is too large", "tile/0/x999/x999/x999/x999/x999/999"],
    ["a level with a zero before it", "tile/00/000"],
    ["a level that no tree has", "tile/63/000"],
    ["letters that stand for others", "tile/0/%30%30%30"],
    ["a slash too many", "tile/0/000/"],
    ["two slashes", "tile//0/000"],
    ["entries of a level", "tile/entries/0/000"],
    ["bundles beyond the checkpoint", "tile/entries/001.p/45"],
    ["another name", "tile/data/000"],
    ["the log alone", ""],
    ["a checkpoint in letters that stand for others", "%63heckpoint"],
  ];
  for (const [what, path] of nothing)
    it(`has nothing at ${what}: ${path}`, async () => {
      const { status, headers } = await get(`/ledger/home/${path}`, me);
      assert.equal(status, 404);
      assert.match(String(headers["content-type"]), /^application\/problem\+json/);
      assert.doesNotMatch(String(headers["cache-control"]), /immutable/);
    });

  it("is said to be away, not broken, while the database is", async () => {
    const database = new Database({ ...world.admin, host: "127.0.0.1", port: 9 });
    await assert.rejects(publicTenant(database, "home"), { code: "database.away" });
    await database.end();
  });

  it("has one spelling of its own name, too", async () => {
    for (const path of ["checkpoint", "tile/0/000"])
      assert.equal((await get(`/ledger/%68ome/${path}`, me)).status, 404, path);
  });
});

describe("Who may read a log", () => {
  const paths = ["checkpoint", "tile/0/000", "tile/entries/000"];
  let stranger = "";
  before(async () => {
    stranger = (await world.say(world.operator, "tenant.open", { name: "stranger" })).token;
  });

  /** The answer with the tenant's name taken out, which the asker wrote there. */
  async function answered(tenant: string, path: string, headers: Record<string, string>): Promise<unknown> {
    const { status, body } = await get(`/ledger/${tenant}/${path}`, headers);
    return { status, body: body.toString().replaceAll(tenant, "<tenant>") };
  }

  for (const [who, headers, status] of [
    ["nobody", {}, 401],
    ["another tenant's operator", () => as(stranger), 404],
    ["the holder of a dead token", as("lw_0000000000000000000000000000000000000000000"), 401],
  ] as const)
    it(`${who} cannot tell a log of members from a tenant that is not there`, async () => {
      const headed = typeof headers === "function" ? headers() : headers;
      for (const path of paths) {
        const private_log = await answered("home", path, headed);
        assert.deepEqual(private_log, await answered("nowhere", path, headed));
        assert.equal((private_log as { status: number }).status, status);
      }
      assert.deepEqual(await answered("home", "tile/none", headed), await answered("nowhere", "tile/none", headed));
    });

  it("a member without a part in checking is told so, and its asking is recorded", async () => {
    const agent = await world.seat("CLAUDE-CLI-BOX-MAIN-01");
    const { status, body } = await get("/ledger/home/checkpoint", as(agent));
    assert.deepEqual([status, JSON.parse(body.toString()).code], [403, "role.forbidden"]);
    const [{ count }] = await world.sql("select count(*)::int from ledger.entries where kind = 'command.denied'");
    assert.equal(count, 1);
    assert.equal((await world.refused(agent, "ledger.publish", { audience: "everyone" })).code, "role.forbidden");
  });

  it("everyone reads it once the operator has published it, and caches may keep it", async () => {
    assert.equal((await world.refused(stranger, "ledger.publish", { audience: "everyone" })).code, "log.none");
    await world.say(world.operator, "ledger.publish", { audience: "everyone" });
    for (const headers of [{}, as(stranger), as("lw_dead")])
      for (const path of paths) assert.equal((await get(`/ledger/home/${path}`, headers)).status, 200);
    const { headers } = await get("/ledger/home/tile/0/000");
    assert.equal(headers["cache-control"], "public, max-age=31536000, immutable");
    assert.equal(headers.vary, undefined);
    assert.equal((await get("/ledger/stranger/checkpoint")).status, 401);
    const [event] = await world.sql("select subject, leaf from ledger.entries where kind = 'ledger.published'");
    const { data } = JSON.parse(event.leaf);
    assert.deepEqual(data, { origin: event.subject, audience: "everyone" });
  });

  it("goes back to its members", async () => {
    await world.say(world.operator, "ledger.publish", { audience: "members" });
    for (const path of paths) assert.equal((await get(`/ledger/home/${path}`)).status, 401);
    assert.equal((await get("/ledger/home/checkpoint", me)).status, 200);
  });
});
