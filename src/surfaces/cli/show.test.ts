import assert from "node:assert/strict";
import { test } from "node:test";
import { show } from "./show.ts";

const plain = { columns: undefined, color: false };

test("an object is aligned lines, with its instants in the local zone", () => {
  const at = new Date(2026, 0, 2, 3, 4, 5);
  const text = show({ id: "LW-1", claimed_at: at.toISOString(), labels: ["a", "b"], urgent: true, owner: null }, plain);
  const lines = text.split("\n");
  assert.equal(lines[0], "id:         LW-1");
  assert.match(lines[1]!, /^claimed_at: 2026-01-02 03:04:05 [+-]\d\d:\d\d$/);
  assert.deepEqual(lines.slice(2), ["labels:     a, b", "urgent:     yes", "owner:      -", ""]);
});

test("a list is a table, its numbers to the right, and a null beside it tells nothing", () => {
  const tickets = [
    { id: "LW-1", priority: 2, title: "one" },
    { id: "LW-10", priority: 10, title: "two" },
  ];
  assert.equal(
    show({ tickets, next: null }, plain),
    ["id     priority  title", "LW-1          2  one", "LW-10        10  two", ""].join("\n"),
  );
  assert.equal(show({ tickets: [], next: null }, plain), "no tickets\n");
});

test("several lists are sections with their counts", () => {
  const text = show({ head: 7, claimable: [{ id: "a" }], waiting: [] }, plain);
  assert.equal(text, "head: 7\n\nclaimable (1)\nid\na\n\nno waiting\n");
});

test("a table is cut to the terminal, a pipe gets it whole", () => {
  const rows = [{ id: "LW-1", title: "x".repeat(200), holder: "y".repeat(30) }];
  const lines = show({ rows }, { columns: 60, color: false }).trimEnd().split("\n");
  for (const line of lines) assert.ok(line.length <= 60, line);
  assert.ok(lines[1]!.includes("…"));
  assert.ok(show({ rows }, plain).includes("x".repeat(200)));
});

test("wide letters take two columns", () => {
  const [, first, second] = show(
    {
      rows: [
        { a: "票据", b: 1 },
        { a: "abcd", b: 2 },
      ],
    },
    plain,
  ).split("\n");
  assert.equal(first, "票据  1");
  assert.equal(second, "abcd  2");
});

test("what strangers write cannot touch the terminal", () => {
  assert.equal(show({ title: "a\x1b[2Jb\u202ec\rd" }, plain), "title: a\ufffd[2Jb\ufffdc\ufffdd\n");
  assert.equal(show({ rows: [{ t: "one\ntwo" }] }, plain), "t\none two\n");
});

test("a long text stands under its name, and color is only for terminals", () => {
  assert.equal(show({ body: "one\n\ntwo" }, plain), "body:\n  one\n\n  two\n");
  assert.equal(
    show({ a: { b: 1 }, text: "one\ntwo", longer: 2 }, plain),
    "a:\n  b: 1\ntext:\n  one\n  two\nlonger: 2\n",
  );
  assert.equal(show({ id: 1 }, { columns: 80, color: true }), "\x1b[1mid:\x1b[22m 1\n");
  assert.equal(show({}, plain), "done\n");
});
