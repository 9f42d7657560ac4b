import { z } from "zod";
import type { Caller, Event, World } from "../../kernel/operation.ts";
import { command, text } from "../../kernel/operation.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { statements } from "../../kernel/sql.ts";
import { parse } from "../../kernel/door.ts";
import { namespacesOf, operations as tickets } from "../tickets/index.ts";
import { GIVERS } from "./filing.ts";
import { Day, type DoctrineRecord, levelOf, RecordId } from "./record.ts";
import { findRecord, keep } from "./registry.ts";

const sql = statements("doctrine", "review_insert", "review_settle", "reviewed");

/** Who looks at rules again: the brief of every strategist shows what can be claimed in this lane. */
const REVIEW_LANE = "strategist";
/** A tenant that keeps doctrine in a namespace of its own names it so. */
const OWN_NAMESPACE = "ORA";

/** Opens a record's review: a ticket, and the word that it is open. There is never a second one beside it. */
export async function openReview(
  world: World,
  caller: Caller,
  record: DoctrineRecord,
  because: string,
): Promise<{ ticket: string | null; events: Event[] }> {
  const namespaces = (await namespacesOf(world.db)).map(({ prefix }) => prefix).sort();
  const namespace = namespaces.includes(OWN_NAMESPACE) ? OWN_NAMESPACE : namespaces[0];
  const filed = namespace === undefined ? null : await fileReview(world, caller, record, because, namespace);
  const ticket = filed?.id ?? null;
  world.db.send(sql.review_insert, { id: record.id, because, ticket_id: ticket, at: await world.at() });
  const data = { id: record.id, because, ticket };
  return { ticket, events: [...(filed?.events ?? []), { kind: "doctrine.review_opened", subject: record.id, data }] };
}

async function fileReview(world: World, caller: Caller, record: DoctrineRecord, because: string, namespace: string) {
  const { id, title, maturity } = record;
  const input = parse(tickets.file.input, {
    namespace,
    lane: REVIEW_LANE,
    type: "review",
    labels: ["doctrine", id],
    title: `Review ${id}: ${title}`.slice(0, 500).toWellFormed(),
    body:
      `${because}.\n\nIt is ${levelOf(maturity)}: \`longwatch doctrine show ${id}\`, \`longwatch doctrine evaluate ` +
      `${id}\`.\nKeep it, change how it is held, or file one that supersedes it. Then say what came of it:\n` +
      `\`longwatch doctrine review ${id} --note TEXT\`, which settles the review, and finish this ticket.`,
  });
  const [outcome] = await tickets.file.run(world, [{ caller, input }]);
  if (outcome instanceof Refusal) throw outcome;
  return { id: outcome!.output.id, events: outcome!.events };
}

/** The day after so many days, as the calendar of UTC has it. */
export function dayAfter(at: Date, days: number): string {
  return new Date(at.getTime() + days * 86_400_000).toISOString().slice(0, 10);
}

export const review = command({
  name: "doctrine.review",
  summary: "Say what came of looking at a record again. Its open review is settled, and the next one has its day.",
  input: z.object({
    id: RecordId,
    note: text(4000).trim().min(1).describe("What was found, and what is done about it."),
    next_on: Day.optional().describe("When it is looked at again; without it, after its own number of days."),
    sunset_on: Day.optional().describe("Renews a hard rule until this day."),
  }),
  output: z.object({ id: z.string(), next_on: z.string().nullable(), ticket: z.string().nullable() }),
  may: GIVERS,
  said_by: "programs",
  events: ["doctrine.reviewed"],
  refuses: ["record.unknown", "review.past"],
  async run(world, { caller, input: { id, note, next_on, sunset_on } }) {
    const record = await findRecord(world.db, id);
    const at = await world.at();
    const today = at.toISOString().slice(0, 10);
    for (const [field, day] of Object.entries({ next_on, sunset_on }))
      if (day !== undefined && day <= today)
        throw new Refusal("invalid", "review.past", `${field}: ${day} is not after today, ${today}`, {
          fields: [{ field, message: `is not after today, ${today}` }],
        });
    keep(world.db, [record], at);
    const { review_days } = record;
    const review_on = next_on ?? (review_days === undefined ? null : dayAfter(at, review_days));
    const until = sunset_on ?? record.sunset_on;
    world.db.send(sql.reviewed, { id, at, review_on, sunset_on: until });
    const settled_by = caller.principal_id;
    const [settled] = await world.db.all<{ ticket_id: string | null }>(sql.review_settle, { id, at, settled_by, note });
    const ticket = settled?.ticket_id ?? null;
    const data = { id, note, ticket, next_on: review_on, sunset_on: until };
    return {
      output: { id, next_on: review_on, ticket },
      events: [{ kind: "doctrine.reviewed", subject: id, data }],
    };
  },
});
