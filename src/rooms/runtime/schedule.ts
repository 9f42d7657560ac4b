import { Cron } from "croner";
import { z } from "zod";
import type { Reader } from "../../kernel/database.ts";
import { type Caller, text } from "../../kernel/operation.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { statements } from "../../kernel/sql.ts";
import { KEEPERS } from "../seats/index.ts";

const sql = statements("runtime", "schedules");

/** The clock looks every five seconds, and a session that is woken has to have done something meanwhile. */
const BETWEEN_SECONDS_MIN = 30;
/** How many instants are looked at to know how often a pattern fires: those of the densest hour come soon. */
const LOOKED_AT = 64;

export const ScheduleName = text(60)
  .regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, "must be lower-case words with hyphens")
  .describe("The schedule's name.");
export const Pattern = text(120).trim().min(1).describe("Cron: minute hour day month weekday, or with seconds before.");
export const TimeZone = text(60)
  .refine(isTimeZone, "is no time zone of the IANA list, such as Europe/Berlin")
  .describe("The time zone of the pattern, by its IANA name.");

export type Row = {
  name: string;
  prompt: string;
  seat_id: number;
  seat: string;
  git_writes: boolean;
  paces: string[];
  cadences: number;
  cadence: number;
  pattern: string;
  timezone: string;
  machine: string | null;
  worktree: string | null;
  armed_at: Date | null;
  arms: string | null;
  next_at: Date | null;
  waiting: number | null;
  waiting_missed: number | null;
  running: number | null;
};

/** Schedules by name, after a name. */
export function schedulesOf(db: Reader, page: { after: string; limit: number }): Promise<Row[]> {
  return db.all<Row>(sql.schedules, { name: null, ...page });
}

/** Finds one schedule. Throws `schedule.unknown`. */
export async function findSchedule(db: Reader, name: string): Promise<Row> {
  const [row] = await db.all<Row>(sql.schedules, { name, after: "", limit: 1 });
  if (row) return row;
  throw new Refusal("missing", "schedule.unknown", `There is no schedule ${name}.`, {
    hint: "schedule.list shows them; schedule.define makes one.",
  });
}

/** Its own seat and the keepers of the fleet decide about a schedule. */
export function refuseForeign(caller: Caller, seat: { id: number; name: string }, name: string): void {
  if (caller.principal_id === seat.id || (KEEPERS as readonly string[]).includes(caller.role)) return;
  throw new Refusal("denied", "schedule.not_yours", `${name} wakes ${seat.name}, not ${caller.name}.`, {
    hint: `${seat.name}, a coordinator or the operator says it.`,
    facts: { schedule: name, seat: seat.name },
  });
}

/** A cadence's own id: each change of how often has another. */
export const cadenceId = (schedule: string, number: number): string => `${schedule}#${number}`;
/** A run's own id. */
export const runId = (schedule: string, number: number): string => `${schedule}@${number}`;

/** The first instant after another at which a pattern fires; null when there is none any more. */
export function nextOf(pattern: string, timezone: string, after: Date): Date | null {
  return new Cron(pattern, { timezone, paused: true }).nextRun(after);
}

/** Throws `input.invalid` for a pattern that cannot be read, never fires, or fires too often. */
export function checkPattern(field: string, pattern: string, timezone: string, at: Date): void {
  const problem = problemOf(pattern, timezone, at);
  if (problem === null) return;
  throw new Refusal("invalid", "input.invalid", `${field}: ${problem}`, { fields: [{ field, message: problem }] });
}

function problemOf(pattern: string, timezone: string, at: Date): string | null {
  const fields = pattern.split(/\s+/).length;
  // The library takes a date for a pattern that fires once.
  if (fields !== 5 && fields !== 6 && !/^@[a-z]+$/i.test(pattern))
    return `${JSON.stringify(pattern)} has not the five or six fields of cron`;
  let due: Date[];
  try {
    due = new Cron(pattern, { timezone, paused: true }).nextRuns(LOOKED_AT, at);
  } catch (error) {
    return (error as Error).message;
  }
  if (due.length === 0) return `${JSON.stringify(pattern)} never fires`;
  const isTight = due.some((one, index) => index > 0 && seconds(due[index - 1]!, one) < BETWEEN_SECONDS_MIN);
  return isTight ? `${JSON.stringify(pattern)} fires more often than every ${BETWEEN_SECONDS_MIN} s` : null;
}

/** Whether each fires less often than the one before, by what lies between its next instants on the average. */
export function areSlower(patterns: readonly string[], timezone: string, at: Date): boolean {
  const between = patterns.map((pattern) => {
    const due = new Cron(pattern, { timezone, paused: true }).nextRuns(LOOKED_AT, at);
    return due.length < 2 ? Infinity : seconds(due[0]!, due.at(-1)!) / (due.length - 1);
  });
  return between.every((one, index) => index === 0 || one > between[index - 1]!);
}

const seconds = (from: Date, to: Date) => (to.getTime() - from.getTime()) / 1000;

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** What a list tells of a schedule. */
export const Schedule = z.object({
  name: z.string(),
  seat: z.string().describe("The seat that it wakes."),
  pattern: z.string(),
  timezone: z.string(),
  cadence: z.string().describe("The id of the pattern that stands."),
  paces: z.array(z.string()).describe("The patterns that it changes between by itself, fastest first."),
  prompt: z.string(),
  git_writes: z.boolean(),
  machine: z.string().nullable(),
  worktree: z.string().nullable().describe("Where its runs write."),
  armed_at: z.iso.datetime().nullable().describe("Null: it does not fire."),
  armed_by: z.string().nullable(),
  next_at: z.iso.datetime().nullable().describe("When it is due next."),
  waiting: z.string().nullable().describe("Its run that no session has taken yet."),
  running: z.string().nullable().describe("Its run that a session is at."),
});

/** A schedule as a list tells it. */
export function told(row: Row): z.input<typeof Schedule> {
  const { name, seat, pattern, timezone, paces, prompt, git_writes, machine, worktree } = row;
  return {
    ...{ name, seat, pattern, timezone, paces, prompt, git_writes, machine, worktree },
    cadence: cadenceId(name, row.cadence),
    armed_at: row.armed_at?.toISOString() ?? null,
    armed_by: row.arms,
    next_at: row.next_at?.toISOString() ?? null,
    waiting: row.waiting === null ? null : runId(name, row.waiting),
    running: row.running === null ? null : runId(name, row.running),
  };
}
