import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, stat, truncate } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { pino } from "pino";
import { testWorld, type TestWorld } from "../../test/harness.ts";
import { parseCheckpoint } from "../tlog/checkpoint.ts";
import { leafHash, nodeHash } from "../tlog/hashing.ts";
import { openNote, parseVerifier } from "../tlog/note.ts";
import { verifyConsistency, verifyInclusion } from "../tlog/proofs.ts";
import { notesIn } from "./directory.ts";
import { Signer, type Step } from "./signer.ts";

async function directory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "longwatch-anchors-"));
  after(() => rm(path, { recursive: true, force: true }));
  return path;
}

type Kept = { anchors: string; keys: string };

function signerOf(world: TestWorld, kept: Kept, onStep?: (step: Step) => void): Signer {
  const { database, door, home_tenant_id: tenant_id } = world;
  const log = pino({ level: "silent" });
  return new Signer({ tenant_id, tenant: "home", database, door, log, ...kept, ...(onStep && { onStep }) });
}

async function kept(): Promise<Kept> {
  return { anchors: await directory(), keys: await directory() };
}

/** The root by the definition (RFC 6962, section 2.1), over the stored bytes. */
function definedRoot(leaves: readonly Buffer[]): Buffer {
  if (leaves.length === 1) return leafHash(leaves[0]!);
  const left = 2 ** (Math.ceil(Math.log2(leaves.length)) - 1);
  return nodeHash(definedRoot(leaves.slice(0, left)), definedRoot(leaves.slice(left)));
}

async function post(world: TestWorld, count: number): Promise<void> {
  for (let left = count; left > 0; left -= 100)
    await Promise.all(
      Array.from({ length: Math.min(100, left) }, (_, n) =>
        world.say(world.operator, "post.append", { subject: `post ${n}` }),
      ),
    );
}

async function leavesOf(world: TestWorld): Promise<Buffer[]> {
  const rows = await world.sql("select leaf from ledger.entries where tenant_id = 1 and kind <> '' order by seq");
  return rows.map(({ leaf }) => leaf);
}

type Checkpoint = { origin: string; size: number; root: string; note: string; vkeys: string[] };

describe("A signer", async () => {
  const world = await testWorld();
  const where = await kept();
  const signer = signerOf(world, where);

  it("opens a log under a key of its own, and signs every entry there is", async () => {
    await post(world, 5);
    await signer.pass(true);
    const { note, vkeys, size, origin } = await world.ask<Checkpoint>(world.operator, "ledger.checkpoint");
    const { text } = openNote(note, vkeys.map(parseVerifier));
    const leaves = await leavesOf(world);
    assert.deepEqual(parseCheckpoint(text), { origin, size, root: definedRoot(leaves) });
    assert.equal(size, leaves.length);
    assert.match(origin, /^longwatch\/[0-9a-f]{16}\/home$/);
    assert.equal((await stat(join(where.keys, "home.1.keys"))).mode & 0o777, 0o600);
  });

  it("signs at every 256 entries, and the tiles above have the roots of those below", async () => {
    await post(world, 700);
    await signer.pass(false);
    const leaves = await leavesOf(world);
    const full = Math.floor(leaves.length / 256);
    for (let at = 1; at <= full; at++) {
      const { root } = await world.ask<Checkpoint>(world.operator, "ledger.checkpoint", { size: 256 * at });
      assert.equal(root, definedRoot(leaves.slice(0, 256 * at)).toString("hex"));
    }
    const { hashes } = await world.ask(world.operator, "ledger.tile", { level: 1, index: 0, width: full });
    const tiles = Array.from({ length: full }, (_, at) => definedRoot(leaves.slice(256 * at, 256 * (at + 1))));
    assert.equal(hashes, Buffer.concat(tiles).toString("base64"));
  });

  it("gives proofs that verify, of every entry and from every size that it signed", async () => {
    await signer.pass(true);
    const leaves = await leavesOf(world);
    const newest = await world.ask<Checkpoint>(world.operator, "ledger.checkpoint");
    const root = Buffer.from(newest.root, "hex");
    for (const seq of [1, 2, 255, 256, 257, 512, 513, newest.size]) {
      const proof = await world.ask(world.operator, "ledger.inclusion", { seq });
      const path = proof.proof.map((hash: string) => Buffer.from(hash, "hex"));
      assert.ok(verifyInclusion(leafHash(leaves[seq - 1]!), seq - 1, newest.size, path, root), `entry ${seq}`);
    }
    for (const from_size of [1, 6, 255, 256, 300, 512, newest.size]) {
      const proof = await world.ask(world.operator, "ledger.consistency", { from_size });
      const path = proof.proof.map((hash: string) => Buffer.from(hash, "hex"));
      const from_root = definedRoot(leaves.slice(0, from_size));
      assert.equal(proof.from_root, from_root.toString("hex"));
      assert.ok(verifyConsistency(from_size, from_root, newest.size, root, path), `from ${from_size}`);
    }
  });

  it("refuses proofs and tiles beyond what is signed, and says when they come", async () => {
    await post(world, 1);
    const { size } = await world.ask<Checkpoint>(world.operator, "ledger.checkpoint");
    for (const [name, input, code] of [
      ["ledger.inclusion", { seq: size + 1 }, "entry.not_covered"],
      ["ledger.consistency", { from_size: size + 1 }, "entry.not_covered"],
      ["ledger.inclusion", { seq: 1, size: size + 1 }, "checkpoint.unknown"],
      ["ledger.tile", { level: 0, index: Math.floor(size / 256), width: (size % 256) + 1 }, "tile.unknown"],
      ["ledger.tile", { level: 2, index: 0, width: 1 }, "tile.unknown"],
      ["ledger.bundle", { index: 99 }, "tile.unknown"],
    ] as const)
      await assert.rejects(world.ask(world.operator, name, input), { code });
  });

  it("goes on where it was after a restart, from the disks alone", async () => {
    const again = signerOf(world, where);
    await post(world, 300);
    await again.pass(true);
    const leaves = await leavesOf(world);
    const { root, size } = await world.ask<Checkpoint>(world.operator, "ledger.checkpoint");
    assert.equal(size, leaves.length);
    assert.equal(root, definedRoot(leaves).toString("hex"));
  });

  it("writes each note outside the database before it is published, byte for byte the same", async () => {
    const outside = await notesIn(join(where.anchors, "home", "1"));
    const inside = await world.sql("select tree_size, note from ledger.anchors where tenant_id = 1 order by tree_size");
    assert.deepEqual(
      outside.map(({ size, note }) => ({ tree_size: size, note })),
      inside,
    );
  });

  it("is not obeyed when somebody else speaks in its name, or signs with another key", async () => {
    const steward = await world.seat("CLAUDE-CLI-HOST-STEWARD-01", "steward");
    const refusal = await world.refused(steward, "ledger.anchor", { origin: "x", anchors: [], tiles: [] });
    assert.equal(refusal.code, "service.only");
    const newest = await world.ask<Checkpoint>(world.operator, "ledger.checkpoint");
    const forged = { size: newest.size, root: "00".repeat(32), note: newest.note };
    const said = world.door.sayInside(1, "longwatch", "ledger.anchor", {
      origin: newest.origin,
      anchors: [{ ...forged, size: newest.size + 1 }],
      tiles: [],
    });
    await assert.rejects(said, { code: "anchor.unsigned" });
  });

  it("cuts off a note that a crash left half-written", async () => {
    const path = join(where.anchors, "home", "1", "notes", "000000000");
    const whole = await readFile(path, "utf8");
    await truncate(path, whole.length - 20);
    const again = signerOf(world, where);
    await again.pass(true);
    const text = await readFile(path, "utf8");
    assert.ok(text.startsWith(whole), "the same bytes stand there again");
  });
});

describe("A key that is rotated", async () => {
  const world = await testWorld();
  const where = await kept();

  it("signs from then on, the change itself signed by both, and old checkpoints stay verifiable", async () => {
    const signer = signerOf(world, where);
    await post(world, 3);
    await signer.pass(true);
    const old = await world.ask<Checkpoint>(world.operator, "ledger.checkpoint");
    await world.say(world.operator, "ledger.rotate_key");
    await signer.pass(true);
    await signer.pass(true);
    const change = await world.ask<Checkpoint>(world.operator, "ledger.checkpoint");
    const [before, now] = change.vkeys.map(parseVerifier);
    assert.equal(change.vkeys.length, 2);
    assert.deepEqual(
      openNote(change.note, [before!, now!]).verified.map(({ key_id }) => key_id),
      [now!.key_id, before!.key_id],
    );
    openNote(old.note, [before!]);
    await post(world, 3);
    await signer.pass(true);
    const later = await world.ask<Checkpoint>(world.operator, "ledger.checkpoint");
    assert.throws(() => openNote(later.note, [before!]), { reason: "unverified" });
    openNote(later.note, [now!]);
    assert.equal((await readFile(join(where.anchors, "home", "1", "vkeys"), "utf8")).trim().split("\n").length, 2);
  });
});

describe("A database that was set back", async () => {
  const where = await kept();
  const world = await testWorld();
  const signer = signerOf(world, where);
  await post(world, 10);
  await signer.pass(true);

  /** What a restored backup is: the ledger as it was some entries ago, with all that was built on it. */
  async function setBack(entries: number): Promise<void> {
    const [{ seq, entry_hash }] = await world.sql(
      `select seq, entry_hash from ledger.entries where tenant_id = 1 and seq = (select seq - $1 from ledger.heads
         where tenant_id = 1)`,
      [entries],
    );
    await world.sql(`alter table ledger.entries disable trigger all; alter table ledger.anchors disable trigger all;
      delete from ledger.anchors where tree_size > ${seq}; delete from ledger.entries where seq > ${seq};
      update ledger.heads set seq = ${seq}, hash = '\\x${entry_hash.toString("hex")}' where tenant_id = 1;
      alter table ledger.entries enable always trigger extend_chain;
      alter table ledger.entries enable always trigger refuse_change;
      alter table ledger.entries enable always trigger refuse_truncate;
      alter table ledger.anchors enable always trigger refuse_change;
      alter table ledger.anchors enable always trigger refuse_truncate`);
  }

  it("is noticed by the signer that runs, and by one that starts, and neither signs", async () => {
    await setBack(4);
    await signer.pass(true);
    const { state, refused } = signer.state;
    assert.equal(state, "refused");
    assert.equal(refused?.code, "ledger.restored");
    const started = signerOf(world, where);
    await started.pass(true);
    assert.equal(started.state.refused?.code, "ledger.restored");
    assert.deepEqual(await world.sql("select count(*)::integer as anchors from ledger.anchors"), [{ anchors: 0 }]);
  });

  it("is noticed when it has grown again, past what was signed", async () => {
    await post(world, 20);
    for (const one of [signer, signerOf(world, where)]) {
      await one.pass(true);
      assert.equal(one.state.refused?.code, "ledger.restored");
    }
    assert.deepEqual(await world.sql("select count(*)::integer as anchors from ledger.anchors"), [{ anchors: 0 }]);
  });

  it("leaves one entry that says so for each signer that noticed", async () => {
    const told = await world.sql(
      "select count(*)::integer as told from ledger.entries where kind = 'ledger.signing_refused'",
    );
    assert.deepEqual(told, [{ told: 2 + 1 }]);
  });

  it("is signed again under a new name when the operator freezes the old log, which stays verifiable", async () => {
    const before = await notesIn(join(where.anchors, "home", "1"));
    await world.say(world.operator, "ledger.freeze", { reason: "restored from the backup of the night" });
    await signer.pass(true);
    assert.equal(signer.state.state, "signing");
    const now = await world.ask<Checkpoint>(world.operator, "ledger.checkpoint");
    const leaves = await leavesOf(world);
    assert.equal(now.root, definedRoot(leaves).toString("hex"));
    assert.match(now.origin, /^longwatch\/[0-9a-f]{16}\/home\/2$/);
    assert.deepEqual(await notesIn(join(where.anchors, "home", "1")), before);
    const vkey = (await readFile(join(where.anchors, "home", "1", "vkeys"), "utf8")).trim();
    for (const { note } of before) openNote(note, [parseVerifier(vkey)]);
  });
});

describe("A signer without its memory or its key", async () => {
  const world = await testWorld();
  const where = await kept();
  await post(world, 600);
  await signerOf(world, where).pass(true);

  it("does not sign where the key is another server's", async () => {
    const other = signerOf(world, await kept());
    await other.pass(true);
    assert.equal(other.state.state, "elsewhere");
    assert.deepEqual(await world.sql("select count(*)::integer as logs from ledger.logs"), [{ logs: 1 }]);
  });

  it("fills a lost directory again from the notes that its own key signed", async () => {
    const before = await notesIn(join(where.anchors, "home", "1"));
    await rm(where.anchors, { recursive: true });
    await signerOf(world, where).pass(true);
    assert.deepEqual((await notesIn(join(where.anchors, "home", "1"))).slice(0, before.length), before);
  });

  it("refuses when the tiles do not give the root that it published", async () => {
    await world.sql(`alter table ledger.tiles disable trigger all;
      update ledger.tiles set hashes = set_byte(hashes, 0, get_byte(hashes, 0) # 1) where level = 1;
      alter table ledger.tiles enable always trigger only_grow`);
    const signer = signerOf(world, where);
    await signer.pass(true);
    assert.equal(signer.state.refused?.code, "ledger.broken");
  });

  it("refuses when an entry's bytes were changed before they were signed, and names the entries", async () => {
    const fresh = await testWorld();
    await post(fresh, 3);
    await fresh.sql(`alter table ledger.entries disable trigger all;
      update ledger.entries set leaf = set_byte(leaf, 5, get_byte(leaf, 5) # 1) where seq = 2`);
    const signer = signerOf(fresh, await kept());
    await fresh.sql(`alter table ledger.entries enable always trigger extend_chain`);
    await signer.pass(true);
    assert.equal(signer.state.refused?.code, "ledger.broken");
    assert.match(signer.state.refused!.reason, /entries 1 to \d+ do not give/);
  });
});
