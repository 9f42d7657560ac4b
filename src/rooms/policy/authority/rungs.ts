import { z } from "zod";
import { command, query, type Role, text } from "../../../kernel/operation.ts";
import { statements } from "../../../kernel/sql.ts";
import { ladder, meanings, type OwnRung, rungs, shippedRungs } from "./ladder.ts";

const sql = statements("policy/authority", "rungs_all", "rungs_set", "approvals_follow");

/** Those who look after the fleet's decisions. Seats that do the work ask by acting, and are told where it stands. */
export const OVERSEERS = [
  "operator",
  "strategist",
  "coordinator",
  "gatekeeper",
  "auditor",
] as const satisfies readonly Role[];

export const Action = text(100)
  .regex(/^[^\s*][^*]*$/, "must name one action: a word, not * and not empty")
  .describe("The action: deploy, push, merge, publish, migrate, delete, reconfigure_guard, write_outside, spend …");
export const Reason = text(1000)
  .refine((value) => value.trim() !== "", { message: "must say something" })
  .describe("Why, for those who read it later.");

export const setRung = command({
  name: "rung.set",
  summary: "Put an action on a rung of the authority ladder; what waits for an approval moves with it.",
  input: z.object({
    action: Action,
    rung: z.enum(rungs).describe("L0 acts and logs, L1 needs a strategist's approval, L2 needs the operator's."),
    where: z
      .enum(["production", "elsewhere", "everywhere"])
      .default("everywhere")
      .describe("Production is where people outside the fleet live with the result."),
    reason: Reason,
  }),
  output: z.object({
    action: z.string(),
    rung: z.string(),
    where: z.string(),
    released: z.array(z.int()).describe("Approvals that waited and need none any more: they settled themselves."),
    moved: z.array(z.int()).describe("Approvals that still wait, on the new rung."),
  }),
  may: ["operator"],
  events: ["rung.set", "approval.released"],
  refuses: [],
  async run({ db }, { caller, input }) {
    const { action, rung, where, reason } = input;
    const productions = { production: [true], elsewhere: [false], everywhere: [true, false] }[where];
    const released_because = `${action} stands on L0 now: ${meanings.L0}.`;
    db.send(sql.rungs_set, { action, productions, rung, reason, set_by: caller.principal_id });
    const rows = await db.all<{ id: number; subject: string }>(sql.approvals_follow, {
      action,
      productions,
      rung,
      reason: released_because,
    });
    const ids = rows.map(({ id }) => id).sort((a, b) => a - b);
    const [released, moved] = rung === "L0" ? [ids, []] : [[], ids];
    const data = { action, rung, where, reason, moved };
    return {
      output: { action, rung, where, released, moved },
      events: [
        ...released.map((id) => ({
          kind: "approval.released",
          subject: `approval-${id}`,
          data: { id, reason: released_because },
        })),
        { kind: "rung.set", subject: action, data },
      ],
    };
  },
});

const Step = z.object({
  action: z.string(),
  production: z.string().describe("Its rung where people outside the fleet live with the result."),
  elsewhere: z.string(),
  shipped: z.boolean().describe("False where this tenant has set it."),
  reason: z.string().nullable().describe("Why this tenant set it so."),
});

export const listRungs = query({
  name: "rung.list",
  summary: "The authority ladder: on which rung each action stands. What is not on it stands on L0.",
  input: z.object({ action: Action.optional().describe("Only this action, even if it is not on the ladder.") }),
  output: z.object({ rungs: z.record(z.string(), z.string()).describe("What each asks for."), ladder: z.array(Step) }),
  may: OVERSEERS,
  refuses: [],
  async read({ db }, input) {
    const own = await db.all<OwnRung & { reason: string }>(sql.rungs_all);
    const rungOf = ladder(own);
    const known = [...new Set([...Object.keys(shippedRungs), ...own.map(({ action }) => action)])].sort();
    const actions = input.action === undefined ? known : [input.action];
    const steps = actions.map((action) => {
      const set = own.filter((row) => row.action === action);
      return {
        action,
        production: rungOf(action, true),
        elsewhere: rungOf(action, false),
        shipped: set.length === 0,
        reason: set.length === 0 ? null : [...new Set(set.map(({ reason }) => reason))].join(" "),
      };
    });
    return { rungs: meanings, ladder: steps };
  },
});
