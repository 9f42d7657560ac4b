import { z } from "zod";
import { query } from "../../kernel/operation.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { statements } from "../../kernel/sql.ts";
import { standingFor } from "./authority/index.ts";
import { decide } from "./decide.ts";
import { Facts, inputOf, lookUp, named } from "./facts.ts";
import { askKnown, askOf, judge } from "./judging.ts";
import { RULE_READERS } from "./proposals.ts";
import { activePolicy, policyOfVersion } from "./versions.ts";

const sql = statements("policy", "instant");

export const explain = query({
  name: "policy.explain",
  summary: "See what would be decided and from what. Nothing is recorded, offered, held or used up.",
  input: decide.input.extend({
    version: z.int().min(1).optional().describe("By this version of the policy; without it, by the active one."),
  }),
  output: z.object({
    decision: z.boolean(),
    reasons: z.array(z.string()),
    rules: z.array(z.string()).describe("The rules that would determine it."),
    errors: z.array(z.string()).describe("Rules that cannot be decided, which is a denial."),
    protocol: z
      .object({ do: z.string(), via: z.string(), command: z.string() })
      .nullable()
      .describe("What to do instead, with its blanks unfilled."),
    input: z.record(z.string(), z.unknown()).describe("Everything that it depends on."),
    policy: z.string().describe("The policy's digest."),
  }),
  may: RULE_READERS,
  refuses: [...decide.refuses, "policy.unknown"],
  async read({ db, caller }, { version, ...asked }) {
    const policy = version === undefined ? await activePolicy(db) : await policyOfVersion(db, version);
    const [names] = await named(db, [{ caller, input: asked }]);
    if (names === undefined || names instanceof Refusal) throw names;
    const [[now], rows, [standing]] = await Promise.all([
      db.all<{ at: Date }>(sql.instant),
      lookUp(db, [names.subject ?? [], names.resource ?? []].flat()),
      standingFor(db, [askKnown(policy, askOf(asked, names))]),
    ]);
    if (standing!.refusal) throw standing!.refusal;
    const { known: _, ...wanted } = inputOf(asked, names, new Facts(rows, now!.at));
    const { input, verdict } = judge(policy, wanted, standing!);
    const { effect, reasons, rules, errors, protocol } = verdict;
    return { decision: effect === "allow", reasons, rules, errors, protocol, input, policy: policy.digest };
  },
});
