import { z } from "zod";
import type { Reader, Transaction } from "../../../kernel/database.ts";
import { batchCommand, text } from "../../../kernel/operation.ts";
import { Refusal } from "../../../kernel/refusal.ts";
import { statements } from "../../../kernel/sql.ts";
import { namespaceUnknown } from "../numbers/numbers.ts";
import type { Row } from "../ticket.ts";
import { columnsOf, CONDITION_FORMS, type Condition, parseCondition, resolved, wordsOf } from "./condition.ts";

const sql = statements("tickets/conditional", "triggers_insert", "trigger_of", "trigger_end", "triggers_true", "open");

export const OpensWhen = text(300)
  .trim()
  .refine((words) => parseCondition(words) !== null, `must be in one of these forms: ${CONDITION_FORMS}`)
  .describe(`Opens itself once this is true: ${CONDITION_FORMS}`);

export type Trigger = { ticket_id: string; condition: Condition };

/** What a filing's condition means here: none, the condition with the target's own id, or why it cannot come true. */
export function triggerOf(
  words: string | undefined,
  found: ReadonlyMap<string, Row>,
  namespaces: ReadonlySet<string>,
): Condition | Refusal | null {
  if (words === undefined) return null;
  const condition = resolved(parseCondition(words)!, found);
  if (condition instanceof Refusal || condition.kind !== "count" || namespaces.has(condition.namespace))
    return condition;
  return namespaceUnknown(condition.namespace);
}

/** Sends the triggers of new conditional tickets; they travel with the commit. */
export function writeTriggers(db: Transaction, triggers: readonly Trigger[]): void {
  if (triggers.length === 0) return;
  const conditions = triggers.map(({ condition }) => condition);
  const ticket_ids = triggers.map(({ ticket_id }) => ticket_id);
  db.send(sql.triggers_insert, { ticket_ids, words: conditions.map(wordsOf), ...columnsOf(conditions) });
}

/** Ends the trigger of a ticket that is moved by hand: it is not to open later what was decided otherwise. */
export function endTrigger(db: Transaction, id: string, at: Date): void {
  db.send(sql.trigger_end, { id, at });
}

/** What a ticket opens, or opened, with. */
export async function opensWhen(db: Reader, id: string): Promise<string | null> {
  return (await db.all<{ words: string }>(sql.trigger_of, { id }))[0]?.words ?? null;
}

export const openTriggered = batchCommand({
  name: "ticket.trigger",
  summary: "Open every conditional ticket whose trigger has turned true. The clock says it.",
  input: z.object({}),
  output: z.object({ opened: z.array(z.string()) }),
  may: ["steward", "operator"],
  said_by: "programs",
  events: ["ticket.triggered"],
  refuses: [],
  unrecorded: "Each ticket that opens leaves an entry; when none did, nothing was written.",
  async run(world, calls) {
    const due = await world.db.all<{ ticket_id: string; words: string }>(sql.triggers_true);
    const ids = due.map(({ ticket_id }) => ticket_id);
    const opened = ids.length === 0 ? [] : await world.db.all<{ id: string }>(sql.open, { ids, at: await world.at() });
    const those = due.filter(({ ticket_id }) => opened.some(({ id }) => id === ticket_id));
    const events = those.map(({ ticket_id: id, words }) => ({
      kind: "ticket.triggered",
      subject: id,
      data: { id, state: "awaiting_claim", from: "conditional", because: words },
    }));
    // They are this act's own, not recorded beside the batch: that would tell them before what the rest of it did, and
    // a ticket whose trigger is true already can be filed in the same batch.
    return calls.map((_, index) => ({
      output: { opened: those.map(({ ticket_id }) => ticket_id) },
      events: index === 0 ? events : [],
    }));
  },
});
