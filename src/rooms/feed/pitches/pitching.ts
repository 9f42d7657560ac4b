import { z } from "zod";
import type { Reader } from "../../../kernel/database.ts";
import { command, query, roles, text } from "../../../kernel/operation.ts";
import { Refusal } from "../../../kernel/refusal.ts";
import { statements } from "../../../kernel/sql.ts";
import { findTicket, TicketId, WORKERS } from "../../tickets/index.ts";
import { narrated } from "../posts.ts";
import { adopt, carriedBy } from "./adopting.ts";
import { familyOf, type Response, tally, verdicts } from "./families.ts";

const sql = statements("feed/pitches", "pitch_insert", "pitches", "response_insert", "responses");

const Id = z.int().min(1).describe("The pitch's number.");
const Body = text(20_000).default("");

export const make = command({
  name: "pitch.make",
  summary: "Put a proposal before the others. They respond to it; it moves nothing until a ticket carries it out.",
  input: z.object({
    subject: text(300).trim().min(1).describe("What is proposed, in a line."),
    body: Body.describe("Why, and what would be different."),
    families_min: z
      .int()
      .min(1)
      .max(5)
      .default(1)
      .describe("How many model providers have to be for it, yours among them: 2 for what is hard to undo."),
  }),
  output: z.object({ id: z.int() }),
  may: WORKERS,
  said_by: "programs",
  events: ["pitch.made", "post.appended"],
  refuses: ["entry.oversized"],
  async run(world, { caller, input: { subject, body, families_min } }) {
    const who = { pitched_by: caller.principal_id, family: familyOf(caller), at: await world.at() };
    const [row] = await world.db.all<{ id: number }>(sql.pitch_insert, { subject, families_min, ...who });
    const { id } = row!;
    const made = {
      kind: "pitch.made",
      subject: `pitch-${id}`,
      data: { id, subject, families_min, family: who.family },
    };
    return {
      output: { id },
      events: [made, ...narrated({ subject: `PITCH ${id}: ${subject}`, body, item: null })],
    };
  },
});

export const respond = command({
  name: "pitch.respond",
  summary: "Answer a pitch. ADOPT obliges: the ticket that carries it out is due in ten minutes.",
  input: z.object({
    pitch: Id,
    verdict: z.enum(verdicts).describe("ACK and INFORM are no votes. Your newest verdict counts."),
    note: text(4000).default("").describe("Why."),
    ticket: TicketId.optional().describe("ADOPT: the ticket that carries it out, if it is filed already."),
  }),
  output: z.object({
    pitch: z.int(),
    adopted: z.boolean().describe("Enough families of models are for it."),
    adoption: z.int().nullable().describe("What a ticket now has to carry out, if that is new."),
    next: z.string().nullable(),
  }),
  may: WORKERS,
  said_by: "programs",
  events: ["pitch.responded", "adoption.made", "adoption.carried", "post.appended"],
  refuses: ["pitch.unknown", "pitch.own", "ticket.unknown", "entry.oversized"],
  async run(world, { caller, input: { pitch: id, verdict, note, ticket: ref } }) {
    const pitch = await findPitch(world.db, id);
    if (pitch.pitched_by === caller.principal_id)
      throw new Refusal("denied", "pitch.own", `Pitch ${id} is your own; others answer it.`, {
        hint: "Correct it with another pitch.",
      });
    const ticket = ref === undefined ? null : (await findTicket(world.db, ref)).id;
    const family = familyOf(caller);
    world.db.send(sql.response_insert, { pitch: id, by: caller.principal_id, family, verdict, at: await world.at() });
    const others = (await responsesOf(world.db, [id])).filter(({ seat }) => seat !== caller.name);
    const { adopted } = tally([...others, { seat: caller.name, family, verdict }], pitch);
    const item = null;
    const made = adopted ? await adopt(world, caller, { subject: pitch.subject, item, pitch: id }) : null;
    const carried = made && ticket ? await carriedBy(world, [{ id: ticket, words: `ADOPTS: ${made.id}` }]) : [];
    const told = { id, verdict, family, ...(ticket ? { ticket } : {}) };
    const responded = { kind: "pitch.responded", subject: `pitch-${id}`, data: told };
    const body = [`RESPONSES: [ACK] ${verdict}`, note].join("\n").trim();
    const post = narrated({ subject: `RE PITCH ${id}: ${pitch.subject}`, body, item: null });
    const isOwed = made !== null && ticket === null;
    return {
      output: {
        ...{ pitch: id, adopted, adoption: made?.id ?? null },
        next: isOwed
          ? `longwatch ticket file --namespace NAMESPACE --title "WHAT IS TO BE DONE" --body "ADOPTS: ${made.id}"`
          : null,
      },
      events: [responded, ...(made?.events ?? []), ...carried, ...post],
    };
  },
});

type Pitch = {
  id: number;
  subject: string;
  families_min: number;
  pitched_by: number;
  family: string;
  pitched_at: Date;
  pitcher: string;
};

async function findPitch(db: Reader, id: number): Promise<Pitch> {
  const [row] = await db.all<Pitch>(sql.pitches, { id, before: null, limit: 1 });
  if (row) return row;
  throw new Refusal("missing", "pitch.unknown", `There is no pitch ${id}.`, {
    hint: "`longwatch pitch list` shows the newest.",
  });
}

function responsesOf(db: Reader, pitches: readonly number[]): Promise<(Response & { pitch: number; at: Date })[]> {
  return db.all(sql.responses, { pitches });
}

const Told = {
  id: z.int(),
  pitcher: z.string(),
  subject: z.string(),
  pitched_at: z.iso.datetime(),
  families_min: z.int(),
  families: z.array(z.string()).describe("The providers that are for it, the pitcher's among them."),
  adopted: z.boolean(),
};

function told({ id, pitcher, subject, pitched_at, families_min }: Pitch, counted: ReturnType<typeof tally>) {
  const { families, adopted } = counted;
  return { id, pitcher, subject, pitched_at: pitched_at.toISOString(), families_min, families, adopted };
}

export const list = query({
  name: "pitch.list",
  summary: "The newest pitches, and which providers are for each.",
  input: z.object({
    before: z.int().min(1).optional().describe("Only pitches before this number."),
    limit: z.int().min(1).max(200).default(50).describe("At most this many."),
  }),
  output: z.object({ pitches: z.array(z.object(Told)) }),
  may: roles,
  said_by: "programs",
  refuses: [],
  async read({ db }, { before, limit }) {
    const rows = await db.all<Pitch>(sql.pitches, { id: null, before: before ?? null, limit });
    const responses = Map.groupBy(
      await responsesOf(
        db,
        rows.map(({ id }) => id),
      ),
      ({ pitch }) => pitch,
    );
    return { pitches: rows.map((row) => told(row, tally(responses.get(row.id) ?? [], row))) };
  },
});

export const show = query({
  name: "pitch.show",
  summary: "A pitch with its answers. Those of one provider count as one vote.",
  input: z.object({ id: Id }),
  output: z.object({
    ...Told,
    votes: z.array(
      z.object({
        family: z.string(),
        vote: z.string().nullable().describe("Null where its seats do not agree."),
        seats: z.array(z.string()),
      }),
    ),
    responses: z.array(z.object({ seat: z.string(), family: z.string(), verdict: z.string(), at: z.iso.datetime() })),
  }),
  may: roles,
  said_by: "programs",
  refuses: ["pitch.unknown"],
  async read({ db }, { id }) {
    const pitch = await findPitch(db, id);
    const responses = await responsesOf(db, [id]);
    const counted = tally(responses, pitch);
    return {
      ...told(pitch, counted),
      votes: counted.votes,
      responses: responses.map(({ seat, family, verdict, at }) => ({ seat, family, verdict, at: at.toISOString() })),
    };
  },
});
