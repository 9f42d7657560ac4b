import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test } from "node:test";
import { seatNameOf } from "../../src/programs/import/names.ts";
import { testServer } from "../harness.ts";
import {
  assertAddsUp,
  assertKept,
  assertSame,
  countBy,
  head,
  type Row,
  rowsOf,
  run,
  shared,
  ticketsOf,
  withoutShared,
} from "./reading.ts";

// At the top of the file: a server that is begun inside a suite's hook would end with the hook.
const [gastownServer, beadsServer] = withoutShared ? [] : [await testServer(), await testServer()];

describe("the real records of gastown", { skip: withoutShared }, () => {
  const server = gastownServer!;

  test("come in whole, with the counts by state, type and dependency of the files", async () => {
    const { code, summary } = await run(server, "gastown", shared);
    assert.equal(code, 0, JSON.stringify(summary?.refused));
    assertAddsUp(summary);
    assert.ok(summary.seconds < 600, `it took ${summary.seconds} s`);
    const issues = rowsOf(join(shared, "gastown-issues.jsonl"));
    const dependencies = rowsOf(join(shared, "gastown-dependencies.jsonl"));
    assert.deepEqual(summary.by_state, countBy(issues, "status"));
    assert.deepEqual(summary.by_dependency_type, countBy(dependencies, "type"));
    assert.equal(summary.dangling, 233);
    await assertSame(server, issues, dependencies);
    await assertKept(server, issues);
  });

  test("have their events as posts in the order of time, with every value", async () => {
    const events = rowsOf(join(shared, "gastown-events.jsonl"));
    const leaves = await server.sql(
      "select convert_from(leaf, 'UTF8') as leaf from ledger.entries where kind = 'post.imported' order by seq",
    );
    const posts = leaves.map(({ leaf }) => JSON.parse(leaf).data);
    const times = posts.map(({ said_at }) => Date.parse(said_at));
    assert.deepEqual(
      times,
      times.toSorted((a, b) => a - b),
    );
    const told = posts.filter(({ source_ref }) => source_ref.startsWith("gastown:event:"));
    assert.equal(told.length, 3_667);
    const byRef = new Map(told.map((post) => [post.source_ref, post]));
    for (const event of events) {
      const post = byRef.get(`gastown:event:${event.issue_id}:${event.id}`);
      assert.equal(post.said_at, event.created_at);
      assert.equal(post.author, seatNameOf(event.actor));
      for (const value of [event.old_value, event.new_value, event.comment])
        if (value) assert.ok(post.body.includes(value), `event ${event.id} lost a value`);
    }
  });

  test("have their labels", async () => {
    const labels = rowsOf(join(shared, "gastown-labels.jsonl"));
    const tickets = await ticketsOf(server, "GT");
    const there = tickets.flatMap((ticket) => ticket.labels).filter((label) => !label.startsWith("state:"));
    assert.deepEqual(there.sort(), labels.map(({ label }) => label).sort());
  });

  test("change nothing when they come twice", async () => {
    const before = await head(server);
    const { code, summary } = await run(server, "gastown", shared);
    assert.equal(code, 0);
    assertAddsUp(summary);
    for (const [kind, { imported }] of Object.entries<Row>(summary.counts)) assert.equal(imported, 0, kind);
    assert.deepEqual(await head(server), before);
  });

  test("leave a whole ledger and a queue that agrees with it", async () => {
    assert.equal((await server.ask(server.operator, "ledger.verify")).whole, true);
    assert.equal((await server.ask(server.operator, "ticket.drift")).differences, 0);
  });
});

describe("the real records of beads", { skip: withoutShared }, () => {
  const server = beadsServer!;
  const file = join(shared, "beads-issues.jsonl");

  test("come in whole, with the counts by state, type and dependency of the file", async () => {
    const { code, summary } = await run(server, "beads", file);
    assert.equal(code, 0, JSON.stringify(summary?.refused));
    assertAddsUp(summary);
    assert.ok(summary.seconds < 600, `it took ${summary.seconds} s`);
    const issues = rowsOf(file);
    const dependencies = issues.flatMap((issue) => issue.dependencies ?? []);
    assert.equal(dependencies.length, 1_024);
    assert.equal(summary.dangling, 55);
    assert.deepEqual(summary.by_type, countBy(issues, "issue_type"));
    await assertSame(server, issues, dependencies);
    await assertKept(server, issues);
    assert.equal(summary.counts.comments.imported, issues.flatMap((issue) => issue.comments ?? []).length);
  });

  test("change nothing when they come twice", async () => {
    const before = await head(server);
    const { code, summary } = await run(server, "beads", file);
    assert.equal(code, 0);
    assertAddsUp(summary);
    assert.deepEqual(await head(server), before);
    assert.equal((await server.ask(server.operator, "ticket.drift")).differences, 0);
  });
});
