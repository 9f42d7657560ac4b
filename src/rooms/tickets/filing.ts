import { z } from "zod";
import type { Transaction } from "../../kernel/database.ts";
import { type Act, batchCommand, type Call, text, type World } from "../../kernel/operation.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { type Principal, resolveNames } from "../seats/index.ts";
import { type Condition, namespacesKnown, parseCondition, targetOf, wordsOf } from "./conditional/condition.ts";
import { OpensWhen, type Trigger, triggerOf, writeTriggers } from "./conditional/opening.ts";
import { cycleProblem, type NewLink, toItself, type Wait, writeLinks } from "./links.ts";
import {
  Body,
  Filed,
  insertTickets,
  Label,
  type NewTicket,
  OWN_ID,
  Priority,
  StandsIn,
  ticketData,
  Title,
  Type,
} from "./new_ticket.ts";
import { Prefix } from "./numbers/format.ts";
import { namespaceUnknown, takeNumbers } from "./numbers/numbers.ts";
import { fillReserved, reservationProblem } from "./numbers/reservations.ts";
import { findTickets, priorities, type Row, TicketId, ticketUnknown, WORKERS } from "./ticket.ts";

const content = {
  body: Body,
  lane: StandsIn,
  priority: Priority.default(priorities.normal).describe("0 is the most urgent, 4 the least."),
  type: Type.default("task").describe("What kind of work: task, bug, feature, epic …"),
  labels: z.array(Label).max(50).default([]).describe("Words to find it by."),
  owner: text(120).optional().describe("The only seat that may claim it; without it, anyone of the lane."),
  parent: TicketId.optional().describe("The ticket that this one is a part of."),
  blocked_by: z.array(TicketId).max(50).default([]).describe("Tickets that must be finished first."),
  surface_key: text(200)
    .min(1)
    .optional()
    .describe("The thing being changed, lane:family:artifact: one claim at a time."),
  closes_when: text(2000).min(1).optional().describe("For a parent: what must be true for it to close."),
  opens_when: OpensWhen.optional(),
};

const FilingInput = z.object({
  namespace: Prefix.optional().describe("The namespace that gives the number. Needed unless a reservation is filled."),
  title: Title,
  reservation: TicketId.optional().describe("A number that ticket.reserve gave; file its ticket under it."),
  ...content,
});

export type Filing = z.output<typeof FilingInput>;
type Filer = Call<Filing>;

export const file = batchCommand({
  name: "ticket.file",
  summary: "File a ticket: its number is reserved and the ticket written in one transaction.",
  input: FilingInput,
  output: Filed,
  may: WORKERS,
  allocates: true,
  events: ["ticket.filed"],
  refuses: [
    "namespace.unknown",
    "ticket.unknown",
    "seat.unknown",
    "seat.ambiguous",
    "reservation.held",
    "reservation.used",
    "reservation.other_content",
    "link.to_itself",
    "link.cycle",
    "entry.oversized",
  ],
  run: (world, calls) => fileTickets(world, calls),
});

/** A number that was taken before, for a filing that counts as filed then. */
type Given = { id: string; lane: string; at: Date; provisional: string | null };

/** Files tickets, under new numbers or those that are given. A refusal leaves its given number to the caller. */
export async function fileTickets(
  world: World,
  calls: readonly Filer[],
  given?: readonly (Given | undefined)[],
): Promise<(Act<z.output<typeof Filed>> | Refusal)[]> {
  const outcomes: (Act<z.output<typeof Filed>> | Refusal)[] = new Array(calls.length);
  const named = await namedIn(world, calls);
  const numbered: { index: number; id: string; lane: string }[] = [];
  const unnumbered: number[] = [];
  // Two filings of one batch could close a circle that neither closes alone.
  const coming: Wait[] = [];
  for (const [index, call] of calls.entries()) {
    const row = call.input.reservation === undefined ? undefined : named.tickets.get(call.input.reservation);
    const problem =
      filingProblem(call, named) ?? (await waitingProblem(world.db, row?.id ?? null, call.input, named, coming));
    if (problem) outcomes[index] = problem;
    else if (row) {
      numbered.push({ index, id: row.id, lane: row.lane });
      // A second filling in this batch finds the reservation used, and what it would wait for in place.
      for (const same of named.tickets.values()) if (same.id === row.id) same.state = stateOf(call.input);
      await writeLinks(world.db, linksOf(row.id, call.input, named));
    } else {
      unnumbered.push(index);
      coming.push(...waitsThrough(call.input, named));
    }
  }
  // Numbers last: a filing that is refused must not have taken one.
  const numbers = unnumbered.length === 0 ? [] : await numbersFor(world, calls, unnumbered, given);
  for (const [n, index] of unnumbered.entries()) {
    const number = numbers[n]!;
    if (number instanceof Refusal) outcomes[index] = number;
    else numbered.push({ index, ...number });
  }
  const at = await world.at();
  const rows = numbered.map(({ index, id, lane }) =>
    newTicket(calls[index]!, id, lane, given?.[index]?.at ?? at, named),
  );
  insertTickets(
    world.db,
    rows.filter((_, n) => !calls[numbered[n]!.index]!.input.reservation),
  );
  for (const [n, { index }] of numbered.entries()) {
    if (calls[index]!.input.reservation) fillReserved(world.db, rows[n]!);
    outcomes[index] = filedAct(rows[n]!, calls[index]!, named, given?.[index]);
  }
  writeTriggers(
    world.db,
    numbered.flatMap(({ index, id }): Trigger[] => {
      const condition = conditionOf(calls[index]!.input, named);
      return condition === null || condition instanceof Refusal ? [] : [{ ticket_id: id, condition }];
    }),
  );
  const fresh = numbered.filter(({ index }) => !calls[index]!.input.reservation);
  await writeLinks(
    world.db,
    fresh.flatMap(({ index, id }) => linksOf(id, calls[index]!.input, named)),
  );
  return outcomes;
}

async function numbersFor(
  world: World,
  calls: readonly Filer[],
  indexes: readonly number[],
  given: readonly (Given | undefined)[] | undefined,
): Promise<({ id: string; lane: string } | Refusal)[]> {
  if (given) return indexes.map((index) => given[index]!);
  return takeNumbers(
    world.db,
    indexes.map((index) => calls[index]!.input.namespace!),
  );
}

/** What would refuse each of these filings now; null where nothing does. */
export async function filingProblems(world: World, calls: readonly Filer[]): Promise<(Refusal | null)[]> {
  const named = await namedIn(world, calls);
  const problems: (Refusal | null)[] = [];
  for (const call of calls)
    problems.push(filingProblem(call, named) ?? (await waitingProblem(world.db, null, call.input, named)));
  return problems;
}

type Named = {
  tickets: Map<string, Row>;
  seats: Map<string, Principal | Refusal>;
  /** Those that are defined, of all that had to be looked up. */
  namespaces: ReadonlySet<string>;
};

const stateOf = ({ opens_when }: Filing) => (opens_when === undefined ? "awaiting_claim" : "conditional");

function conditionOf({ opens_when }: Filing, { tickets, namespaces }: Named): Condition | Refusal | null {
  return triggerOf(opens_when, tickets, namespaces);
}

/**
 * Reads what the filings name: reservations, parents, blockers, owners. Most name nothing, and no statement is sent.
 */
async function namedIn(world: World, calls: readonly Filer[]): Promise<Named> {
  const conditions = calls.map(({ input }) =>
    input.opens_when === undefined ? null : parseCondition(input.opens_when),
  );
  const refs = calls.flatMap(({ input }, index) =>
    [input.reservation, input.parent, ...input.blocked_by, targetOf(conditions[index]!)].filter(
      (ref) => ref !== undefined && ref !== null,
    ),
  );
  const owners = calls.flatMap(({ input }) => (input.owner ? [input.owner] : []));
  // The rest of a batch is judged by what these make their parents wait for, so they must be sure of a number.
  const prefixes = calls.flatMap(({ input }) => (makesParentWait(input) && input.namespace) || []);
  const [tickets, seats, namespaces] = await Promise.all([
    findTickets(world.db, refs),
    resolveNames(world.db, owners),
    namespacesKnown(world.db, conditions, prefixes),
  ]);
  return { tickets, seats, namespaces };
}

function filingProblem({ caller, input }: Filer, named: Named): Refusal | null {
  for (const ref of [input.reservation, input.parent, ...input.blocked_by])
    if (ref !== undefined && !named.tickets.has(ref)) return ticketUnknown(ref);
  const owner = input.owner === undefined ? null : named.seats.get(input.owner)!;
  if (owner instanceof Refusal) return owner;
  const condition = conditionOf(input, named);
  if (condition instanceof Refusal) return condition;
  if (input.reservation === undefined) {
    if (input.namespace !== undefined)
      return !makesParentWait(input) || named.namespaces.has(input.namespace)
        ? null
        : namespaceUnknown(input.namespace);
    const message = "namespace: is needed unless a reservation is filled";
    return new Refusal("invalid", "input.invalid", message, { fields: [{ field: "namespace", message: "is needed" }] });
  }
  return reservationProblem(named.tickets.get(input.reservation)!, caller.principal_id, input.title);
}

const makesParentWait = ({ parent, blocked_by }: Filing) => parent !== undefined && blocked_by.length > 0;

/** Whether a filing's own links would make it wait for itself, over any number of steps (J9). */
async function waitingProblem(
  db: Transaction,
  id: string | null,
  input: Filing,
  named: Named,
  coming: readonly Wait[] = [],
): Promise<Refusal | null> {
  // A new ticket is not waited for by anything yet, unless by the parent that it names.
  if (id === null && !makesParentWait(input)) return null;
  const links = linksOf(id ?? OWN_ID, input, named);
  if (links.some(({ target_id }) => target_id === id)) return toItself(id!);
  const parent = input.parent === undefined ? null : named.tickets.get(input.parent)!.id;
  for (const link of links) {
    const problem = id === null ? null : await cycleProblem(db, link, coming);
    if (problem) return problem;
    if (parent === null || link.type === "parent-child") continue;
    // The parent will wait for this ticket, so what this ticket waits for must not wait for the parent.
    const viaParent = await cycleProblem(db, { ...link, ticket_id: parent }, coming);
    if (viaParent) return viaParent;
  }
  return null;
}

/** What a new ticket makes its parent wait for beside itself: all that it waits for. */
function waitsThrough({ parent, blocked_by }: Filing, { tickets }: Named): Wait[] {
  if (parent === undefined) return [];
  const { id } = tickets.get(parent)!;
  return blocked_by.map((ref) => ({ id, awaited: tickets.get(ref)!.id }));
}

function newTicket({ caller, input }: Filer, id: string, lane: string, at: Date, named: Named): NewTicket {
  const owner = input.owner === undefined ? null : (named.seats.get(input.owner) as Principal);
  return {
    id,
    namespace: input.namespace ?? id.slice(0, id.indexOf("-")),
    state: stateOf(input),
    lane: input.lane ?? lane,
    title: input.title.replaceAll(OWN_ID, id),
    body: input.body.replaceAll(OWN_ID, id),
    priority: input.priority,
    type: input.type,
    labels: input.labels,
    surface_key: input.surface_key ?? null,
    closes_when: input.closes_when ?? null,
    owner_id: owner?.id ?? null,
    filed_by: caller.principal_id,
    filed_at: at,
    closed_at: null,
  };
}

function filedAct(row: NewTicket, { input }: Filer, named: Named, given?: Given): Act<z.output<typeof Filed>> {
  const { id, state, lane, title } = row;
  const owner = input.owner === undefined ? undefined : (named.seats.get(input.owner) as Principal).name;
  const condition = conditionOf(input, named);
  const opens_when = condition === null || condition instanceof Refusal ? null : wordsOf(condition);
  const before = given && { provisional: given.provisional, filed_at: given.at.toISOString() };
  return {
    output: { id, state, lane, title },
    events: [
      {
        kind: "ticket.filed",
        subject: id,
        data: ticketData(row, { owner, parent: input.parent, blocked_by: input.blocked_by, opens_when, ...before }),
      },
    ],
  };
}

function linksOf(id: string, input: Filing, named: Named): NewLink[] {
  const link = (type: string, ref: string): NewLink => ({
    ticket_id: id,
    type,
    target_ref: ref,
    target_id: named.tickets.get(ref)!.id,
  });
  return [
    ...(input.parent ? [link("parent-child", input.parent)] : []),
    ...input.blocked_by.map((ref) => link("blocks", ref)),
  ];
}
