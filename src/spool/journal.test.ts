import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { Refusal } from "../kernel/refusal.ts";
import type { Post } from "./lines.ts";
import { somethingWaits } from "./place.ts";
import { Spool } from "./spool.ts";

const home = fs.mkdtempSync(join(tmpdir(), "longwatch-spool-"));
after(() => fs.rmSync(home, { recursive: true, force: true }));
let places = 0;
const freshPlace = () => join(home, String(++places));
const poster = join(import.meta.dirname, "poster.fixture.ts");
const spoolAt = (place: string) => Spool.of({ place, url: "http://127.0.0.1:1", token: "lw_secret" });

function started(place: string, count: number, name: string, shell = "") {
  const words = [poster, place, String(count), name];
  const child = shell
    ? spawn("sh", ["-c", `${shell}; exec "$0" "$@"`, process.execPath, ...words])
    : spawn(process.execPath, words);
  const heard = { stdout: "", stderr: "" };
  child.stdout.on("data", (part) => (heard.stdout += part));
  child.stderr.on("data", (part) => (heard.stderr += part));
  const ended = new Promise<number[]>((done) =>
    child.on("close", () => done(heard.stdout.split("\n").filter(Boolean).map(Number))),
  );
  return { child, ended, heard };
}

/** The posts of a place, whose numbers have to be 1, 2, 3 … */
function postsOf(place: string): Post[] {
  const { posts, last } = spoolAt(place).read();
  assert.deepEqual(
    [...posts.keys()].sort((a, b) => a - b),
    Array.from({ length: last }, (_, at) => at + 1),
  );
  return [...posts.values()].sort((a, b) => a.n - b.n);
}

const keep = (place: string, title: string) => spoolAt(place).post("ticket.file", { namespace: "CMB", title }, title);
const titles = (posts: Post[]) => posts.map(({ input, lost }) => (lost === null ? input.title : "lost"));

describe("A journal", () => {
  test("gives many processes at once each number once, and a provisional id of its own", async () => {
    const place = freshPlace();
    const told = await Promise.all(["a", "b", "c", "d", "e", "f"].map((name) => started(place, 15, name).ended));
    assert.deepEqual(
      told.flat().sort((a, b) => a - b),
      Array.from({ length: 90 }, (_, at) => at + 1),
    );
    const posts = postsOf(place);
    assert.equal(new Set(posts.map(({ provisional }) => provisional)).size, 90);
    assert.match(posts[0]!.provisional!, /^CMB-\?~[a-z2-7]{8}$/);
    assert.ok(somethingWaits(place));
  });

  test(
    "keeps what it told of through kills at any moment, and no lock stays behind",
    { timeout: 600_000 },
    async () => {
      const place = freshPlace();
      const told: number[] = [];
      for (let round = 0; round < 12; round++) {
        const { child, ended, heard } = started(place, 100_000, `r${round}`);
        while (!heard.stdout.includes("\n")) await new Promise((again) => setTimeout(again, 5));
        await new Promise((then) => setTimeout(then, Math.random() * 30));
        child.kill("SIGKILL");
        told.push(...(await ended));
      }
      // Whose lock stayed behind would have it refused.
      keep(place, "after all");
      const posts = postsOf(place);
      for (const n of told) assert.equal(posts[n - 1]!.lost, null, `post ${n} was told of`);
    },
  );

  test("torn at any byte, loses nothing but the line that was torn, and says so under its number", () => {
    const place = freshPlace();
    keep(place, "one");
    keep(place, "two");
    const whole = fs.readFileSync(spoolAt(place).path);
    keep(place, "three");
    const longer = fs.readFileSync(spoolAt(place).path);
    const cut = (bytes: number) => {
      fs.writeFileSync(spoolAt(place).path, longer.subarray(0, bytes));
      keep(place, "four");
      return titles(postsOf(place));
    };
    assert.deepEqual(cut(whole.length), ["one", "two", "four"]);
    for (let bytes = whole.length + 1; bytes < longer.length - 1; bytes += 3)
      assert.deepEqual(cut(bytes), ["one", "two", "lost", "four"]);
    // Only the end of the line was missing.
    assert.deepEqual(cut(longer.length - 1), ["one", "two", "three", "four"]);
    fs.writeFileSync(spoolAt(place).path, Buffer.concat([longer, Buffer.alloc(300)]));
    keep(place, "after a power cut that left zeros");
    assert.equal(postsOf(place)[3]!.lost === null, false);
  });

  test("with a line that the disk gave back damaged, has its number as lost", () => {
    const place = freshPlace();
    for (const title of ["one", "two", "three"]) keep(place, title);
    const { path } = spoolAt(place);
    fs.writeFileSync(path, fs.readFileSync(path, "utf8").replace('"title":"two"', '"title":"tvo"'));
    assert.deepEqual(titles(postsOf(place)), ["one", "lost", "three"]);
  });

  test("on a full disk refuses, and keeps nothing of what it refused", async () => {
    const place = freshPlace();
    keep(place, "one");
    // Blocks of 512 bytes: the file system's own answer, for a file that may grow to 4 KiB.
    const { ended, heard } = started(place, 100, "full", "ulimit -f 8");
    const told = await ended;
    assert.match(heard.stderr, /spool.broken/);
    assert.ok(told.length > 0 && told.length < 100);
    keep(place, "two");
    const posts = postsOf(place);
    assert.equal(posts.length, told.length + 2);
    assert.ok(posts.every(({ lost }) => lost === null));
  });

  test("is for its owner alone, and holds no token", () => {
    const place = freshPlace();
    const { path } = spoolAt(place);
    keep(place, "one");
    for (const name of fs.readdirSync(place)) {
      assert.equal(fs.statSync(join(place, name)).mode & 0o077, 0, name);
      assert.ok(!name.includes("secret") && !fs.readFileSync(join(place, name), "utf8").includes("secret"), name);
    }
    fs.chmodSync(place, 0o755);
    assert.throws(
      () => keep(place, "two"),
      (error) => error instanceof Refusal && error.code === "spool.not_private",
    );
    assert.ok(fs.existsSync(path));
  });

  test("that is settled is put aside when it is long, and its numbers go on", () => {
    const place = freshPlace();
    const spool = spoolAt(place);
    for (let n = 1; n <= 9; n++) keep(place, "long ".repeat(30_000));
    const settled = Array.from({ length: 9 }, (_, at) => ({ ...posted, n: at + 1 }));
    const name = spool.read().spool!;
    const answered_at = new Date().toISOString();
    spool.answered(name, { received_upto: 9, outcomes: settled.slice(0, 8), answered_at });
    assert.ok(spool.waits);
    spool.answered(name, { received_upto: 9, outcomes: settled, answered_at });
    assert.ok(!spool.waits && !somethingWaits(place));
    assert.ok(fs.statSync(spool.path).size < 1000);
    assert.equal(keep(place, "ten").n, 10);
    assert.ok(spool.waits);
    assert.deepEqual([spool.read().received_upto, spool.read().posts.size], [9, 1]);
    assert.equal(fs.readdirSync(join(place, "settled")).length, 1);
  });
});

const posted = { n: 0, provisional: null, id: null, outcome: "posted", reason: null, code: null } as const;
