import assert from "node:assert/strict";
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { after, describe, test } from "node:test";
import { Client } from "../../src/client/client.ts";
import { main } from "../../src/programs/import/import.ts";
import { seatNameOf } from "../../src/programs/import/names.ts";
import { testServer } from "../harness.ts";
import {
  assertAddsUp,
  assertSame,
  countBy,
  head,
  type Row,
  rowsOf,
  run,
  sample,
  sourceState,
  ticketsOf,
} from "./reading.ts";

describe("the sample", () => {
  test("comes in on every machine, in both forms", async () => {
    const server = await testServer();
    const gastown = await run(server, "gastown", sample);
    assert.equal(gastown.code, 0, gastown.told);
    const issues = rowsOf(join(sample, "gastown-issues.jsonl"));
    await assertSame(server, issues, rowsOf(join(sample, "gastown-dependencies.jsonl")));
    assert.equal(gastown.summary.counts.events.imported, rowsOf(join(sample, "gastown-events.jsonl")).length);
    const file = join(sample, "beads-issues.jsonl");
    const beads = await run(server, "beads", file);
    assert.equal(beads.code, 0, beads.told);
    const tickets = await ticketsOf(server, "SB");
    const states = tickets.map((ticket) => ({ state: sourceState(ticket) }));
    assert.deepEqual(countBy(states, "state"), countBy(rowsOf(file), "status"));
  });
});

describe("a file with bad rows", () => {
  const directory = mkdtempSync(join(tmpdir(), "longwatch-import-"));
  after(() => rmSync(directory, { recursive: true, force: true }));
  const good = (id: string, more: Row = {}): Row => ({
    ...{ id, title: `About ${id}`, status: "open", created_at: "2026-01-01T00:00:00Z", ...more },
  });
  const line = (row: Row) => JSON.stringify(row);
  const place = (name: string) => join(directory, name);

  test("is told line by line with reasons, and everything else goes in", async () => {
    const server = await testServer();
    const file = place("bad.jsonl");
    const lines = [
      `\ufeff${line(good("xx-1"))}\r`,
      "this is not JSON",
      line({ ...good("xx-2"), id: undefined }),
      line({ ...good("xx-3"), title: " " }),
      line(good("xx-4", { status: "dreaming" })),
      line(
        good("xx-5", {
          created_at: "yesterday",
          dependencies: [{ issue_id: "xx-5", depends_on_id: "xx-1", type: "blocks" }],
        }),
      ),
      line(good("xx-6", { closed_at: "2026-02-30T00:00:00Z" })),
      line(good("xx-1")),
      line(good("xx-1", { title: "Something else" })),
      line(good("xx-7", { dependencies: [{ issue_id: "xx-8", depends_on_id: "xx-1", type: "blocks" }] })),
      line(good("xx-9", { comments: [{ id: 1, author: "mayor", text: "Hm", created_at: "never" }] })),
      line(good("xx-a", { description: "a\u0000b \ud800 c\u0007", labels: ["two\nlines"] })),
      "[1, 2]",
      "",
      line(good("xx-b", { title: "T".repeat(700), description: "ä".repeat(90_000), priority: 9, surprise: "kept" })),
      line(good("xx-c")).slice(0, 40),
    ];
    writeFileSync(file, lines.join("\n"));
    const { code, summary, told } = await run(server, "beads", file);
    assert.equal(code, 1);
    assertAddsUp(summary);
    const refused = summary.refused.map(({ line, what, reason }: Row) => `${line} ${what} ${reason}`);
    const expected = [
      /^2 issues it is not JSON/,
      /^3 issues it has no id/,
      /^4 issues it has no title/,
      /^5 issues its status is unknown: "dreaming"/,
      /^6 issues its created_at is not an instant/,
      /^7 issues its closed_at is not an instant/,
      /^9 issues xx-1 is here as .* with other content/,
      /^10 dependencies a dependency inside xx-7 is of another issue/,
      /^11 comments a comment's created_at is not an instant/,
      /^13 issues it is not a JSON object/,
      /^16 issues the file ends in the middle of this row/,
    ];
    for (const pattern of expected)
      assert.ok(
        refused.some((one: string) => pattern.test(one)),
        `${pattern}\n${refused.join("\n")}`,
      );
    assert.equal(refused.length, expected.length, refused.join("\n"));
    assert.match(told, new RegExp(`^${basename(file)}:2: refused: it is not JSON`, "m"));
    assert.deepEqual(summary.counts.issues, { read: 15, imported: 5, here: 1, refused: 9 });
    assert.deepEqual(summary.counts.dependencies, { read: 2, imported: 0, here: 0, refused: 2 });
    assert.equal(summary.mended.length, 1);
    const odd = await server.ask(server.operator, "ticket.show", { id: "xx-a" });
    assert.ok(odd.body.startsWith("a␀b \ufffd c\u0007"));
    assert.deepEqual(odd.labels, ["two lines"]);
    assert.match(odd.body, /label: two\nlines/);
  });

  test("loses nothing of a text that is longer than an entry: it goes on in the feed", async () => {
    const server = await testServer();
    const description = `${"Ein Satz mit Umlauten: äöü €.\n".repeat(6_000)}Ende`;
    writeFileSync(
      place("long.jsonl"),
      line(good("xx-l", { description, title: "T".repeat(700), priority: 9, surprise: "kept" })),
    );
    const { code, summary } = await run(server, "beads", place("long.jsonl"));
    assert.equal(code, 0);
    assert.ok(summary.counts.further_parts.imported > 1);
    const { body, title } = await server.ask(server.operator, "ticket.show", { id: "xx-l" });
    const { entries } = await server.ask(server.operator, "feed.read", { about: "xx-l", posts: true, limit: 100 });
    const whole = [body.replace(/\n\n\[This text goes on.*$/, ""), ...entries.map(({ data }: Row) => data.body)].join(
      "",
    );
    assert.ok(whole.startsWith(description));
    assert.match(whole, /title: T{700}/);
    assert.match(whole, /priority: 9/);
    assert.match(whole, /surprise: kept/);
    assert.equal(title.length, 500);
    const before = await head(server);
    assert.equal((await run(server, "beads", place("long.jsonl"))).code, 0);
    assert.deepEqual(await head(server), before);
  });

  test("tells dependencies, labels and events of issues that are not there", async () => {
    const server = await testServer();
    writeFileSync(place("gastown-issues.jsonl"), `${line(good("yy-1"))}\n`);
    const nobody = {
      issue_id: "yy-0",
      depends_on_id: "yy-1",
      type: "blocks",
      created_at: "2026-01-01T00:00:00Z",
      created_by: "mayor",
    };
    writeFileSync(
      place("gastown-dependencies.jsonl"),
      `${line(nobody)}\n${line({ ...nobody, issue_id: "yy-1", depends_on_id: "yy-gone" })}\n`,
    );
    writeFileSync(
      place("gastown-labels.jsonl"),
      `${line({ issue_id: "yy-0", label: "a" })}\n${line({ issue_id: "yy-1", label: "b" })}\n`,
    );
    const event = {
      id: 1,
      issue_id: "yy-0",
      event_type: "created",
      actor: "mayor",
      created_at: "2026-01-01T00:00:00Z",
    };
    writeFileSync(
      place("gastown-events.jsonl"),
      `${line(event)}\n${line({ ...event, issue_id: "yy-1" })}\n${line(event).slice(0, 30)}`,
    );
    const { code, summary } = await run(server, "gastown", directory);
    assert.equal(code, 1);
    assertAddsUp(summary);
    assert.deepEqual(summary.counts.dependencies, { read: 2, imported: 1, here: 0, refused: 1 });
    assert.deepEqual(summary.counts.labels, { read: 2, imported: 1, here: 0, refused: 1 });
    assert.deepEqual(summary.counts.events, { read: 3, imported: 1, here: 0, refused: 2 });
    assert.equal(summary.dangling, 1);
    // The issue arrives later, and what named it is tied to it.
    appendFileSync(place("gastown-issues.jsonl"), `${line(good("yy-gone"))}\n`);
    await run(server, "gastown", directory);
    const { links } = await server.ask(server.operator, "ticket.show", { id: "yy-1" });
    assert.deepEqual(
      links.map(({ type, target }: Row) => [type, target]),
      [["blocks", "YY-0002"]],
    );
  });

  test("is refused with 2 when it is called wrongly, and with 8 when no server answers", async () => {
    const server = await testServer();
    assert.equal((await run(server)).code, 2);
    assert.equal((await run(server, "jira", directory)).code, 2);
    assert.equal((await run(server, "beads", place("nowhere.jsonl"))).code, 2);
    const away = () => new Client({ url: "http://127.0.0.1:9", token: "none" });
    const quiet = { stdout: () => {}, stderr: () => {}, interactive: false };
    assert.equal(await main(["gastown", sample], away, quiet), 8);
  });
});

test("old names become seats, and two share one only when they surely are the same", () => {
  assert.equal(seatNameOf("gastown/polecats/furiosa"), "gastown.polecats.furiosa");
  assert.equal(seatNameOf("mayor/"), seatNameOf("mayor"));
  assert.equal(seatNameOf("Steve Yegge"), "Steve Yegge");
  assert.equal(seatNameOf("someone@example.com"), "someone@example.com");
  assert.notEqual(seatNameOf("gastown/polecats/Toast"), seatNameOf("gastown/polecats/toast"));
  assert.notEqual(seatNameOf("a.b"), seatNameOf("a/b"));
  assert.notEqual(seatNameOf("operator"), "operator");
  for (const odd of ["/", "", "ünï/cödé", " x", "a//b", "x".repeat(300), "-a", "a\0b", "\ud800"])
    assert.match(seatNameOf(odd), /^[A-Za-z0-9][A-Za-z0-9 ._@-]{0,119}$/, JSON.stringify(odd));
});
