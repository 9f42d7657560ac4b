import { z } from "zod";
import { parse } from "../../kernel/door.ts";
import { type Act, type Call, type Caller, type Event, type Role, text, type World } from "../../kernel/operation.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { statements } from "../../kernel/sql.ts";
import { shellWord } from "../../shell_words.ts";
import { ask, deniedAs, holdsOn, idleImplementers, operations as policy, releaseHolds } from "../policy/index.ts";
import { type Presence, presenceOf, type Principal } from "../seats/index.ts";
import { operations as tickets } from "../tickets/index.ts";

const sql = statements("delegation", "seats_now", "lane_of", "dispatch_insert");

/** Those who give work to others. An implementer claims it; a sub-agent hands it to its parent. */
export const DISPATCHERS = ["operator", "strategist", "coordinator", "steward"] as const satisfies readonly Role[];

export const Intent = text(2000)
  .trim()
  .min(1)
  .describe("INTENT: what is to be true afterwards, and why; not the steps.");
export const Diagnosis = text(4000).trim().min(1).describe("PRIOR-DIAGNOSTIC: what was found out before, and when.");
export const SeatName = text(120).min(1);

/** What every giving of work can leave and refuse beside what filing a ticket does. */
export const GIVING_EVENTS = [
  ...tickets.file.events,
  ...policy.decide.events,
  ...tickets.assign.events,
  ...tickets.link.events,
  "ticket.dispatched",
];
export const GIVING_REFUSALS = [
  "seat.unknown",
  "seat.ambiguous",
  "seat.not_a_seat",
  "seat.not_idle",
  "seat.held_for_another",
  "dispatch.denied",
  "dispatch.to_itself",
  "dispatch.unbounded",
  "diagnosis.missing",
  "link.cycle",
  "entry.oversized",
];

/** Asks the policy whether the caller may give work to these seats. A denial keeps its decision and its way out. */
export async function direct(world: World, caller: Caller, seats: readonly Principal[]): Promise<Event[] | Refusal> {
  if (seats.length === 0) return [];
  const { answers, events } = await ask(
    world,
    caller,
    seats.map(({ name }) => ({ action: "direct", resource_type: "seat", resource_id: name })),
  );
  const denied = answers.findIndex(({ decision }) => !decision);
  if (denied < 0) return events;
  for (const event of events) world.record(event);
  const { name } = seats[denied]!;
  const message = `${caller.name} does not give work to ${name}.`;
  return deniedAs("dispatch.denied", message, answers[denied]!, { seat: name });
}

/** Refuses a seat that cannot take the work now, and says who can. */
export async function refuseAbsent(
  world: World,
  caller: Caller,
  seats: readonly Principal[],
  command: (seat: string) => string,
): Promise<void> {
  const ids = seats.map(({ id }) => id);
  const at = await world.at();
  const [rows, holds] = await Promise.all([
    world.db.all<Presence & { id: number }>(sql.seats_now, { ids }),
    holdsOn(world.db, ids, at),
  ]);
  for (const seat of seats) {
    if (seat.kind !== "seat")
      throw new Refusal("conflict", "seat.not_a_seat", `${seat.name} is a ${seat.kind}; work is given to seats.`);
    if (seat.id === caller.principal_id)
      throw new Refusal("invalid", "dispatch.to_itself", `${seat.name} cannot dispatch to itself.`, {
        fields: [{ field: "to", message: "is the caller itself" }],
        hint: "A claim takes work; a dispatch gives it to another.",
      });
    const state = presenceOf(
      rows.find(({ id }) => id === seat.id)!,
      at,
    );
    const hold = holds.get(seat.id);
    const isHeld = hold !== undefined && hold.asker_id !== caller.principal_id;
    if ((state === "idle" || state === "dormant") && !isHeld) continue;
    const idle = (await idleFor(world, caller)).map(({ name }) => name);
    const instead =
      idle[0] === undefined ? "Nobody else is idle; seat.list shows who works." : command(shellWord(idle[0]));
    if (isHeld) {
      const until = hold.until.toISOString();
      throw new Refusal("conflict", "seat.held_for_another", `${seat.name} is held for ${hold.asker} until ${until}.`, {
        hint: `Wait until then, or take another: ${instead}`,
        facts: { seat: seat.name, held_for: hold.asker, held_until: until, idle },
      });
    }
    throw new Refusal("conflict", "seat.not_idle", `${seat.name} is ${state}; the work would wait.`, {
      hint: instead,
      facts: { seat: seat.name, state, idle },
    });
  }
}

/** The idle implementers that this caller may have, best first. */
export async function idleFor(world: World, caller: Caller, lane?: string): Promise<{ id: number; name: string }[]> {
  const [own] = await world.db.all<{ lane: string | null }>(sql.lane_of, { id: caller.principal_id });
  const asker = { id: caller.principal_id, lane: lane ?? own?.lane ?? null };
  return idleImplementers(world.db, asker, await world.at());
}

export type Given = {
  id: string;
  attempt: number;
  to: Pick<Principal, "id" | "name"> | null;
  lane: string;
  decision: number | null;
};
type Rest = { diagnosis: string | null; intent: string | null };

/** Writes that tickets were given, ends what was held for the giver, and answers what happened. */
export async function give(world: World, caller: Caller, given: readonly Given[], rest: Rest): Promise<Event[]> {
  const at = await world.at();
  world.db.send(sql.dispatch_insert, {
    at,
    by_id: caller.principal_id,
    decision_id: given[0]!.decision,
    diagnosis: rest.diagnosis,
    ticket_ids: given.map(({ id }) => id),
    attempts: given.map(({ attempt }) => attempt),
    to_ids: given.map(({ to }) => to?.id ?? null),
  });
  const seats = given.flatMap(({ to }) => (to ? [to.id] : []));
  releaseHolds(world.db, caller.principal_id, seats, at);
  return given.map(({ id, to, lane, decision, attempt }) => ({
    kind: "ticket.dispatched",
    subject: id,
    data: { id, to: to?.name ?? null, lane, decision, attempt, ...rest },
  }));
}

/** Says a command of the tickets room in the caller's name; a refusal of it is this one's. */
export async function through<O>(
  world: World,
  command: { run(world: World, calls: Call<never>[]): Promise<(Act<O> | Refusal)[]>; input: z.ZodObject },
  caller: Caller,
  inputs: readonly object[],
): Promise<{ outputs: O[]; events: Event[] }> {
  const calls = inputs.map((input) => ({ caller, input: parse(command.input, input) as never }));
  const acts = (await command.run(world, calls)).map((outcome) => {
    if (outcome instanceof Refusal) throw outcome;
    return outcome;
  });
  return { outputs: acts.map(({ output }) => output), events: acts.flatMap(({ events }) => events) };
}
