import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { notesIn } from "../../src/anchors/directory.ts";
import type { SignerState, Step } from "../../src/anchors/signer.ts";
import { derivedPassword } from "../../src/database/migrate.ts";
import { freshDatabase } from "../harness.ts";
import { openWorld } from "../../src/world.ts";
import { pino } from "pino";

/**
 * kill -9 at every numbered point between append, anchor and publish. Each run begins with the same bytes: a copy of
 * one database and of one directory. After the restart the published notes are those of a run that nobody disturbed.
 */
const steps: Step[] = ["read", "signed", "anchored", "published"];
const child = fileURLToPath(new URL("signing_child.ts", import.meta.url));

type Place = { admin: Awaited<ReturnType<typeof freshDatabase>>; anchors: string; keys: string };

async function directory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "longwatch-signing-"));
  after(() => rm(path, { recursive: true, force: true }));
  return path;
}

async function file({ admin }: Place, count: number): Promise<void> {
  const world = await openWorld({
    admin,
    applicationPassword: derivedPassword(admin.password),
    log: pino({ level: "silent" }),
  });
  const post = (n: number) =>
    world.door.sayInside(world.home_tenant_id, "operator", "post.append", { subject: `post ${n}` });
  for (let n = 0; n < count; n += 50) await Promise.all(Array.from({ length: 50 }, (_, index) => post(n + index)));
  await world.door.close();
  await world.database.end();
}

async function copy({ admin, anchors, keys }: Place): Promise<Place> {
  const made: Place = { admin: { ...admin }, anchors: await directory(), keys: await directory() };
  made.admin.database = `${admin.database}_${Math.random().toString(36).slice(2)}`;
  await asSuperuser("postgres", admin, `create database ${made.admin.database} template ${admin.database}`);
  after(() => asSuperuser("postgres", admin, `drop database if exists ${made.admin.database} with (force)`));
  await cp(anchors, made.anchors, { recursive: true });
  await cp(keys, made.keys, { recursive: true });
  return made;
}

async function asSuperuser(database: string, admin: Place["admin"], sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ ...admin, database });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

async function pass(place: Place, kill_at: Step | null): Promise<{ signal: string | null; state: SignerState | null }> {
  const process_ = spawn(process.execPath, [child, JSON.stringify({ ...place, kill_at })], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let stdout = "";
  process_.stdout.on("data", (part) => (stdout += part));
  const [, signal] = await once(process_, "close");
  return { signal, state: stdout === "" ? null : JSON.parse(stdout) };
}

async function settled(place: Place): Promise<Place> {
  const { state } = await pass(place, null);
  assert.equal(state?.state, "signing");
  return place;
}

async function published({ admin, anchors }: Place): Promise<{ inside: string; outside: string }> {
  const sql = "select note from ledger.anchors order by tree_size";
  const inside = await asSuperuser(admin.database, admin, sql);
  const outside = await notesIn(join(anchors, "home", "1"));
  return { inside: inside.map(({ note }) => note).join("\n"), outside: outside.map(({ note }) => note).join("\n") };
}

const origin: Place = { admin: await freshDatabase(), anchors: await directory(), keys: await directory() };
await file(origin, 300);
assert.equal((await pass(origin, null)).state?.state, "signing");
// What a pass has before it: two full tiles and an unfinished one.
await file(origin, 700);
const undisturbed = await published(await settled(await copy(origin)));

for (const step of steps)
  test(`killed when the notes are ${step}, a signer publishes the same bytes after its restart`, async () => {
    const place = await copy(origin);
    assert.deepEqual(await pass(place, step), { signal: "SIGKILL", state: null });
    const now = await published(await settled(place));
    assert.deepEqual(now, undisturbed);
    assert.equal(now.inside, now.outside);
  });

test("killed at every step in turn, it still does", async () => {
  const place = await copy(origin);
  for (const step of steps) await pass(place, step);
  assert.deepEqual(await published(await settled(place)), undisturbed);
});
