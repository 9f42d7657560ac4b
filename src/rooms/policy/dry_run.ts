import { z } from "zod";
import { query, text } from "../../kernel/operation.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { statements } from "../../kernel/sql.ts";
import { type DecisionInput, evaluate, type Prepared, prepare } from "./engine.ts";
import { RULE_READERS } from "./proposals.ts";
import { parseSource } from "./rules.ts";
import { Turns } from "./turns.ts";
import { policyOfVersion } from "./versions.ts";

const sql = statements("policy", "decisions_newest");

/** So many changes are told one by one; all are counted. */
const CHANGES_MAX = 200;

type Recorded = {
  id: number;
  subject: string;
  action: string;
  resource_type: string;
  resource_id: string;
  effect: "allow" | "deny";
  reasons: string[];
  input: Buffer;
};

const Outcome = z.object({ effect: z.enum(["allow", "deny"]), reasons: z.array(z.string()) });

const Change = z.object({
  decision: z.int().describe("Its number."),
  subject: z.string(),
  action: z.string(),
  resource: z.string(),
  was: Outcome,
  would_be: Outcome,
});

export const dryRun = query({
  name: "policy.dry_run",
  summary: "Run a proposed policy over the newest recorded decisions: which of them would be others, and why.",
  input: z.object({
    version: z.int().min(1).optional().describe("The proposed version."),
    text: text(200_000).min(1).optional().describe("Or a policy as JSON that is not proposed yet."),
    newest: z.int().min(1).max(5000).default(500).describe("Over so many decisions."),
  }),
  output: z.object({
    digest: z.string().describe("Of the policy that was tried."),
    examined: z.int().describe("Fewer than there are where the policy is slow: what 3 seconds were enough for."),
    allowed: z.int().describe("Denied then, allowed by it."),
    denied: z.int().describe("Allowed then, denied by it."),
    reworded: z.int().describe("The same effect for other reasons."),
    changes: z.array(Change).describe(`Changed effects, the newest first, at most ${CHANGES_MAX}.`),
  }),
  may: RULE_READERS,
  refuses: ["policy.unknown", "policy.malformed", "policy.one_of"],
  async read({ db }, { version, text: json, newest }) {
    if ((version === undefined) === (json === undefined)) throw oneOf();
    const tried = json === undefined ? await policyOfVersion(db, version!) : prepare(parseSource(json));
    const recorded = await db.all<Recorded>(sql.decisions_newest, { limit: newest });
    return { digest: tried.digest, ...(await compare(tried, recorded)) };
  },
});

function oneOf(): Refusal {
  return new Refusal("invalid", "policy.one_of", "Name a version or give a text: one of them.", {
    fields: [{ field: "version", message: "either version or text" }],
  });
}

async function compare(tried: Prepared, recorded: readonly Recorded[]) {
  const told = {
    examined: 0,
    allowed: 0,
    denied: 0,
    reworded: 0,
    changes: [] as z.output<typeof Change>[],
  };
  const turns = new Turns();
  for (const { id, subject, action, resource_type, resource_id, effect, reasons, input } of recorded) {
    if (!(await turns.next())) break;
    told.examined++;
    const verdict = evaluate(tried, JSON.parse(input.toString()) as DecisionInput);
    if (verdict.effect === effect) {
      if (verdict.reasons.join("\n") !== reasons.join("\n")) told.reworded++;
      continue;
    }
    told[verdict.effect === "allow" ? "allowed" : "denied"]++;
    if (told.changes.length < CHANGES_MAX)
      told.changes.push({
        decision: id,
        subject,
        action,
        resource: `${resource_type} ${resource_id}`,
        was: { effect, reasons },
        would_be: { effect: verdict.effect, reasons: verdict.reasons },
      });
  }
  return told;
}
