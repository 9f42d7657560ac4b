import assert from "node:assert/strict";
import { cpSync, existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { newSigner } from "../../src/tlog/note.ts";
import { signedLedgers } from "./ledgers.ts";

const { world, directory, anchors, ledger, verify, exportTo, tamper } = await signedLedgers();
const at = (name: string) => join(directory, name);
const keep = async (token: string, name: string) => {
  const checkpoint = await world.ask(token, "ledger.checkpoint");
  writeFileSync(at(name), checkpoint.note);
  return checkpoint;
};

const acme = await ledger("acme");
await acme.sign();
await acme.post(300);
await acme.post(2, { personal: true });
await acme.sign();
await keep(acme.token, "old.note");
await world.say(acme.token, "ledger.erase", { seq: 302, reason: "asked for" });
await acme.post(300);
await acme.sign();
const checkpoint = await keep(acme.token, "new.note");
const [key] = checkpoint.vkeys;
const ENTRIES = 604;
const exported = at("acme.jsonl");
assert.deepEqual(await exportTo(exported, acme.token), { code: 0, stderr: "" });
const stranger = newSigner(checkpoint.origin).vkey;

const other = await ledger("other");
await other.post(3);
await other.sign();
await keep(other.token, "other.note");

describe("An export", () => {
  it("is whole to a stranger with the key, the copy outside and a kept checkpoint, and tells what it is", async () => {
    const argv = ["--file", exported, "--key", key, "--anchors", anchors, "--after", at("old.note")];
    const { code, report, stderr } = await verify(argv);
    assert.deepEqual([code, stderr], [0, ""]);
    const { seconds, ...rest } = report as any;
    assert.ok(seconds >= 0);
    assert.deepEqual(rest, {
      whole: true,
      entries: ENTRIES,
      size: ENTRIES,
      root: checkpoint.root,
      origin: checkpoint.origin,
      first_broken: null,
      first_broken_max: null,
      reason: null,
      // Sizes 1, 256, 303, 512 and 604, each in the database and outside, the newest again, and the kept one.
      anchors_checked: 12,
      cosignatures: [],
      lost: [],
      completeness: { whole: true, producers: 0, recorded: 0, dropped: 0, missing: 0, gaps: [] },
    });
  });

  it("has every entry's exact bytes on a line of its own, and the payloads that were not erased", async () => {
    const lines = readFileSync(exported, "utf8").split("\n");
    const stored = await world.sql("select leaf from ledger.entries where tenant_id = $1 order by seq", [acme.id]);
    assert.deepEqual(
      lines.filter((line) => line !== "" && line[2] !== "@"),
      stored.map(({ leaf }) => leaf.toString()),
    );
    assert.deepEqual(
      lines.filter((line) => line.startsWith('{"@":"payload"')).map((line) => JSON.parse(line).seq),
      [303],
    );
  });

  it("says aloud that without a key from outside the signatures prove little", async () => {
    const { code, stderr } = await verify(["--file", exported]);
    assert.equal(code, 0);
    assert.match(stderr, /not against a key from outside/);
  });

  const unchecked: [what: string, argv: () => string[], why: RegExp][] = [
    [
      "signed by another key",
      () => ["--file", exported, "--key", stranger],
      /no checkpoint .*signed by a key that you/i,
    ],
    ["held against another log's checkpoint", () => ["--file", exported, "--after", at("other.note")], /of the log/],
    [
      "held against another tenant's copy",
      () => ["--file", exported, "--anchors", join(anchors, "other")],
      /no log of/,
    ],
    ["cut off", () => ["--file", cut(exported, "cut.jsonl", -40)], /cut off|not whole/],
    ["cut off behind a line", () => ["--file", cutLines(exported, "lines.jsonl", 300)], /not whole/],
    ["no export", () => ["--file", at("old.note")], /no export/],
    ["nowhere", () => ["--file", at("nowhere")], /ENOENT/],
    ["given with a key that is none", () => ["--file", exported, "--key", "x"], /--key x/],
    ["given beside an address", () => ["--file", exported, "--url", "http://127.0.0.1"], /not both/],
  ];
  for (const [what, argv, why] of unchecked)
    it(`that is ${what} is not called whole: it could not be checked`, async () => {
      const { code, stderr } = await verify(argv());
      assert.equal(code, 2, stderr);
      assert.match(stderr, why);
    });

  it("shows a cut tail to whoever kept a checkpoint, and nothing but its key", async () => {
    const cutTenant = await ledger("cut");
    await cutTenant.post(20);
    await cutTenant.sign();
    const { vkeys } = await keep(cutTenant.token, "cut.note");
    const size = 21;
    await tamper(
      `delete from ledger.anchors where tenant_id = ${cutTenant.id}`,
      `update ledger.heads h set seq = 15, hash = e.entry_hash from ledger.entries e
       where h.tenant_id = ${cutTenant.id} and e.tenant_id = ${cutTenant.id} and e.seq = 15`,
      `delete from ledger.entries where tenant_id = ${cutTenant.id} and seq > 15`,
      `delete from ledger.log_keys where tenant_id = ${cutTenant.id}`,
      `delete from ledger.logs where tenant_id = ${cutTenant.id}`,
    );
    assert.equal((await exportTo(at("cut-tail.jsonl"), cutTenant.token)).code, 0);
    // Not even the log's name is left in the export; the kept checkpoint is of no log that it knows.
    const blind = await verify(["--file", at("cut-tail.jsonl"), "--key", vkeys[0], "--after", at("cut.note")]);
    assert.equal(blind.code, 2, blind.stderr);
    const copy = await verify(["--file", at("cut-tail.jsonl"), "--anchors", anchors]);
    assert.deepEqual([copy.code, copy.report!.first_broken], [1, 16], copy.stderr);
    assert.match(copy.report!.reason!, new RegExp(`tells of ${size} entries`));
  });

  it("of 0, 1, 255, 256, 257, 511, 512 and 513 entries is whole", async () => {
    const grown = await ledger("grown");
    let entries = 0;
    for (const size of [0, 1, 255, 256, 257, 511, 512, 513]) {
      await grown.post(size - entries);
      entries = size;
      const file = at(`grown-${size}.jsonl`);
      assert.equal((await exportTo(file, grown.token)).code, 0);
      const { code, report, stderr } = await verify(["--file", file]);
      assert.deepEqual([code, report?.entries], [0, size], stderr);
    }
  });
});

describe("A copy outside", () => {
  it("finds a note outside that was changed", async () => {
    const copy = at("copy");
    cpSync(anchors, copy, { recursive: true });
    const notes = join(copy, "acme", "1", "notes", "000000000");
    writeFileSync(notes, readFileSync(notes, "utf8").replace("\n256\n", "\n257\n"));
    const { code, report, stderr } = await verify(["--file", exported, "--anchors", copy]);
    assert.deepEqual([code, report?.first_broken], [1, 257], stderr);
    assert.match(report!.reason!, /the copy outside of 257 entries is not whole/);
    rmSync(copy, { recursive: true });
  });
});

describe("Writing an export", () => {
  it("goes on where it was cut, and gives the same bytes", async () => {
    const whole = readFileSync(exported);
    const blocks = [...whole.toString().matchAll(/^\{"@":"block"/gm)].map(({ index }) => index!);
    const byteAt = (index: number) => Buffer.byteLength(whole.toString().slice(0, index));
    for (const length of [
      10,
      byteAt(blocks[0]!) + 50,
      byteAt(blocks[1]!) - 7,
      byteAt(blocks[2]!) + 9_000,
      whole.length,
    ]) {
      const file = at(`resumed-${length}.jsonl`);
      writeFileSync(`${file}.part`, whole.subarray(0, length));
      assert.deepEqual(await exportTo(file, acme.token), { code: 0, stderr: "" });
      assert.ok(readFileSync(file).equals(whole), `cut at ${length}`);
      assert.equal(existsSync(`${file}.part`), false);
    }
  });

  it("does not go on with another ledger's beginning, nor with another file", async () => {
    const file = at("foreign.jsonl");
    writeFileSync(`${file}.part`, readFileSync(exported).subarray(0, 200_000));
    const { code, stderr } = await exportTo(file, other.token);
    assert.deepEqual([code, /not the beginning of an export/.test(stderr)], [2, true], stderr);
    writeFileSync(`${file}.part`, "something else");
    assert.equal((await exportTo(file, other.token)).code, 2);
  });

  it("is for the operator and the auditor alone, since payloads come along", async () => {
    const seat = await world.seat("W-01");
    const { code, stderr } = await exportTo(at("denied.jsonl"), seat);
    assert.deepEqual([code, existsSync(at("denied.jsonl.part"))], [4, false], stderr);
  });
});

describe("A log at an address", () => {
  const members = ["--token", acme.token];

  it("is whole to a stranger who has its key and nothing else", async () => {
    const argv = ["--url", acme.url, "--key", key, "--anchors", anchors, "--after", at("old.note"), ...members];
    const { code, report, stderr } = await verify(argv);
    assert.equal(code, 0, stderr);
    const { entries, size, root, origin } = report!;
    assert.deepEqual(
      { entries, size, root, origin },
      { entries: ENTRIES, size: ENTRIES, root: checkpoint.root, origin: checkpoint.origin },
    );
  });

  const unchecked: [what: string, argv: string[], why: RegExp][] = [
    ["without a key", ["--url", acme.url], /--url needs --key/],
    ["with another key", ["--url", acme.url, "--key", stranger, ...members], /None of the keys/],
    ["with a key and no right to read", ["--url", acme.url, "--key", key], /answered 40/],
    ["where there is no log", ["--url", `${world.url}/ledger/nobody`, "--key", key, ...members], /answered 40/],
    ["that is no address", ["--url", "file:///etc", "--key", key], /must be an address/],
    [
      "with another log's checkpoint",
      ["--url", acme.url, "--key", key, "--after", at("other.note"), ...members],
      /of the log/,
    ],
  ];
  for (const [what, argv, why] of unchecked)
    it(`${what} is not checked, and says why`, async () => {
      const { code, stderr } = await verify(argv);
      assert.equal(code, 2, stderr);
      assert.match(stderr, why);
    });

  it("shows that entries were changed under a signed root", async () => {
    const changed = await ledger("changed");
    await changed.post(300);
    await changed.sign();
    const { vkeys } = await world.ask(changed.token, "ledger.checkpoint");
    const argv = ["--url", changed.url, "--key", vkeys[0], "--token", changed.token];
    assert.equal((await verify(argv)).code, 0);
    await tamper(
      `update ledger.entries set leaf = overlay(leaf placing '\\x58'::bytea from octet_length(leaf) - 8)
       where tenant_id = ${changed.id} and seq = 280`,
    );
    const { code, report } = await verify(argv);
    assert.deepEqual([code, report!.first_broken, report!.first_broken_max], [1, 1, 301], report!.reason!);
    await tamper(
      `update ledger.entries set leaf = overlay(leaf placing '\\x59'::bytea from octet_length(leaf) - 8)
       where tenant_id = ${changed.id} and seq = 20`,
    );
    // The stored tile above the leaves is older than the change, and tells where to look.
    const early = (await verify(argv)).report!;
    assert.deepEqual([early.first_broken, early.first_broken_max], [1, 256], early.reason!);
  });
});

function cut(from: string, name: string, bytes: number): string {
  const file = at(name);
  cpSync(from, file);
  truncateSync(file, readFileSync(file).length + bytes);
  return file;
}

function cutLines(from: string, name: string, count: number): string {
  const file = at(name);
  writeFileSync(file, `${readFileSync(from, "utf8").split("\n").slice(0, count).join("\n")}\n`);
  return file;
}
