import { z } from "zod";
import { query, roles } from "../../../kernel/operation.ts";
import { SLICE_SECONDS } from "../../../kernel/pace.ts";
import { statements } from "../../../kernel/sql.ts";

const sql = statements("ledger/pace", "instant", "written_before");

const count = z.int().min(0);
/** No clock of a server tells a shorter time in a way that anybody could use. */
const tenth = (milliseconds: number) => Math.round(milliseconds * 10) / 10;

export const pace = query({
  name: "ledger.pace",
  summary: "Count the entries of the last hours in slices of time, with how long this server's commands took.",
  input: z.object({
    hours: z.int().min(1).max(24).default(6).describe("How far to look back."),
  }),
  output: z.object({
    until: z.iso.datetime().describe("Now: the last slice goes on."),
    slice_seconds: z.int().describe("How long a slice is."),
    measured_since: z.iso
      .datetime()
      .nullable()
      .describe("When this server's process began to measure; what it knew before is gone, and others know their own."),
    slices: z
      .array(
        z.object({
          from: z.iso.datetime(),
          entries: count.describe("What was written, by every process of the installation."),
          commands: count.describe("How many commands this process answered, refusals too."),
          half_ms: z.number().nullable().describe("Half of them took at most so long; to within 20 %."),
          most_ms: z.number().nullable().describe("99 of 100 of them took at most so long; to within 20 %."),
        }),
      )
      .describe("In order, each of the same length; those in which nothing happened too."),
  }),
  may: roles,
  said_by: "programs",
  refuses: [],
  async read({ db, pace: known }, { hours }) {
    const [{ at }] = (await db.all<{ at: Date }>(sql.instant)) as [{ at: Date }];
    const last = Math.floor(at.getTime() / 1000 / SLICE_SECONDS);
    const wanted = (hours * 3600) / SLICE_SECONDS;
    const instants = Array.from({ length: wanted + 1 }, (_, index) => {
      return new Date((last - wanted + 1 + index) * SLICE_SECONDS * 1000).toISOString();
    });
    const rows = await db.all<{ written: number }>(sql.written_before, { instants });
    const measured = new Map(known?.slices().map(({ from, ...slice }) => [from.toISOString(), slice]));
    const slices = instants.slice(0, -1).map((from, index) => {
      const { commands = 0, half_ms, most_ms } = measured.get(from) ?? {};
      const entries = Math.max(0, (rows[index + 1]?.written ?? 0) - (rows[index]?.written ?? 0));
      return {
        ...{ from, entries, commands },
        half_ms: half_ms === undefined ? null : tenth(half_ms),
        most_ms: most_ms === undefined ? null : tenth(most_ms),
      };
    });
    const measured_since = known?.since.toISOString() ?? null;
    return { until: at.toISOString(), slice_seconds: SLICE_SECONDS, measured_since, slices };
  },
});
