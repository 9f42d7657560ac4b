import { z } from "zod";
import { query } from "../../kernel/operation.ts";
import { statements } from "../../kernel/sql.ts";
import { DECISION_READERS } from "../policy/index.ts";

const sql = statements("delegation", "aftermath_of");

/** A page of a list. */
const DENIALS_MAX = 100;
/** A denial goes to one seat, and to another when that one does not come; nobody reads more in a line. */
const TICKETS_MAX = 10;
/** Among so many of the seat's allowed acts since, of the same kind, the same act is looked for. */
const LATER_MAX = 50;

const Aftermath = z.object({
  decision: z.int().describe("The denial."),
  tickets: z
    .array(
      z.object({
        id: z.string().describe("The ticket."),
        state: z.string().describe("The ticket's state now."),
        verdict: z.string().nullable().describe("Whether the finished work was accepted or rejected."),
      }),
    )
    .describe("What it was dispatched as: one for each seat that it was given to."),
  approval: z.int().nullable().describe("The approval that it asked for."),
  approval_state: z.string().nullable().describe("How that approval stands."),
  escalation: z.int().nullable().describe("The escalation that it led to."),
  escalation_closed: z.boolean().describe("Whether a person has closed that escalation."),
  allowed_by: z
    .int()
    .nullable()
    .describe(`The first decision since that allowed the same act to the same seat, among ${LATER_MAX} of that kind.`),
});

/** What became of a page of denials, so that a list says of each whether anybody has to do something. */
export const aftermath = query({
  name: "policy.aftermath",
  summary: "Tell what became of denials: dispatched, approved, escalated, allowed later, or nothing.",
  input: z.object({
    decision: z.array(z.int().min(1)).min(1).max(DENIALS_MAX).describe("The denials: their numbers."),
  }),
  output: z.object({ denials: z.array(Aftermath).describe("Those of them that are denials, the newest first.") }),
  may: DECISION_READERS,
  said_by: "programs",
  refuses: [],
  async read({ db }, { decision }) {
    const bounds = { tickets_max: TICKETS_MAX, later_max: LATER_MAX };
    const denials = await db.all<z.output<typeof Aftermath>>(sql.aftermath_of, {
      decisions: [...new Set(decision)],
      ...bounds,
    });
    return { denials };
  },
});
