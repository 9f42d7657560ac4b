import { z } from "zod";
import { type Caller, command, type Event, query, roles, text, type World } from "../../kernel/operation.ts";
import { statements } from "../../kernel/sql.ts";
import { WORKERS } from "../tickets/index.ts";
import {
  cadenceId,
  checkPattern,
  findSchedule,
  nextOf,
  Pattern,
  refuseForeign,
  type Row,
  ScheduleName,
  TimeZone,
} from "./schedule.ts";

const sql = statements("runtime", "cadence_begin", "cadence_end", "cadence_counted", "cadences", "run_outcomes");

/** After so many runs in a row that came to nothing, with no incident among them, a schedule slows down. */
export const ZERO_RUNS = 4;

export const swap = command({
  name: "schedule.swap",
  summary: "Change how often a schedule fires. The old pattern and the new one stay in its history, each with its id.",
  input: z.object({
    name: ScheduleName,
    pattern: Pattern,
    timezone: TimeZone.optional().describe("Without it, the one that stands."),
    reason: text(2000).trim().min(1).describe("Why; it stands in the history."),
  }),
  output: z.object({ name: z.string(), was: z.string(), cadence: z.string(), next_at: z.iso.datetime().nullable() }),
  may: WORKERS,
  said_by: "programs",
  events: ["schedule.swapped"],
  refuses: ["schedule.unknown", "schedule.not_yours"],
  async run(world, { caller, input }) {
    const row = await findSchedule(world.db, input.name);
    refuseForeign(caller, { id: row.seat_id, name: row.seat }, row.name);
    const timezone = input.timezone ?? row.timezone;
    checkPattern("pattern", input.pattern, timezone, await world.at());
    const { output, event } = await change(world, caller, row, { ...input, timezone });
    return { output, events: [event] };
  },
});

type Change = { pattern: string; timezone: string; reason: string };

/** Ends the cadence that stands and begins the next. Its event names both (J44). */
async function change(world: World, caller: Caller, row: Row, { pattern, timezone, reason }: Change) {
  const at = await world.at();
  const { name, cadence: replaces } = row;
  const number = replaces + 1;
  // What is due and was not made a run of yet is not lost to a new pattern.
  const isDue = row.next_at !== null && row.next_at <= at;
  const next_at = row.armed_at === null || isDue ? row.next_at : nextOf(pattern, timezone, at);
  world.db.send(sql.cadence_end, { name, number: replaces, at });
  const begun = { number, replaces, pattern, timezone, reason, begun_by: caller.principal_id };
  world.db.send(sql.cadence_begin, { name, ...begun, at });
  world.db.send(sql.cadence_counted, { name, number, next_at });
  const [was, cadence] = [cadenceId(name, replaces), cadenceId(name, number)];
  const output = { name, was, cadence, next_at: next_at?.toISOString() ?? null };
  const data = { name, was, cadence, pattern_was: row.pattern, pattern, timezone, reason };
  return { output, event: { kind: "schedule.swapped", subject: name, data } satisfies Event };
}

/**
 * What a settled run changes in its schedule by itself: to the fastest pace after one incident, and one pace slower
 * after `ZERO_RUNS` runs in a row that came to nothing. A pattern that is none of its paces was somebody's choice and
 * stays.
 */
export async function tune(world: World, caller: Caller, row: Row, outcome: string): Promise<Event | null> {
  const pace = row.paces.indexOf(row.pattern);
  if (pace < 0) return null;
  const turn = (to: number, reason: string) =>
    change(world, caller, row, { pattern: row.paces[to]!, timezone: row.timezone, reason }).then(({ event }) => event);
  if (outcome === "incident" && pace > 0) return turn(0, "an incident: as fast as it goes");
  if (outcome !== "zero" || pace === row.paces.length - 1) return null;
  const newest = await world.db.all<{ outcome: string }>(sql.run_outcomes, {
    name: row.name,
    cadence: row.cadence,
    limit: ZERO_RUNS,
  });
  const isIdle = newest.length === ZERO_RUNS && newest.every((one) => one.outcome === "zero");
  return isIdle ? turn(pace + 1, `${ZERO_RUNS} runs in a row came to nothing`) : null;
}

export const listCadences = query({
  name: "schedule.cadences",
  summary: "Tell the history of how often a schedule fires, newest first.",
  input: z.object({
    name: ScheduleName,
    before: z.int().min(1).default(2_000_000_000).describe("Only those whose number is smaller."),
    limit: z.int().min(1).max(500).default(50).describe("At most this many."),
  }),
  output: z.object({
    cadences: z.array(
      z.object({
        cadence: z.string(),
        number: z.int(),
        was: z.string().nullable().describe("The id of the one that it replaced."),
        pattern: z.string(),
        timezone: z.string(),
        reason: z.string(),
        by: z.string(),
        begun_at: z.iso.datetime(),
        ended_at: z.iso.datetime().nullable(),
      }),
    ),
  }),
  may: roles,
  said_by: "programs",
  refuses: ["schedule.unknown"],
  async read({ db }, { name, before, limit }) {
    await findSchedule(db, name);
    const rows = await db.all(sql.cadences, { name, before, limit });
    const cadences = rows.map(({ number, replaces, pattern, timezone, reason, by, begun_at, ended_at }) => ({
      ...{ cadence: cadenceId(name, number), number, pattern, timezone, reason, by },
      was: replaces === null ? null : cadenceId(name, replaces),
      begun_at: begun_at.toISOString(),
      ended_at: ended_at?.toISOString() ?? null,
    }));
    return { cadences };
  },
});
