import assert from "node:assert/strict";
import { appendFileSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import canonicalize from "canonicalize";
import { testServer } from "../harness.ts";
import { directory, postsOf, type Row, run, type Server } from "./mirroring.ts";

const odd = [
  "```\nunclosed\n## 2026-04-18T10:34Z · SOMEBODY · CMB-1 · DONE\n\\## 2026-04-18T10:34Z\n# Title",
  "\n\nITEM: CMB-0001\r\nSTATE: IN_PROGRESS\r\n\n<!-- longwatch {} -->\n --> \u2028 end\n\n\n",
  " \t\u00e4\u{1f600} \\ \\n",
];

async function fleet(): Promise<Server> {
  const server = await testServer();
  const alice = await server.seat("ALICE");
  await server.say(server.operator, "namespace.define", { prefix: "CMB", format: "CMB-NNNN" });
  const { id } = await server.say(alice, "ticket.file", { namespace: "CMB", title: "Work" });
  for (const body of odd) await server.say(alice, "post.append", { subject: "About · it\nin lines", item: id, body });
  await server.say(alice, "post.append", { kind: "actionable", subject: "Begin", item: id, state: "CLAIMED" });
  const { seq } = (await server.door.say(alice, "post.append", { subject: "was wron" })) as { seq: number };
  await server.say(alice, "post.append", { subject: "wrong, I meant: the blocker is cleared", amends: seq });
  await server.say(alice, "post.append", { subject: "private", body: "a name", personal: true });
  const old = { author: "MAYOR", said_at: "2026-04-15T03:51:49+02:00", source_ref: "gt:1", subject: "An old word" };
  await server.say(server.operator, "post.import", old);
  return server;
}

describe("the feed as a file", () => {
  for (const format of ["jsonl", "markdown"])
    test(`is the same bytes after it came into another ledger and out again, as ${format}`, async () => {
      const here = await fleet();
      const there = await testServer();
      const path = directory();
      const [one, two] = [join(path, "one.feed"), join(path, "two.feed")];
      const told = await run(here, "feed", "export", one, "--format", format, "--json");
      assert.deepEqual(JSON.parse(told.stdout), { file: one, format, posts: 8 });
      const came = await run(there, "import", "feed", one, "--json");
      assert.equal(came.code, 0, came.stderr);
      assert.deepEqual(JSON.parse(came.stdout).counts.posts, { read: 8, imported: 8, here: 0, refused: 0 });
      assert.equal((await run(there, "feed", "export", two, "--format", format)).code, 0);
      assert.equal(readFileSync(two, "utf8"), readFileSync(one, "utf8"));
      const [first, ...others] = (await postsOf(there)) as Row[];
      assert.deepEqual([first!.actor, first!.data.author, first!.data.body], ["operator", "ALICE", odd[0]]);
      assert.equal(others.at(-1)!.data.said_at, "2026-04-15T03:51:49+02:00");
      assert.equal((await there.ask(there.operator, "ticket.counts")).total ?? 0, 0, "nothing moved");
      // Again, and into the ledger that it came out of: nothing new.
      for (const server of [there, here]) {
        const { seq } = await server.ask(server.operator, "ledger.head");
        const again = await run(server, "import", "feed", one, "--json");
        assert.deepEqual(JSON.parse(again.stdout).counts.posts, { read: 8, imported: 0, here: 8, refused: 0 });
        assert.equal((await server.ask(server.operator, "ledger.head")).seq, seq);
      }
    });

  test("says the same in both formats: a post that came in as one is here as the other", async () => {
    const here = await fleet();
    const there = await testServer();
    const path = directory();
    for (const name of ["feed.jsonl", "FEED.md"])
      assert.equal((await run(here, "feed", "export", join(path, name))).code, 0);
    assert.equal((await run(there, "import", "feed", join(path, "FEED.md"))).code, 0);
    const again = await run(there, "import", "feed", join(path, "feed.jsonl"), "--json");
    assert.deepEqual(JSON.parse(again.stdout).counts.posts, { read: 8, imported: 0, here: 8, refused: 0 });
    const lines = readFileSync(join(path, "feed.jsonl"), "utf8").trimEnd().split("\n");
    for (const line of lines) assert.equal(canonicalize(JSON.parse(line)), line);
    const markdown = readFileSync(join(path, "FEED.md"), "utf8");
    assert.match(markdown, /^## \S+Z · ALICE · CMB-0001 · IN_PROGRESS$/m);
    assert.match(markdown, /^STATE: IN_PROGRESS\r$/m);
  });

  test("holds only what was asked for", async () => {
    const here = await fleet();
    const path = directory();
    const posts = async (...words: string[]) => {
      const { stdout } = await run(here, "feed", "export", "-", ...words);
      return stdout
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line));
    };
    const all = await posts();
    assert.equal(all.length, 8);
    assert.deepEqual(await posts("--kind", "imported"), all.slice(-1));
    assert.deepEqual(await posts("--kind", "imported", "--kind", "actionable"), [all[3], all[7]]);
    assert.deepEqual(await posts("--after", String(all[4].seq)), all.slice(5));
    const file = join(path, "kept.md");
    writeFileSync(file, "mine");
    for (const [words, said] of [
      [["export", file], /is there already/],
      [["export", join(path, "no", "where")], /cannot be written \(ENOENT\)/],
      [["export", file, "--kind", "loud"], /--kind is one of narrative, actionable, imported, not loud/],
      [["export", file, "--format", "xml"], /--format is jsonl or markdown, not xml/],
      [["export", file, "--after", "-1"], /--after/],
      [["export"], /Name one file/],
      [["mirror", join(path, "none.md")], /cannot be read \(ENOENT\)/],
      [["mirror", path], /is not a file/],
      [["mirror", file, "--lag-seconds", "0"], /--lag-seconds is a whole number from 1/],
      [["restore", file, "--what"], /Unknown option/],
    ] as const) {
      const { code, stderr } = await run(here, "feed", ...words);
      assert.deepEqual([code, said.test(stderr)], [2, true], `${words.join(" ")}\n${stderr}`);
    }
    assert.equal(readFileSync(file, "utf8"), "mine");
    assert.equal((await run(here, "feed", "export", file, "--force")).code, 0);
    assert.ok(statSync(file).size > 1000);
    assert.deepEqual(readdirSync(path), ["kept.md"], "no draft is left");
  });

  test("leaves no half file when the server is away", async () => {
    const here = await testServer();
    const file = join(directory(), "feed.jsonl");
    const { code } = await run({ ...here, url: "http://127.0.0.1:9" }, "feed", "export", file);
    assert.deepEqual([code, existsSync(file)], [8, false]);
  });

  test("an erased post leaves as erased, and is one post with the one that left before", async () => {
    const here = await fleet();
    const there = await testServer();
    const path = directory();
    await run(here, "feed", "export", join(path, "before.md"));
    const personal = (await postsOf(here)).find(({ data }) => data.subject === "private")!;
    await here.say(here.operator, "ledger.erase", { seq: personal.seq, reason: "asked for" });
    await run(here, "feed", "export", join(path, "after.md"));
    assert.doesNotMatch(readFileSync(join(path, "after.md"), "utf8"), /private|a name/);
    assert.equal((await run(there, "import", "feed", join(path, "after.md"))).code, 0);
    await run(there, "feed", "export", join(path, "again.md"));
    assert.equal(readFileSync(join(path, "again.md"), "utf8"), readFileSync(join(path, "after.md"), "utf8"));
    const both = await run(there, "import", "feed", join(path, "before.md"), "--json");
    assert.deepEqual(JSON.parse(both.stdout).counts.posts, { read: 8, imported: 0, here: 8, refused: 0 });
  });
});

describe("a feed file that people wrote", () => {
  test("comes in post by post; what is no post is told with its line, and the rest goes in", async () => {
    const server = await testServer();
    const file = join(directory(), "FEED.md");
    writeFileSync(
      file,
      [
        "\ufeff# FEED",
        "",
        "## 2026-04-18T10:34Z · CLAUDE-CAMBER-01 · CMB-0007 · DONE",
        "ITEM: CMB-0007",
        "WORK_PROOF: 12 tests",
        "",
        "### [2026-04-18 10:35:01.5+02:00] - CODEX-ORA-02 - The adapter is deployed",
        "## 2026-04-31T10:35Z · X · a day that is not there",
        "text",
        "## 2026-04-18T25:35Z | X | no such hour",
        "## 2026-04-18T10:36Z",
        "nobody",
        "## 2026-04-18T10:37Z — SHEPHERD — twice",
        "## 2026-04-18T10:37Z — SHEPHERD — twice",
        "## 2026-04-18T10:38Z — SHEPHERD —",
        `long ${"ä".repeat(70_000)}`,
      ].join("\n"),
    );
    const { code, stdout, stderr } = await run(server, "import", "feed", file, "--json");
    assert.equal(code, 1);
    const { counts, refused } = JSON.parse(stdout);
    assert.deepEqual(counts.posts, { read: 8, imported: 5, here: 0, refused: 3 });
    assert.deepEqual(
      refused.map(({ line }: Row) => line),
      [8, 10, 11],
    );
    assert.match(stderr, /^FEED\.md:8: refused: its time is not an instant/m);
    assert.match(stderr, /^FEED\.md:11: refused: its heading names no seat/m);
    const posts = await postsOf(server);
    assert.deepEqual(
      posts.slice(0, 4).map(({ data }) => [data.author, data.said_at, data.subject]),
      [
        ["CLAUDE-CAMBER-01", "2026-04-18T10:34:00Z", "DONE: ITEM: CMB-0007"],
        ["CODEX-ORA-02", "2026-04-18T10:35:01.5+02:00", "The adapter is deployed"],
        ["SHEPHERD", "2026-04-18T10:37:00Z", "twice"],
        ["SHEPHERD", "2026-04-18T10:37:00Z", "twice"],
      ],
    );
    const long = posts.slice(4).map(({ data }) => data.body);
    assert.equal(long.join(""), `long ${"ä".repeat(70_000)}`);
    const again = await run(server, "import", "feed", file, "--json");
    assert.deepEqual(JSON.parse(again.stdout).counts.posts, { read: 8, imported: 0, here: 5, refused: 3 });
  });

  test("of a time that nobody read off a clock is told by its line, and is not its neighbour's", async () => {
    const server = await testServer();
    const file = join(directory(), "FEED.md");
    const headings = ["2026-04-16T17:44Z ET · CODEX-1 · one", "18:32:xxZ · CODEX-2 · two", "~22:30Z · CODEX-3 · three"];
    writeFileSync(file, headings.map((heading) => `## ${heading}\ntext\n\n`).join(""));
    const { code, stdout, stderr } = await run(server, "import", "feed", file, "--json");
    assert.deepEqual([code, JSON.parse(stdout).refused.map(({ line }: Row) => line)], [1, [4, 7]]);
    assert.match(stderr, /^FEED\.md:7: refused: its time is not an instant .*~22:30Z/m);
    const posts = await postsOf(server);
    assert.deepEqual(
      posts.map(({ data }) => [data.author, data.said_at, data.subject, data.body]),
      [["CODEX-1", "2026-04-16T17:44:00Z", "one", "text"]],
    );
  });

  test("comes in as JSON Lines too", async () => {
    const server = await testServer();
    const file = join(directory(), "feed.jsonl");
    const said = { at: "2026-04-18T10:34:00Z", actor: "CODEX", subject: "Hello" };
    const lines = [
      said,
      { ...said, at: "yesterday" },
      { ...said, kindness: 1 },
      { ...said, subject: " " },
      { ...said, subject: "a\u0000b" },
      { ...said, seq: 3 },
      { ...said, item: "CMB-9", body: "World" },
    ].map((line) => JSON.stringify(line));
    writeFileSync(file, `${lines.join("\n")}\nno JSON\n\n[]\n`);
    appendFileSync(file, JSON.stringify(said).slice(0, 20));
    const { stdout } = await run(server, "import", "feed", file, "--json");
    const { counts, refused, mended } = JSON.parse(stdout);
    assert.deepEqual(counts.posts, { read: 10, imported: 3, here: 0, refused: 7 });
    assert.deepEqual(
      refused.map(({ line, reason }: Row) => `${line} ${reason.split(/[:(]/)[0].trim()}`),
      [
        "2 at",
        "3 has what is not known here",
        "4 subject",
        "6 kind",
        "8 it is not JSON",
        "10 it is not a JSON object",
        "11 the file ends in the middle of this row",
      ],
    );
    assert.equal(mended.length, 1);
    assert.deepEqual(
      (await postsOf(server)).map(({ data }) => [data.subject, data.body]),
      [
        ["Hello", undefined],
        ["a\u2400b", undefined],
        ["Hello", "ITEM: CMB-9\nWorld"],
      ],
    );
  });
});
