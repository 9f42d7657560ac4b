import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { formatCheckpoint } from "../../src/tlog/checkpoint.ts";
import { Frontier } from "../../src/tlog/frontier.ts";
import { leafHash } from "../../src/tlog/hashing.ts";
import { newSigner, signNote } from "../../src/tlog/note.ts";
import { encodeBundle } from "../../src/tlog/tiles.ts";
import { signedLedgers } from "./ledgers.ts";

const { world, directory, anchors, ledger, verify, exportTo, tamper } = await signedLedgers();
const at = (name: string) => join(directory, name);

describe("A freeze", () => {
  it("does not hide a cut from whoever kept something, unless what was kept vouches for it", async () => {
    const cut = await ledger("cut");
    await cut.post(10);
    await cut.sign();
    await cut.post(10);
    await cut.sign();
    const { origin, note } = await world.ask(cut.token, "ledger.checkpoint");
    writeFileSync(at("kept.note"), note);
    cpSync(anchors, at("copy"), { recursive: true });
    await tamper(
      `delete from ledger.anchors where tenant_id = ${cut.id} and tree_size > 11`,
      `update ledger.heads h set seq = 11, hash = e.entry_hash from ledger.entries e
       where h.tenant_id = ${cut.id} and e.tenant_id = ${cut.id} and e.seq = 11`,
      `delete from ledger.entries where tenant_id = ${cut.id} and seq > 11`,
    );
    await world.say(cut.token, "ledger.freeze", { reason: "nothing to see here" });
    assert.equal((await exportTo(at("frozen.jsonl"), cut.token)).code, 0);
    const unvouched = await verify(["--file", at("frozen.jsonl"), "--anchors", at("copy")]);
    const { first_broken, reason, lost } = unvouched.report!;
    assert.deepEqual([unvouched.code, first_broken], [1, 12], unvouched.stderr);
    assert.match(reason!, /had signed 21 entries, and nothing that was given has signed its freeze/);
    assert.deepEqual(lost, [{ origin, kept: 11, signed: 21 }]);
    // The next log's checkpoint covers the freeze, and its key stands in the copy of today. The kept one still misses.
    await cut.sign();
    await cut.sign();
    assert.equal((await exportTo(at("frozen.jsonl"), cut.token)).code, 0);
    const today = await verify(["--file", at("frozen.jsonl"), "--anchors", anchors]);
    assert.equal(today.code, 0, today.report?.reason ?? today.stderr);
    const kept = await verify(["--file", at("frozen.jsonl"), "--anchors", anchors, "--after", at("kept.note")]);
    assert.equal(kept.code, 1, kept.stderr);
    assert.match(kept.report!.reason!, /the checkpoint that was kept/);
  });
});

describe("An export", () => {
  it("is not called whole on one stream and unchecked on the other", async () => {
    const short = await ledger("short");
    await short.post(2);
    await short.sign();
    assert.equal((await exportTo(at("short.jsonl"), short.token)).code, 0);
    const { code, report } = await verify(["--file", at("short.jsonl"), "--key", newSigner("stranger").vkey]);
    assert.deepEqual([code, report], [2, null]);
  });

  it("has no kind that a parser reads and the verifier does not", async () => {
    const hidden = await ledger("hidden");
    await hidden.post(2);
    assert.equal((await exportTo(at("hidden.jsonl"), hidden.token)).code, 0);
    // Nobody signed it, so whoever writes the file can make the chain fit: entry 3 becomes a loss without a producer.
    const lines = readFileSync(at("hidden.jsonl"), "utf8").split("\n");
    const last = lines.findLastIndex((line) => line.startsWith('{"actor"'));
    lines[last] = lines[last]!.replace('"kind":"post.appended"', '"kind":"telemetry\\u002edropped"');
    assert.match(lines[last]!, /telemetry/);
    const block = lines.findIndex((line) => line.startsWith('{"@":"block"'));
    const marked = JSON.parse(lines[block]!);
    const hashes = Buffer.from(marked.hashes, "base64");
    const link = Buffer.concat([Buffer.of(2), hashes.subarray(-64, -32), leafHash(Buffer.from(lines[last]!))]);
    const head = hash("sha256", link, "buffer");
    head.copy(hashes, hashes.length - 32);
    lines[block] = JSON.stringify({ ...marked, hashes: hashes.toString("base64") });
    lines[0] = JSON.stringify({ ...JSON.parse(lines[0]!), head: head.toString("hex") });
    writeFileSync(at("hidden.jsonl"), lines.join("\n"));
    const { code, report, stderr } = await verify(["--file", at("hidden.jsonl")]);
    assert.deepEqual([code, report?.first_broken], [1, marked.to], stderr);
    assert.match(report!.reason!, /do not say that they are this entry/);
  });
});

describe("A file that is no export", () => {
  const header = { "@": "ledger", format: 1, tenant: "x", to: 1, head: "", beyond: null, checkpoint: null };
  const files: [what: string, lines: unknown[], why: RegExp][] = [
    ["has a first line without its fields", [{ "@": "ledger", format: 1 }], /no export/],
    ["names a key that is none", [{ ...header, logs: [{ origin: "x", vkeys: ["x"] }] }], /no export/],
    [
      "has a block without its fields",
      [
        { ...header, logs: [] },
        { "@": "block", from: 1 },
      ],
      /no export/,
    ],
    ["has bytes that are none", [{ ...header, logs: [] }, { "@": "bytes" }], /no export|not of type|must be/],
    [
      "has a payload that is none",
      [
        { ...header, logs: [] },
        { "@": "payload", seq: 1 },
      ],
      /no export/,
    ],
  ];
  for (const [what, lines, why] of files)
    it(`since it ${what} could not be checked, and says so`, async () => {
      writeFileSync(at("odd.jsonl"), lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
      const { code, stderr } = await verify(["--file", at("odd.jsonl")]);
      assert.equal(code, 2, stderr);
      assert.match(stderr, why);
    });

  it("since it is a directory, or came with other line ends, could not be checked", async () => {
    const read = await verify(["--file", directory]);
    assert.deepEqual([read.code, /EISDIR/.test(read.stderr)], [2, true], read.stderr);
    writeFileSync(at("crlf.jsonl"), `${JSON.stringify({ ...header, logs: [] })}\r\n`);
    const ends = await verify(["--file", at("crlf.jsonl")]);
    assert.deepEqual([ends.code, /carriage return/.test(ends.stderr)], [2, true], ends.stderr);
  });
});

describe("Another program's log at an address", () => {
  const { signer, vkey } = newSigner("log.example/a");

  it("is whole, and is broken where it is not what was signed", async () => {
    const url = await served(["one", "two", "three"], "the log of an example");
    const { code, report, stderr } = await verify(["--url", url, "--key", vkey]);
    assert.deepEqual([code, report?.entries, report?.size, report?.completeness], [0, 3, 3, null], stderr);
    const forged = await served(["one", "two", "three"], "the log of an example", ["one", "two", "four"]);
    assert.equal((await verify(["--url", forged, "--key", vkey])).code, 1);
  });

  it("of no entries is whole when that was signed", async () => {
    const empty = await verify(["--url", await served([], "log.example/a"), "--key", vkey]);
    assert.deepEqual([empty.code, empty.report?.whole, empty.report?.entries], [0, true, 0], empty.stderr);
  });

  async function served(signed: string[], origin: string, shown = signed): Promise<string> {
    const frontier = new Frontier();
    for (const text of signed) frontier.push(leafHash(Buffer.from(text)));
    const note = signNote(formatCheckpoint({ origin, size: signed.length, root: frontier.root() }), [signer]);
    const leaves = shown.map((text) => Buffer.from(text));
    const files = new Map<string, Buffer | string>([
      ["/log/checkpoint", note],
      [`/log/tile/entries/000.p/${leaves.length}`, leaves.length === 0 ? "" : encodeBundle(leaves)],
      [`/log/tile/0/000.p/${leaves.length}`, Buffer.concat(leaves.map((leaf) => leafHash(leaf)))],
    ]);
    const server = createServer(({ url }, response) => {
      const file = files.get(url!);
      response.writeHead(file === undefined ? 404 : 200).end(file);
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    after(() => server.close());
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/log`;
  }
});
