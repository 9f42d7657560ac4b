import { z } from "zod";
import type { Reader } from "../../../kernel/database.ts";
import {
  batchCommand,
  type Caller,
  command,
  type Event,
  query,
  roles,
  text,
  type World,
} from "../../../kernel/operation.ts";
import { Refusal } from "../../../kernel/refusal.ts";
import { statements } from "../../../kernel/sql.ts";
import { pageOfKinds } from "../../ledger/index.ts";
import { findTicket, readMarkers, TicketId, WORKERS } from "../../tickets/index.ts";

const sql = statements(
  "feed/pitches",
  ...(["adoption_insert", "adoptions", "adoptions_settle", "adoptions_warn"] as const),
  ...(["survey_begin", "survey_from", "survey_to"] as const),
);

/** Origins A4: what is adopted and unfiled for longer is forgotten. */
export const CARRY_MINUTES = 10;
const UNFILED_ALARM = "adoption.unfiled";
/** The oldest are looked at first; more that wait than this are a disease of another kind. */
const OPEN_MAX = 1000;
/** Filings that one survey reads; it goes on from there a minute later. */
const FILINGS_MAX = 1000;

type Row = {
  id: number;
  adopted_at: Date;
  pitch: number | null;
  item: string | null;
  subject: string | null;
  warned_at: Date | null;
  ticket_id: string | null;
  dropped: string | null;
  settled_at: Date | null;
  adopter: string;
  now: Date;
};

type About = { subject: string | null; item: string | null; pitch: number | null };

/** Writes down that the caller adopted something and owes the ticket. Null where the pitch is carried out already. */
export async function adopt(
  world: World,
  caller: Caller,
  about: About,
): Promise<{ id: number; events: Event[] } | null> {
  const at = await world.at();
  const [row] = await world.db.all<{ id: number }>(sql.adoption_insert, { ...about, by: caller.principal_id, at });
  if (!row) return null;
  world.db.send(sql.survey_begin);
  const due_at = new Date(at.getTime() + CARRY_MINUTES * 60_000).toISOString();
  const { item, pitch } = about;
  const data = { id: row.id, due_at, ...(item ? { item } : {}), ...(pitch ? { pitch } : {}) };
  return { id: row.id, events: [{ kind: "adoption.made", subject: `adoption-${row.id}`, data }] };
}

type Filed = { id: string; words: string };

/** Settles the adoptions that new tickets name by `ADOPTS: 12`. */
export async function carriedBy(world: World, filed: readonly Filed[]): Promise<Event[]> {
  const pairs = filed.flatMap(({ id, words }) => adoptionsIn(words).map((adoption) => ({ id: adoption, ticket: id })));
  return settle(world, pairs);
}

function adoptionsIn(words: string): number[] {
  const said = readMarkers(words).filter(({ marker }) => marker === "ADOPTS");
  return said.flatMap(({ value }) => [...value.matchAll(/(?<![\w-])\d{1,15}\b/g)].map(([number]) => Number(number)));
}

type Settling = { id: number; ticket?: string; reason?: string };

async function settle(world: World, pairs: readonly Settling[]): Promise<Event[]> {
  if (pairs.length === 0) return [];
  const first = [...new Map(pairs.toReversed().map((pair) => [pair.id, pair])).values()];
  const rows = await world.db.all<{ id: number; ticket_id: string | null }>(sql.adoptions_settle, {
    at: await world.at(),
    ids: first.map(({ id }) => id),
    ticket_ids: first.map(({ ticket }) => ticket ?? null),
    reasons: first.map(({ reason }) => reason ?? null),
  });
  return rows.map(({ id, ticket_id }) => {
    const reason = first.find((one) => one.id === id)!.reason;
    const kind = ticket_id === null ? "adoption.dropped" : "adoption.carried";
    const data = { id, ...(ticket_id === null ? { reason } : { ticket: ticket_id }) };
    return { kind, subject: `adoption-${id}`, data };
  });
}

const Adoption = z.object({
  id: z.int(),
  adopter: z.string(),
  adopted_at: z.iso.datetime(),
  age_seconds: z.int(),
  overdue: z.boolean().describe(`Nobody filed the ticket within ${CARRY_MINUTES} minutes.`),
  pitch: z.int().nullable(),
  item: z.string().nullable().describe("The ticket that the adopting post was about."),
  subject: z.string().nullable(),
});

export const list = query({
  name: "adoption.list",
  summary: "What was adopted and no ticket carries out yet, oldest first.",
  input: z.object({
    overdue: z.boolean().default(false).describe(`Only those of more than ${CARRY_MINUTES} minutes.`),
    limit: z.int().min(1).max(OPEN_MAX).default(100).describe("At most this many."),
  }),
  output: z.object({ adoptions: z.array(Adoption) }),
  may: roles,
  said_by: "programs",
  refuses: [],
  async read({ db }, { overdue, limit }) {
    const rows = (await open(db, limit)).filter((row) => !overdue || isOverdue(row, row.now));
    return {
      adoptions: rows.map((row) => {
        const { id, adopter, pitch, item, subject, adopted_at, now } = row;
        const age_seconds = Math.max(0, Math.floor((now.getTime() - adopted_at.getTime()) / 1000));
        const told = { id, adopter, adopted_at: adopted_at.toISOString(), age_seconds, pitch, item, subject };
        return { ...told, overdue: isOverdue(row, now) };
      }),
    };
  },
});

const open = (db: Reader, limit = OPEN_MAX) => db.all<Row>(sql.adoptions, { id: null, limit });

function isOverdue({ adopted_at }: Row, at: Date): boolean {
  return at.getTime() - adopted_at.getTime() > CARRY_MINUTES * 60_000;
}

export const settleOne = command({
  name: "adoption.settle",
  summary: "Say which ticket carries an adoption out, or why none does.",
  input: z.object({
    id: z.int().min(1).describe("The adoption's number, as the warning named it."),
    ticket: TicketId.optional().describe("The ticket that carries it out."),
    reason: text(500).trim().min(1).optional().describe("Why it is dropped."),
  }),
  output: z.object({ id: z.int(), ticket: z.string().nullable() }),
  may: WORKERS,
  said_by: "programs",
  events: ["adoption.carried", "adoption.dropped"],
  refuses: ["adoption.unknown", "adoption.settled", "ticket.unknown"],
  async run(world, { input: { id, ticket: ref, reason } }) {
    if ((ref === undefined) === (reason === undefined))
      throw new Refusal("invalid", "input.invalid", "Give either ticket or reason.", {
        fields: ["ticket", "reason"].map((field) => ({ field, message: "exactly one of ticket and reason is needed" })),
      });
    const [row] = await world.db.all<Row>(sql.adoptions, { id, limit: 1 });
    if (!row)
      throw new Refusal("missing", "adoption.unknown", `There is no adoption ${id}.`, {
        hint: "`longwatch adoption list` shows those that wait.",
      });
    const ticket = ref === undefined ? undefined : (await findTicket(world.db, ref)).id;
    const events = await settle(world, [{ id, ...(ticket ? { ticket } : {}), ...(reason ? { reason } : {}) }]);
    if (events.length === 0)
      throw new Refusal("conflict", "adoption.settled", `Adoption ${id} ${endOf(row)} already.`, {
        facts: { id, ticket: row.ticket_id, reason: row.dropped },
      });
    return { output: { id, ticket: ticket ?? null }, events };
  },
});

const endOf = ({ ticket_id }: Row) => (ticket_id === null ? "was dropped" : `is carried out by ${ticket_id}`);

export const survey = batchCommand({
  name: "adoption.survey",
  summary: `Find the tickets that carry adoptions out, and warn of those without one for ${CARRY_MINUTES} minutes.`,
  input: z.object({}),
  output: z.object({ overdue: z.array(z.int()), alarms: z.array(z.string()) }),
  may: ["steward", "operator"],
  said_by: "programs",
  events: ["adoption.carried", "adoption.overdue"],
  refuses: [],
  unrecorded: "Each adoption is told once when it is carried out and once when it is overdue; else nothing changed.",
  async run(world, calls) {
    const waiting = await open(world.db);
    const carried = await carriedOut(world, waiting);
    const settled = new Set(carried.map(({ data }) => data.id));
    const at = await world.at();
    const late = waiting.filter((row) => !settled.has(row.id) && isOverdue(row, at));
    const fresh = late.filter(({ warned_at }) => warned_at === null);
    if (fresh.length > 0) world.db.send(sql.adoptions_warn, { at, ids: fresh.map(({ id }) => id) });
    const warned = fresh.map(({ id, adopter, adopted_at, pitch, item }) => ({
      kind: "adoption.overdue",
      subject: `adoption-${id}`,
      data: { id, adopter, adopted_at: adopted_at.toISOString(), pitch, item },
    }));
    const output = { overdue: late.map(({ id }) => id), alarms: late.length > 0 ? [UNFILED_ALARM] : [] };
    return calls.map((_, index) => ({ output, events: index === 0 ? [...carried, ...warned] : [] }));
  },
});

/** The tickets filed since the last look that name a waiting adoption, or the ticket that it was about. */
async function carriedOut(world: World, waiting: readonly Row[]): Promise<Event[]> {
  const [survey] = await world.db.all<{ after: number | null; head: number }>(sql.survey_from);
  if (!survey || survey.after === null || survey.after === survey.head) return [];
  const filings = waiting.length === 0 ? [] : await pageOfKinds(world.db, ["ticket.filed"], survey.after, FILINGS_MAX);
  world.db.send(sql.survey_to, { seq: filings.length === FILINGS_MAX ? filings.at(-1)!.seq : survey.head });
  return settle(
    world,
    filings.flatMap(({ at, data }) => {
      const ticket = String(data.id);
      const words = [data.title, data.body, data.parent].join("\n");
      const cited = waiting.filter(
        ({ item, adopted_at }) => item !== null && adopted_at.toISOString() <= at && names(words, item),
      );
      return [...adoptionsIn(words), ...cited.map(({ id }) => id)].map((id) => ({ id, ticket }));
    }),
  );
}

function names(words: string, id: string): boolean {
  // The first place may be a part of a longer id.
  for (let at = words.indexOf(id); at >= 0; at = words.indexOf(id, at + 1))
    if (!/[\w-]/.test(words[at - 1] ?? "") && !/\w/.test(words[at + id.length] ?? "")) return true;
  return false;
}
