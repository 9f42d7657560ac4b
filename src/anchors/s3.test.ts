import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import http from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { pino } from "pino";
import type { OutsideNote } from "../kernel/ports.ts";
import { formatCheckpoint } from "../tlog/checkpoint.ts";
import { newSigner, signNote } from "../tlog/note.ts";
import { parseBucket } from "./bucket.ts";
import { AnchorDirectory } from "./directory.ts";
import { type BucketCopy, startBucket } from "./s3.ts";

/** A store for the real SDK: it keeps objects, and says what of a request is not as S3's object lock wants it. */
class Store {
  readonly objects = new Map<string, Buffer>();
  readonly faults: string[] = [];
  readonly asked: string[] = [];
  retained: Date[] = [];
  /** Answered instead of everything else. */
  broken: number | null = null;
  url = "";
  #server = http.createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part) => parts.push(part));
    request.on("end", () => {
      const { status, body } = this.#answer(request, Buffer.concat(parts));
      response.writeHead(status, { "content-type": "application/xml", "content-length": body.length });
      response.end(request.method === "HEAD" ? undefined : body);
    });
  });

  async listen(): Promise<void> {
    await new Promise<void>((done) => this.#server.listen(0, "127.0.0.1", done));
    this.url = `http://127.0.0.1:${(this.#server.address() as { port: number }).port}`;
    after(() => {
      this.#server.close();
      this.#server.closeAllConnections();
    });
  }

  #answer(request: http.IncomingMessage, body: Buffer): { status: number; body: Buffer } {
    const key = decodeURIComponent(request.url!.split("?")[0]!);
    this.asked.push(`${request.method} ${key}`);
    const { headers, method } = request;
    const signed = /^AWS4-HMAC-SHA256 Credential=AKID\/\d{8}\/eu-test-1\/s3\/aws4_request, SignedHeaders=([^,]+), /;
    const names = signed.exec(headers.authorization ?? "")?.[1]?.split(";") ?? [];
    if (!names.includes("host") || !names.includes("x-amz-date")) this.#fault(`${method} is not signed`);
    if (this.broken !== null) return problem(this.broken, "SlowDown");
    const there = this.objects.get(key);
    if (method === "HEAD") return { status: there ? 200 : 404, body: Buffer.alloc(0) };
    if (method === "GET") return there ? { status: 200, body: there } : problem(404, "NoSuchKey");
    if (method !== "PUT") this.#fault(`${method} was asked`);
    const until = new Date(String(headers["x-amz-object-lock-retain-until-date"]));
    if (headers["x-amz-object-lock-mode"] !== "COMPLIANCE" || Number.isNaN(until.getTime()))
      this.#fault("a put has no object lock");
    if (headers["x-amz-checksum-sha256"] !== createHash("sha256").update(body).digest("base64"))
      this.#fault("a put has no good checksum");
    for (const name of ["if-none-match", "x-amz-object-lock-mode", "x-amz-object-lock-retain-until-date"])
      if (!names.includes(name)) this.#fault(`the signature does not cover ${name}`);
    if (there && headers["if-none-match"] === "*") return problem(412, "PreconditionFailed");
    if (there) this.#fault(`${key} was overwritten`);
    this.retained.push(until);
    this.objects.set(key, body);
    return { status: 200, body: Buffer.alloc(0) };
  }

  #fault(what: string): void {
    this.faults.push(what);
  }
}

function problem(status: number, code: string): { status: number; body: Buffer } {
  return { status, body: Buffer.from(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>no</Message></Error>`) };
}

const { signer } = newSigner("bucket.example/log");

function noteOf(size: number): OutsideNote {
  const root = createHash("sha256").update(String(size)).digest();
  const checkpoint = { origin: signer.name, size, root };
  return { ...checkpoint, note: signNote(formatCheckpoint(checkpoint), [signer]) };
}

const notesOf = (sizes: number[]) => sizes.map(noteOf);
const keyOf = (size: number) => `/kept/anchors/home/1/${String(size).padStart(16, "0")}`;

async function ground() {
  const store = new Store();
  await store.listen();
  const anchors = await mkdtemp(join(tmpdir(), "longwatch-s3-"));
  after(() => rm(anchors, { recursive: true, force: true }));
  const directory = await AnchorDirectory.open(anchors, "home", 1, signer.name);
  const bucket = parseBucket(`s3://kept/anchors?region=eu-test-1&endpoint=${store.url}&retention_days=30`);
  const start = async () => {
    const credentials = { accessKeyId: "AKID", secretAccessKey: "secret" };
    const log = pino({ level: "silent" });
    const copy = await startBucket({ bucket, anchors, log, credentials, retry_milliseconds_first: 20 });
    after(() => copy.stop());
    return copy;
  };
  /** As the signer does it: first the directory, then the word. */
  const append = async (copy: BucketCopy | null, sizes: number[]) => {
    const notes = notesOf(sizes);
    await directory.append(notes);
    copy?.appended("home", 1, notes);
  };
  return { store, start, append };
}

async function until(what: string, met: () => boolean): Promise<void> {
  for (const since = Date.now(); !met(); await sleep(5))
    if (Date.now() - since > 300_000) throw new Error(`waited too long until ${what}`);
}

const whole = { behind: 0, since: null, reason: null };
const isWhole = (copy: BucketCopy) => copy.state("home").behind === 0 && copy.state("home").since === null;

describe("The copy in a bucket", () => {
  it("has every note under its size, locked for its days", async () => {
    const { store, start, append } = await ground();
    const copy = await start();
    await append(copy, [256, 512]);
    await append(copy, [600]);
    await until("it is whole", () => isWhole(copy) && store.objects.size === 3);
    assert.deepEqual(copy.state("home"), whole);
    for (const size of [256, 512, 600]) assert.equal(store.objects.get(keyOf(size))!.toString(), noteOf(size).note);
    assert.deepEqual(store.faults, []);
    const days = store.retained.map((date) => (date.getTime() - Date.now()) / 86_400_000);
    assert.ok(
      days.every((count) => count > 29.9 && count <= 30),
      days.join(),
    );
    assert.deepEqual(copy.state("another"), whole);
  });

  it("says since when it is behind and why, and becomes whole when the store is back", async () => {
    const { store, start, append } = await ground();
    const copy = await start();
    store.broken = 503;
    const began = Date.now();
    await append(copy, [256, 512, 768]);
    await until("it says why", () => copy.state("home").reason !== null);
    const { since, reason } = copy.state("home");
    assert.match(reason!, /SlowDown|503/);
    assert.ok(Date.parse(since!) >= began && Date.parse(since!) <= Date.now(), since!);
    await append(copy, [1024]);
    const asked = store.asked.length;
    await until("it was tried again", () => store.asked.length > asked + 2);
    assert.equal(copy.state("home").since, since);
    store.broken = null;
    await until("it is whole", () => isWhole(copy));
    assert.deepEqual([...store.objects.keys()], [256, 512, 768, 1024].map(keyOf));
    assert.deepEqual(store.faults, []);
  });

  it("finds after a restart what is missing, and asks for few objects to find it", async () => {
    const { store, start, append } = await ground();
    const first = await start();
    const sizes = Array.from({ length: 200 }, (_, n) => 256 * (n + 1));
    await append(first, sizes.slice(0, 170));
    await until("it is whole", () => isWhole(first) && store.objects.size === 170);
    await first.stop();
    await append(null, sizes.slice(170));
    store.asked.length = 0;
    const again = await start();
    await until("it is whole", () => isWhole(again) && store.objects.size === 200);
    assert.deepEqual([...store.objects.keys()], sizes.map(keyOf));
    const heads = store.asked.filter((one) => one.startsWith("HEAD")).length;
    // Twice the logarithm of how many are missing, and one.
    assert.ok(heads <= 2 * Math.ceil(Math.log2(30)) + 1, `${heads} objects were asked for`);
    assert.equal(store.asked.filter((one) => one.startsWith("PUT")).length, 30);
    assert.deepEqual(store.faults, []);
  });

  it("takes its own object for put when the answer was lost", async () => {
    const { store, start, append } = await ground();
    store.objects.set(keyOf(256), Buffer.from(noteOf(256).note));
    const copy = await start();
    await until("it has begun", () => isWhole(copy));
    await append(copy, [256, 512]);
    await until("it is whole", () => isWhole(copy) && store.objects.size === 2);
    assert.ok(store.asked.includes(`PUT ${keyOf(256)}`));
    assert.deepEqual(store.faults, []);
  });

  it("never overwrites another note of the same size, and names it", async () => {
    const { store, start, append } = await ground();
    store.objects.set(keyOf(256), Buffer.from("another tree"));
    const copy = await start();
    await until("it has begun", () => isWhole(copy));
    await append(copy, [256]);
    await until("it says so", () => copy.state("home").reason !== null);
    assert.match(copy.state("home").reason!, /home\/1\/0{13}256 holds another note .* two trees of 256 entries/);
    assert.equal(store.objects.get(keyOf(256))!.toString(), "another tree");
    assert.equal(copy.state("home").behind, 1);
  });
});

describe("LONGWATCH_S3", () => {
  it("is an address with a few settings", () => {
    assert.deepEqual(parseBucket("s3://my-bucket?region=eu-central-1"), {
      name: "my-bucket",
      prefix: "",
      region: "eu-central-1",
      endpoint: undefined,
      retention_days: 365,
    });
    const { prefix, endpoint } = parseBucket("s3://b.c/a/b/?endpoint=https%3A%2F%2Fs3.example%3A9000");
    assert.deepEqual([prefix, endpoint], ["a/b/", "https://s3.example:9000"]);
  });

  for (const [setting, why] of [
    ["https://bucket.example", /must be an address such as s3:/],
    ["s3://UPPER_case", /must be an address such as s3:/],
    ["bucket", /must be an address such as s3:/],
    ["s3://AKID:secret@bucket", /holds no keys/],
    ["s3://bucket?retention_days=0", /retention_days must be a number from 1/],
    ["s3://bucket?retention_days=ten", /retention_days must be a number from 1/],
    ["s3://bucket?endpoint=minio", /endpoint must be an address/],
    ["s3://bucket?days=3", /days is not a setting of it/],
  ] as const)
    it(`that says ${setting} is refused: ${why.source}`, () => {
      assert.throws(() => parseBucket(setting), { message: why });
      assert.throws(() => parseBucket(setting), { message: /^LONGWATCH_S3: (?!.*secret)/ });
    });
});
