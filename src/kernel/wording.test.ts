import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { z } from "zod";
import { day, instant, text } from "./operation.ts";

/** What is said of each field of a value, in the order of the fields. */
function said(shape: z.ZodType, value: unknown): string[] {
  return shape.safeParse(value).error!.issues.map(({ path, message }) => [...path, message].join(" "));
}

describe("What is wrong with a field", () => {
  test("is told in words, not in the checker's", () => {
    const shape = z.strictObject({
      ...{ reason: text(9).min(1), name: text(2), words: z.array(text(9)).min(1).max(2), count: z.int().min(1).max(9) },
      ...{
        isSure: z.boolean(),
        kind: z.enum(["a", "b"]),
        at: instant(),
        on: day(),
        id: z.uuid(),
        held: text(9).min(3),
      },
      ...{
        known: z.record(text(2), z.unknown()),
        above: z.number().gt(0),
        page: z.url(),
        digest: z.string().regex(/^f$/),
      },
    });
    const value = {
      ...{ reason: "", name: "long", words: [], count: 0, isSure: "yes", kind: "c", at: "now", on: "today", id: "1" },
      ...{ held: "ab", known: { long: 1 }, above: 0, page: "here", digest: "0", colour: "red" },
    };
    assert.deepEqual(said(shape, value), [
      "reason must not be empty",
      "name must have at most 2 characters",
      "words must not be empty",
      "count must be at least 1",
      "isSure must be true or false",
      "kind must be one of a, b",
      "at must be an instant with its offset, as 2026-01-31T08:00:00Z",
      "on must be a day, as 2026-01-31",
      "id must be a UUID",
      "held must have at least 3 characters",
      "known long has a name that must have at most 2 characters",
      "above must be more than 0",
      "page must be a URL",
      "digest must match /^f$/",
      "has what is not known here: colour",
    ]);
    const other = z.object({ reason: text(9), count: z.int(), words: z.array(text(9)), one: z.literal(1) });
    assert.deepEqual(said(other, { count: 1.5, words: "a", one: 2 }), [
      "reason is missing",
      "count must be a whole number",
      "words must be a list",
      "one must be 1",
    ]);
    assert.deepEqual(said(shape, "text"), ["must be an object"]);
  });
});
