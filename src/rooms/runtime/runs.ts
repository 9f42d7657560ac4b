import { z } from "zod";
import { command, type Event, query, roles, text, type World } from "../../kernel/operation.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { statements } from "../../kernel/sql.ts";
import { endTick } from "./budget.ts";
import { tune } from "./cadences.ts";
import { findSchedule, runId, ScheduleName } from "./schedule.ts";

const sql = statements("runtime", "run_of", "runs_waiting", "run_take", "run_settle", "runs");

type Run = {
  schedule: string;
  number: number;
  due_at: Date;
  fired_at: Date;
  missed: number;
  taken_by: string | null;
  taken_at: Date | null;
  settled_at: Date | null;
  outcome: string | null;
  note: string | null;
  prompt: string;
};

export const take = command({
  name: "schedule.take",
  summary: "Take the prompt that has waited longest for the caller's seat. One at a time: two are never one turn.",
  input: z.object({}),
  output: z.object({
    run: z.string().nullable().describe("The run; null when nothing waits."),
    schedule: z.string().nullable(),
    prompt: z.string().nullable().describe("What to do, by the schedule that fell due."),
    due_at: z.iso.datetime().nullable(),
    missed: z.int().describe("How many further instants of this schedule went by; this run is for them too."),
    waiting: z.int().describe("How many other schedules' runs wait."),
  }),
  may: roles,
  said_by: "programs",
  events: ["schedule.taken", "schedule.settled", "post.appended"],
  refuses: ["run.unsettled", "seat.not_adopted"],
  unrecorded: "When nothing waits, nothing is written.",
  async run(world, { caller }) {
    if (caller.incarnation === null)
      throw new Refusal("conflict", "seat.not_adopted", `${caller.name} holds no seat.`, { hint: "Adopt one first." });
    const seat_id = caller.principal_id;
    const [present] = await world.db.all<Run>(sql.run_of, { seat_id });
    const events: Event[] = [];
    if (present?.taken_by === caller.incarnation) throw unsettled(present);
    // The session that took it is no more, and told nobody what came of it.
    if (present) events.push(await settleRun(world, present, { outcome: "lost", note: "its session ended" }));
    const waiting = await world.db.all<Run>(sql.runs_waiting, { seat_id });
    const [next] = waiting;
    if (!next) return { output: { ...NOTHING, waiting: 0 }, events };
    const { schedule, number, prompt, missed } = next;
    events.push(...(await endTick(world, caller)));
    world.db.send(sql.run_take, { name: schedule, number, taken_by: caller.incarnation, at: await world.at() });
    const run = runId(schedule, number);
    const due_at = next.due_at.toISOString();
    events.push({ kind: "schedule.taken", subject: schedule, data: { run, seat: caller.name, due_at, missed } });
    return { output: { run, schedule, prompt, due_at, missed, waiting: waiting.length - 1 }, events };
  },
});

const NOTHING = { run: null, schedule: null, prompt: null, due_at: null, missed: 0 };

function unsettled({ schedule, number }: Run): Refusal {
  const run = runId(schedule, number);
  return new Refusal("conflict", "run.unsettled", `This session is at ${run}.`, {
    hint: `End it first: longwatch schedule settle --run ${run} --outcome useful`,
    facts: { run },
  });
}

type Ending = { outcome: "useful" | "zero" | "incident" | "lost"; note?: string | undefined };

async function settleRun(world: World, { schedule, number }: Run, { outcome, note }: Ending): Promise<Event> {
  const at = await world.at();
  world.db.send(sql.run_settle, { name: schedule, number, outcome, note: note ?? null, at });
  const data = { run: runId(schedule, number), outcome, ...(note === undefined ? {} : { note }) };
  return { kind: "schedule.settled", subject: schedule, data };
}

export const settle = command({
  name: "schedule.settle",
  summary: "Say what came of a run: something useful, nothing, or an incident. Its schedule paces itself by this.",
  input: z.object({
    run: text(80).min(1).describe("The run, as schedule.take answered it."),
    outcome: z.enum(["useful", "zero", "incident"]).describe("zero: it changed nothing for anybody."),
    note: text(2000).trim().min(1).optional().describe("What came of it, in a sentence."),
  }),
  output: z.object({
    run: z.string(),
    outcome: z.string(),
    cadence: z.string().nullable().describe("The new cadence, if the schedule changed its pace."),
    merged: z.int().describe("Posts that stood above the tick's budget and were posted as one."),
  }),
  may: roles,
  said_by: "programs",
  events: ["schedule.settled", "schedule.swapped", "post.appended"],
  refuses: ["run.lost", "schedule.unknown"],
  async run(world, { caller, input }) {
    const [present] = await world.db.all<Run>(sql.run_of, { seat_id: caller.principal_id });
    const is = present === undefined ? null : runId(present.schedule, present.number);
    if (present === undefined || is !== input.run || present.taken_by !== caller.incarnation)
      throw new Refusal("conflict", "run.lost", `This session is not at ${input.run}.`, {
        hint: is === null ? "schedule.take tells what to do." : `It is at ${is}.`,
        facts: { run: is },
      });
    const settled = await settleRun(world, present, input);
    const row = await findSchedule(world.db, present.schedule);
    const swapped = await tune(world, caller, row, input.outcome);
    const merged = await endTick(world, caller);
    const cadence = (swapped?.data.cadence as string | undefined) ?? null;
    const output = { run: input.run, outcome: input.outcome, cadence, merged: merged.length };
    return { output, events: [...merged, settled, ...(swapped ? [swapped] : [])] };
  },
});

export const listRuns = query({
  name: "schedule.runs",
  summary: "List a schedule's runs, newest first, with what came of each.",
  input: z.object({
    name: ScheduleName,
    before: z.int().min(1).default(2_000_000_000).describe("Only those whose number is smaller."),
    limit: z.int().min(1).max(500).default(50).describe("At most this many."),
  }),
  output: z.object({
    runs: z.array(
      z.object({
        run: z.string(),
        number: z.int(),
        seat: z.string(),
        due_at: z.iso.datetime(),
        missed: z.int().describe("How many further instants it stands for."),
        taken_at: z.iso.datetime().nullable(),
        settled_at: z.iso.datetime().nullable(),
        outcome: z.string().nullable().describe("useful, zero, incident; lost when its session ended before."),
        note: z.string().nullable(),
      }),
    ),
  }),
  may: roles,
  said_by: "programs",
  refuses: ["schedule.unknown"],
  async read({ db }, { name, before, limit }) {
    await findSchedule(db, name);
    const rows = await db.all<Run & { seat: string }>(sql.runs, { name, before, limit });
    const runs = rows.map(({ number, seat, due_at, missed, taken_at, settled_at, outcome, note }) => ({
      ...{ run: runId(name, number), number, seat, missed, outcome, note },
      due_at: due_at.toISOString(),
      taken_at: taken_at?.toISOString() ?? null,
      settled_at: settled_at?.toISOString() ?? null,
    }));
    return { runs };
  },
});
