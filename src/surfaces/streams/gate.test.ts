import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Gate } from "./gate.ts";

const LONG = 60_000;

describe("A gate", { timeout: 120_000 }, () => {
  test("lets so many in at once, the tenants in turn and each tenant's in their order", async () => {
    const gate = new Gate(2, LONG);
    const open = Promise.withResolvers<void>();
    const order: string[] = [];
    const through = (tenant_id: number, name: string) =>
      gate.through(tenant_id, async () => {
        order.push(name);
        await open.promise;
      });
    const all = ["a", "b", "c", "d", "e"].map((name) => through(1, name));
    all.push(through(2, "x"), through(2, "y"), through(3, "z"));
    assert.deepEqual(order, ["a", "b"]);
    open.resolve();
    await Promise.all(all);
    assert.deepEqual(order, ["a", "b", "c", "x", "z", "d", "y", "e"]);
    await Promise.all([through(1, "f"), through(1, "g")]);
    assert.deepEqual(order.slice(-2), ["f", "g"], "and then it is as before");
  });

  test("lets the next in after one that failed, and after one that never comes out", async () => {
    const gate = new Gate(1, 20);
    const failing = gate.through(1, async () => assert.fail("by itself"));
    const hanging = gate.through(1, () => new Promise(() => {}));
    const next = gate.through(1, async () => "in");
    await assert.rejects(failing, /by itself/);
    await assert.rejects(hanging, { kind: "unavailable" });
    assert.equal(await next, "in");
  });
});
