import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { pino } from "pino";
import { testWorld } from "../../../test/harness.ts";
import { startOutsiders } from "./outsiders.ts";

const world = await testWorld();
const directory = await mkdtemp(join(tmpdir(), "longwatch-outsiders-"));
after(() => rm(directory, { recursive: true, force: true }));

function begun(settings: { witnesses?: string; s3?: string }) {
  const { witnesses, s3 } = settings;
  const log = pino({ level: "silent" });
  return startOutsiders({ world, directory, anchors: join(directory, "anchors"), witnesses, s3, log });
}

describe("Those who stand outside this machine", () => {
  it("are nobody unless they are configured; the server is a witness all the same, with one key for good", async () => {
    const first = await begun({});
    const { vkey } = await world.ask(world.operator, "witness.key");
    assert.deepEqual(first.state({ id: 1, name: "home" }), { witnesses: [], s3: null });
    await first.stop();
    const second = await begun({});
    assert.equal((await world.ask(world.operator, "witness.key")).vkey, vkey);
    assert.equal(second.witness.tenant_id, world.home_tenant_id);
    await second.stop();
  });

  it("end the start when a setting is wrong", async () => {
    await assert.rejects(begun({ witnesses: "[1]" }), /^Error: LONGWATCH_WITNESSES: \[0\]\.url/);
    await assert.rejects(begun({ s3: "bucket" }), /^Error: LONGWATCH_S3: /);
  });
});
