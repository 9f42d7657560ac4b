import assert from "node:assert/strict";
import * as fs from "node:fs";
import { describe, test } from "node:test";
import { testServer } from "../harness.ts";
import {
  entryOf,
  feedFile,
  following,
  heading,
  markdown,
  mirrorsOf,
  names,
  run,
  sha256,
  subjectsOf,
  until,
} from "./mirroring.ts";

describe("a file that is not the one that was read", () => {
  const accidents: [string, (file: string) => void, RegExp][] = [
    ["was cut to nothing", (file) => fs.truncateSync(file), /it shrank to 0 bytes/],
    ["lost its end", (file) => fs.truncateSync(file, 100), /it shrank to 100 bytes/],
    ["shrank and grew beyond what it was", (file) => regrow(file), /what was read of it has changed/],
    ["was changed in the middle", (file) => overwrite(file), /what was read of it has changed/],
    ["was replaced", (file) => replace(file), /another file was put in its place/],
    ["is gone", (file) => fs.rmSync(file), /it is gone/],
  ];
  const regrow = (file: string) => {
    fs.truncateSync(file);
    fs.appendFileSync(file, Array.from({ length: 50 }, (_, n) => markdown(n + 100)).join(""));
  };
  const overwrite = (file: string) => {
    const fd = fs.openSync(file, "r+");
    fs.writeSync(fd, "X", 200);
    fs.closeSync(fd);
  };
  const replace = (file: string) => {
    fs.writeFileSync(`${file}-`, fs.readFileSync(file));
    fs.renameSync(`${file}-`, file);
  };

  for (const [what, happen, reason] of accidents)
    test(`J45: halts its mirror when it ${what}, and is written anew byte for byte`, async () => {
      const server = await testServer();
      const file = feedFile("FEED.md", 20);
      const bytes = fs.readFileSync(file);
      const mirror = await following(server, file);
      await until("the posts", async () => (await mirrorsOf(server))[0]?.size === bytes.length);
      happen(file);
      const harmed = fs.existsSync(file) ? fs.readFileSync(file) : null;
      const { code, stderr } = await mirror.ended;
      assert.deepEqual([code, reason.test(stderr)], [9, true], stderr);
      assert.deepEqual(fs.existsSync(file) ? fs.readFileSync(file) : null, harmed, "the file is left as it is");
      const { data } = (await entryOf(server, "FEED.md", "feed.halted"))!;
      assert.deepEqual([data.expected_size, data.found_size], [bytes.length, harmed?.length ?? 0]);
      assert.doesNotMatch(JSON.stringify(data), /\//, "no path in the ledger");

      const halted = await run(server, "feed", "mirror", file, "--once");
      assert.deepEqual([halted.code, /halted/.test(halted.stderr)], [9, true], halted.stderr);
      const restored = await run(server, "feed", "restore", file, "--json");
      assert.equal(restored.code, 0, restored.stderr);
      assert.ok(fs.readFileSync(file).equals(bytes));
      const { kept } = JSON.parse(restored.stdout);
      if (harmed && !harmed.equals(bytes)) assert.ok(fs.readFileSync(kept).equals(harmed), "what was there is kept");
      else assert.ok(!kept);
      assert.equal((await entryOf(server, "FEED.md", "feed.restored"))!.data.digest, sha256(bytes));
      fs.appendFileSync(file, markdown(20));
      assert.equal((await run(server, "feed", "mirror", file, "--once")).code, 0);
      assert.deepEqual(await subjectsOf(server), names(21));
    });

  test("J45: halts when it was harmed while nobody looked, and nothing that was appended since is lost", async () => {
    const server = await testServer();
    const file = feedFile("FEED.md", 5);
    assert.equal((await run(server, "feed", "mirror", file, "--once")).code, 0);
    fs.truncateSync(file);
    fs.appendFileSync(file, markdown(5));
    assert.equal((await run(server, "feed", "mirror", file, "--once")).code, 9);
    assert.equal((await run(server, "feed", "restore", file)).code, 0);
    const kept = `${file}.before-restore`;
    assert.equal((await run(server, "import", "feed", kept, "--format", "markdown")).code, 0);
    assert.deepEqual(await subjectsOf(server), names(6));
    fs.truncateSync(file);
    assert.equal((await run(server, "feed", "restore", file)).code, 0);
    assert.equal(fs.readFileSync(kept, "utf8"), markdown(5), "a second restore keeps what the first one kept");
    assert.ok(fs.existsSync(`${kept}-2`));
  });

  test("halts the mirrors of its other copies, until it is whole again", async () => {
    const server = await testServer();
    const [one, two] = [feedFile("FEED.md", 2), feedFile("FEED.md", 2)];
    assert.equal((await run(server, "feed", "mirror", one, "--once")).code, 0);
    const other = await following(server, two, "--new");
    await until("the second copy", async () => (await mirrorsOf(server)).length === 2);
    fs.truncateSync(one);
    assert.equal((await run(server, "feed", "mirror", one, "--once")).code, 9);
    fs.appendFileSync(two, markdown(2));
    const { code, stderr } = await other.ended;
    assert.deepEqual([code, /mirror|halted/.test(stderr)], [9, true], stderr);
    assert.equal((await run(server, "feed", "restore", one)).code, 0);
    assert.equal((await run(server, "feed", "mirror", two, "--once")).code, 0);
    assert.deepEqual(await subjectsOf(server), names(3));
  });

  test("is restored with bytes that are no text, and with posts that are longer than an entry", async () => {
    const server = await testServer();
    const file = feedFile("FEED.md");
    const strange = Buffer.concat([
      Buffer.from(`\ufeff# FEED\nstray\n${markdown(0).replaceAll("\n", "\r\n")}`),
      Buffer.from([0xff, 0xfe, 0x00, 0x0a]),
      Buffer.from(`${heading(1)}\n${"ä€😀".repeat(30_000)}\n${heading(2)}\n${"\u0001".repeat(30_000)}\n`),
    ]);
    fs.writeFileSync(file, strange);
    assert.equal((await run(server, "feed", "mirror", file, "--once")).code, 1, "text above the first post is told");
    fs.truncateSync(file, 7);
    assert.equal((await run(server, "feed", "mirror", file, "--once")).code, 9);
    assert.equal((await run(server, "feed", "restore", file)).code, 0);
    assert.ok(fs.readFileSync(file).equals(strange));
  });
});
