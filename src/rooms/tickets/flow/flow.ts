import { z } from "zod";
import { query, roles } from "../../../kernel/operation.ts";
import { statements } from "../../../kernel/sql.ts";
import { FIRST_LANE, LAST_LANE } from "../reads.ts";
import { Lane } from "../ticket.ts";

const sql = statements("tickets/flow", "instant", "flow", "ages");

/** How many slices a picture of the flow has: as many as one can tell apart. */
const SLICES = 48;

const count = z.int().min(0);

export const flow = query({
  name: "ticket.flow",
  summary: "Count what was filed and what ended over the last hours, in slices of time.",
  input: z.object({
    hours: z.int().min(1).max(720).default(24).describe("How far to look back."),
    lane: Lane.optional().describe("Only tickets that are of this lane now."),
  }),
  output: z.object({
    from: z.iso.datetime().describe("The beginning of the first slice."),
    until: z.iso.datetime().describe("Now: the last slice goes on."),
    slice_seconds: z.int().describe("How long a slice is."),
    open_before: z.int().describe("How many were open at the beginning."),
    open_now: count.describe("How many are open."),
    slices: z
      .array(
        z.object({
          from: z.iso.datetime(),
          filed: count,
          done: count,
          cancelled: count,
        }),
      )
      .describe("In order, each of the same length; those in which nothing happened too."),
  }),
  may: roles,
  said_by: "programs",
  refuses: [],
  async read({ db }, { hours, lane = null }) {
    const [{ at }] = (await db.all<{ at: Date }>(sql.instant)) as [{ at: Date }];
    const slice_seconds = (hours * 3600) / SLICES;
    const last = Math.floor(at.getTime() / 1000 / slice_seconds);
    const first = last - SLICES + 1;
    const instantOf = (slice: number) => new Date(slice * slice_seconds * 1000).toISOString();
    const rows = await db.all<{ what: string; slice: number | null; count: number }>(sql.flow, {
      ...{ since: instantOf(first), slice_seconds, lane },
      ...{ lane_first: lane ?? FIRST_LANE, lane_last: lane ?? LAST_LANE },
    });
    const counted = (what: string, slice: number | null) =>
      rows.find((row) => row.what === what && row.slice === slice)?.count ?? 0;
    const slices = Array.from({ length: SLICES }, (_, index) => ({
      from: instantOf(first + index),
      filed: counted("filed", first + index),
      done: counted("done", first + index),
      cancelled: counted("cancelled", first + index),
    }));
    const grown = slices.reduce((sum, { filed, done, cancelled }) => sum + filed - done - cancelled, 0);
    const open_now = counted("open", null);
    const span = { from: instantOf(first), until: at.toISOString(), slice_seconds };
    return { ...span, open_before: open_now - grown, open_now, slices };
  },
});

const HOUR = 3600;
const DAY = 24 * HOUR;
/** Where one age ends and the next begins. */
const BOUNDS = [HOUR, 4 * HOUR, DAY, 3 * DAY, 7 * DAY] as const;
/** More lanes than anybody reads; what is in the others is counted together. */
const LANES_MAX = 100;

const parts = ["claimable", "active", "waiting"] as const;

export const ages = query({
  name: "queue.ages",
  summary: "Count what is open by lane and age, and say since when the oldest waits.",
  input: z.object({}),
  output: z.object({
    bounds_seconds: z.array(z.int()).describe("Where one age ends and the next begins: ages are one more than these."),
    lanes: z
      .array(
        z.object({
          lane: z.string(),
          open: count,
          claimable: count.describe("Can be claimed now."),
          active: count.describe("Somebody has it."),
          waiting: count.describe("Blocked, parked, reserved, or waiting for other tickets."),
          oldest_at: z.iso.datetime().describe("When the oldest of them was filed."),
          ages: z.array(count).describe("How many of each age, the youngest first."),
        }),
      )
      .describe("The lane with the most first."),
    lanes_left_out: count.describe("How many lanes more there are."),
  }),
  may: roles,
  said_by: "programs",
  refuses: [],
  async read({ db }) {
    type Row = { lane: string; part: (typeof parts)[number]; age: number; count: number; oldest_at: Date };
    const rows = await db.all<Row>(sql.ages, { bounds: [...BOUNDS] });
    const sum = (some: readonly Row[]) => some.reduce((total, row) => total + row.count, 0);
    const lanes = [...Map.groupBy(rows, ({ lane }) => lane)].map(([lane, of]) => {
      const [claimable, active, waiting] = parts.map((part) => sum(of.filter((row) => row.part === part)));
      return {
        ...{ lane, open: sum(of), claimable: claimable!, active: active!, waiting: waiting! },
        oldest_at: new Date(Math.min(...of.map(({ oldest_at }) => oldest_at.getTime()))).toISOString(),
        ages: [...BOUNDS, 0].map((_, age) => sum(of.filter((row) => row.age === age))),
      };
    });
    lanes.sort((a, b) => b.open - a.open || (a.lane < b.lane ? -1 : 1));
    const lanes_left_out = Math.max(0, lanes.length - LANES_MAX);
    return { bounds_seconds: [...BOUNDS], lanes: lanes.slice(0, LANES_MAX), lanes_left_out };
  },
});
