import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { holdLock, openDataDirectory } from "./directory.ts";
import { type EmbeddedPostgres, startEmbedded } from "./embedded.ts";

/** Runs a story in a data directory of its own; whatever it started is stopped, whatever it left is removed. */
async function inDirectory(
  story: (directory: string, start: (log?: (line: string) => void) => Promise<EmbeddedPostgres>) => Promise<void>,
  below = "",
) {
  const root = await fs.mkdtemp(join(tmpdir(), "longwatch-test-"));
  const started: EmbeddedPostgres[] = [];
  const start = async (log?: (line: string) => void) => {
    const server = await startEmbedded({ directory: await openDataDirectory(join(root, below)), log });
    started.push(server);
    return server;
  };
  try {
    if (process.getuid?.() === 0 && below) await fs.chmod(root, 0o711);
    await story(await openDataDirectory(join(root, below)), start);
  } finally {
    await Promise.all(started.map((server) => server.stop()));
    await fs.rm(root, { recursive: true, force: true });
  }
}

const connection = (server: EmbeddedPostgres) => ({
  host: server.socketDirectory,
  port: server.port,
  user: server.superuser,
  password: server.password,
  database: "postgres",
});

async function ask(server: EmbeddedPostgres, sql: string): Promise<Record<string, unknown>> {
  const client = new pg.Client(connection(server));
  client.on("error", () => {});
  await client.connect();
  try {
    return (await client.query(sql)).rows[0];
  } finally {
    await client.end();
  }
}

async function eventually(what: string, check: () => Promise<boolean> | boolean, seconds = 60) {
  for (const since = Date.now(); Date.now() - since < seconds * 1000; await sleep(20)) if (await check()) return;
  assert.fail(`not within ${seconds} s: ${what}`);
}

const answers = (server: EmbeddedPostgres) =>
  ask(server, "select 1").then(
    () => true,
    () => false,
  );

/** Another Longwatch process: starts PostgreSQL on the directory, says its pid, and lives until it is killed. */
async function otherProcess(directory: string, hold = false) {
  const program = `
    import { startEmbedded } from ${JSON.stringify(import.meta.resolve("./embedded.ts"))};
    import { holdLock } from ${JSON.stringify(import.meta.resolve("./directory.ts"))};
    const [directory, hold] = process.argv.slice(1);
    const server = await startEmbedded({ directory });
    const { socketDirectory: host, port, superuser: user, password } = server;
    const lock = hold && (await holdLock({ host, port, user, password, database: "postgres" }, directory));
    if (lock) await lock.record("http://127.0.0.1:4711");
    console.log(server.pid);
    setInterval(() => {}, 1000);`;
  const args = ["--input-type=module", "-e", program, directory, ...(hold ? ["hold"] : [])];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = await Promise.race([once(child.stdout, "data"), once(child, "exit").then(() => [])]);
  assert.ok(line, "the other process could not start");
  const kill = async () => {
    const exit = once(child, "exit");
    child.kill("SIGKILL");
    await exit;
  };
  return { child, kill, postgres: Number(line) };
}

test("starts on an empty directory, with a private password, durable and checked settings", () =>
  inDirectory(async (directory, start) => {
    const server = await start();
    assert.equal((await fs.stat(join(directory, "postgres.password"))).mode & 0o777, 0o600);
    assert.equal((await fs.stat(join(directory, "postgres"))).mode & 0o777, 0o700);
    const settings = await ask(
      server,
      `select current_setting('fsync') fsync, current_setting('synchronous_commit') commit,
         current_setting('data_checksums') checksums, current_setting('listen_addresses') tcp,
         (select datcollate || ' ' || datlocprovider::text || ' ' || pg_encoding_to_char(encoding)
            from pg_database where datname = 'template1') as text, lower('Ä') as lower`,
    );
    assert.deepEqual(settings, { fsync: "on", commit: "on", checksums: "on", tcp: "", text: "C b UTF8", lower: "ä" });
    const wrong = new pg.Client({ ...connection(server), password: "guess" });
    await assert.rejects(wrong.connect(), /password authentication failed/);
  }));

test("keeps what was written over a stop, and makes nothing anew for a warm start", (context) =>
  inDirectory(async (directory, start) => {
    const first = await start();
    await ask(first, "create table kept as select 42 as answer");
    await first.stop();
    assert.equal(await answers(first), false);
    const made = () => fs.stat(join(directory, "postgres", "PG_VERSION")).then(({ ino, mtimeMs }) => [ino, mtimeMs]);
    const before = await made();
    const since = performance.now();
    const second = await start();
    context.diagnostic(`warm start: ${(performance.now() - since).toFixed()} ms`);
    assert.deepEqual(await made(), before);
    assert.equal(second.adopted, false);
    assert.equal(second.password, first.password);
    assert.deepEqual(await ask(second, "select answer from kept"), { answer: 42 });
  }));

test("restarts PostgreSQL by itself when it is killed, and takes the directory's lock again", () =>
  inDirectory(async (directory, start) => {
    const server = await start();
    const lock = await holdLock(connection(server), directory);
    const client = new pg.Client(connection(server)); // a session in use, whose backend has to die too
    client.on("error", () => {});
    await client.connect();
    const gone: number[] = [];
    server.onExit((pid) => gone.push(pid));
    for (let round = 0; round < 2; round++) {
      const { pid } = server;
      process.kill(pid, "SIGKILL");
      await eventually("another postmaster answers", async () => server.pid !== pid && (await answers(server)));
    }
    assert.equal(gone.length, 2);
    const locks = "select count(*)::int as held from pg_locks where locktype = 'advisory' and granted";
    await eventually("the lock is held again", async () => (await ask(server, locks)).held === 1);
    await lock.release();
  }));

test("adopts the PostgreSQL of a Longwatch that was killed, watches it, and stops it", () =>
  inDirectory(async (directory, start) => {
    const dead = await otherProcess(directory, true);
    await dead.kill();
    const server = await start();
    assert.equal(server.adopted, true);
    assert.equal(server.pid, dead.postgres);
    const lock = await holdLock(connection(server), directory); // the dead one's lock died with it
    await lock.release();
    process.kill(server.pid, "SIGKILL");
    await eventually("a new one answers", async () => server.pid !== dead.postgres && (await answers(server)));
    await server.stop();
    assert.equal(await answers(server), false);
  }));

test("starts after Longwatch and PostgreSQL were both killed", () =>
  inDirectory(async (directory, start) => {
    const dead = await otherProcess(directory);
    process.kill(dead.child.pid!, "SIGSTOP"); // so that it neither reaps the postmaster nor restarts it: a zombie
    process.kill(dead.postgres, "SIGKILL");
    const server = await start();
    assert.notEqual(server.pid, dead.postgres);
    assert.equal(await answers(server), true);
    await dead.kill();
  }));

test("tells a second start who holds the directory, and leaves the holder alone", () =>
  inDirectory(async (directory, start) => {
    const holder = await otherProcess(directory, true);
    const server = await start();
    const told = new RegExp(`process ${holder.child.pid}, which answers at http://127.0.0.1:4711, since 20\\d\\d-`);
    await assert.rejects(holdLock(connection(server), directory), told);
    assert.equal((await fs.stat(join(directory, "server.json"))).mode & 0o777, 0o600);
    server.leave();
    assert.equal(await answers(server), true);
    await holder.kill();
  }));

test("lets three starts at once share one server", () =>
  inDirectory(async (directory, start) => {
    const [here, there, too] = await Promise.all([start(), otherProcess(directory), start()]);
    assert.equal(here.pid, there.postgres);
    assert.equal(here.pid, too.pid);
    await there.kill();
  }));

test("puts the socket elsewhere, in a private place, when the directory's path is long", () =>
  inDirectory(
    async (directory, start) => {
      const server = await start();
      assert.ok(!server.socketDirectory.startsWith(directory));
      assert.equal((await fs.stat(server.socketDirectory)).mode & 0o777, 0o700);
      assert.equal(await answers(server), true);
      await server.stop();
      await fs.rm(server.socketDirectory, { recursive: true });
    },
    join("d".repeat(60), "e".repeat(60)),
  ));

test("clears away a cluster that was half made, and refuses to touch what is not ours", () =>
  inDirectory(async (directory, start) => {
    await fs.mkdir(join(directory, "postgres"));
    await fs.writeFile(join(directory, "postgres", "letters.txt"), "mine");
    await assert.rejects(start(), /not a PostgreSQL cluster and not empty/);
    await fs.rm(join(directory, "postgres"), { recursive: true });
    await fs.mkdir(join(directory, "postgres.new", "cluster", "base"), { recursive: true });
    await fs.writeFile(join(directory, "postgres.new", "cluster", "PG_VERSION"), "18\n");
    assert.equal(await answers(await start()), true);
    assert.deepEqual((await fs.readdir(directory)).sort(), [
      "postgres",
      "postgres.lock",
      "postgres.log",
      "postgres.password",
      "run",
    ]);
  }));

test("says what is wrong with a data directory", async () => {
  const root = await fs.mkdtemp(join(tmpdir(), "longwatch-test-"));
  await fs.writeFile(join(root, "file"), "");
  await assert.rejects(openDataDirectory(join(root, "file")), /is a file/);
  await assert.rejects(openDataDirectory(join(root, "file", "below")), /a part of its path is a file/);
  assert.equal((await fs.stat(await openDataDirectory(join(root, "a", "b")))).mode & 0o777, 0o700);
  await fs.rm(root, { recursive: true });
});
