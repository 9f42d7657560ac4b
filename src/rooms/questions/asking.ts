import { z } from "zod";
import { type Caller, command, type Event, text, type World } from "../../kernel/operation.ts";
import { parse } from "../../kernel/door.ts";
import { rolesOf } from "../../kernel/permission.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { statements } from "../../kernel/sql.ts";
import { type Route, routeFor } from "../policy/index.ts";
import {
  findLapsed,
  operations as tickets,
  reasonOf,
  type Row as Ticket,
  TicketId,
  WORKERS,
} from "../tickets/index.ts";
import { doneByProbe, ProbeWords, type Read, readProbe } from "./probe.ts";
import {
  blockerOf,
  close,
  closedAlready,
  CLOSED,
  CLOSING_EVENTS,
  type Decider,
  deciders,
  findOpen,
  findQuestion,
  Id,
  isBlockedByQuestion,
  kept,
  type Row,
  Why,
} from "./question.ts";

const sql = statements("questions", "insert", "same", "reroute");

const Topic = text(60).min(1).describe("What it is about; route.list shows the topics and who decides each.");
/** Separates options where an array of arrays would be needed; no text of ours holds it. */
const SEPARATOR = "\u001f";
const Option = text(200)
  .trim()
  .min(1)
  .refine((words) => !words.includes(SEPARATOR), "must not hold control characters");

const Asked = z.object({
  id: z.int(),
  goes_to: z.enum(deciders).describe("Who decides it, by the routing table."),
  asked: z.boolean().describe("False when it waits already, or was found to be done."),
  state: z.string(),
  blocks: z.boolean().describe("The ticket waits for it and comes back by itself."),
});

export const ask = command({
  name: "question.ask",
  summary: "Ask for a decision. The routing table says who is asked; your ticket waits and comes back by itself.",
  input: z.object({
    topic: Topic,
    question: text(500).trim().min(1).describe("The question, in one line, with what you would do."),
    details: text(4000).default("").describe("What else whoever decides has to know."),
    ticket: TicketId.optional().describe("The ticket that waits for the answer."),
    blocks: z.boolean().default(true).describe("No: the ticket goes on meanwhile."),
    options: z.array(Option).max(9).default([]).describe("The answers to choose from."),
    probe: ProbeWords.optional(),
  }),
  output: Asked,
  may: WORKERS,
  said_by: "programs",
  events: [
    ...new Set([
      ...["question.asked", "question.closed"],
      ...[...tickets.block.events, ...tickets.release.events, ...CLOSING_EVENTS],
    ]),
  ],
  refuses: [
    "route.unknown",
    "question.nobody_asked",
    "question.moot",
    ...CLOSED,
    "ticket.unknown",
    "namespace.unknown",
    "environment.unknown",
    "blocker.unclassified",
    "entry.oversized",
  ],
  unrecorded: "A question that waits already is told again by its number; nothing changed.",
  async run(world, { caller, input }) {
    const { db } = world;
    const route = await routeFor(db, input.topic);
    const goes_to = askedOf(route);
    const ticket = input.ticket === undefined ? null : await findLapsed(world, input.ticket);
    const probe = input.probe === undefined ? null : await readProbe(db, input.probe);
    const words = { question: kept(input.question), details: kept(input.details), options: input.options.map(kept) };
    const ticket_id = ticket?.id ?? null;
    const [former] = await db.all<Pick<Row, "id" | "state" | "answer" | "reason">>(sql.same, {
      ...{ ticket_id, question: words.question },
    });
    if (former?.state === "open") return again(world, caller, former.id);
    if (former && former.state !== "withdrawn") throw closedAlready(former);
    // Here the whole ledger counts; later what comes behind the question, which costs no more than it has to.
    if (probe && (await doneByProbe(db, [{ id: 0, probe: probe.words, asked_seq: 0 }])).size > 0) throw moot(probe);
    const way = input.blocks ? wayToBlock(caller, ticket) : null;
    // A question is done with the ticket that it blocks, unless its asker knows better.
    const looked = probe ?? (way === null ? null : await readProbe(db, `ticket ${ticket_id} is done`));
    const [row] = await db.all<{ id: number }>(sql.insert, {
      ...{ topic: route.topic, goes_to, ticket_id, blocks: way !== null, at: await world.at() },
      ...{ question: words.question, details: words.details, asked_by: caller.principal_id },
      ...{ probe: looked?.words ?? null, probe_kind: looked?.kind ?? null },
      options: words.options.length === 0 ? null : words.options.join(SEPARATOR),
    });
    const { id } = row!;
    const told = Object.entries({ ...words, ticket: ticket_id, probe: looked?.words });
    const said = told.filter(([, value]) => value !== null && value !== undefined && value.length > 0);
    const data = { id, topic: route.topic, goes_to, blocks: way !== null, ...Object.fromEntries(said) };
    const reason = reasonOf(blockerOf(id, words.question), { field: "details", words: words.details });
    return {
      output: { id, goes_to, asked: true, state: "open", blocks: way !== null },
      events: [
        { kind: "question.asked", subject: `question-${id}`, data },
        ...(way === null || ticket === null ? [] : await block(world, caller, ticket, way, reason)),
      ],
    };
  },
});

/** What the fleet does by itself is not asked: to wait below one's rung is waste (0077). */
function askedOf({ topic, goes_to }: Pick<Route, "topic" | "goes_to">): Decider {
  if (goes_to !== "fleet") return goes_to;
  throw new Refusal("conflict", "question.nobody_asked", `Nobody is asked about ${topic}: act, and log what you did.`, {
    hint: 'longwatch post append --subject "What I did and why"',
    facts: { topic },
  });
}

function moot({ words }: Read): Refusal {
  return new Refusal(
    "conflict",
    "question.moot",
    `Nobody has to be asked: its probe says that it is done (${words}).`,
    {
      hint: "Go on. If the probe looks at the wrong thing, ask with another.",
      facts: { probe: words },
    },
  );
}

/** Asked again, it is probed before anybody is asked a second time (J33). */
async function again(world: World, caller: Caller, id: number) {
  const row = await findQuestion(world.db, id);
  const { goes_to, blocks } = row;
  const isDone = (await doneByProbe(world.db, [row])).size > 0;
  const events = isDone ? await closeByProbe(world, caller, row) : [];
  return { output: { id, goes_to, asked: false, state: isDone ? "done" : "open", blocks }, events };
}

/** A probe that says done closes its question, whoever looked. */
export function closeByProbe(world: World, caller: Caller, row: Row): Promise<Event[]> {
  return close(world, caller, row, { state: "done", reason: `its probe says that it is done: ${row.probe}` });
}

type Way = "block" | "release" | "stands";

/** How the ticket comes to wait. Nobody's question stops another's work, or lifts another blocker with its answer. */
function wayToBlock(caller: Caller, ticket: Ticket | null): Way | null {
  if (ticket === null) return null;
  const { state, claimed_by, claimed_incarnation } = ticket;
  if (state === "awaiting_claim") return "block";
  if (isBlockedByQuestion(ticket)) return "stands";
  const isMine = claimed_by === caller.principal_id && claimed_incarnation === caller.incarnation;
  return state === "in_progress" && isMine ? "release" : null;
}

async function block(
  world: World,
  caller: Caller,
  ticket: Ticket,
  way: Way,
  reason: string | Refusal,
): Promise<Event[]> {
  if (way === "stands") return [];
  if (reason instanceof Refusal) throw reason;
  const { id, claim_token } = ticket;
  const said = way === "block" ? { id, reason } : { id, reason, claim_token, state: "blocked" };
  const { input, run } = way === "block" ? tickets.block : tickets.release;
  const [outcome] = await run(world, [{ caller, input: parse(input, said) }] as never);
  if (outcome instanceof Refusal) throw outcome;
  return outcome!.events;
}

export const withdraw = command({
  name: "question.withdraw",
  summary: "Take a question back. What waited for it goes on.",
  input: z.object({ id: Id, reason: Why.describe("Why nobody has to decide it any more.") }),
  output: z.object({ id: z.int(), state: z.string() }),
  may: WORKERS,
  said_by: "programs",
  events: ["question.withdrawn", ...CLOSING_EVENTS],
  refuses: ["question.unknown", ...CLOSED, "question.of_another"],
  async run(world, { caller, input: { id, reason } }) {
    const row = await findOpen(world.db, id);
    if (row.asked_by !== caller.principal_id && !["operator", "coordinator", "steward"].includes(caller.role))
      throw new Refusal("denied", "question.of_another", `Question ${id} was asked by ${row.asker}.`, {
        hint: "Only who asked takes it back; whoever decides it answers it.",
        facts: { id, asker: row.asker },
      });
    const events = await close(world, caller, row, { state: "withdrawn", reason: kept(reason) });
    return { output: { id, state: "withdrawn" }, events };
  },
});

export const reroute = command({
  name: "question.reroute",
  summary: "Say that a question is about another topic, and so for others to decide. It keeps its age.",
  input: z.object({ id: Id, topic: Topic, reason: Why.describe("Why the other topic fits.") }),
  output: z.object({ id: z.int(), topic: z.string(), goes_to: z.string(), age_seconds: z.int() }),
  may: ["operator", "strategist", "coordinator"],
  said_by: "programs",
  events: ["question.rerouted"],
  refuses: [
    ...["question.unknown", ...CLOSED, "route.unknown", "question.nobody_asked"],
    ...["question.as_it_is", "question.above_you"],
  ],
  async run(world, { caller, input: { id, topic, reason } }) {
    const row = await findOpen(world.db, id);
    const goes_to = askedOf(await routeFor(world.db, topic));
    // Else a strategist would decide what is the operator's, in two steps.
    if (row.goes_to === "operator" && goes_to === "strategist" && rolesOf(caller).includes("strategist"))
      throw new Refusal(
        "denied",
        "question.above_you",
        `Question ${id} is the operator's; you do not take it to you.`,
        {
          hint: "If it is about another topic, the operator or a coordinator moves it.",
          facts: { id, topic: row.topic, goes_to: row.goes_to },
        },
      );
    if (topic === row.topic)
      throw new Refusal("conflict", "question.as_it_is", `Question ${id} is about ${topic} already.`, {
        hint: "To move it is not to decide it: question.answer.",
      });
    const at = await world.at();
    world.db.send(sql.reroute, { id, topic, goes_to, at });
    const age_seconds = Math.max(0, Math.floor((at.getTime() - row.asked_at.getTime()) / 1000));
    const was = { topic: row.topic, goes_to: row.goes_to };
    const data = { id, topic, goes_to, was, reason: kept(reason), asked_at: row.asked_at.toISOString(), age_seconds };
    return {
      output: { id, topic, goes_to, age_seconds },
      events: [{ kind: "question.rerouted", subject: `question-${id}`, data }],
    };
  },
});
