import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Candidate, type Head, inOrder, type Relation, WARM_LEAST, warmthOf } from "./warmth.ts";

const now = new Date("2026-04-16T18:34:00Z");
const ticket = (more: Partial<Candidate> = {}): Candidate => ({
  ...{ id: "CMB-0096", title: "Work", lane: "CAMBER", priority: 2, surface_key: null, own: false, given: false },
  filed_at: new Date("2026-04-16T18:32:34Z"),
  ...more,
});
const head = (more: Partial<Head> = {}): Head => ({ lane: "CAMBER", touched: [], relations: new Map(), ...more });
const touched = [{ id: "CMB-0092", lane: "CAMBER", surface_key: "camber:redline:cards" }];
const related = (relation: Relation["relation"], of: string) =>
  new Map<string, Relation>([["CMB-0096", { relation, of }]]);
const earlier = new Date("2026-04-16T06:00:00Z");

describe("Warmth", () => {
  const cases: [string, Partial<Candidate>, Partial<Head>, number, string[]][] = [
    ["nothing ties it", { lane: "HEARTWOOD" }, {}, 0, []],
    ["its lane", {}, {}, 1, ["is of your lane"]],
    ["a lane that was worked in", {}, { lane: "ORA", touched }, 1, ["is of a lane that you worked in"]],
    ["filed lately, its lane", { own: true }, {}, 3, ["you filed it lately", "is of your lane"]],
    ["filed in the morning", { own: true, filed_at: earlier }, {}, 2, ["you filed it", "is of your lane"]],
    ["filed lately for another lane", { own: true, lane: "HEARTWOOD" }, {}, 2, ["you filed it lately"]],
    ["given to it", { given: true, lane: "HEARTWOOD" }, {}, 3, ["was given to you"]],
    [
      "the same surface",
      { surface_key: "camber:redline:cards", lane: "X" },
      { touched },
      4,
      ["changes camber:redline:cards, as CMB-0092 does"],
    ],
    [
      "the same family",
      { surface_key: "camber:redline:grid", lane: "X" },
      { touched },
      2,
      ["changes camber:redline, as CMB-0092 does"],
    ],
    ["another family", { surface_key: "camber:audio:player", lane: "X" }, { touched }, 0, []],
    [
      "a key without a family",
      { surface_key: "cards", lane: "X" },
      { touched: [{ ...touched[0]!, surface_key: "grid" }] },
      0,
      [],
    ],
    ["a sibling", { lane: "X" }, { relations: related("sibling", "CMB-0090") }, 3, ["is another part of CMB-0090"]],
    ["its objective", { lane: "X" }, { relations: related("parent", "CMB-0092") }, 3, ["is the objective of CMB-0092"]],
    ["a part", { lane: "X" }, { relations: related("child", "CMB-0092") }, 3, ["is a part of CMB-0092"]],
    ["a link", { lane: "X" }, { relations: related("link", "CMB-0092") }, 3, ["is linked to CMB-0092"]],
  ];
  for (const [name, candidate, around, warmth, because] of cases)
    it(`of ${name} is ${warmth}, and says why`, () =>
      assert.deepEqual(warmthOf(ticket(candidate), head(around), now), { warmth, because }));

  it("begins where a recent follow-on in the seat's own lane stands", () => assert.equal(WARM_LEAST, 3));

  it("puts objectives first, then the warmest, the most urgent and the oldest", () => {
    const all = [
      { id: "A", warmth: 1 },
      { id: "B", warmth: 4 },
      { id: "C", warmth: 4, priority: 1 },
      { id: "D", warmth: 4, priority: 1, filed_at: earlier },
      { id: "CMB-0096", warmth: 3 },
    ].map((one) => ({ ...ticket(one), because: [], ...one }));
    const ordered = inOrder(all, head({ relations: related("sibling", "CMB-0090") }));
    assert.deepEqual(
      ordered.map(({ id }) => id),
      ["CMB-0096", "D", "C", "B", "A"],
    );
  });
});
