import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fc } from "../../../../test/cases.ts";
import { provisionalsIn, rewritten } from "./citations.ts";
import { type Contender, give, inOrder } from "./contest.ts";

const namespaces = ["CMB", "FLT"];
const contest: fc.Arbitrary<Contender[]> = fc
  .array(
    fc.record({
      seat: fc.constantFrom("A", "B", "b", "É"),
      namespace: fc.constantFrom(...namespaces),
      expects: fc.option(fc.integer({ min: 9, max: 14 }), { nil: null }),
      at: fc.integer({ min: 0, max: 3 }),
    }),
    { maxLength: 12 },
  )
  .map((many) => {
    const next = new Map(namespaces.map((namespace) => [namespace, 9]));
    return many.map(({ seat, namespace, expects, at }, index) => {
      const held = next.get(namespace)!;
      next.set(namespace, held + 1);
      const expected = expects === null ? null : `${namespace}-${expects}`;
      const words = { title: `Filing ${index}`, held: `${namespace}-${held}` };
      return { spool: `spool-${seat}`, n: index + 1, seat, namespace, expected, effective_at: new Date(at), ...words };
    });
  });

describe("a contest", () => {
  it("gives each of its numbers to one of its filings, whatever they expect", () => {
    fc.assert(
      fc.property(contest, (contenders) => {
        const ids = give(contenders).map(({ id }) => id);
        assert.deepEqual(ids.sort(), contenders.map(({ held }) => held).sort());
      }),
    );
  });

  it("gives a number that is expected to the first who expects it, and no other contender has it", () => {
    fc.assert(
      fc.property(contest, (contenders) => {
        const given = give(contenders);
        for (const { held } of contenders) {
          const [first] = contenders.filter(({ expected }) => expected === held).sort(inOrder);
          const winner = given.find(({ id }) => id === held)!;
          if (first) assert.deepEqual([winner.contender, winner.outcome], [first, "confirmed"]);
          else assert.equal(winner.outcome, winner.contender.expected === null ? "confirmed" : "amended");
        }
      }),
    );
  });

  it("ends the same in whatever order its filings came in", () => {
    fc.assert(
      fc.property(contest, fc.infiniteStream(fc.nat()), (contenders, stream) => {
        const mixed = contenders
          .map((contender) => ({ contender, key: stream.next().value as number }))
          .sort((a, b) => a.key - b.key)
          .map(({ contender }) => contender);
        assert.deepEqual(give(mixed), give(contenders));
      }),
    );
  });
});

describe("a citation", () => {
  const finals = new Map([["CMB-0036~k3f2q", "CMB-0037"]]);

  it("is found and rewritten in every text of an input, and nothing else is", () => {
    const input = {
      title: "Of CMB-0036~k3f2q, not of CMB-0036 or xCMB-0036~k3f2q or CMB-0036~k3f2q7x",
      blocked_by: ["CMB-0036~k3f2q", "FLT-?~aaaaa"],
      priority: 2,
      parent: null,
    };
    assert.deepEqual(provisionalsIn(input), ["CMB-0036~k3f2q", "CMB-0036~k3f2q7x", "CMB-0036~k3f2q", "FLT-?~aaaaa"]);
    assert.deepEqual(rewritten(input, finals), {
      ...input,
      title: "Of CMB-0037, not of CMB-0036 or xCMB-0036~k3f2q or CMB-0036~k3f2q7x",
      blocked_by: ["CMB-0037", "FLT-?~aaaaa"],
    });
  });
});
