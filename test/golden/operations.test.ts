import assert from "node:assert/strict";
import { test } from "node:test";
import type { Operation } from "../../src/kernel/operation.ts";
import { operations } from "../../src/rooms/rooms.ts";
import { difference, holdsGolden } from "./golden.ts";

test("golden/commands.txt tells every operation: who may say it, what it leaves, refuses and confesses", async () => {
  const confessions = operations.flatMap((operation) =>
    operation.kind === "command" && operation.unrecorded !== undefined
      ? [`${operation.name}\n  ${operation.unrecorded}\n`]
      : [],
  );
  await holdsGolden(
    "commands.txt",
    [
      "Every operation, in the order of rooms.ts. A `?` marks a field that may be left out.\n",
      ...operations.map(told),
      "Confessions: commands that may be accepted without an entry in the ledger, and why.\n",
      ...confessions,
    ].join("\n"),
  );
});

function told(operation: Operation): string {
  const { name, kind, summary, may, refuses, input } = operation;
  const { properties = {}, required = [] } = input.toJSONSchema({ io: "input" });
  const fields = Object.keys(properties).map((field) => (required.includes(field) ? field : `${field}?`));
  const rows = [
    ["may", may],
    ["input", fields],
    ["refuses", refuses],
  ];
  const manner = kind === "command" && operation.batched ? "command, in batches" : kind;
  if (operation.kind === "command") {
    rows.push(["events", operation.events], ["secrets", operation.secrets ?? []]);
    if (operation.said_by) rows.push(["said by", [operation.said_by]]);
    if (operation.redeems) rows.push(["redeems", [operation.redeems]]);
    if (operation.unrecorded) rows.push(["unrecorded", [operation.unrecorded]]);
  }
  const lines = rows.flatMap(([label, words]) =>
    words!.length === 0 ? [] : [`  ${String(label).padEnd(11)}${(words as string[]).join(" ")}`],
  );
  return `${name} (${manner})\n  ${summary}\n${lines.join("\n")}\n`;
}

test("a command without events confesses why, and one that keeps a secret has such a field", () => {
  for (const operation of operations) {
    if (operation.kind !== "command") continue;
    assert.ok(
      operation.events.length > 0 || operation.unrecorded,
      `${operation.name} leaves no event and says not why`,
    );
    for (const field of operation.secrets ?? [])
      assert.ok(field in operation.output.shape, `${operation.name} has no output field ${field}`);
  }
});

test("a golden that differs shows the lines that changed", () => {
  assert.equal(difference("a\nb\nc\nd\ne\nf\ng", "a\nb\nc\nd\ne\nF\ng"), "  …\n  d\n  e\n- f\n+ F\n  g");
});
