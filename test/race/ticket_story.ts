import type { Entry } from "../../src/rooms/ledger/index.ts";

/** A ticket as the entries before tell it. */
type Told = {
  state: string;
  holder: string | null;
  owner: string | null;
  surface_key: string | null;
  waits_for: Set<string>;
  children: Set<string>;
};

/** From where each act may lead; the fold of `ticket.drift` says where to. */
const FROM: Record<string, readonly string[]> = {
  "ticket.claimed": ["awaiting_claim"],
  "ticket.renewed": ["in_progress"],
  "ticket.released": ["in_progress"],
  "ticket.finished": ["in_progress"],
  "ticket.design_rejected": ["in_progress"],
  "ticket.lapsed": ["in_progress"],
  "ticket.triggered": ["conditional"],
  "ticket.blocked": ["awaiting_claim", "parked"],
  "ticket.unblocked": ["blocked"],
  "ticket.parked": ["awaiting_claim", "blocked", "conditional"],
  "ticket.cancelled": ["reserved", "awaiting_claim", "blocked", "parked", "conditional"],
  "ticket.reopened": ["parked", "conditional", "done", "cancelled"],
};
const HOLDERS = new Set(["ticket.renewed", "ticket.released", "ticket.finished", "ticket.design_rejected"]);
const ENDED = new Set(["done", "cancelled"]);

/**
 * What is wrong with a ledger's story of tickets: an act that the state before it forbade, by somebody who did not
 * hold the ticket, over a surface that another held, of a ticket that waited, of a parent whose children are open; or
 * tickets that wait for each other in a circle. Each command decided alone, so the entries in their order must be a
 * story that one command after the other could have made.
 */
export function storyOf(entries: Iterable<Entry>): { tickets: ReadonlyMap<string, Told>; faults: string[] } {
  const tickets = new Map<string, Told>();
  const faults: string[] = [];
  for (const entry of entries) {
    if (!entry.kind.startsWith("ticket.") || entry.subject === null) continue;
    for (const fault of faultsOf(tickets, entry)) faults.push(`${entry.seq} ${entry.kind} ${entry.subject}: ${fault}`);
    tell(tickets, entry);
  }
  for (const id of tickets.keys()) if (reaches(tickets, id)) faults.push(`${id} waits for itself`);
  return { tickets, faults };
}

function faultsOf(tickets: ReadonlyMap<string, Told>, { kind, subject, actor, data }: Entry): string[] {
  const from = FROM[kind];
  if (from === undefined) return [];
  const told = tickets.get(subject!);
  if (told === undefined) return ["nobody filed it"];
  const faults: string[] = [];
  if (!from.includes(told.state)) faults.push(`it was ${told.state}`);
  if (HOLDERS.has(kind) && told.holder !== actor) faults.push(`${told.holder} held it, not ${actor}`);
  const isOpen = (id: string) => !ENDED.has(tickets.get(id)!.state);
  if (kind === "ticket.finished" && [...told.children].some(isOpen)) faults.push("a child was open");
  if (kind !== "ticket.claimed") return faults;
  if ([...told.waits_for].some(isOpen)) faults.push("it waited");
  if (told.owner !== null && told.owner !== data.holder) faults.push(`it was given to ${told.owner}`);
  const rivals = [...tickets.values()].filter((one) => one !== told && one.state === "in_progress");
  if (told.surface_key !== null && rivals.some((one) => one.surface_key === told.surface_key))
    faults.push(`${told.surface_key} was held`);
  return faults;
}

function tell(tickets: Map<string, Told>, { kind, subject, data }: Entry): void {
  const nothing = { state: "", holder: null, owner: null, surface_key: null };
  const told = tickets.get(subject!) ?? { ...nothing, waits_for: new Set(), children: new Set() };
  tickets.set(subject!, told);
  const link = (type: unknown, target: string) => {
    if (type === "parent-child") tickets.get(target)!.children.add(subject!);
    else told.waits_for.add(target);
  };
  if (kind === "ticket.linked") return link(data.type, data.target as string);
  told.state = data.state as string;
  if (told.state !== "in_progress") told.holder = null;
  if (kind === "ticket.claimed") told.holder = data.holder as string;
  if (kind === "ticket.assigned") told.owner = data.owner as string | null;
  if (kind !== "ticket.filed") return;
  told.owner = (data.owner as string | undefined) ?? null;
  told.surface_key = (data.surface_key as string | undefined) ?? null;
  if (data.parent !== undefined) link("parent-child", data.parent as string);
  for (const target of (data.blocked_by as string[] | undefined) ?? []) link("blocks", target);
}

/** Whether a ticket waits for itself, over any number of steps. */
function reaches(tickets: ReadonlyMap<string, Told>, goal: string): boolean {
  const seen = new Set<string>();
  const next = (id: string): boolean => {
    const { waits_for, children } = tickets.get(id)!;
    return [...waits_for, ...children].some((one) => one === goal || (!seen.has(one) && seen.add(one) && next(one)));
  };
  return next(goal);
}
