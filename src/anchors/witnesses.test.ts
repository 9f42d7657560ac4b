import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import http from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { pino } from "pino";
import { testServer, testWorld } from "../../test/harness.ts";
import { cosign, newSigner, openNote, parseVerifier } from "../tlog/note.ts";
import { Signer } from "./signer.ts";
import { openWitnessKey } from "./witness_key.ts";
import { parseWitnesses, startWitnesses, type Witnesses } from "./witnesses.ts";

const directory = await mkdtemp(join(tmpdir(), "longwatch-witnesses-"));
after(() => rm(directory, { recursive: true, force: true }));
const log = pino({ level: "silent" });

/** One Longwatch keeps a log, another is its witness; between them real HTTP. */
const keeper = await testWorld();
const key = await openWitnessKey(join(directory, "witness"));
const witness = await testServer({ witness: { tenant_id: 1, cosign: key.cosign } });
const { database, door } = keeper;
const where = { anchors: join(directory, "anchors"), keys: join(directory, "keys") };
const signer = new Signer({ tenant_id: 1, tenant: "home", database, door, log, ...where });

type Checkpoint = { origin: string; size: number; note: string; vkeys: string[]; cosignatures: string[] };
const checkpoint = () => keeper.ask<Checkpoint>(keeper.operator, "ledger.checkpoint");
const names = ({ note, vkeys }: Checkpoint, ...more: string[]) =>
  openNote(note, [...vkeys, ...more].map(parseVerifier)).verified.map(({ name }) => name);

/** Another entry or more, signed. */
async function grow(entries = 1): Promise<void> {
  for (let n = 0; n < entries; n++) await keeper.say(keeper.operator, "post.append", { subject: "more" });
  await signer.pass(true);
}

async function asking(...list: { url: string; vkey: string }[]): Promise<Witnesses> {
  const witnesses = await parseWitnesses(JSON.stringify(list));
  const started = startWitnesses({ door, witnesses, tenant_ids: [1], log, retry_milliseconds_first: 20 });
  after(() => started.stop());
  return started;
}

async function until(what: string, met: () => boolean | Promise<boolean>): Promise<void> {
  for (const since = Date.now(); !(await met()); await sleep(5))
    if (Date.now() - since > 300_000) throw new Error(`waited too long until ${what}`);
}

const ours = () => ({ url: `${witness.url}/witness`, vkey: key.vkey });
const reasonOf = (asked: Witnesses) => asked.state(1)[0]!.reason;
const whole = (asked: Witnesses, size: number) =>
  until(`${size} is cosigned; now: ${reasonOf(asked)}`, () => asked.state(1)[0]!.size === size && !reasonOf(asked));

describe("A log that asks a witness", () => {
  before(() => grow(3));

  it("keeps asking while the witness does not know it, and says what it answers", async () => {
    const began = Date.now();
    const asked = await asking(ours());
    await until("it is refused", () => asked.state(1)[0]!.failures >= 2);
    const [state] = asked.state(1);
    assert.match(state!.reason!, /^it answered 404: This witness does not know the log longwatch\//);
    const since = Date.parse(state!.since!);
    assert.ok(since >= began && since <= Date.now(), state!.since!);
    const { origin, vkeys, size } = await checkpoint();
    await witness.say(witness.operator, "witness.watch", { origin, vkey: vkeys[0]! });
    await whole(asked, size);
    assert.deepEqual(asked.state(1), [
      { name: state!.name, url: ours().url, size, since: null, reason: null, failures: 0 },
    ]);
    await asked.stop();
  });

  it("has its cosignature below the checkpoint, for everybody to verify", async () => {
    const found = await checkpoint();
    assert.deepEqual(names(found, key.vkey), [found.origin, parseVerifier(key.vkey).name]);
    assert.equal(found.cosignatures.length, 1);
  });

  it("proves its growth, and after a restart asks from the size that the witness names", async () => {
    const asked = await asking(ours());
    for (const entries of [1, 300, 2]) {
      await grow(entries);
      asked.published(1);
      await whole(asked, (await checkpoint()).size);
    }
    const found = await checkpoint();
    assert.deepEqual(names(found, key.vkey), [found.origin, parseVerifier(key.vkey).name]);
    const { logs } = await witness.ask(witness.operator, "witness.list");
    assert.equal(logs[0].size, found.size);
    await asked.stop();
  });

  it("is not asked again for a checkpoint that has its cosignature", async () => {
    const { size } = await checkpoint();
    const stub = await answering(() => ({ status: 500, body: "" }));
    const asked = await asking({ url: stub.url, vkey: key.vkey });
    await whole(asked, size);
    assert.equal(stub.bodies.length, 0);
    await asked.stop();
  });

  it("says which of two trees the witness holds when it holds another", async () => {
    const { origin, vkeys } = await checkpoint();
    await grow();
    const { size } = await checkpoint();
    const stub = await answering(() => ({ status: 409, body: `${size}\n` }));
    const asked = await asking({ url: stub.url, vkey: newSigner("fork.example", 4).vkey });
    await until("it says so", () => reasonOf(asked) !== null);
    assert.equal(reasonOf(asked), `it holds another tree of ${size} entries under ${origin}`);
    assert.equal(vkeys.length, 1);
    await asked.stop();
  });
});

/** A cosignature of the checkpoint in a note, by a key of the test's own. */
function openlyCosigned(note: string, { signer: by }: ReturnType<typeof newSigner>): string {
  return cosign(note.slice(0, note.indexOf("\n\n") + 1), by, Math.floor(Date.now() / 1000));
}

type Answer = { status: number; body: string };
type Stub = { url: string; bodies: string[]; most: number };

/** A witness of another make, which answers what it is told to. */
async function answering(answer: (body: string) => Promise<Answer> | Answer): Promise<Stub> {
  const stub: Stub = { url: "", bodies: [], most: 0 };
  let open = 0;
  const server = http.createServer((request, response) => {
    stub.most = Math.max(stub.most, ++open);
    const parts: Buffer[] = [];
    request.on("data", (part) => parts.push(part));
    request.on("end", async () => {
      const body = Buffer.concat(parts).toString();
      stub.bodies.push(body);
      const { status, body: text } = await answer(body);
      open--;
      response.writeHead(status, { "content-type": "text/plain" });
      response.end(text);
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  after(() => {
    server.close();
    server.closeAllConnections();
  });
  stub.url = `http://127.0.0.1:${(server.address() as { port: number }).port}/prefix`;
  return stub;
}

describe("An answer of a witness", () => {
  const other = newSigner("other.example/w", 4);
  const refused: [what: string, answer: (body: string) => Promise<Answer> | Answer, reason: RegExp][] = [
    ["of another key", (body) => ({ status: 200, body: `${cosigned(body)}\n` }), /no good cosignature of the key/],
    ["that is empty", () => ({ status: 200, body: "" }), /no good cosignature of the key/],
    ["that is a page", () => ({ status: 200, body: "<html>\n" }), /no good cosignature of the key/],
    ["that sends it elsewhere", () => ({ status: 302, body: "" }), /^it answered 302: nothing/],
    ["that says 422", () => ({ status: 422, body: "bad proof\nmore" }), /^it answered 422: bad proof$/],
    ["that says 409 without a size", () => ({ status: 409, body: "no\n" }), /^it answered 409: no$/],
    ["that knows more than there is", () => ({ status: 409, body: "999999\n" }), /has seen 999999 entries of/],
    ["without end", () => ({ status: 200, body: "x".repeat(200_000) }), /more than 65536 bytes/],
  ];
  function cosigned(body: string): string {
    return openlyCosigned(body.slice(body.indexOf("\n\n") + 2), newSigner("third.example/w", 4));
  }
  for (const [what, answer, reason] of refused)
    it(`${what} is kept as the reason, and nothing is stored`, async () => {
      await grow();
      const stub = await answering(answer);
      const asked = await asking({ url: stub.url, vkey: other.vkey });
      await until("it failed twice", () => asked.state(1)[0]!.failures >= 2);
      assert.match(reasonOf(asked)!, reason);
      assert.deepEqual((await checkpoint()).cosignatures, []);
      await asked.stop();
    });

  it("that never comes up is kept as the reason", async () => {
    const asked = await asking({ url: "http://127.0.0.1:9/", vkey: other.vkey });
    await until("it failed twice", () => asked.state(1)[0]!.failures >= 2);
    assert.equal(reasonOf(asked), "it cannot be reached (ECONNREFUSED)");
    await asked.stop();
  });

  it("that is slow is waited for: one request at a time, and then the newest checkpoint", async () => {
    const sizes: number[] = [];
    const grown = Promise.withResolvers<void>();
    const stub = await answering(async (body) => {
      sizes.push(Number(body.slice(body.indexOf("\n\n") + 2).split("\n")[1]));
      await grown.promise;
      return { status: 200, body: `${openlyCosigned(body.slice(body.indexOf("\n\n") + 2), other)}\n` };
    });
    await grow();
    const asked = await asking({ url: stub.url, vkey: other.vkey });
    await until("it was asked", () => stub.bodies.length === 1);
    for (let n = 0; n < 5; n++) {
      await grow();
      asked.published(1);
    }
    grown.resolve();
    const { size } = await checkpoint();
    await whole(asked, size);
    assert.equal(stub.most, 1);
    assert.equal(sizes.length, 2, "the one that was slow, and the newest of the five that came meanwhile");
    assert.equal(sizes.at(-1), size);
    assert.match(stub.bodies.at(-1)!, new RegExp(`^old ${sizes.at(-2)}\n`));
    await asked.stop();
  });
});

describe("LONGWATCH_WITNESSES", () => {
  const vkey = newSigner("w.example", 4).vkey;

  it("is a list, or the path of a file with one", async () => {
    const list = JSON.stringify([{ url: "https://w.example/prefix", vkey }]);
    const path = join(directory, "witnesses.json");
    await writeFile(path, list);
    for (const setting of [list, path]) {
      const [one] = await parseWitnesses(setting);
      assert.deepEqual([one!.url.href, one!.verifier.name], ["https://w.example/prefix", "w.example"]);
    }
  });

  for (const [what, list, why] of [
    ["no list", '[{"url":', /is not JSON/],
    ["a file that is not there", "/nowhere/witnesses.json", /no file can be read there \(ENOENT\)/],
    ["an entry that is nothing", "[null]", /\[0\]\.url must be an address/],
    ["no address", JSON.stringify([{ url: "w.example", vkey }]), /\[0\]\.url must be an address/],
    ["no key", JSON.stringify([{ url: "https://w.example" }]), /\[0\]\.vkey: .*not name\+identifier\+key/],
    [
      "a log's key",
      JSON.stringify([{ url: "https://w.example", vkey: newSigner("w").vkey }]),
      /\[0\]\.vkey is the key/,
    ],
    [
      "one name twice",
      JSON.stringify([1, 2].map((n) => ({ url: `http://w/${n}`, vkey }))),
      /two witnesses have one name/,
    ],
  ] as const)
    it(`with ${what} is refused, naming the field`, async () => {
      await assert.rejects(parseWitnesses(list), { message: why });
      await assert.rejects(parseWitnesses(list), { message: /^LONGWATCH_WITNESSES: / });
    });
});
