import { z } from "zod";
import { type Act, type Caller, command, type Event, type World } from "../../kernel/operation.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { statements } from "../../kernel/sql.ts";
import { decisionOf } from "../policy/index.ts";
import { type Principal, resolveName, resolveNames } from "../seats/index.ts";
import {
  Body,
  findTicket,
  Lane,
  namespacesOf,
  operations as tickets,
  Prefix,
  TicketId,
  Title,
} from "../tickets/index.ts";
import {
  Diagnosis,
  direct,
  DISPATCHERS,
  type Given,
  give,
  GIVING_EVENTS,
  GIVING_REFUSALS,
  idleFor,
  Intent,
  refuseAbsent,
  SeatName,
  through,
} from "./giving.ts";
import { bodyOf, type DeniedAct, refuseUnbounded, titleOf, undiagnosed } from "./words.ts";

const sql = statements("delegation", "dispatched_for", "standing", "supersede");

const Dispatched = z.object({
  id: z.string().describe("The ticket."),
  to: z.string().nullable().describe("The seat that it was given to; null when any of the lane may claim it."),
  lane: z.string(),
  title: z.string(),
  dispatched: z.boolean().describe("False when it was dispatched before: one denial makes one ticket for each seat."),
});
type Output = z.output<typeof Dispatched>;

export const dispatch = command({
  name: "ticket.dispatch",
  summary: "Give work to an idle seat: a denied act, a new ticket in your words, or a ticket that is there.",
  input: z.object({
    id: TicketId.optional().describe("A ticket that is there, instead of a new one. Given anew, it needs a diagnosis."),
    decision: z.int().min(1).optional().describe("The denial whose act is wanted: its number."),
    to: SeatName.optional().describe("The seat. Without it and without a lane, the best idle one."),
    lane: Lane.optional().describe("The queue it stands in. Without `to`, whoever of this lane claims it first."),
    namespace: Prefix.optional().describe("Where the number comes from; without it, the lane's or the only one."),
    title: Title.optional(),
    body: Body,
    intent: Intent.optional(),
    diagnosis: Diagnosis.optional(),
    parent: TicketId.optional().describe("The objective that it is a part of."),
    closes_when: z.string().trim().min(1).max(2000).optional().describe("What must be true for it to close."),
  }),
  output: Dispatched,
  may: DISPATCHERS,
  allocates: true,
  events: GIVING_EVENTS,
  refuses: [
    ...GIVING_REFUSALS,
    "decision.unknown",
    "decision.allowed",
    "dispatch.incomplete",
    "dispatch.nobody_idle",
    "namespace.unclear",
    "namespace.unknown",
    "ticket.unknown",
    "ticket.in_progress",
    "ticket.done",
    "ticket.cancelled",
  ],
  unrecorded: "A denial that was dispatched to this seat before is answered with its ticket, and changes nothing.",
  async run(world, { caller, input }): Promise<Act<Output> | Refusal> {
    const act = input.decision === undefined ? null : await deniedAct(world, input.decision);
    refuseIncomplete(input, act);
    const named = input.to === undefined ? null : await resolveName(world.db, input.to);
    const isOpen = input.to === undefined && input.lane === undefined;
    const before = act && (await dispatchedFor(world, act.id, named, isOpen));
    if (before) return { output: before, events: [] };
    const seat = isOpen ? await bestIdle(world, caller, input, act) : named;
    const directed = seat === null ? [] : await direct(world, caller, [seat]);
    if (directed instanceof Refusal) return directed;
    if (seat) await refuseAbsent(world, caller, [seat], (to) => again(input, `--to ${to}`));
    const made =
      input.id === undefined
        ? await fileNew(world, caller, input, act, seat)
        : await giveAgain(world, caller, { ...input, id: input.id }, seat);
    const given: Given = { ...made.ticket, to: seat, decision: input.id === undefined ? (act?.id ?? null) : null };
    const { intent = null, diagnosis = null } = input;
    const told = await give(world, caller, [given], { intent, diagnosis });
    const { id, lane, title } = made.ticket;
    return {
      output: { id, to: seat?.name ?? null, lane, title, dispatched: true },
      events: [...directed, ...made.events, ...told],
    };
  },
});

type Input = z.output<typeof dispatch.input>;
type Made = { ticket: { id: string; lane: string; title: string; attempt: number }; events: Event[] };
type Seat = Principal | null;

/** What says the same to another seat, or to a lane. */
function again({ id, decision }: Input, to: string): string {
  if (id === undefined && decision === undefined) return `Say it again with ${to}.`;
  return `longwatch ticket dispatch ${id === undefined ? `--decision ${decision}` : `--id ${id}`} ${to}`;
}

type Offered = { action: string; resource_type: string; resource_id: string; effect: string };

/** What was denied. Throws `decision.unknown`; what was allowed needs nobody else. */
async function deniedAct(world: World, id: number): Promise<DeniedAct & { offers: readonly string[] }> {
  const decision = await decisionOf(world.db, id);
  const { action, resource_type, resource_id, effect }: Offered = decision;
  if (effect === "allow")
    throw new Refusal("conflict", "decision.allowed", `Decision ${id} allowed it: ${decision.subject} may do it.`, {
      hint: "To give it to another all the same, dispatch it in your own words: --title and --intent.",
    });
  const input = decision.input as { action?: { properties?: object }; resource?: { properties?: object } } | null;
  const told = { ...input?.action?.properties, ...input?.resource?.properties } as { text?: unknown };
  const text = typeof told.text === "string" && told.text.trim() !== "" ? told.text : null;
  const { at, subject, reasons } = decision;
  const offers = decision.protocol?.offers.map(({ seat }) => seat) ?? [];
  return { id, at, subject, action, resource_type, resource_id, reasons, text, offers };
}

/** A dispatch says what is wanted: by a denial, by a ticket that is there, or by a title and an intent. */
function refuseIncomplete({ id, decision, title, intent }: Input, act: DeniedAct | null): void {
  if (id !== undefined && (decision !== undefined || title !== undefined))
    throw incomplete(["id"], "is given beside decision or title: a ticket that is there has its words");
  if (id !== undefined || act !== null) return;
  const missing = Object.entries({ title, intent }).flatMap(([field, value]) => (value === undefined ? [field] : []));
  if (missing.length > 0) throw incomplete(missing, "is missing");
}

function incomplete(fields: readonly string[], message: string): Refusal {
  return new Refusal("invalid", "dispatch.incomplete", `${fields.join(", ")}: ${message}`, {
    fields: fields.map((field) => ({ field, message })),
    hint: "Give --decision N, or --id TICKET, or --title and --intent (what is to be true afterwards, and why).",
  });
}

/** A seat that the denial offered and that is still free, else the best one that is. */
async function bestIdle(
  world: World,
  caller: Caller,
  input: Input,
  act: (DeniedAct & { offers: readonly string[] }) | null,
) {
  const idle = await idleFor(world, caller);
  const offered = act?.offers.find((name) => idle.some((seat) => seat.name === name)) ?? idle[0]?.name;
  if (offered === undefined)
    throw new Refusal("conflict", "dispatch.nobody_idle", "No implementer is idle and free.", {
      hint: `Give it to a lane, where the first who claims has it: ${again(input, "--lane LANE")}`,
    });
  return (await resolveNames(world.db, [offered])).get(offered) as Principal;
}

/** The ticket that this denial made before: for this seat, or for anybody where any would do. */
async function dispatchedFor(world: World, decision_id: number, seat: Seat, any: boolean): Promise<Output | null> {
  const [row] = await world.db.all(sql.dispatched_for, { decision_id, to_id: seat?.id ?? null, any });
  if (!row) return null;
  const { id, lane, title } = await findTicket(world.db, row.ticket_id);
  return { id, to: row.to, lane, title, dispatched: false };
}

/** Files a new ticket for the seat, or for the lane. */
async function fileNew(world: World, caller: Caller, input: Input, act: DeniedAct | null, seat: Seat): Promise<Made> {
  const parent = input.parent === undefined ? null : await findTicket(world.db, input.parent);
  refuseUnbounded([input.title, input.intent], input.closes_when ?? parent?.closes_when);
  const wanted_lane = input.lane ?? seat?.lane ?? undefined;
  const namespace = input.namespace ?? (await namespaceFor(world, wanted_lane));
  const { outputs, events } = await through(world, tickets.file, caller, [
    {
      namespace: namespace.toString(),
      lane: wanted_lane,
      title: input.title ?? titleOf(act!),
      body: bodyOf(input, act),
      owner: seat?.name,
      parent: input.parent,
      closes_when: input.closes_when,
      surface_key: act ? surfaceOf(act, wanted_lane ?? namespace) : undefined,
    },
  ]);
  return { ticket: { ...outputs[0]!, attempt: 1 }, events };
}

/** What a lane changes at one time: one environment, branch, package or database (J11). Files and services are many. */
const SURFACES = ["environment", "branch", "package", "database"];

function surfaceOf({ resource_type, resource_id }: DeniedAct, lane: string): string | undefined {
  const key = `${lane}:${resource_type}:${resource_id}`;
  return SURFACES.includes(resource_type) && resource_id !== "unknown" && key.length <= 200 ? key : undefined;
}

/** The namespace of the lane, else the only one there is. */
async function namespaceFor(world: World, lane: string | undefined): Promise<string> {
  const all = await namespacesOf(world.db);
  const ofLane = all.filter((one) => one.lane === lane);
  const [only] = ofLane.length > 0 ? ofLane : all;
  if (only && (ofLane.length === 1 || all.length === 1)) return only.prefix;
  if (!only)
    throw new Refusal(
      "conflict",
      "namespace.unclear",
      "There is no namespace that a ticket's number could come from.",
      {
        hint: "An operator or a coordinator defines one: longwatch namespace define --prefix WRK --format WRK-NNNN",
      },
    );
  const namespaces = all.map(({ prefix }) => prefix);
  throw new Refusal("conflict", "namespace.unclear", `Which namespace: ${namespaces.join(", ")}?`, {
    hint: `Say it with --namespace, for example --namespace ${namespaces[0]}.`,
    facts: { namespaces, lane: lane ?? null },
  });
}

/** Gives a ticket that is there. One that was given before goes to another on what was found out since (J14). */
async function giveAgain(world: World, caller: Caller, input: Input & { id: string }, seat: Seat): Promise<Made> {
  const row = await findTicket(world.db, input.id);
  const [before] = await world.db.all<{ attempt: number }>(sql.standing, { ticket_id: row.id });
  const wasGiven = before !== undefined || row.owner_id !== null;
  if (wasGiven && input.diagnosis === undefined) throw undiagnosed(`Giving ${row.id} anew`);
  // What it rests on comes first: a long intent is cut.
  const reason = [input.diagnosis && `PRIOR-DIAGNOSTIC: ${input.diagnosis}`, input.intent && `INTENT: ${input.intent}`];
  const { outputs, events } = await through(world, tickets.assign, caller, [
    {
      id: row.id,
      owner: seat?.name ?? "UNCLAIMED",
      lane: input.lane ?? seat?.lane ?? undefined,
      reason:
        reason
          .filter((one) => one)
          .join("\n")
          .slice(0, 2000)
          .toWellFormed() || `dispatched by ${caller.name}`,
    },
  ]);
  if (before) world.db.send(sql.supersede, { ticket_id: row.id, at: await world.at() });
  const { id, lane } = outputs[0]!;
  return { ticket: { id, lane, title: row.title, attempt: (before?.attempt ?? 0) + 1 }, events };
}
