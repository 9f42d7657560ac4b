import assert from "node:assert/strict";
import * as fs from "node:fs";
import { connect, createServer, type Server as NetServer, type Socket } from "node:net";
import { after, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { long, testServer } from "../harness.ts";
import { ownPort } from "../ports.ts";
import {
  entryOf,
  feedFile,
  following,
  heading,
  jsonl,
  markdown,
  mirrorsOf,
  names,
  postsOf,
  run,
  sha256,
  shapeOf,
  start,
  subjectsOf,
  until,
} from "./mirroring.ts";

/** A way to a server that can be cut. */
async function wayTo(url: string) {
  const { port, hostname } = new URL(url);
  const sockets = new Set<Socket>();
  const listen = (at: number) =>
    new Promise<NetServer>((up) => {
      const way = createServer((near) => {
        const far = connect(Number(port), hostname);
        for (const [one, other] of [
          [near, far],
          [far, near],
        ] as const)
          sockets.add(one.on("error", () => other.destroy()).on("close", () => other.destroy()));
        near.pipe(far).pipe(near);
      });
      way.listen(at, "127.0.0.1", () => up(way));
    });
  const at = await ownPort();
  let way = await listen(at);
  const cut = () => {
    way.close();
    for (const socket of sockets) socket.destroy();
    sockets.clear();
  };
  after(cut);
  const mend = async () => {
    way = await listen(at);
  };
  return { url: `http://127.0.0.1:${at}`, cut, mend };
}

describe("a mirror", () => {
  test("brings in what is appended, once it is whole, and never writes to the file", async () => {
    const server = await testServer();
    const file = feedFile("FEED.md", 3);
    const mirror = await following(server, file);
    await until("the first posts", async () => (await subjectsOf(server)).length === 3);
    fs.appendFileSync(file, `${heading(3)}\n\nA line that is`);
    await sleep(1_500);
    assert.equal((await subjectsOf(server)).length, 3, "a line without an end waits");
    fs.appendFileSync(file, " whole now.\n");
    await until("the fourth post", async () => (await subjectsOf(server)).length === 4);
    fs.appendFileSync(file, "Its writer goes on after a pause.\n");
    const bytes = fs.readFileSync(file);
    const last = await until("what was written later", async () => (await postsOf(server))[4]);
    assert.deepEqual(
      [last.data.author, last.data.subject, last.data.body],
      ["CLAUDE-CAMBER-01", "post 3 (goes on)", "Its writer goes on after a pause."],
    );
    assert.deepEqual((await subjectsOf(server)).slice(0, 4), names(4));
    assert.deepEqual(fs.readFileSync(file), bytes);
    const [known] = await mirrorsOf(server);
    assert.deepEqual([known.state, known.size, known.digest], ["following", bytes.length, sha256(bytes)]);
    mirror.child.kill("SIGTERM");
    assert.equal((await mirror.ended).code, 0);
  });

  test("with --once takes in what is there and ends; again it finds nothing new", async () => {
    const server = await testServer();
    const file = feedFile("feed.jsonl", 200);
    fs.appendFileSync(file, "this is no post\n");
    const first = await run(server, "feed", "mirror", file, "--once", "--json");
    assert.equal(first.code, 1);
    assert.match(first.stderr, /^feed\.jsonl:201: refused: it is not JSON/m);
    const { imported, here, refused } = JSON.parse(first.stdout);
    assert.deepEqual([imported, here, refused], [200, 0, 1]);
    const again = await run(server, "feed", "mirror", file, "--once");
    assert.equal(again.code, 0);
    assert.deepEqual(await subjectsOf(server), names(200));
    assert.equal((await server.ask(server.operator, "ledger.verify")).whole, true);
  });

  test("is one for a file: a second one is told which process has it", async () => {
    const server = await testServer();
    const file = feedFile("FEED.md", 1);
    const mirror = await following(server, file);
    const second = await run(server, "feed", "mirror", file);
    assert.equal(second.code, 6);
    assert.match(second.stderr, new RegExp(`mirror\\.held.*process ${mirror.child.pid} `));
    const many = Array.from({ length: 4 }, () => start(server, "feed", "mirror", file));
    assert.deepEqual(await Promise.all(many.map(async ({ ended }) => (await ended).code)), [6, 6, 6, 6]);
    assert.equal((await run(server, "feed", "restore", file)).code, 6);
    mirror.child.kill("SIGKILL");
    await mirror.ended;
    assert.equal((await run(server, "feed", "mirror", file, "--once")).code, 0, "a dead holder holds nothing");
    assert.deepEqual(await subjectsOf(server), ["post 0"]);
  });

  test("of a file that lost its name knows it again by its bytes, and takes no other file for it", async () => {
    const server = await testServer();
    const file = feedFile("FEED.md", 3);
    assert.equal((await run(server, "feed", "mirror", file, "--once")).code, 0);
    fs.rmSync(`${file}.longwatch`);
    fs.appendFileSync(file, markdown(3));
    assert.equal((await run(server, "feed", "mirror", file, "--once")).code, 0);
    assert.deepEqual(await subjectsOf(server), names(4));
    const other = feedFile("FEED.md", 1);
    const unlike = await run(server, "feed", "mirror", other, "--once");
    assert.equal(unlike.code, 6);
    assert.match(unlike.stderr, /mirror\.unlike/);
    assert.equal((await run(server, "feed", "mirror", other, "--once", "--new")).code, 0);
    assert.deepEqual(await subjectsOf(server), names(4), "the same posts in another copy are here already");
  });

  test("J46: waits for a server that is away, goes on when it is back, and says how far it was behind", async () => {
    const server = await testServer();
    const file = feedFile("feed.jsonl", 2);
    const way = await wayTo(server.url);
    const mirror = await following({ ...server, url: way.url }, file, "--lag-seconds", "1");
    await until("the first posts", async () => (await subjectsOf(server)).length === 2);
    way.cut();
    fs.appendFileSync(file, jsonl(2));
    await until("the word that it waits", async () => mirror.said.stderr.includes("The mirror waits"));
    await sleep(2_000);
    assert.equal(mirror.child.exitCode, null);
    assert.equal((await subjectsOf(server)).length, 2);
    await way.mend();
    await until("that it caught up", () => entryOf(server, "feed.jsonl", "feed.caught_up"));
    assert.deepEqual(await subjectsOf(server), names(3));
    const { data } = (await entryOf(server, "feed.jsonl", "feed.lagged"))!;
    assert.ok(data.behind_seconds >= 2 && data.budget_seconds === 1, JSON.stringify(data));
    way.cut();
    mirror.child.kill("SIGTERM");
    assert.equal((await mirror.ended).code, 0, "it can be stopped while it waits");
    assert.equal((await run({ ...server, url: way.url }, "feed", "mirror", file, "--once")).code, 8);
  });

  test("J46: that falls silent is shown as silent, one beyond its budget as lagging", async () => {
    const server = await testServer();
    const file = feedFile("feed.jsonl", 1);
    assert.equal((await run(server, "feed", "mirror", file, "--once")).code, 0);
    const [{ mirror, state }] = await mirrorsOf(server);
    assert.equal(state, "following");
    const beat = { file: "feed.jsonl", mirror, budget_seconds: 60 };
    const { seq } = await server.ask(server.operator, "ledger.head");
    for (const [behind_seconds, lagging] of [
      [60, false],
      [61, true],
      [99, true],
      // A clock that was set by decades.
      [Number.MAX_SAFE_INTEGER, true],
    ] as const)
      assert.equal((await server.say(server.operator, "feed.beat", { ...beat, behind_seconds })).lagging, lagging);
    assert.equal((await mirrorsOf(server))[0].state, "lagging");
    assert.equal((await server.ask(server.operator, "ledger.head")).seq, seq + 1, "one entry, not one for each beat");
    await server.sql("update feed.mirrors set heard_at = heard_at - interval '31 seconds'");
    assert.equal((await mirrorsOf(server))[0].state, "silent");
  });
});

describe("a mirror that is killed at any moment", () => {
  for (const name of ["FEED.md", "feed.jsonl"])
    test(`while writers append to ${name} loses nothing and brings nothing in twice`, async () => {
      const server = await testServer();
      const file = feedFile(name, 1);
      const shape = shapeOf(name);
      let written = 1;
      let ends = false;
      const writers = Array.from({ length: 3 }, async () => {
        while (!ends || written <= 100) {
          fs.appendFileSync(file, shape(written++));
          await sleep(Math.random() * 20);
        }
      });
      for (let kills = 0; kills < (long ? 40 : 6); kills++) {
        const mirror = start(server, "feed", "mirror", file);
        const before = (await mirrorsOf(server))[0]?.size ?? 0;
        await until("some progress", async () => {
          if (mirror.child.exitCode !== null) throw new Error(mirror.said.stderr);
          return ((await mirrorsOf(server))[0]?.size ?? 0) > before;
        });
        await sleep(Math.random() * 300);
        mirror.child.kill("SIGKILL");
        await mirror.ended;
      }
      ends = true;
      await Promise.all(writers);
      assert.equal((await run(server, "feed", "mirror", file, "--once")).code, 0);
      assert.deepEqual(await subjectsOf(server), names(written));
      const bytes = fs.readFileSync(file);
      fs.truncateSync(file);
      assert.equal((await run(server, "feed", "restore", file)).code, 0);
      assert.ok(fs.readFileSync(file).equals(bytes));
    });
});
