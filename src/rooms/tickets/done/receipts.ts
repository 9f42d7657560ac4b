import { z } from "zod";
import type { Reader, Transaction } from "../../../kernel/database.ts";
import { type Caller, command, type Event, text, type World } from "../../../kernel/operation.ts";
import { Refusal } from "../../../kernel/refusal.ts";
import { statements } from "../../../kernel/sql.ts";
import { findTicket, findTickets, type Row, TicketId, WORKERS } from "../ticket.ts";
import { type Stage, stages } from "./stages.ts";

const sql = statements("tickets/done", "receipts_give", "receipts_withdraw", "receipts_of", "deliverables_withdraw");

export type Given = { id: string; stage: Stage; evidence: string; by_id: number; no_op?: boolean };

/** Receipts as the statement takes them. */
function columnsOf(given: readonly Given[], at: Date): Record<string, unknown> {
  return {
    at,
    by_ids: given.map(({ by_id }) => by_id),
    ticket_ids: given.map(({ id }) => id),
    stages: given.map(({ stage }) => stage),
    evidences: given.map(({ evidence }) => evidence),
    no_ops: given.map(({ no_op }) => no_op ?? false),
  };
}

/** Sends receipts; one that is there already stays. They travel with the commit. */
export function sendReceipts(db: Transaction, given: readonly Given[], at: Date): void {
  if (given.length > 0) db.send(sql.receipts_give, columnsOf(given, at));
}

/**
 * Records a stage of a ticket, for rooms that know it: the landing knows what is deployed and observed. `ref` is the
 * ticket's id or alias. A stage that has its receipt keeps it, and nothing happens.
 */
export async function recordReceipts(
  world: World,
  caller: Caller,
  receipts: readonly { ref: string; stage: Stage; evidence: string }[],
): Promise<Event[]> {
  const found = await findTickets(
    world.db,
    receipts.map(({ ref }) => ref),
  );
  const known = receipts.flatMap((one) => {
    const row = found.get(one.ref);
    return row ? [{ row, ...one }] : [];
  });
  if (known.length === 0) return [];
  const by_id = caller.principal_id;
  const given = known.map(({ row, stage, evidence }) => ({ id: row.id, stage, evidence, by_id }));
  const fresh = await world.db.all<{ ticket_id: string; stage: Stage }>(
    sql.receipts_give,
    columnsOf(given, await world.at()),
  );
  const isFresh = (row: Row, stage: Stage) => fresh.some((one) => one.ticket_id === row.id && one.stage === stage);
  return known
    .filter(({ row, stage }) => isFresh(row, stage))
    .map(({ row, stage, evidence }) => {
      const data = { id: row.id, state: row.state, receipts: [stage], evidence };
      return { kind: "ticket.receipt_given", subject: row.id, data };
    });
}

/** Takes receipts back, with the reason. Answers the stages that were taken back of each ticket. */
async function takeBack(
  world: World,
  caller: Caller,
  ids: readonly string[],
  those: readonly Stage[],
  reason: string,
): Promise<Map<string, Stage[]>> {
  const rows = await world.db.all<{ ticket_id: string; stage: Stage }>(sql.receipts_withdraw, {
    ...{ ids, stages: those, at: await world.at(), by_id: caller.principal_id, reason },
  });
  const taken = Map.groupBy(rows, ({ ticket_id }) => ticket_id);
  return new Map([...taken].map(([id, own]) => [id, stages.filter((stage) => own.some((one) => one.stage === stage))]));
}

/** What was observed was deployed: without the one there is not the other. */
const FOLLOWING: Partial<Record<Stage, readonly Stage[]>> = { deployed: ["deployed", "observed"] };

/**
 * Takes a stage of a ticket back, for rooms that know that it holds no more: a release that was rolled back is not
 * deployed. Nothing happens where there is none.
 */
export async function withdrawReceipts(
  world: World,
  caller: Caller,
  { ref, stage, reason }: { ref: string; stage: Stage; reason: string },
): Promise<Event[]> {
  const row = await findTicket(world.db, ref);
  const withdrawn = (await takeBack(world, caller, [row.id], FOLLOWING[stage] ?? [stage], reason)).get(row.id);
  if (withdrawn === undefined) return [];
  const data = { id: row.id, state: row.state, withdrawn, reason };
  return [{ kind: "ticket.receipt_withdrawn", subject: row.id, data }];
}

/** Takes all receipts of a ticket back that is not done any more: they proved an earlier round. */
export async function takeAllBack(world: World, caller: Caller, id: string, reason: string): Promise<Stage[]> {
  return (await takeBack(world, caller, [id], stages, reason)).get(id) ?? [];
}

/** What goes with a ticket that is put back by hand: its receipts, and what a runner was to verify. */
export async function undo(
  world: World,
  caller: Caller,
  id: string,
  reason: string,
): Promise<{ withdrawn: Stage[]; verification: null }> {
  world.db.send(sql.deliverables_withdraw, { ids: [id], at: await world.at() });
  return { withdrawn: await takeAllBack(world, caller, id, reason), verification: null };
}

/** A ticket's receipts, for those who look at it. */
export async function receiptsOf(db: Reader, id: string) {
  const rows = await db.all<{ stage: Stage; at: Date; by: string | null; evidence: string; no_op: boolean }>(
    sql.receipts_of,
    { id },
  );
  return {
    receipts: rows.map(({ no_op: _, at, ...row }) => ({ ...row, at: at.toISOString() })),
    no_op: rows.some(({ no_op }) => no_op),
  };
}

const StageOfReceipt = z.enum(["merged", "deployed", "observed"]);
/** What a seat may say of its own merge; what is served is told by who looks: the landing, an operator, a program. */
const WHO_LOOKS: readonly string[] = ["operator", "gatekeeper", "service", "sentinel"];

export const give = command({
  name: "ticket.receipt",
  summary: "Give a ticket the receipt of a stage: merged, deployed, observed. finish gives code_complete.",
  input: z.object({
    id: TicketId,
    stage: StageOfReceipt.describe("observed needs deployed. The landing gives both by itself."),
    evidence: text(2000).trim().min(1).describe("What shows it: the sha of the merge, the release that is served."),
  }),
  output: z.object({ id: z.string(), stage: z.string(), at: z.iso.datetime() }),
  may: WORKERS,
  said_by: "programs",
  events: ["ticket.receipt_given"],
  refuses: ["ticket.unknown", "receipt.given", "receipt.early", "receipt.not_yours"],
  async run(world, { caller, input }) {
    const { stage, evidence } = input;
    const row = await findTicket(world.db, input.id);
    if (stage !== "merged" && !WHO_LOOKS.includes(caller.role))
      throw new Refusal("denied", "receipt.not_yours", `${stage} is told by who looks at what is served.`, {
        hint: `longwatch land gives it; else one of: ${WHO_LOOKS.join(", ")}.`,
      });
    const { receipts } = await receiptsOf(world.db, row.id);
    if (stage === "observed" && !receipts.some((one) => one.stage === "deployed")) throw early(row);
    const events = await recordReceipts(world, caller, [{ ref: row.id, stage, evidence }]);
    if (events.length === 0)
      throw given(
        row,
        receipts.find((one) => one.stage === stage)!,
      );
    return { output: { id: row.id, stage, at: (await world.at()).toISOString() }, events };
  },
});

function early({ id }: Row): Refusal {
  return new Refusal("conflict", "receipt.early", `${id} is not deployed; nobody can have observed it.`, {
    hint: "Give deployed first, with the release that is served.",
    facts: { id },
  });
}

function given({ id }: Row, receipt: { stage: string; at: string; by: string | null; evidence: string }): Refusal {
  return new Refusal("conflict", "receipt.given", `${id} has ${receipt.stage} since ${receipt.at}.`, {
    hint: "A wrong one is taken back first: ticket.withdraw_receipt.",
    facts: { id, ...receipt },
  });
}

export const withdraw = command({
  name: "ticket.withdraw_receipt",
  summary: "Take a receipt back: an amendment, with its reason. It can be given again.",
  input: z.object({
    id: TicketId,
    stage: StageOfReceipt.describe("observed goes with deployed. code_complete ends with ticket.reopen."),
    reason: text(2000).trim().min(1).describe("Why. The ledger keeps it."),
  }),
  output: z.object({ id: z.string(), withdrawn: z.array(z.string()) }),
  may: ["operator", "strategist", "coordinator", "gatekeeper", "steward", "service"],
  said_by: "programs",
  events: ["ticket.receipt_withdrawn"],
  refuses: ["ticket.unknown", "receipt.none"],
  async run(world, { caller, input }) {
    const { stage, reason } = input;
    const events = await withdrawReceipts(world, caller, { ref: input.id, stage, reason });
    const [event] = events;
    if (event === undefined)
      throw new Refusal("conflict", "receipt.none", `${input.id} has no receipt of ${stage}.`, {
        hint: "ticket.show lists those that it has.",
      });
    const { id, withdrawn } = event.data as { id: string; withdrawn: string[] };
    return { output: { id, withdrawn }, events };
  },
});
