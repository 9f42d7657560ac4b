import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { pino } from "pino";
import { KeyFile } from "../../src/anchors/keys.ts";
import { Signer } from "../../src/anchors/signer.ts";
import { journal } from "../../src/rooms/ledger/index.ts";
import { formatCheckpoint } from "../../src/tlog/checkpoint.ts";
import { EMPTY_ROOT } from "../../src/tlog/hashing.ts";
import { signNote } from "../../src/tlog/note.ts";
import { long, testServer, type TestWorld } from "../harness.ts";
import { type Consistency, goVerifier, type Inclusion, type Verified, whyNot } from "./go_program.ts";
import { indexesOf, SIZES, tilesIn } from "./sizes.ts";

/** Go's x/mod/sumdb against a server: its database, its signer, its HTTP, its proof commands. */

const TENANT = "stranger";
const ENTRIES_A_TRANSACTION = 2_000;
const missing = whyNot();
const verify = goVerifier();
if (missing) test("Go verifies a log over HTTP", { skip: !long && missing }, () => assert.fail(missing));
else
  describe("Go's tlog and note verify a log that is served:", async () => {
    const world = await testServer();
    const { token } = await world.say(world.operator, "tenant.open", { name: TENANT });
    const [{ id: tenant_id }] = await world.sql("select id from kernel.tenants where name = $1", [TENANT]);
    const disk = mkdtempSync(join(tmpdir(), "longwatch-anchors-"));
    after(() => rmSync(disk, { recursive: true, force: true }));
    const signer = new Signer({
      tenant_id,
      tenant: TENANT,
      database: world.database,
      door: world.door,
      anchors: join(disk, "anchors"),
      keys: join(disk, "signer"),
      log: pino({ level: process.env.LONGWATCH_TEST_LOG ?? "silent" }, pino.destination(2)),
    });
    // The log's opening is the ledger's first entry: no log that is signed in the course of things is empty.
    await signer.pass(true);
    const { vkeys } = await world.ask(token, "ledger.checkpoint");
    const whole = { log: `${world.url}/ledger/${TENANT}`, token, vkey: vkeys[0] };
    const served = SIZES.filter((size) => size > 0 && (long || size < 1_000));
    let signed: number[] = [];

    for (const size of served)
      test(`of ${size.toLocaleString("en")} entries verifies, and so does what the proof commands answer`, async () => {
        await append(world, tenant_id, size - signer.size);
        while (signer.size < size) await signer.pass(true);
        signed.push(size);
        const inclusion: Inclusion[] = [];
        for (const index of indexesOf(size))
          inclusion.push(await world.ask(token, "ledger.inclusion", { seq: index + 1 }));
        const consistency: Consistency[] = [];
        for (const from_size of signed) consistency.push(await world.ask(token, "ledger.consistency", { from_size }));
        const { origin, root } = await world.ask(token, "ledger.checkpoint");
        const [{ leaf_bytes }] = await world.sql(
          "select sum(octet_length(leaf))::integer as leaf_bytes from ledger.entries where tenant_id = $1",
          [tenant_id],
        );
        assert.deepEqual(await verify({ ...whole, inclusion, consistency }), {
          origin,
          size,
          root,
          unknown_signers: 0,
          tiles: tilesIn(size),
          bundles: Math.ceil(size / 256),
          leaf_bytes,
          inclusion: inclusion.length,
          consistency: consistency.length,
        });
      });

    test("of 0 entries verifies, with a checkpoint that the log's own key signs and the ledger publishes", async () => {
      const file = await KeyFile.open(join(disk, "signer"), TENANT, 1);
      const { origin } = await world.ask(token, "ledger.checkpoint");
      const note = signNote(formatCheckpoint({ origin, size: 0, root: EMPTY_ROOT }), [file.newest!]);
      const anchors = [{ size: 0, root: EMPTY_ROOT.toString("hex"), note }];
      await world.door.sayInside(tenant_id, "longwatch", "ledger.anchor", { origin, anchors, tiles: [] });
      signed = [0, ...signed];
    });

    test("verifies at each of its earlier checkpoints, from the tiles of today", async () => {
      for (const size of signed.filter((one) => one < 100_000)) {
        const { note, root } = await world.ask(token, "ledger.checkpoint", { size });
        const verified = (await verify({ ...whole, checkpoint: note })) as Verified;
        assert.deepEqual([verified.size, verified.root, verified.tiles], [size, root, tilesIn(size)]);
      }
      assert.deepEqual(signed, [0, ...served]);
    });

    test("fails once the owner of the database has changed an entry, a tile or a note", () => tampered());

    async function tampered(): Promise<void> {
      // Each of them done twice changes nothing.
      const changes = {
        "ledger.entries set leaf = set_byte(leaf, 5, get_byte(leaf, 5) # 1) where seq = 77 and":
          /inconsistent tile|the root of/,
        "ledger.tiles set hashes = set_byte(hashes, 0, get_byte(hashes, 0) # 1) where level = 1 and index = 0 and":
          /inconsistent tile|not what the entries/,
        "ledger.anchors set note = translate(note, '/.', './') where": /^checkpoint: /,
      };
      for (const [change, reason] of Object.entries(changes)) {
        const toggle = () => world.sql(`update ${change} tenant_id = $1`, [tenant_id]);
        await world.sql(`alter table ${change.split(" ")[0]} disable trigger user`);
        await toggle();
        const { error } = (await verify(whole)) as { error?: string };
        assert.match(error ?? "it passed", reason);
        await toggle();
      }
      assert.equal(((await verify(whole)) as Verified).size, served.at(-1));
    }
  });

/** Writes entries as the kernel does, through the trigger and as the application's role, many to a transaction. */
async function append({ database }: TestWorld, tenant_id: number, count: number): Promise<void> {
  const caller = { tenant_id, tenant: TENANT, principal_id: 1, name: "operator", role: "operator", incarnation: null };
  for (let written = 0; written < count;) {
    const tx = await database.begin(tenant_id, "read write");
    const records = Array.from({ length: Math.min(ENTRIES_A_TRANSACTION, count - written) }, (_, at) => ({
      caller: caller as typeof caller & { role: "operator" },
      command: "post.append",
      event: { kind: "post.appended", subject: null, data: { kind: "narrative", subject: `Post ${written + at}` } },
    }));
    journal.append(tx, await journal.lock(tx), records);
    await tx.commit();
    written += records.length;
  }
}
