import { z } from "zod";
import { query, roles } from "../../../kernel/operation.ts";
import { Refusal } from "../../../kernel/refusal.ts";
import { statements } from "../../../kernel/sql.ts";
import type { Spool } from "./hand_in.ts";
import { contestOf } from "./receiving.ts";
import { type Outcome, Outcomes, SpoolName } from "./shapes.ts";

const sql = statements("tickets/provisional", "spool_of", "outcomes", "spools");

export const readOutcomes = query({
  name: "spool.outcomes",
  summary: "Read what became of the posts of a spool, in their order.",
  input: z.object({
    spool: SpoolName,
    after: z.int().min(0).default(0).describe("Only those of posts after this number."),
    limit: z.int().min(1).max(500).default(200),
  }),
  output: Outcomes,
  may: roles,
  said_by: "programs",
  refuses: ["spool.unknown"],
  async read({ db }, { spool: name, after, limit }) {
    const [spool] = await db.all<Spool & { now: Date }>(sql.spool_of, { spool: name });
    if (!spool)
      throw new Refusal("missing", "spool.unknown", `Nothing was handed in from a spool ${name}.`, {
        hint: "spool.list shows the spools.",
      });
    const { received_upto, settled_upto, now } = spool;
    const outcomes = await db.all<Outcome>(sql.outcomes, { spool: name, after, upto: settled_upto, limit });
    const due_at = settled_upto < received_upto ? await contestOf(db, now) : null;
    const instants = { settle_by: due_at?.toISOString() ?? null, answered_at: now.toISOString() };
    return { spool: name, received_upto, settled_upto, outcomes, ...instants };
  },
});

export const listSpools = query({
  name: "spool.list",
  summary: "List the spools: whose each is, how much of it is here, and how much has its outcome.",
  input: z.object({
    after: z.string().max(64).default("").describe("Only those whose names come after this one."),
    limit: z.int().min(1).max(500).default(100),
  }),
  output: z.object({
    spools: z.array(
      z.object({
        spool: z.string(),
        seat: z.string(),
        received_upto: z.int(),
        settled_upto: z.int(),
        opened_at: z.iso.datetime(),
        answered_at: z.iso.datetime().describe("When it last handed in."),
      }),
    ),
  }),
  may: roles,
  said_by: "programs",
  refuses: [],
  async read({ db }, { after, limit }) {
    const rows = await db.all(sql.spools, { after, limit });
    return {
      spools: rows.map(({ opened_at, answered_at, ...row }) => ({
        ...row,
        opened_at: opened_at.toISOString(),
        answered_at: answered_at.toISOString(),
      })),
    };
  },
});
