import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { pino } from "pino";
import { testWorld } from "../../test/harness.ts";
import { anotherDoor } from "../kernel/door.fixture.ts";
import { RecentLeaves } from "../rooms/ledger/index.ts";
import { Frontier } from "../tlog/frontier.ts";
import { leafHash } from "../tlog/hashing.ts";
import { Signer } from "./signer.ts";

const hash = (n: number) => leafHash(Buffer.from([n]));
const hashes = (...numbers: number[]) => Buffer.concat(numbers.map(hash));

describe("The leaf hashes that a process remembers", () => {
  it("are those of a watched tenant, in one piece, from the number asked for on", () => {
    const recent = new RecentLeaves();
    recent.appended(1, 1, hashes(1));
    assert.equal(recent.after(1, 0, 9), null, "nobody watched");
    recent.watch(1);
    recent.appended(1, 4, hashes(4, 5));
    recent.appended(1, 6, hashes(6));
    assert.equal(recent.after(1, 2, 9), null, "entry 3 is another process's");
    assert.deepEqual(recent.after(1, 3, 9), hashes(4, 5, 6));
    assert.deepEqual(recent.after(1, 3, 2), hashes(4, 5));
    assert.deepEqual(recent.after(1, 4, 9), hashes(5, 6));
    assert.equal(recent.after(1, 6, 9), null);
  });

  it("end where another process's entries begin, and forget what was rolled back", () => {
    const recent = new RecentLeaves();
    recent.watch(1);
    recent.appended(1, 1, hashes(1, 2));
    recent.appended(1, 3, hashes(30, 40, 50));
    recent.appended(1, 3, hashes(3));
    recent.appended(1, 6, hashes(6));
    assert.deepEqual(recent.after(1, 5, 9), hashes(6));
    assert.equal(recent.after(1, 2, 9), null, "one run is kept, the newest");
    recent.appended(1, 7, hashes(70, 80));
    recent.appended(1, 7, hashes(7));
    assert.deepEqual(recent.after(1, 5, 9), hashes(6, 7));
  });

  it("are no more than a pass takes, however long nobody asks", () => {
    const recent = new RecentLeaves();
    recent.watch(1);
    for (let first = 1; first < 200_000; first += 1_000) recent.appended(1, first, Buffer.alloc(32_000, first % 251));
    assert.equal(recent.after(1, 100_000, 9), null);
    assert.deepEqual(recent.after(1, 150_000, 100), Buffer.alloc(3_200, 150_001 % 251));
  });
});

describe("A signer that remembers", async () => {
  const world = await testWorld();
  const directory = await mkdtemp(join(tmpdir(), "longwatch-recent-"));
  after(() => rm(directory, { recursive: true, force: true }));
  const { door, database, recent, home_tenant_id: tenant_id } = world;
  const where = { anchors: join(directory, "anchors"), keys: join(directory, "keys"), log: pino({ level: "silent" }) };
  const signer = new Signer({ ...where, tenant_id, tenant: "home", database, door, recent });
  const { door: other } = anotherDoor(world);

  /** The root over what is stored now, by other means than the signer's. */
  async function storedRoot(): Promise<string> {
    const frontier = new Frontier();
    for (const { leaf } of await world.sql("select leaf from ledger.entries where tenant_id = 1 order by seq"))
      frontier.push(leafHash(leaf));
    return frontier.root().toString("hex");
  }

  async function signed(): Promise<void> {
    await signer.pass(true);
    assert.equal(signer.state.refused, null);
    assert.equal((await world.ask(world.operator, "ledger.checkpoint")).root, await storedRoot());
  }

  it("signs what is stored, whoever wrote it and whatever was refused on the way", async () => {
    for (let round = 0; round < 5; round++) {
      const said = Array.from({ length: 60 }, (_, n) =>
        (n % 7 === 3 ? other : door)
          .say(world.operator, "post.append", n % 5 === 0 ? { subject: "s", amends: 9_999 } : { subject: `post ${n}` })
          .catch(() => {}),
      );
      // An entry that no ledger holds undoes its whole batch, which then runs one by one.
      said.push(
        door.say(world.operator, "post.append", { subject: "s", body: "\u{1f600}".repeat(29_000) }).catch(() => {}),
      );
      await Promise.all(said);
      await signed();
    }
  });

  it("uses what it remembers, and reads what it does not", async () => {
    await signed();
    await world.say(world.operator, "post.append", { subject: "here" });
    assert.notEqual(recent.after(tenant_id, signer.size, 1), null);
    await other.say(world.operator, "post.append", { subject: "there" });
    await signed();
  });

  it("believes the stored chain and not its memory", async () => {
    await world.say(world.operator, "post.append", { subject: "true" });
    recent.appended(tenant_id, signer.size + 1, hashes(66));
    await signed();
  });
});
