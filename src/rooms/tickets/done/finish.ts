import { z } from "zod";
import { type Act, batchCommand, type Call, type Event, text, type World } from "../../../kernel/operation.ts";
import { type FieldProblem, Refusal } from "../../../kernel/refusal.ts";
import { statements } from "../../../kernel/sql.ts";
import { type Condition, conditionsHold, parseCondition, resolved, targetOf } from "../conditional/condition.ts";
import { Claim, endClaims, fenced, Moved } from "../endings.ts";
import { findTickets, type Row, WORKERS } from "../ticket.ts";
import { missingProofs, proofFields, type Proved, readProofs, untrueOf } from "./proofs.ts";
import { type Given, sendReceipts } from "./receipts.ts";
import { requirementsFor } from "./requirements.ts";
import { countRuns, type Done, isNoOp, type Runs, runsOf } from "./substance.ts";

const sql = statements("tickets/done", "open_children", "deliverables_write", "deliverables_withdraw");

export const finish = batchCommand({
  name: "ticket.finish",
  summary: "Finish a claimed ticket with its proofs: it is done. What is missing is named.",
  input: z.object({
    ...Claim,
    note: text(10_000).optional().describe("What was done."),
    ...proofFields,
    closing_evidence: text(2000).min(1).optional().describe("For a parent: why its closing condition holds."),
  }),
  output: Moved,
  may: WORKERS,
  events: ["ticket.finished", "ticket.design_rejected", "ticket.lapsed", "substance.flagged", "substance.escalated"],
  refuses: [
    ...["ticket.unknown", "lease.lost", "finish.unproven", "parent.open", "parent.uncovered", "parent.unproven"],
    "entry.oversized",
  ],
  run: (world, calls) =>
    fenced(world, calls, async (holding) => {
      const at = await world.at();
      const { looked, runs } = await look(world, holding);
      const outcomes = looked.map((one): Finished | Refusal | null => {
        const problem = problemOf(one);
        if (problem) return problem;
        return one.proved.matches === false ? rejected(one) : null;
      });
      const ending = looked.filter((_, index) => outcomes[index] === null);
      const acts = await end(world, ending, runs, at);
      return outcomes.map((outcome) => outcome ?? acts.shift()!);
    }),
});

type Finished = Act<z.output<typeof Moved>>;
type Finishing = { call: Call<z.output<typeof finish.input>>; row: Row };
/** A finish with all that it is judged by. */
type Looked = Finishing & {
  proved: Proved;
  fields: FieldProblem[];
  children: string[];
  /** Whether the parent's closing condition holds; null where the server cannot look it up. */
  isCovered: boolean | null;
};

/** Reads what the finishes are judged by, for all of them in one flight. */
async function look({ db }: World, holding: readonly Finishing[]): Promise<{ looked: Looked[]; runs: Runs }> {
  const proofs = holding.map(({ call }) => readProofs(call.input));
  const conditions = holding.map(({ row }) => (row.closes_when === null ? null : parseCondition(row.closes_when)));
  const refs = [
    ...proofs.flatMap(({ follow_ons, activated_by }) => [...follow_ons.map(({ id }) => id), activated_by]),
    ...conditions.map(targetOf),
  ].filter((ref) => ref !== null);
  const [children, required, named, runs] = await Promise.all([
    db.all<{ id: string; child: string }>(sql.open_children, { ids: holding.map(({ row }) => row.id) }),
    requirementsFor(
      db,
      holding.map(({ row }) => row),
    ),
    findTickets(db, refs),
    runsOf(
      db,
      holding.map(({ call, row }) => ({ caller: call.caller, lane: row.lane })),
    ),
  ]);
  const known = conditions.map((one): Condition | null => {
    const condition = one && resolved(one, named);
    return condition instanceof Refusal ? null : condition;
  });
  const holds = await conditionsHold(
    db,
    known.filter((one) => one !== null),
  );
  const looked = holding.map(({ call, row }, index) => {
    const proved = proofs[index]!;
    return {
      ...{ call, row, proved },
      fields: [
        ...missingProofs(required[index]!, call.input, proved),
        ...untrueOf(proved, named, row.id, call.caller.principal_id),
      ],
      children: children.filter(({ id }) => id === row.id).map(({ child }) => child),
      isCovered: known[index] === null ? null : holds.shift()!,
    };
  });
  return { looked, runs };
}

/** Why a ticket cannot be finished so. A child's end never closes its parent (J22). */
function problemOf({ call, row, fields, children, isCovered }: Looked): Refusal | null {
  if (children.length > 0) return parentOpen(row.id, children);
  if (fields.length > 0) {
    const said = fields.map(({ field, message }) => `${field} ${message}`).join(". ");
    return new Refusal("invalid", "finish.unproven", `${row.id} is not proved: ${said}.`, {
      fields,
      hint: "Say ticket.finish again with these fields; the claim still holds. `none - reason` is honest, and counted.",
      facts: { id: row.id },
    });
  }
  if (row.closes_when === null || isCovered === true) return null;
  if (isCovered === false)
    return new Refusal("conflict", "parent.uncovered", `${row.id} closes when: ${row.closes_when}; that is not so.`, {
      hint: "The server looked it up. File what is still to be done as its child, and give the claim back.",
      facts: { id: row.id, closes_when: row.closes_when },
    });
  if (call.input.closing_evidence !== undefined) return null;
  return new Refusal("conflict", "parent.unproven", `${row.id} closes when: ${row.closes_when}`, {
    hint: "Say in closing_evidence why that holds now.",
    facts: { id: row.id, closes_when: row.closes_when },
  });
}

export function parentOpen(id: string, children: readonly string[]): Refusal {
  return new Refusal("conflict", "parent.open", `${id} has open children: ${children.slice(0, 10).join(", ")}.`, {
    hint: "Finish or cancel them first.",
    facts: { id, children },
  });
}

/** What does not look as it was meant is not done: its holder goes on with it (J21). */
function rejected({ call, row }: Looked): Finished {
  const { design_review } = call.input;
  const data = { id: row.id, state: "in_progress", design_review };
  return { output: { id: row.id, state: "in_progress" }, events: [told("ticket.design_rejected", row, data)] };
}

function told(kind: string, { id }: Row, data: Record<string, unknown>): Event {
  return { kind, subject: id, data };
}

/** Ends the claims of those that are proved: a fixed number of statements, however many they are. */
async function end(world: World, ending: readonly Looked[], runs: Runs, at: Date): Promise<Finished[]> {
  if (ending.length === 0) return [];
  const dones = ending.map((one) => doneOf(one, at));
  await endClaims(
    world,
    ending.map(({ call, row }) => ({ row, state: "done", proof: saidIn(call.input) })),
  );
  writeDeliverables(world, ending, at);
  const given = ending.map((one, index) => receiptsFor(one, dones[index]!));
  sendReceipts(world.db, given.flat(), at);
  const counted = countRuns(world.db, runs, dones);
  return ending.map(({ call, row, proved }, index) => {
    const data = {
      ...{ id: row.id, state: "done", title: row.title, ...saidIn(call.input) },
      receipts: given[index]!.map(({ stage }) => stage),
      verification: proved.deliverable === null ? null : "unverified",
      ...(isNoOp(dones[index]!) ? { no_op: true } : {}),
    };
    return { output: { id: row.id, state: "done" }, events: [told("ticket.finished", row, data), ...counted[index]!] };
  });
}

function doneOf({ call, row, proved }: Looked, at: Date): Done {
  const { deliverable, merge, work, value } = proved;
  const hasArtifact = work === "artifact" || deliverable !== null || merge !== null;
  const { id, lane, claimed_at } = row;
  return { id, lane, caller: call.caller, claimed_at: claimed_at!, at, hasArtifact, saidNone: work === "none", value };
}

function receiptsFor({ call, row, proved }: Looked, done: Done): Given[] {
  const by_id = call.caller.principal_id;
  const { work_proof = "", merge = "" } = call.input;
  return [
    { id: row.id, stage: "code_complete", evidence: work_proof, by_id, no_op: isNoOp(done) },
    ...(proved.merge === null ? [] : [{ id: row.id, stage: "merged" as const, evidence: merge, by_id }]),
  ];
}

/** What a runner is to check; and that nothing is to be, where an earlier finish said otherwise. */
function writeDeliverables({ db }: World, ending: readonly Looked[], at: Date): void {
  const those = ending.flatMap(({ call, row, proved }) =>
    proved.deliverable === null ? [] : [{ id: row.id, said_by: call.caller.principal_id, ...proved.deliverable }],
  );
  const without = ending.filter(({ proved }) => proved.deliverable === null).map(({ row }) => row.id);
  if (without.length > 0) db.send(sql.deliverables_withdraw, { ids: without, at });
  if (those.length === 0) return;
  db.send(sql.deliverables_write, {
    at,
    ids: those.map(({ id }) => id),
    said_bys: those.map(({ said_by }) => said_by),
    paths: those.map(({ path }) => path),
    branches: those.map(({ branch }) => branch),
    shas: those.map(({ sha }) => sha),
    verifies: those.map(({ verify }) => verify),
  });
}

function saidIn({ id: _, claim_token: __, ...proof }: z.output<typeof finish.input>): Record<string, string> {
  return Object.fromEntries(Object.entries(proof).filter((entry): entry is [string, string] => entry[1] !== undefined));
}
