import assert from "node:assert/strict";
import { test } from "node:test";
import { fc } from "../../../test/cases.ts";
import { MARKERS } from "../../rooms/tickets/index.ts";
import { readLine } from "./lines.ts";
import { beginsPost, markdownOf, readPost } from "./markdown.ts";
import { derived, type FeedRecord, inputOf, lineOf, recordOf } from "./record.ts";

/** Text that a post can hold, and more often than chance what the formats are made of. */
const pieces = fc.oneof(
  { weight: 3, arbitrary: fc.string({ unit: "binary" }) },
  fc.constantFrom("\n", "\n\n", "\r\n", "\r", "\u2028", "\\", "\\\\", " ", "\t", "·", " · ", "-", "-->", "<!--"),
  fc.constantFrom("```\n", "~~~", "# FEED\n", "## ", "## 2026-04-18T10:34Z", "### [2026-04-18 10:34:00+02:00] · X · -"),
  fc.constantFrom(
    "\\## 2026-04-18T10:34Z · A",
    "## ~22:30Z · A",
    '<!-- longwatch {"seq":1} -->',
    "\ufeff",
    "{}",
    "__proto__",
  ),
  fc.constantFrom(...MARKERS).map((marker) => `\n${marker}: DONE\n`),
);
const text = fc
  .array(pieces, { maxLength: 8 })
  .map((parts) => parts.join("").replaceAll("\0", ""))
  .filter((one) => one.isWellFormed());
const filled = text.filter((one) => one.trim() !== "");
const subject = filled.map((one) => one.trim().slice(0, 500).toWellFormed().trim()).filter((one) => one !== "");
const name = filled.map((one) => one.slice(0, 120).toWellFormed()).filter((one) => one !== "");
const instant = fc.date({ noInvalidDate: true, min: new Date(0), max: new Date("9999-01-01") });
const at = instant.map((one) => one.toISOString());

const words = fc.record(
  { subject, body: filled, item: name, queue: name, amends: fc.integer({ min: 1 }), warnings: fc.array(text) },
  { requiredKeys: ["subject"] },
);
const envelope = { seq: fc.integer({ min: 1 }), at, actor: name, incarnation: fc.option(name), command: name };
const appended: fc.Arbitrary<FeedRecord> = fc
  .record({ ...envelope, words, kind: fc.constantFrom("narrative", "actionable"), strange: fc.boolean() })
  .map(({ words, kind, strange, ...beside }) => {
    const markers = strange ? [{ marker: "ITEM", value: "of an earlier reading" }] : derived(words.body);
    const data = { kind, ...words, ...(markers === undefined ? {} : { markers }) };
    return { ...beside, kind: "post.appended", subject: words.item ?? null, data };
  });
const offset = fc.constantFrom("2026-04-15T03:51:49+00:00", "2026-04-15T03:51:49.123456-11:30", "2026-04-15T03:51:49Z");
const imported: fc.Arbitrary<FeedRecord> = fc
  .record({ ...envelope, words, source_ref: name, author: name, said_at: fc.oneof(at, offset) })
  .map(({ words, source_ref, author, said_at, ...beside }) => {
    const { subject, body, item } = words;
    const data = { source_ref, author, said_at, subject, ...(body ? { body } : {}), ...(item ? { item } : {}) };
    return { ...beside, kind: "post.imported", subject: item ?? null, data };
  });
const personal = appended.map((record) => ({ ...record, data: { ...record.data, personal: "ab".repeat(32) } }));
const erased = appended.map((record) => {
  const { subject: _, body: __, markers: ___, warnings: ____, ...kept } = record.data;
  return { ...record, data: { ...kept, personal: "ab".repeat(32), erased: true } };
});
const records = fc.oneof(appended, imported, personal, erased);

const many = { numRuns: 2_000 };

test("any post is the same after JSON Lines", () => {
  fc.assert(
    fc.property(records, (record) => {
      const line = lineOf(record);
      assert.ok(!line.includes("\n"));
      const read = readLine(line);
      assert.ok("record" in read, JSON.stringify(read));
      assert.equal(lineOf(read.record), line);
    }),
    many,
  );
});

test("any post is the same after Markdown, and only its heading begins a post", () => {
  fc.assert(
    fc.property(records, (record) => {
      const told = markdownOf(record);
      const lines = told.split("\n");
      assert.deepEqual(
        lines.flatMap((line, index) => (beginsPost(line) ? [index] : [])),
        [0],
      );
      const read = readPost(told);
      assert.ok("record" in read, `${JSON.stringify(read)}\n${told}`);
      assert.equal(lineOf(read.record), lineOf(record));
    }),
    many,
  );
});

test("any post is the same after it went into another ledger and came out", () => {
  fc.assert(
    fc.property(records, (record) => {
      const { source_ref, author, said_at, item, subject, body, original, personal } = inputOf(record);
      assert.ok(source_ref.length <= 200 && subject.length <= 500);
      // What post.import writes, under another ledger's number, time and actor.
      const here = item === undefined ? {} : { item: "ABC-0001" };
      const told = { source_ref, author, said_at, subject: subject.trim(), ...(body ? { body } : {}), ...here };
      const data = { ...told, original, ...(personal ? { personal: "cd".repeat(32) } : {}) };
      const entry = { seq: 7, at: "2030-01-01T00:00:00.000Z", kind: "post.imported", actor: "operator", data };
      const again = recordOf({ ...entry, incarnation: null, command: "post.import", subject: null });
      assert.equal(lineOf(again), lineOf(record));
    }),
    many,
  );
});

test("the name of a personal post does not depend on the words that may be erased", () => {
  fc.assert(
    fc.property(personal, filled, (record, body) => {
      const other = { ...record, data: { ...record.data, subject: "other", body, erased: true } };
      assert.equal(inputOf(record).source_ref, inputOf(other).source_ref);
    }),
  );
});
