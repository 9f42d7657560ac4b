import type { Act, Caller, Event, World } from "../../kernel/operation.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { statements } from "../../kernel/sql.ts";
import { through } from "../delegation/index.ts";
import { narrated } from "../feed/index.ts";
import { operations as seats } from "../seats/index.ts";
import { operations as tickets } from "../tickets/index.ts";
import { claimCommand, followOf, type Nearby } from "./nearby.ts";

const sql = statements("turns", "cycles", "cycle_insert", "cycles_delete", "turn_write");

/** Origins D, 0026 and 0082: look again after 120 s; after three times nothing, retire. The database holds both. */
export const IDLE_SECONDS = 120;
export const CYCLES = 3;
/** Tickets of each kind that a snapshot names. */
const NAMED_MAX = 5;

/** What a seat saw when there was nothing for it to do. */
type Snapshot = {
  lane: string | null;
  /** What could be claimed, though not by this seat. */
  claimable: string[];
  active: string[];
  waiting: string[];
  /** The open objectives of what it did lately: looked at first, and nothing of them was claimable. */
  objectives: string[];
};
type Cycle = { cycle: number; at: Date; incarnation: string; snapshot: Snapshot };
type Idled = { closed: boolean; cycle: number; again_seconds: number | null; retired: boolean };

/**
 * Counts an idle cycle. It is refused where there is something to do; one that comes too soon after the last is
 * answered and not counted; the third in a row ends the seat, whose post says what it saw (J16).
 */
export async function idle(world: World, caller: Caller, nearby: Nearby): Promise<Act<Idled> | Refusal> {
  const seat_id = caller.principal_id;
  if (nearby.claimable.length > 0 || nearby.held.length > 0) {
    world.db.send(sql.cycles_delete, { seat_id });
    return notEmpty(nearby);
  }
  const at = await world.at();
  const before = await cyclesBefore(world, caller, nearby);
  const last = before.at(-1);
  const since_seconds = last === undefined ? Infinity : (at.getTime() - last.at.getTime()) / 1000;
  if (last && since_seconds < IDLE_SECONDS) {
    const again_seconds = Math.ceil(IDLE_SECONDS - since_seconds);
    return { output: { closed: false, cycle: last.cycle, again_seconds, retired: false }, events: [] };
  }
  const cycle = before.length + 1;
  const { incarnation } = caller;
  const now: Cycle = { cycle, at, incarnation: incarnation!, snapshot: await snapshotOf(world, caller, nearby) };
  if (cycle === 1) world.db.send(sql.cycles_delete, { seat_id });
  const { snapshot } = now;
  world.db.send(sql.cycle_insert, { seat_id, cycle, incarnation, at, previous_at: last?.at ?? null, snapshot });
  const { turn, opened_at, closed_at } = nearby.standing;
  const isOn = turn !== null && closed_at === null;
  if (isOn) world.db.send(sql.turn_write, { seat_id, turn, incarnation, opened_at, closed_at: at, turned_around: 0 });
  const data = { seat: caller.name, cycle, of: CYCLES, ...(isOn ? { turn } : {}), ...snapshot };
  const idled: Event = { kind: "turn.idled", subject: caller.name, data };
  const retired = cycle === CYCLES;
  const ending = retired ? await retire(world, caller, [...before, now]) : [];
  const again_seconds = retired ? null : IDLE_SECONDS;
  return { output: { closed: true, cycle, again_seconds, retired }, events: [idled, ...ending] };
}

/** The cycles that this one follows: of the same session, and with nothing done since. */
async function cyclesBefore(world: World, caller: Caller, { finished_at }: Nearby): Promise<Cycle[]> {
  const cycles = await world.db.all<Cycle>(sql.cycles, { seat_id: caller.principal_id });
  const last = cycles.at(-1);
  const broken = last === undefined || last.incarnation !== caller.incarnation || (finished_at ?? 0) > last.at;
  return broken ? [] : cycles;
}

async function snapshotOf(world: World, caller: Caller, { standing, objectives }: Nearby): Promise<Snapshot> {
  const { db, tenant_id } = world;
  const look = { db, tenant_id, caller, outside: null, pace: null, operations: () => world.operations() };
  const queue = await tickets.queue.read(look, { lane: standing.lane ?? undefined, limit: NAMED_MAX });
  return {
    lane: standing.lane,
    claimable: queue.claimable.map(({ id, owner }) => `${id} (${owner === null ? "not yet" : `for ${owner}`})`),
    active: queue.active.map(({ id, holder }) => `${id} (${holder})`),
    waiting: queue.waiting.map(({ id, state, open_blockers }) =>
      open_blockers > 0 ? `${id} (waits for ${open_blockers})` : `${id} (${state})`,
    ),
    objectives: objectives.slice(0, NAMED_MAX),
  };
}

/** Says good-bye with the last snapshots and ends the seat: its token dies with this transaction. */
async function retire(world: World, caller: Caller, cycles: readonly Cycle[]): Promise<Event[]> {
  const lines = cycles.map(({ cycle, at, snapshot }) => `${cycle}. ${at.toISOString()} ${told(snapshot)}`);
  const body = [`${CYCLES} idle cycles in a row, at least ${IDLE_SECONDS} s apart. What the queue was:`, ...lines].join(
    "\n",
  );
  const post = narrated({ subject: `${caller.name} RETIRING`, body, item: null });
  const end = await through(world, seats.retire, caller, [{ seat: caller.name }]);
  world.db.send(sql.cycles_delete, { seat_id: caller.principal_id });
  return [...post, ...end.events];
}

function told({ lane, claimable, active, waiting, objectives }: Snapshot): string {
  const part = (name: string, ids: readonly string[]) => `${name}: ${ids.length === 0 ? "none" : ids.join(", ")}`;
  const parts = [part("claimable", claimable), part("active", active), part("waiting", waiting)];
  return `${lane === null ? "every lane" : `lane ${lane}`}; ${[...parts, part("objectives", objectives)].join("; ")}`;
}

function notEmpty({ claimable, held }: Nearby): Refusal {
  const first = claimable[0];
  const hint = first ? `Claim it: ${claimCommand(first.id)}` : "Finish it, or give it back with ticket.release.";
  const what = first
    ? `${claimable.length} ticket(s) can be claimed`
    : `you hold ${held.map(({ id }) => id).join(", ")}`;
  return new Refusal("conflict", "turn.not_empty", `This is no idle cycle: ${what}.`, {
    hint,
    facts: { claimable: claimable.slice(0, NAMED_MAX).map(followOf), held: held.map(({ id }) => id) },
  });
}
