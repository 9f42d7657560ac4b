import { z } from "zod";
import type { Reader, Transaction } from "../../kernel/database.ts";
import { command, query, roles, text } from "../../kernel/operation.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { statements } from "../../kernel/sql.ts";

const sql = statements(
  "policy",
  "escalations_open",
  "escalations_insert",
  "escalations_list",
  "escalations_find",
  "escalations_close",
);

/** An act that nobody who is here may do. */
export type Stuck = {
  asker_id: number;
  action: string;
  resource_type: string;
  resource_id: string;
  reason: string;
  decision_id: number;
};

/** An act that may turn out to be stuck. */
type Act = Omit<Stuck, "reason" | "decision_id">;

type Open = Act & { id: number | null; newest: number | null };

/** The open escalations of one transaction: the same asker's same act has one, however often it is denied. */
export class Escalations {
  #open: Map<string, number>;
  #newest: number;
  #opened: (Stuck & { id: number })[] = [];

  constructor(rows: readonly Open[]) {
    this.#newest = rows[0]?.newest ?? 0;
    this.#open = new Map(rows.flatMap((row) => (row.id === null ? [] : [[keyOf(row), row.id]])));
  }

  /** The escalation of a stuck act, and whether it is new. */
  of(stuck: Stuck): { id: number; isNew: boolean } {
    const known = this.#open.get(keyOf(stuck));
    if (known !== undefined) return { id: known, isNew: false };
    const id = ++this.#newest;
    this.#open.set(keyOf(stuck), id);
    this.#opened.push({ ...stuck, id });
    return { id, isNew: true };
  }

  /** Sends what was opened, behind the decisions that led to it. */
  send(db: Transaction, at: Date): void {
    if (this.#opened.length === 0) return;
    const column = <Name extends keyof Stuck | "id">(name: Name) => this.#opened.map((one) => one[name]);
    db.send(sql.escalations_insert, {
      at,
      ids: column("id"),
      asker_ids: column("asker_id"),
      actions: column("action"),
      resource_types: column("resource_type"),
      resource_ids: column("resource_id"),
      reasons: column("reason"),
      decision_ids: column("decision_id"),
    });
  }
}

function keyOf({ asker_id, action, resource_type, resource_id }: Act): string {
  return JSON.stringify([asker_id, action, resource_type, resource_id]);
}

/** What is open of these acts: one statement, however much else is open. */
export async function readEscalations(db: Reader, acts: readonly Act[]): Promise<Escalations> {
  const column = <Name extends keyof Act>(name: Name) => acts.map((one) => one[name]);
  const rows = await db.all<Open>(sql.escalations_open, {
    asker_ids: column("asker_id"),
    actions: column("action"),
    resource_types: column("resource_type"),
    resource_ids: column("resource_id"),
  });
  return new Escalations(rows);
}

const Escalation = z.object({
  id: z.int(),
  asker: z.string().describe("Who wanted to do it."),
  action: z.string(),
  resource_type: z.string(),
  resource_id: z.string(),
  reason: z.string(),
  decision: z.int().describe("The first decision that led here."),
  opened_at: z.iso.datetime(),
  closed_at: z.iso.datetime().nullable(),
  closed_by: z.string().nullable(),
  note: z.string().nullable(),
});

export const list = query({
  name: "escalation.list",
  summary: "List what nobody who is here may do, newest first.",
  input: z.object({
    id: z.int().min(1).optional().describe("Only this one, open or closed."),
    closed: z.boolean().default(false).describe("Those that were closed too."),
    limit: z.int().min(1).max(500).default(50).describe("At most this many."),
  }),
  output: z.object({ escalations: z.array(Escalation) }),
  may: roles,
  said_by: "programs",
  refuses: [],
  async read({ db }, { id, closed, limit }) {
    const rows = await db.all(sql.escalations_list, { id: id ?? null, closed, limit });
    return {
      escalations: rows.map(({ decision_id, opened_at, closed_at, ...row }) => ({
        ...row,
        decision: decision_id,
        opened_at: opened_at.toISOString(),
        closed_at: closed_at?.toISOString() ?? null,
      })),
    };
  },
});

export const close = command({
  name: "escalation.close",
  summary: "Close an escalation: say what was done about it.",
  input: z.object({
    id: z.int().min(1).describe("The escalation's number."),
    note: text(2000).trim().min(1).describe("What was done, or why nothing is."),
  }),
  output: z.object({ id: z.int() }),
  may: ["operator", "strategist", "coordinator"],
  events: ["escalation.closed"],
  refuses: ["escalation.unknown", "escalation.closed"],
  async run(world, { caller, input: { id, note } }) {
    const [row] = await world.db.all<{ id: number; closed_at: Date | null }>(sql.escalations_find, { id });
    if (!row)
      throw new Refusal("missing", "escalation.unknown", `There is no escalation ${id}.`, {
        hint: "`longwatch escalation list` shows those that are open.",
      });
    if (row.closed_at)
      throw new Refusal("conflict", "escalation.closed", `Escalation ${id} was closed before.`, {
        hint: `\`longwatch escalation list --id ${id}\` shows by whom and why.`,
        facts: { id, closed_at: row.closed_at.toISOString() },
      });
    world.db.send(sql.escalations_close, { id, at: await world.at(), closed_by: caller.principal_id, note });
    return { output: { id }, events: [{ kind: "escalation.closed", subject: null, data: { id, note } }] };
  },
});
