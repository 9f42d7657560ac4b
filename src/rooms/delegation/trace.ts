import { z } from "zod";
import { query } from "../../kernel/operation.ts";
import { statements } from "../../kernel/sql.ts";
import { DECISION_READERS } from "../policy/index.ts";

const sql = statements("delegation", "dispatched_of");

type Row = {
  id: string;
  title: string;
  state: string;
  to: string | null;
  by: string;
  dispatched_at: Date;
  verdict: string | null;
};

/** What became of a denial: whoever reads the decision wants to know who does it now. */
export const trace = query({
  name: "dispatch.trace",
  summary: "Tell as which tickets a denied act was dispatched, and how each stands now.",
  input: z.object({ decision: z.int().min(1).describe("The denial: its number.") }),
  output: z.object({
    tickets: z
      .array(
        z.object({
          id: z.string().describe("The ticket."),
          title: z.string().describe("What is to be done, in a line."),
          state: z.string().describe("The ticket's state now."),
          to: z.string().nullable().describe("The seat that it was given to; null when any of the lane may claim it."),
          by: z.string().describe("Who dispatched it."),
          dispatched_at: z.iso.datetime().describe("When it was dispatched."),
          verdict: z.string().nullable().describe("Whether the finished work was accepted or rejected."),
        }),
      )
      .describe("One for each seat that it was given to, the first one first."),
  }),
  may: DECISION_READERS,
  said_by: "programs",
  refuses: [],
  async read({ db }, { decision }) {
    const rows = await db.all<Row>(sql.dispatched_of, { decision_id: decision });
    return { tickets: rows.map((row) => ({ ...row, dispatched_at: row.dispatched_at.toISOString() })) };
  },
});
