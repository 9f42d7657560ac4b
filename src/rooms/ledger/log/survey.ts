import { z } from "zod";
import type { Reader } from "../../../kernel/database.ts";
import { command, type Event } from "../../../kernel/operation.ts";
import { statements } from "../../../kernel/sql.ts";
import { entryOf } from "../entries.ts";
import { HEAD_RECORDED, type RecordedHead } from "./heads.ts";

/**
 * The log of tenant heads: the first tenant's ledger records how far every other tenant's log has come. A tenant that
 * is deleted, cut or rewritten together with all that stands beside it is then still missed.
 */
const sql = statements("ledger", "every_head", "roots_of", "newest_of_subject");

const subjectOf = (tenant: string) => `tenant/${tenant}`;

export const survey = command({
  name: "ledger.survey",
  summary: "Record the newest checkpoint of every other tenant in the first tenant's ledger. The clock says it.",
  input: z.object({}),
  output: z.object({ recorded: z.int().describe("How many tenants' logs have grown since the last survey.") }),
  may: ["steward", "operator"],
  events: [HEAD_RECORDED],
  refuses: [],
  unrecorded: "Where no log has grown there is nothing to record; other tenants than the first see no heads at all.",
  async run({ db }) {
    const events: Event[] = [];
    const heads = await db.all<{ tenant: string; origin: string; tree_size: number; root: Buffer }>(sql.every_head);
    for (const { tenant, origin, tree_size, root } of heads) {
      const subject = subjectOf(tenant);
      const data: RecordedHead = { tenant, origin, size: tree_size, root: root.toString("hex") };
      const [last] = await db.all<{ leaf: Buffer }>(sql.newest_of_subject, { subject });
      const known = last && (entryOf(last.leaf).data as RecordedHead);
      if (known?.root !== data.root || known.origin !== origin) events.push({ kind: HEAD_RECORDED, subject, data });
    }
    return { output: { recorded: events.length }, events };
  },
});

/** Which of the recorded heads the database does not hold any more; of each tenant the first. */
export async function lostHeads<Head extends RecordedHead>(
  db: Reader,
  recorded: readonly Head[],
): Promise<(Head & { reason: string })[]> {
  const here = new Set((await db.all<{ tenant: string }>(sql.every_head)).map(({ tenant }) => tenant));
  const roots = await db.all<{ root: Buffer | null }>(sql.roots_of, {
    tenants: recorded.map(({ tenant }) => tenant),
    origins: recorded.map(({ origin }) => origin),
    sizes: recorded.map(({ size }) => size),
  });
  const lost = new Map<string, Head & { reason: string }>();
  for (const [at, head] of recorded.entries()) {
    const reason = lossOf(head, here, roots[at]?.root ?? null);
    if (reason !== null && !lost.has(head.tenant)) lost.set(head.tenant, { ...head, reason });
  }
  return [...lost.values()];
}

function lossOf({ tenant, size, root }: RecordedHead, here: Set<string>, found: Buffer | null): string | null {
  if (!here.has(tenant)) return "the tenant, or all of its log, is gone";
  if (found === null) return `its checkpoint of ${size} entries is gone`;
  return found.toString("hex") === root ? null : `its checkpoint of ${size} entries changed`;
}
