import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { pino } from "pino";
import { testWorld, type TestWorld } from "../../test/harness.ts";
import { journal } from "../rooms/ledger/index.ts";
import { openNote, parseVerifier } from "../tlog/note.ts";
import { notesIn } from "./directory.ts";
import { Signer } from "./signer.ts";
import { Signers } from "./signers.ts";

async function kept() {
  const path = await mkdtemp(join(tmpdir(), "longwatch-signers-"));
  after(() => rm(path, { recursive: true, force: true }));
  return { anchors: join(path, "anchors"), keys: join(path, "keys") };
}

type Kept = Awaited<ReturnType<typeof kept>>;

const silent = pino({ level: "silent" });

function signerOf({ database, door, home_tenant_id: tenant_id }: TestWorld, where: Kept): Signer {
  return new Signer({ tenant_id, tenant: "home", database, door, log: silent, ...where });
}

async function post(world: TestWorld, count: number): Promise<void> {
  await Promise.all(
    Array.from({ length: count }, (_, n) => world.say(world.operator, "post.append", { subject: `post ${n}` })),
  );
}

/** Writes entries as the kernel does, many to a transaction. */
async function write({ database, home_tenant_id: tenant_id }: TestWorld, count: number): Promise<void> {
  const role = "operator" as const;
  const caller = { tenant_id, tenant: "home", principal_id: 1, name: "operator", role, incarnation: null };
  const record = { caller, command: "post.append", event: { kind: "post.appended", subject: null, data: {} } };
  for (let left = count; left > 0; left -= 2_000) {
    const tx = await database.begin(tenant_id, "read write");
    journal.append(tx, await journal.lock(tx), Array(Math.min(2_000, left)).fill(record));
    await tx.commit();
  }
}

/** The signers of a world's first tenant, and what they log. */
function signersOf({ database, door }: TestWorld, where: Kept, whole_milliseconds = 60_000) {
  const logged: string[] = [];
  const log = pino({ level: "warn" }, { write: (line: string) => void logged.push(line) });
  const tenants = async () => [{ id: 1, name: "home" }];
  const signers = new Signers({ database, door, tenants, log, whole_milliseconds, ...where });
  return { signers, logged };
}

describe("A signer whose answer was lost", () => {
  it("keeps the key of a log that it opened itself", async () => {
    const world = await testWorld();
    const where = await kept();
    // The first answer is lost, and the same is said again.
    const sayInside: typeof world.door.sayInside = async (...said) => {
      if (said[2] === "ledger.open_log") await world.door.sayInside(...said);
      return world.door.sayInside(...said);
    };
    const deaf = { ...world, door: { sayInside } as typeof world.door };
    await assert.rejects(signerOf(deaf, where).pass(true), { code: "log.open" });
    const again = signerOf(world, where);
    await again.pass(true);
    assert.equal(again.state.state, "signing");
  });

  it("records its refusal once the ledger takes it, and once", async () => {
    const world = await testWorld();
    await post(world, 3);
    await world.sql(`alter table ledger.entries disable trigger all;
      update ledger.entries set leaf = set_byte(leaf, 5, get_byte(leaf, 5) # 1) where seq = 2;
      alter table ledger.entries enable always trigger extend_chain;
      create function public.cut_off() returns trigger language plpgsql
        as $$ begin raise exception 'cut off' using errcode = '57014'; end $$;
      create trigger cut_off before insert on ledger.entries for each row when (new.kind = 'ledger.signing_refused')
        execute function public.cut_off()`);
    const signer = signerOf(world, await kept());
    await assert.rejects(signer.pass(true), { code: "database.away" });
    assert.equal(signer.state.refused?.code, "ledger.broken");
    await world.sql("drop trigger cut_off on ledger.entries");
    for (let pass = 0; pass < 3; pass++) await signer.pass(true);
    const told = "select count(*)::integer as told from ledger.entries where kind = 'ledger.signing_refused'";
    assert.deepEqual(await world.sql(told), [{ told: 1 }]);
  });
});

describe("A directory of notes", () => {
  it("whose file is removed while the signer runs is whole again with the pass after next", async () => {
    const world = await testWorld();
    const where = await kept();
    const signer = signerOf(world, where);
    for (let pass = 0; pass < 3; pass++) {
      await post(world, 2);
      await signer.pass(true);
    }
    const path = join(where.anchors, "home", "1");
    const before = await notesIn(path);
    await rm(join(path, "notes", "000000000"));
    await post(world, 2);
    await assert.rejects(signer.pass(true), /changed by somebody else/);
    await signer.pass(true);
    const now = await notesIn(path);
    assert.deepEqual(now.slice(0, before.length), before);
    assert.equal(now.length, before.length + 1);
  });
});

describe("A key that is rotated while more entries wait than a pass signs", () => {
  it("has the checkpoint that covers the change signed by the key before it as well", async () => {
    const world = await testWorld();
    const signer = signerOf(world, await kept());
    await signer.pass(true);
    await write(world, 2 * 65_536);
    await world.say(world.operator, "ledger.rotate_key");
    for (let pass = 0; pass < 4; pass++) await signer.pass(true);
    const [{ seq }] = await world.sql("select seq from ledger.entries where kind = 'ledger.key_added'");
    const [{ note }] = await world.sql(
      "select note from ledger.anchors where tree_size >= $1 order by tree_size limit 1",
      [seq],
    );
    const { vkeys } = await world.ask<{ vkeys: string[] }>(world.operator, "ledger.checkpoint");
    assert.equal(vkeys.length, 2);
    for (const vkey of vkeys) openNote(note, [parseVerifier(vkey)]);
  });
});

describe("The signers", () => {
  it("take for a tenant only what holds a log of one, whatever else lies on that disk", async () => {
    const world = await testWorld();
    const where = await kept();
    for (const path of ["home/1/notes", "acme/2", "lost+found", "snapshots/monday", ".sync/1"])
      await mkdir(join(where.anchors, path), { recursive: true });
    const { signers } = signersOf(world, where);
    assert.deepEqual((await signers.tenants()).sort(), ["acme", "home"]);
    await signers.stop();
  });

  it("say in the log what fails outside, and try it again in its time, however many entries wait", async () => {
    const world = await testWorld();
    const where = await kept();
    await symlink(join(where.keys, "nowhere"), where.anchors);
    await post(world, 300);
    const { signers, logged } = signersOf(world, where);
    while (logged.length === 0) await sleep(5);
    for (const until = Date.now() + 2_500; Date.now() < until; await sleep(50)) signers.grew(1, 300);
    assert.equal(logged.length, 1, logged.join(""));
    assert.match(logged[0]!, /not a directory, mkdir/);
    await signers.stop();
  });
});
