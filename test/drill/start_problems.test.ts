import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer, type Server } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { freshDatabase } from "../harness.ts";
import { dataDirectory, postmasterPid, ServerProcess, type ServeOptions, spawnServer } from "./server_process.ts";

/** A start that must fail: with a code, one sentence a person can act on, and nothing left running. */
async function problem(options: ServeOptions): Promise<string> {
  const { code, stdout, stderr } = await spawnServer(options).ended;
  assert.equal(code, 1, stderr);
  assert.equal(stdout, "");
  assert.match(stderr, /^Longwatch cannot start: /);
  assert.doesNotMatch(stderr, /\n\s+at /, "a stack is not an explanation");
  assert.equal(postmasterPid(options.data), null, "PostgreSQL was left running");
  return stderr;
}

function listening(server: Server): Promise<number> {
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port)));
}

const root = process.getuid?.() === 0;

test("an occupied port is named, and PostgreSQL does not stay behind", async () => {
  const other = createServer();
  const port = await listening(other);
  try {
    assert.match(await problem({ data: dataDirectory(), port }), new RegExp(`port ${port} is in use.*LONGWATCH_PORT`));
  } finally {
    other.close();
  }
});

test("a data directory that is a file, or behind one, is refused in words", async () => {
  const directory = dataDirectory();
  const file = join(directory, "file");
  writeFileSync(file, "");
  assert.match(await problem({ data: file }), /is a file|part of its path is a file/);
  assert.match(await problem({ data: join(file, "below") }), /part of its path is a file/);
});

test("J47: a data directory below a folder that a program synchronises is refused in words", async () => {
  const data = join(dataDirectory(), "Dropbox", "longwatch");
  mkdirSync(data, { recursive: true });
  assert.match(await problem({ data }), /Dropbox would copy.*LONGWATCH_DATA/);
});

test("a read-only data directory is refused in words", { skip: !root && "needs root to mount one" }, async (t) => {
  const data = mounted(t, "ro,size=1m");
  if (data) assert.match(await problem({ data }), /read-only file system.*LONGWATCH_DATA/);
});

test("a full disk is refused in words", { skip: !root && "needs root to mount one" }, async (t) => {
  const data = mounted(t, "size=100m");
  if (data) assert.match(await problem({ data }), /is full: only \d+ MB are free/);
});

/** A small file system of its own, if this machine lets us. */
function mounted(t: { after(done: () => void): void; skip(why: string): void }, options: string): string | null {
  const data = dataDirectory();
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", data], { stdio: "ignore" });
  } catch {
    t.skip("mounting is not allowed here");
    return null;
  }
  t.after(() => void execFileSync("umount", [data]));
  return data;
}

test("the files of another PostgreSQL version are refused with PostgreSQL's own words", async () => {
  const data = dataDirectory();
  const server = await ServerProcess.start({ data });
  await server.terminate();
  writeFileSync(join(data, "postgres", "PG_VERSION"), "15\n");
  assert.match(await problem({ data }), /initialized by PostgreSQL version 15/);
});

test("a directory that is not ours is not taken over", async () => {
  const data = dataDirectory();
  mkdirSync(join(data, "postgres"));
  writeFileSync(join(data, "postgres", "diary.txt"), "mine");
  assert.match(await problem({ data }), /not a PostgreSQL cluster/);
  rmSync(join(data, "postgres"), { recursive: true });
});

test("a DATABASE_URL that leads nowhere is refused in words, without its password", async () => {
  const data = dataDirectory();
  const secret = "swordfish";
  const leadsNowhere: [string, RegExp][] = [
    ["garbage", /DATABASE_URL/],
    [`mysql://root:${secret}@127.0.0.1/longwatch`, /DATABASE_URL/],
    [`postgresql://someone:${secret}@127.0.0.1:notaport/x`, /DATABASE_URL/],
    [`postgresql://someone:${secret}@127.0.0.1:1/longwatch`, /DATABASE_URL does not answer/],
    [`postgresql://someone:${secret}@no-such-host.invalid/longwatch`, /DATABASE_URL/],
    [`postgresql:///longwatch?host=/no/such/directory&user=someone&password=${secret}`, /DATABASE_URL/],
  ];
  for (const [database_url, words] of leadsNowhere) {
    const said = await problem({ data, database_url });
    assert.match(said, words, database_url);
    assert.ok(!said.includes(secret), "the password was told");
  }
});

test("a database that accepts the connection and never speaks is given up", async () => {
  const silent = createServer(() => {});
  const port = await listening(silent);
  try {
    const said = await problem({ data: dataDirectory(), database_url: `postgresql://a:b@127.0.0.1:${port}/c` });
    assert.match(said, /DATABASE_URL does not answer/);
  } finally {
    silent.close();
  }
});

test("a DATABASE_URL with a wrong password or an unknown database says so", async () => {
  const data = dataDirectory();
  const { host, port, user, password, database } = await freshDatabase();
  const url = (name: string, secret: string) =>
    `postgresql:///${name}?host=${encodeURIComponent(host)}&port=${port}&user=${user}&password=${secret}`;
  assert.match(await problem({ data, database_url: url(database, "wrong") }), /DATABASE_URL.*password/);
  assert.match(
    await problem({ data, database_url: url("nowhere_to_be_found", password) }),
    /DATABASE_URL.*does not exist/,
  );
});

test("every way of writing a socket's address in DATABASE_URL works", async () => {
  const { host, port, user, password, database } = await freshDatabase();
  const directory = encodeURIComponent(host);
  const ways = [
    `postgresql:///${database}?host=${host}&port=${port}&user=${user}&password=${password}`,
    `postgres://${user}:${password}@/${database}?host=${directory}&port=${port}`,
    `postgresql://${user}:${password}@${directory}:${port}/${database}`,
    `postgresql://${user}:${password}@localhost/${database}?host=${directory}&port=${port}`,
  ];
  for (const database_url of ways) {
    const server = await ServerProcess.start({ data: dataDirectory(), database_url });
    const operator = server.client();
    assert.equal((await operator.ask<{ role: string }>("seat.whoami")).role, "operator");
    operator.close();
    const { code, stderr } = await server.terminate();
    assert.deepEqual([code, stderr], [0, ""]);
  }
});
