import { hash } from "node:crypto";
import canonicalize from "canonicalize";
import { z } from "zod";
import type { Reader, Transaction } from "../../kernel/database.ts";
import { query, type Role, text } from "../../kernel/operation.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { statements } from "../../kernel/sql.ts";
import { resolveName } from "../seats/index.ts";
import type { DecisionInput, Verdict } from "./engine.ts";
import { Protocol } from "./protocols.ts";

const sql = statements("policy", "decisions_insert", "decisions_find", "decisions_list");

/** Those who look at what was decided for others. Whoever asked has the answer already. */
export const DECISION_READERS = [
  "operator",
  "strategist",
  "coordinator",
  "gatekeeper",
  "witness",
  "auditor",
  "steward",
] as const satisfies readonly Role[];

/** A decision as it is kept. */
export type Decision = {
  id: number;
  asked_by: number;
  subject_id: number | null;
  input: DecisionInput;
  verdict: Verdict;
  rung: string;
  protocol: Protocol | null;
};

/** What all decisions of one transaction have in common. */
export type Ground = { at: Date; policy_digest: string; state_version: number };

/** The bytes that a decision can be made of again: canonical JSON (RFC 8785). */
export function inputText(input: DecisionInput): string {
  return canonicalize(input)!;
}

export function inputDigest(input: string): string {
  return hash("sha256", input);
}

/** PostgreSQL has no arrays of arrays of different lengths; the unit separator stands in none of these sentences. */
const joined = (words: readonly string[]) => words.map((word) => word.replaceAll("\x1f", " ")).join("\x1f");

/** Sends decisions: one statement. It travels with the entries, and nobody waits for it. */
export function sendDecisions(
  db: Transaction,
  { at, policy_digest, state_version }: Ground,
  decisions: readonly (Decision & { text: string })[],
): void {
  if (decisions.length === 0) return;
  db.send(sql.decisions_insert, {
    at,
    policy_digest,
    state_version,
    ids: decisions.map(({ id }) => id),
    asked_bys: decisions.map(({ asked_by }) => asked_by),
    subject_ids: decisions.map(({ subject_id }) => subject_id),
    subjects: decisions.map(({ input }) => input.subject.id),
    actions: decisions.map(({ input }) => input.action.name),
    resource_types: decisions.map(({ input }) => input.resource.type),
    resource_ids: decisions.map(({ input }) => input.resource.id),
    effects: decisions.map(({ verdict }) => verdict.effect),
    rungs: decisions.map(({ rung }) => rung),
    rules: decisions.map(({ verdict }) => joined(verdict.rules)),
    errors: decisions.map(({ verdict }) => joined(verdict.errors)),
    reasons: decisions.map(({ verdict }) => joined(verdict.reasons)),
    protocols: decisions.map(({ protocol }) => (protocol ? JSON.stringify(protocol) : null)),
    inputs: decisions.map(({ text: input }) => input),
  });
}

const effects = ["allow", "deny"] as const;

const Told = z.object({
  id: z.int(),
  at: z.iso.datetime(),
  asked_by: z.string().describe("Whose token asked."),
  subject: z.string(),
  action: z.string(),
  resource_type: z.string(),
  resource_id: z.string(),
  effect: z.enum(effects),
  rung: z.string(),
  rules: z.array(z.string()).describe("The rules that determined it."),
  errors: z.array(z.string()).describe("What kept rules from being decided."),
  reasons: z.array(z.string()),
  protocol: Protocol.nullable(),
  policy_digest: z.string(),
  state_version: z.int().describe("The ledger's newest entry when it was decided."),
  input: z.record(z.string(), z.unknown()).nullable().describe("What it was made of; told of a single decision."),
});

type Row = Omit<z.output<typeof Told>, "at" | "input"> & { at: Date; input: string | null };

export const list = query({
  name: "policy.decisions",
  summary: "List recorded decisions, newest first; one by its id comes with everything it was made of.",
  input: z.object({
    id: z.int().min(1).optional().describe("Only this one; then nothing else is looked at."),
    before: z.int().min(1).optional().describe("Only those with a smaller id: the next page."),
    effect: z.enum(effects).optional().describe("Only allowed or only denied ones."),
    action: text(60).min(1).optional().describe("Only those about this action."),
    seat: text(120).min(1).optional().describe("Only those about what this seat wanted to do."),
    limit: z.int().min(1).max(500).default(50).describe("At most this many."),
  }),
  output: z.object({ decisions: z.array(Told) }),
  may: DECISION_READERS,
  refuses: ["seat.unknown", "seat.ambiguous"],
  async read({ db }, { id, seat, before, effect, action, limit }) {
    const subject_id = seat === undefined ? null : (await resolveName(db, seat)).id;
    if (id !== undefined) return { decisions: await found(db, id) };
    const rows = await db.all<Row>(sql.decisions_list, {
      limit,
      subject_id,
      before: before ?? Number.MAX_SAFE_INTEGER,
      effects: effect === undefined ? effects : [effect],
      action: action ?? null,
    });
    return { decisions: rows.map(told) };
  },
});

async function found(db: Reader, id: number) {
  return (await db.all<Row>(sql.decisions_find, { id })).map(told);
}

function told({ at, input, ...row }: Row) {
  return {
    ...row,
    at: at.toISOString(),
    input: input === null ? null : (JSON.parse(input) as Record<string, unknown>),
  };
}

/** One recorded decision. Throws `decision.unknown`. */
export async function decisionOf(db: Reader, id: number) {
  const [decision] = await found(db, id);
  if (decision) return decision;
  throw decisionUnknown(id);
}

export function decisionUnknown(id: number): Refusal {
  return new Refusal("missing", "decision.unknown", `There is no decision ${id}.`, {
    hint: "A denial tells its number; `longwatch policy decisions` lists them.",
  });
}
