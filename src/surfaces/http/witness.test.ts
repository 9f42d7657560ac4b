import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { sqlError, testServer } from "../../../test/harness.ts";
import { openWitnessKey } from "../../anchors/witness_key.ts";
import { newSigner, openNote, parseVerifier, signNote } from "../../tlog/note.ts";
import { type OwnLog, ownLog, post } from "./witness.fixture.ts";

const directory = await mkdtemp(join(tmpdir(), "longwatch-witness-"));
after(() => rm(directory, { recursive: true, force: true }));
const key = await openWitnessKey(join(directory, "signer"));
const world = await testServer({ witness: { tenant_id: 1, cosign: key.cosign } });
await world.door.sayInside(1, "longwatch", "witness.announce", { vkey: key.vkey });

const add = (body: string | Buffer, headers?: Record<string, string>) =>
  post(`${world.url}/witness/add-checkpoint`, body, headers);
const status = async (body: string | Buffer) => (await add(body)).status;
const watch = ({ origin, vkey }: OwnLog) => world.say(world.operator, "witness.watch", { origin, vkey });
const memory = async (origin: string) => {
  const { logs } = await world.ask(world.operator, "witness.list");
  return logs.find((log: { origin: string }) => log.origin === origin);
};

let logs = 0;
/** A log of its own for a test, watched, of which the witness has seen so many entries. */
async function watchedLog(seen = 0): Promise<OwnLog> {
  const log = ownLog(`log.example/${++logs}`);
  await watch(log);
  if (seen > 0) assert.equal(await status(await log.request(0, seen)), 200);
  return log;
}

describe("A witness", () => {
  it("cosigns a log that only grows, as of the database's time, with the key that it shows", async () => {
    const log = await watchedLog();
    const { name, vkey } = await world.ask(world.operator, "witness.key");
    assert.match(name, /^longwatch\/[0-9a-f]{16}\/witness$/);
    for (const [from, to] of [
      [0, 1],
      [1, 5],
      [5, 64],
      [64, 150],
    ] as const) {
      const [{ begun }] = await world.sql("select floor(extract(epoch from clock_timestamp()))::bigint as begun");
      const answer = await add(await log.request(from, to));
      const [{ ended }] = await world.sql("select floor(extract(epoch from clock_timestamp()))::bigint as ended");
      assert.deepEqual([answer.status, answer.type], [200, "text/plain; charset=utf-8"]);
      assert.match(answer.body, /^— \S+ \S+\n$/);
      const opened = openNote(log.note(to) + answer.body, [parseVerifier(vkey)]);
      const { time } = opened.signatures[0] as { time: number };
      assert.ok(Number(begun) <= time && time <= Number(ended), `${begun} ${time} ${ended}`);
      assert.equal((await memory(log.origin)).size, to);
    }
  });

  it("keeps its key in a file that only its owner reads, and finds it again", async () => {
    assert.equal((await stat(join(directory, "signer", "witness.key"))).mode & 0o777, 0o600);
    assert.equal((await openWitnessKey(join(directory, "signer"))).vkey, key.vkey);
    assert.equal(parseVerifier(key.vkey).algorithm, 4);
  });

  it("closes its directory to others, and makes no key in a file that they can read already", async () => {
    const path = join(directory, "wide");
    await mkdir(path);
    await chmod(path, 0o755);
    await writeFile(join(path, "witness.key.new"), "what a killed process left");
    await chmod(join(path, "witness.key.new"), 0o644);
    await openWitnessKey(path);
    assert.equal((await stat(path)).mode & 0o777, 0o700);
    assert.equal((await stat(join(path, "witness.key"))).mode & 0o777, 0o600);
  });

  it("cosigns the empty tree, and what follows from it", async () => {
    const log = await watchedLog();
    for (const [from, to] of [
      [0, 0],
      [0, 0],
      [0, 3],
    ] as const)
      assert.equal(await status(await log.request(from, to)), 200);
  });

  it("answers 404 for a log that it does not watch, whoever signed", async () => {
    assert.equal(await status(await ownLog("unknown.example/log").request(0, 5)), 404);
  });

  it("answers 403 where no signature is of a key that it trusts for this log", async () => {
    const log = await watchedLog();
    const other = await watchedLog();
    assert.equal(await status(await ownLog(log.origin).request(0, 5)), 403, "the right name, another key");
    const forged = (await log.request(0, 5)).replace(/\n5\n/, "\n6\n");
    assert.equal(await status(forged), 403, "a signature of another text");
    const borrowed = ownLog(log.origin, { key: newSigner(other.origin) });
    assert.equal(await status(await borrowed.request(0, 5)), 403, "the key of another log");
    assert.equal((await memory(log.origin)).size, 0);
  });

  it("answers 400 when the old size is larger than the checkpoint's", async () => {
    const log = await watchedLog(10);
    const answer = await add(["old 10", "", log.note(5)].join("\n"));
    assert.deepEqual([answer.status, answer.type], [400, "text/plain; charset=utf-8"]);
  });

  it("answers 409 with its size when the old size is not its newest", async () => {
    const log = await watchedLog(10);
    for (const from of [0, 9, 11])
      assert.deepEqual(await add(await log.request(from, 20)), { status: 409, type: "text/x.tlog.size", body: "10\n" });
    // The first time, the size that is told is nought.
    const fresh = await watchedLog();
    assert.deepEqual(await add(await fresh.request(3, 5)), { status: 409, type: "text/x.tlog.size", body: "0\n" });
  });

  it("answers 409 for another tree of the size it knows", async () => {
    const key_of_both = newSigner("split.example/log");
    const [one, other] = ["", "other"].map((fork) => ownLog("split.example/log", { fork, key: key_of_both }));
    await watch(one!);
    assert.equal(await status(await one!.request(0, 10)), 200);
    assert.deepEqual(await add(["old 10", "", other!.note(10)].join("\n")), {
      status: 409,
      type: "text/x.tlog.size",
      body: "10\n",
    });
    assert.equal(await status(await one!.request(10, 10)), 200, "the tree that it knows, again");
  });

  it("answers 422 when the proof does not lead from its tree to the checkpoint", async () => {
    const log = await watchedLog(10);
    const whole = (await log.request(10, 20)).split("\n");
    const changed = whole.with(1, Buffer.alloc(32, 7).toString("base64"));
    assert.equal(await status(changed.join("\n")), 422, "a changed hash");
    assert.equal(await status(whole.toSpliced(1, 1).join("\n")), 422, "a missing hash");
    assert.equal(await status(whole.toSpliced(1, 0, whole[1]!).join("\n")), 422, "a hash too many");
    const fork = ownLog(log.origin, { fork: "x" });
    assert.equal(await status(["old 10", ...(await fork.proof(10, 20)), "", log.note(20)].join("\n")), 422);
    assert.equal((await memory(log.origin)).size, 10);
    const fresh = await watchedLog();
    const needless = (await fresh.request(0, 5)).split("\n").toSpliced(1, 0, changed[1]!);
    assert.equal(await status(needless.join("\n")), 422, "a proof from nothing");
  });

  it("ignores signatures of keys that it does not know", async () => {
    const log = await watchedLog();
    const { signer } = newSigner("somebody.example/else");
    const note = log.note(4);
    const text = note.slice(0, note.indexOf("\n\n") + 1);
    const other = signNote(text, [signer]).slice(text.length + 1);
    assert.equal(await status(`old 0\n\n${note}${other}`), 200);
  });
});

describe("A request to the witness", () => {
  let log: OwnLog;
  let whole = "";
  before(async () => {
    log = await watchedLog(4);
    whole = await log.request(4, 7);
  });

  const malformed: [what: string, body: () => string | Buffer][] = [
    ["nothing", () => ""],
    ["no line of its own", () => log.note(7)],
    ["an old size with a zero before it", () => whole.replace("old 4", "old 04")],
    ["an old size that is no number", () => whole.replace("old 4", "old four")],
    ["an old size below nought", () => whole.replace("old 4", "old -4")],
    ["an old size with two spaces", () => whole.replace("old 4", "old  4")],
    ["an old size beyond all numbers", () => whole.replace("old 4", `old ${"9".repeat(30)}`)],
    ["a proof line that is no base64", () => whole.replace(/^(old 4\n)[^\n]+/, "$1%%%")],
    ["a proof line of 31 bytes", () => whole.replace(/^(old 4\n)[^\n]+/, `$1${Buffer.alloc(31).toString("base64")}`)],
    ["64 lines of proof", () => `old 4\n${`${Buffer.alloc(32).toString("base64")}\n`.repeat(64)}\n${log.note(7)}`],
    ["no empty line", () => whole.replace("\n\n", "\n")],
    ["carriage returns", () => whole.replaceAll("\n", "\r\n")],
    ["no newline at its end", () => whole.slice(0, -1)],
    ["no signature", () => whole.slice(0, whole.lastIndexOf("—"))],
    ["a note that is no checkpoint", () => "old 0\n\njust a text\n\n— a b\n"],
    ["bytes that are not UTF-8", () => Buffer.concat([Buffer.from(whole), Buffer.from([0xff, 0xfe])])],
    ["a NUL", () => whole.replace("old 4", "old 4\0")],
    ["JSON", () => JSON.stringify({ old: 4 })],
  ];
  for (const [what, body] of malformed)
    it(`with ${what} is answered 400, in words`, async () => {
      const answer = await add(body());
      assert.deepEqual([answer.status, answer.type], [400, "text/plain; charset=utf-8"], answer.body);
      assert.match(answer.body, /^[A-Z][^\n]+\n$/);
      assert.equal((await memory(log.origin)).size, 4);
    });

  it("may say any content type, or none", async () => {
    const types = ["text/plain", "application/octet-stream", "application/json", "application/x-www-form-urlencoded"];
    for (const type of types) assert.equal((await add(await log.request(4, 4), { "content-type": type })).status, 200);
    assert.equal((await add(await log.request(4, 4))).status, 200);
  });

  it("is cut off at 64 KiB", async () => {
    assert.equal((await add(Buffer.alloc(65 * 1024, "a"))).status, 413);
  });

  it("for the same checkpoint over and over is slowed down, and holds up nobody who grows", async () => {
    const busy = await watchedLog(4);
    const again = await busy.request(4, 4);
    const answers = await Promise.all(Array.from({ length: 60 }, () => add(again)));
    const slowed = answers.filter((answer) => answer.status === 429).length;
    assert.ok(slowed >= 20 && slowed <= 30, `${slowed} of 60 were slowed down`);
    assert.equal(await status(await busy.request(4, 9)), 200);
  });

  it("leaves no entry in the ledger, whatever is answered", async () => {
    const head = async () => (await world.ask(world.operator, "ledger.head")).seq;
    const before_all = await head();
    for (const body of ["", await log.request(3, 5), await log.request(4, 5)]) await add(body);
    assert.equal(await head(), before_all);
  });
});

describe("The operator of a witness", () => {
  it("watches, adds a key, and watches no more; what was seen stays known", async () => {
    const log = ownLog("turned.example/log");
    await watch(log);
    assert.equal(await status(await log.request(0, 20)), 200);
    const refused = await world.refused(world.operator, "witness.watch", { origin: log.origin, vkey: log.vkey });
    assert.equal(refused.code, "witness.watching");
    const rotated = ownLog(log.origin, { key: newSigner(log.origin) });
    assert.deepEqual((await watch(rotated)).vkeys, [log.vkey, rotated.vkey]);
    assert.equal(await status(await rotated.request(20, 30)), 200);

    await world.say(world.operator, "witness.unwatch", { origin: log.origin });
    assert.equal(await status(await log.request(30, 40)), 404);
    assert.equal(await memory(log.origin), undefined);
    const gone = await world.refused(world.operator, "witness.unwatch", { origin: log.origin });
    assert.equal(gone.code, "witness.not_watching");

    await watch(log);
    assert.deepEqual(await add(await log.request(0, 40)), { status: 409, type: "text/x.tlog.size", body: "30\n" });
    assert.equal(await status(await rotated.request(30, 40)), 403, "a key that is not watched any more");
    const kinds = await world.sql("select kind from ledger.entries where subject = $1 order by seq", [log.origin]);
    const watched = "witness.watched";
    assert.deepEqual(
      kinds.map(({ kind }) => kind),
      [watched, watched, "witness.unwatched", watched],
    );
  });

  it("names a field that is wrong", async () => {
    for (const [vkey, message] of [
      ["nonsense", /not name\+identifier\+key/],
      [key.vkey, /cosignatures/],
      [ownLog("a.example").vkey.replace("a.example", "b.example"), /identifier/],
    ] as const) {
      const { fields } = await world.refused(world.operator, "witness.watch", { origin: "a.example", vkey });
      assert.deepEqual([fields[0]!.field, message.test(fields[0]!.message)], ["vkey", true], fields[0]!.message);
    }
  });

  it("is the first tenant's, and nobody else says what the server says", async () => {
    const { token } = await world.say(world.operator, "tenant.open", { name: "second" });
    const input = { origin: "x.example", vkey: ownLog("x.example").vkey };
    assert.equal((await world.refused(token, "witness.watch", input)).code, "tenant.not_first");
    assert.equal((await world.refused(token, "witness.unwatch", { origin: "x" })).code, "tenant.not_first");
    const steward = await world.seat("CLAUDE-CLI-BOX-MAIN-02", "steward");
    for (const [name, given] of [
      ["witness.consider", { body: "" }],
      ["witness.announce", { vkey: key.vkey }],
      ["ledger.cosign", { origin: "x", tree_size: 0, name: "w", line: "— w AAAA" }],
    ] as const)
      assert.equal((await world.refused(steward, name, given)).code, "service.only", name);
  });

  it("cannot set the memory back by SQL either", async () => {
    const log = await watchedLog(10);
    const change = (set: string) =>
      sqlError(world.sql(`update ledger.watched_logs set ${set} where origin = $1`, [log.origin]));
    const zeros = "decode(repeat('00', 32), 'hex')";
    for (const set of ["size = 9", `root = ${zeros}`, "size = 0, root = null, cosigned_at = null", "origin = 'y'"])
      assert.equal((await change(set)).code, "LW002", set);
    assert.equal((await sqlError(world.sql("delete from ledger.watched_logs"))).code, "LW002");
    assert.equal((await sqlError(world.sql("truncate ledger.watched_logs"))).code, "LW002");
    assert.equal((await sqlError(world.asApplication("delete from ledger.watched_logs"))).code, "42501");
  });
});
