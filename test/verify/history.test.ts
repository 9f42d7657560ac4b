import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import { signedLedgers } from "./ledgers.ts";

const { world, directory, anchors, ledger, verify, exportTo, tamper } = await signedLedgers();
const at = (name: string) => join(directory, name);

describe("A log's history", () => {
  it("is whole across a change of keys, to whoever has the first key or the last", async () => {
    const rotated = await ledger("rotated");
    await rotated.post(10);
    await rotated.sign();
    await world.say(rotated.token, "ledger.rotate_key");
    await rotated.sign();
    await rotated.post(300);
    await rotated.sign();
    const { vkeys } = await world.ask(rotated.token, "ledger.checkpoint");
    assert.equal(vkeys.length, 2);
    assert.equal((await exportTo(at("rotated.jsonl"), rotated.token)).code, 0);
    const sizes: number[] = [];
    for (const vkey of vkeys) {
      const { code, report, stderr } = await verify(["--file", at("rotated.jsonl"), "--key", vkey]);
      assert.equal(code, 0, stderr);
      sizes.push(report!.size);
    }
    // The first key vouched for the last one, so both cover everything.
    assert.deepEqual(sizes, [313, 313]);
    assert.equal((await world.ask(rotated.token, "ledger.verify")).whole, true);
  });

  it("names what was lost when a log was frozen after a restored backup, and is whole again", async () => {
    const restored = await ledger("restored");
    await restored.post(10);
    await restored.sign();
    const backup = 11;
    await restored.post(10);
    await restored.sign();
    await tamper(
      `delete from ledger.anchors where tenant_id = ${restored.id} and tree_size > ${backup}`,
      `update ledger.heads h set seq = ${backup}, hash = e.entry_hash from ledger.entries e
       where h.tenant_id = ${restored.id} and e.tenant_id = ${restored.id} and e.seq = ${backup}`,
      `delete from ledger.entries where tenant_id = ${restored.id} and seq > ${backup}`,
    );
    await restored.post(20);
    await restored.sign();
    assert.equal((await world.ask(restored.token, "ledger.verify")).whole, false);
    await world.say(restored.token, "ledger.freeze", { reason: "a backup was restored" });
    const found = await world.ask(restored.token, "ledger.verify");
    assert.equal(found.whole, true, found.reason);
    const origin = found.lost[0]?.origin;
    assert.deepEqual(found.lost, [{ origin, kept: backup, signed: 21 }]);
    await restored.sign();
    assert.equal((await exportTo(at("restored.jsonl"), restored.token)).code, 0);
    const offline = await verify(["--file", at("restored.jsonl"), "--anchors", anchors]);
    assert.equal(offline.code, 0, offline.report?.reason ?? offline.stderr);
    assert.deepEqual(offline.report!.lost, [{ origin, kept: backup, signed: 21 }]);
    assert.notEqual(offline.report!.origin, origin);
  });
});
