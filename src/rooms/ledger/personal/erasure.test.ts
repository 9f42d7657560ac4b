import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, it } from "node:test";
import { long, testServer } from "../../../../test/harness.ts";
import { anotherDoor, codeOf, tally } from "../../../kernel/door.fixture.ts";
import { requestDigest } from "../../../kernel/requests.ts";
import { inclusionProof, treeRoot, verifyInclusion } from "../../../tlog/proofs.ts";
import { leafHash, nodeHash } from "../../../tlog/hashing.ts";
import { placesOf, streamed } from "./erasure.fixture.ts";

const world = await testServer();
const { operator } = world;
const alice = await world.seat("Alice");
await world.say(operator, "namespace.define", { prefix: "CMB", format: "CMB-NNNN" });
const { id } = await world.say(alice, "ticket.file", { namespace: "CMB", title: "Work" });

type Entry = { seq: number; kind: string; subject: string | null; data: any };
const post = async (input: object, key?: string): Promise<number> => {
  const { seq } = await world.door.say(alice, "post.append", { subject: "s", personal: true, ...input }, { key });
  return seq!;
};
const read = async (input: object = {}): Promise<Entry[]> =>
  (await world.ask(alice, "feed.read", { limit: 1000, ...input })).entries;
const entry = async (seq: number) => (await read({ after: seq - 1, limit: 1 }))[0]!;
const erase = (seq: number, reason = "its subject asked for it") =>
  world.say(operator, "ledger.erase", { seq, reason });
const stored = () => world.sql("select seq, leaf, entry_hash from ledger.entries where tenant_id = 1 order by seq");
let words = 0;
/** A word that nothing else says. */
const marker = () => `zebrafinch${++words}quixotic`;

describe("a personal post", () => {
  it("reads as any other does, however it is read; its commitment stands beside its words", async () => {
    const said = { subject: "about {{ITEM_ID}}", body: "WORK_PROOF: it is no longer blocked\né 😂", item: id };
    const plain = await post({ ...said, personal: false, queue: "web", amends: await post({}) });
    const personal = await post({ ...said, queue: "web", amends: await post({}) });
    const { data } = await entry(plain);
    assert.deepEqual(Object.keys(data).sort(), [
      "amends",
      "body",
      "item",
      "kind",
      "markers",
      "queue",
      "subject",
      "warnings",
    ]);
    for (const how of [
      { after: personal - 1 },
      { after: personal - 1, posts: true },
      { after: personal - 1, about: id },
      { about: id },
      { posts: true },
      {},
    ]) {
      const { personal: commitment, amends, ...rest } = (await read(how)).find(({ seq }) => seq === personal)!.data;
      assert.match(commitment, /^[0-9a-f]{64}$/);
      assert.deepEqual({ ...rest, amends: data.amends }, data, JSON.stringify(how));
      assert.equal(amends, personal - 1);
    }
    assert.deepEqual((await streamed(world, personal - 1, 1))[0], await entry(personal));
  });

  it("keeps its words in ledger.payloads and nowhere else, with and without a key", async () => {
    const word = marker();
    await post({ subject: word, body: `ITEM: ${word}` }, "some-key");
    await post({ subject: "s", body: word, item: id });
    assert.deepEqual(await placesOf(world, word), { "ledger.payloads": 2 });
    await post({ subject: word, personal: false });
    assert.deepEqual(
      await placesOf(world, word),
      { "ledger.payloads": 2, "ledger.entries": 1 },
      "the search finds all",
    );
  });

  it("holds nothing to guess from: the same words make another commitment each time", async () => {
    const seqs = [await post({ subject: "yes" }), await post({ subject: "yes" })];
    const [one, two] = await Promise.all(seqs.map(async (seq) => (await entry(seq)).data.personal));
    assert.notEqual(one, two);
    const [{ rows, salts, bytes }] = await world.sql(
      `select count(*)::int as rows, count(distinct salt)::int as salts, min(octet_length(salt)) as bytes
       from ledger.payloads`,
    );
    assert.ok(rows >= 2);
    assert.deepEqual([salts, bytes], [rows, 32]);
  });

  it("cannot move a ticket, whose own entries would keep the words", async () => {
    const word = marker();
    const input = { kind: "actionable", reserve: "CMB", subject: word, body: word, personal: true };
    const refusal = await world.refused(alice, "post.append", input);
    assert.deepEqual([refusal.code, refusal.fields[0]!.field], ["post.not_narrative", "personal"]);
    assert.deepEqual(await placesOf(world, word), {});
  });

  it("that is longer than an entry is refused, and its words are kept nowhere", async () => {
    const word = marker();
    const body = word + "€".repeat(30_000);
    const refusal = await world.refused(alice, "post.append", { subject: word, body, personal: true });
    assert.equal(refusal.code, "entry.oversized");
    assert.deepEqual(await placesOf(world, word), {});
  });
});

describe("an erasure", () => {
  it("leaves the words nowhere: no table, no leaf, no answer under a key, no digest to try guesses on", async () => {
    const word = marker();
    const input = { subject: word, body: `no longer blocked ${word}`, personal: true };
    const seq = await post(input, "the-key");
    const digest = requestDigest("post.append", { kind: "narrative", ...input });
    assert.deepEqual(await placesOf(world, word), { "ledger.payloads": 1 });
    assert.deepEqual(await placesOf(world, digest), { "kernel.requests": 1 }, "the digest is of these very words");
    await erase(seq);
    for (const text of [word, digest]) assert.deepEqual(await placesOf(world, text), {}, text);
    const [kept] = await world.sql("select digest, output from kernel.requests where key = 'the-key'");
    assert.deepEqual(kept, { digest: "erased", output: "{}" });
  });

  it("leaves them nowhere after an import either, told twice, with what its first ledger read from them", async () => {
    const word = marker();
    const original = JSON.stringify({ seq: 7, data: { kind: "narrative", subject: word, warnings: [word] } });
    const said = { source_ref: "there:7", author: "Bo", said_at: "2026-01-02T03:04:05Z", subject: "s", body: word };
    const input = { ...said, original, personal: true };
    const { seq } = await world.door.say(operator, "post.import", input, { key: "import-1" });
    assert.deepEqual(await world.say(operator, "post.import", input, "import-2"), {
      ...{ source_ref: "there:7", imported: false },
    });
    assert.equal((await entry(seq!)).data.original, original);
    const digest = requestDigest("post.import", input);
    assert.deepEqual(await placesOf(world, word), { "ledger.payloads": 1 });
    assert.deepEqual(await placesOf(world, digest), { "kernel.requests": 1 }, "a repeat does nothing and is not kept");
    await erase(seq!);
    for (const text of [word, digest]) assert.deepEqual(await placesOf(world, text), {}, text);
    assert.equal((await world.say(operator, "post.import", input, "import-2")).imported, false);
  });

  it("leaves in an import what its first ledger keeps of an erased post", async () => {
    const original = JSON.stringify({ seq: 8, data: { kind: "narrative", queue: "web" } });
    const said = { source_ref: "there:8", author: "Bo", said_at: "2026-01-02T03:04:05Z", subject: marker() };
    const { seq } = await world.door.say(operator, "post.import", { ...said, original, personal: true });
    await erase(seq!);
    assert.equal((await entry(seq!)).data.original, original);
  });

  it("leaves the data files too when the table is rewritten, as docs/operating.md says", async () => {
    const word = marker();
    const seq = await post({ subject: word });
    const inFile = async () => {
      await world.sql("checkpoint");
      const file = "pg_read_binary_file(pg_relation_filepath('ledger.payloads'))";
      return (await world.sql(`select position($1::bytea in ${file}) > 0 as found`, [Buffer.from(word)]))[0].found;
    };
    assert.equal(await inFile(), true);
    await erase(seq);
    // A row stays as long as somebody's snapshot is older than its end, be it autovacuum's.
    for (let attempt = 0; attempt < 600; attempt++) {
      await world.sql("vacuum full ledger.payloads");
      if (!(await inFile())) return;
      await sleep(100);
    }
    assert.fail("the words are still in the table's file");
  });

  it("frees no key: who says the post again under it is refused, and nothing is said twice", async () => {
    const input = { subject: marker(), personal: true };
    const seq = await post(input, "again");
    assert.equal(await post(input, "again"), seq, "the first answer, until it is erased");
    await erase(seq);
    const { seq: head } = await world.ask(operator, "ledger.head");
    assert.equal((await world.refused(alice, "post.append", input, "again")).code, "key.mismatch");
    assert.equal((await world.ask(operator, "ledger.head")).seq, head);
  });

  it("forgets the answer to no other request", async () => {
    const [kept, erased] = [await post({ subject: "kept" }, "kept-1"), await post({ subject: "erased" }, "kept-2")];
    await erase(erased);
    assert.equal(await post({ subject: "kept" }, "kept-1"), kept);
  });

  it("changes no entry, no hash and no proof (AUD-ERASE)", async () => {
    const seq = await post({ subject: marker() });
    await post({});
    const before = await stored();
    const roots = treeOf(before.map(({ leaf }) => leaf));
    const [root, proof] = await Promise.all([
      treeRoot(before.length, roots),
      inclusionProof(seq - 1, before.length, roots),
    ]);
    assert.ok(verifyInclusion(leafHash(before[seq - 1]!.leaf), seq - 1, before.length, proof, root));
    await erase(seq);
    const after = await stored();
    assert.deepEqual(after.slice(0, before.length), before);
    assert.equal(after.length, before.length + 1);
    assert.ok(verifyInclusion(leafHash(after[seq - 1]!.leaf), seq - 1, before.length, proof, root));
    assert.deepEqual(await treeRoot(before.length, treeOf(after.map(({ leaf }) => leaf))), root);
    assert.equal((await world.ask(operator, "ledger.verify")).whole, true);
  });

  it("is told by an entry, and readers and streams see that the post was erased", async () => {
    const seq = await post({ subject: marker(), item: id });
    const before = await entry(seq);
    const { commitment, ...answer } = await erase(seq, "article 17");
    assert.deepEqual(answer, { seq });
    assert.equal(commitment, before.data.personal);
    const erased = { ...before, data: { kind: "narrative", item: id, personal: commitment, erased: true } };
    for (const how of [{ after: seq - 1 }, { after: seq - 1, posts: true }, { about: id }, { posts: true }])
      assert.deepEqual(
        (await read(how)).find((one) => one.seq === seq),
        erased,
        JSON.stringify(how),
      );
    assert.deepEqual((await streamed(world, seq - 1, 1))[0], erased);
    const about = await read({ about: `entry-${seq}` });
    assert.deepEqual(
      about.map(({ kind, data }) => ({ kind, data })),
      [{ kind: "ledger.erased", data: { seq, commitment, reason: "article 17" } }],
    );
    assert.equal((await world.ask(operator, "ticket.drift")).differences, 0);
  });

  it("is refused where there is nothing to erase, and to those who may not", async () => {
    const [plain, gone] = [await post({ personal: false }), await post({})];
    await erase(gone);
    const refusals: [seq: number, code: string][] = [
      [1_000_000, "entry.unknown"],
      [plain, "entry.not_personal"],
      [gone + 1, "entry.not_personal"],
      [gone, "entry.erased_already"],
    ];
    for (const [seq, code] of refusals)
      assert.equal((await world.refused(operator, "ledger.erase", { seq, reason: "x" })).code, code);
    const seq = await post({ subject: "stays" });
    for (const role of ["implementer", "auditor", "strategist", "coordinator", "service"]) {
      const { token } = await world.say(operator, "seat.adopt", { name: `Erases-${role}`, role });
      assert.equal((await world.refused(token, "ledger.erase", { seq, reason: "x" })).code, "role.forbidden");
    }
    assert.equal((await entry(seq)).data.subject, "stays");
    await world.say(await world.seat("Steward", "steward"), "ledger.erase", { seq, reason: "x" });
  });

  it("happens once, however many sessions on however many nodes erase one entry at a time", async () => {
    const doors = [world.door, anotherDoor(world).door, anotherDoor(world).door];
    for (let round = 0; round < (long ? 100 : 8); round++) {
      const word = marker();
      const seq = await post({ subject: word });
      const codes = await Promise.all(
        Array.from({ length: 24 }, (_, n) =>
          codeOf(doors[n % 3]!.say(operator, "ledger.erase", { seq, reason: `session ${n}` })),
        ),
      );
      assert.deepEqual(tally(codes), { accepted: 1, "entry.erased_already": 23 });
      assert.equal((await read({ about: `entry-${seq}` })).length, 1);
      assert.deepEqual(await placesOf(world, word), {});
    }
  });

  it("does not disturb those who read and post meanwhile: each sees the words or their erasure", async () => {
    const word = marker();
    const seq = await post({ subject: word });
    const seen = new Set<string>();
    let over = false;
    const readers = Array.from({ length: 8 }, async () => {
      do {
        const { subject, erased, fault } = (await entry(seq)).data;
        seen.add(fault ?? (erased ? "erased" : subject));
      } while (!over);
    });
    await Promise.all(Array.from({ length: 20 }, () => post({ personal: false })));
    await erase(seq);
    await Promise.all(Array.from({ length: 20 }, () => post({ personal: false })));
    over = true;
    await Promise.all(readers);
    seen.add((await entry(seq)).data.erased ? "erased" : "not erased");
    assert.deepEqual([...seen].sort(), ["erased", word]);
  });
});

/** Reads subtree roots from leaves, level by level as RFC 6962 builds them. */
function treeOf(leaves: readonly Buffer[]) {
  const levels = [leaves.map((leaf) => leafHash(leaf))];
  for (let below = levels[0]!; below.length > 1; levels.push(below))
    below = Array.from({ length: below.length >> 1 }, (_, n) => nodeHash(below[2 * n]!, below[2 * n + 1]!));
  return async (level: number, index: number) => levels[level]![index]!;
}
