import { z } from "zod";
import { batchCommand, type Event, type World } from "../../kernel/operation.ts";
import { statements } from "../../kernel/sql.ts";
import { postHeld } from "./budget.ts";
import { nextOf, runId } from "./schedule.ts";

const sql = statements("runtime", "due", "fire", "fired", "missed");

/** Schedules that one saying fires; the clock comes again in five seconds. */
const DUE_MAX = 500;
/** Beyond this many, an outage's missed instants are not counted one by one. */
const MISSED_MAX = 1_000;
/**
 * Instants that one saying looks at: what is due beyond them is fired by the next. It is a fifth of a second's work,
 * for which the ledger waits; a slow machine has to be done before PostgreSQL ends the idle transaction.
 */
const LOOKED_AT_MAX = 2_000;

type Due = {
  name: string;
  seat_id: number;
  seat: string;
  runs: number;
  next_at: Date;
  cadence: number;
  pattern: string;
  timezone: string;
  waiting: number | null;
};

export const fire = batchCommand({
  name: "schedule.fire",
  summary: "Make a run of each armed schedule that is due. The clock says it; after an outage it makes one for each.",
  input: z.object({}),
  output: z.object({ fired: z.int(), merged: z.int().describe("Posts that were held for a tick that is over.") }),
  may: ["steward", "operator"],
  said_by: "programs",
  events: ["schedule.fired", "post.appended"],
  refuses: [],
  unrecorded: "Each run that is made leaves an entry; when nothing was due, nothing was written.",
  async run(world, calls) {
    const fired = await fireDue(world);
    for (const event of fired) world.record(event);
    const merged = await postHeld(world, calls[0]!.caller);
    return calls.map(() => ({ output: { fired: fired.length, merged }, events: [] }));
  },
});

async function fireDue(world: World): Promise<Event[]> {
  const at = await world.at();
  const due = await world.db.all<Due>(sql.due, { at, limit: DUE_MAX });
  if (due.length === 0) return [];
  const told: (Due & ReturnType<typeof after>)[] = [];
  let looked = 0;
  for (const one of due) {
    if (looked >= LOOKED_AT_MAX) break;
    const next = after(one, at);
    looked += next.missed + 1;
    told.push({ ...one, ...next });
  }
  // What its seat has not even taken yet is not told twice.
  const fresh = told.filter(({ waiting }) => waiting === null);
  const behind = told.filter(({ waiting }) => waiting !== null);
  world.db.send(sql.fire, {
    at,
    names: fresh.map(({ name }) => name),
    numbers: fresh.map(({ runs }) => runs + 1),
    cadences: fresh.map(({ cadence }) => cadence),
    dues: fresh.map(({ next_at }) => next_at),
    misseds: fresh.map(({ missed }) => missed),
    seat_ids: fresh.map(({ seat_id }) => seat_id),
  });
  world.db.send(sql.missed, {
    names: behind.map(({ name }) => name),
    misseds: behind.map(({ missed }) => missed + 1),
  });
  world.db.send(sql.fired, {
    names: told.map(({ name }) => name),
    runs: told.map(({ runs, waiting }) => (waiting === null ? runs + 1 : runs)),
    nexts: told.map(({ then }) => then),
  });
  return fresh.map(({ name, runs, seat, next_at, missed }) => {
    const data = { name, run: runId(name, runs + 1), seat, due_at: next_at.toISOString(), missed };
    return { kind: "schedule.fired", subject: name, data };
  });
}

/** How many further instants are over as well, and the first one that is not. */
function after({ pattern, timezone, next_at }: Due, at: Date): { missed: number; then: Date } {
  let then = nextOf(pattern, timezone, next_at);
  let missed = 0;
  while (then !== null && then <= at && missed < MISSED_MAX) {
    missed++;
    then = nextOf(pattern, timezone, then);
  }
  if (then !== null && then <= at) then = nextOf(pattern, timezone, at);
  // A pattern always has a next instant, or it would not have been armed; a century is as good as never.
  return { missed, then: then ?? new Date(at.getTime() + CENTURY_MS) };
}

const CENTURY_MS = 36_525 * 24 * 3600 * 1000;
