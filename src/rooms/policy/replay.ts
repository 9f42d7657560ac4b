import { z } from "zod";
import { query } from "../../kernel/operation.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { statements } from "../../kernel/sql.ts";
import { DECISION_READERS, decisionUnknown } from "./decisions.ts";
import { type DecisionInput, evaluate, type Verdict } from "./engine.ts";
import { Turns } from "./turns.ts";
import { policyOfDigest } from "./versions.ts";

const sql = statements("policy", "decisions_stored");

type Stored = Pick<Verdict, "effect" | "rules" | "errors" | "reasons"> & {
  id: number;
  input: Buffer;
  policy_digest: string;
};

const Outcome = z.object({
  effect: z.string(),
  rules: z.array(z.string()),
  errors: z.array(z.string()),
  reasons: z.array(z.string()),
});

export const replay = query({
  name: "policy.replay",
  summary: "Make recorded decisions again, of the input and by the policy that are recorded with them.",
  input: z.object({
    first: z.int().min(1).describe("The first decision."),
    last: z.int().min(1).optional().describe("The last; without it, only the first."),
    limit: z.int().min(1).max(5000).default(500).describe("At most this many."),
  }),
  output: z.object({
    replayed: z.int(),
    equal: z.int().describe("How many came out as they are recorded, word for word."),
    last: z.int().describe("The last one that was replayed: go on after it."),
    different: z.array(z.object({ id: z.int(), recorded: Outcome, replayed: Outcome })),
  }),
  may: DECISION_READERS,
  refuses: ["decision.unknown", "input.invalid"],
  async read({ db }, { first, last = first, limit }) {
    if (last < first)
      throw new Refusal("invalid", "input.invalid", "The last decision is before the first.", {
        fields: [{ field: "last", message: `must be at least ${first}` }],
      });
    const stored = await db.all<Stored>(sql.decisions_stored, { first, last, limit });
    if (stored.length === 0) throw decisionUnknown(first);
    const different: { id: number; recorded: z.output<typeof Outcome>; replayed: z.output<typeof Outcome> }[] = [];
    const turns = new Turns();
    let replayed_last = first;
    let count = 0;
    for (const { id, input, policy_digest, ...recorded } of stored) {
      if (count > 0 && !(await turns.next())) break;
      replayed_last = id;
      count++;
      const policy = await policyOfDigest(db, policy_digest);
      const replayed = outcomeOf(evaluate(policy, JSON.parse(input.toString()) as DecisionInput));
      if (JSON.stringify(replayed) !== JSON.stringify(outcomeOf(recorded))) different.push({ id, recorded, replayed });
    }
    return { replayed: count, equal: count - different.length, last: replayed_last, different };
  },
});

function outcomeOf({ effect, rules, errors, reasons }: z.output<typeof Outcome>): z.output<typeof Outcome> {
  return { effect, rules, errors, reasons };
}
