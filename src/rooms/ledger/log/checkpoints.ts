import { z } from "zod";
import { query } from "../../../kernel/operation.ts";
import { statements } from "../../../kernel/sql.ts";
import { CHECKERS } from "./checkers.ts";

const sql = { ...statements("ledger", "log_newest"), ...statements("ledger/log", "anchors_back") };

/** The checkpoints as one looks through them: from the newest back. */
export const listCheckpoints = query({
  name: "checkpoint.list",
  summary: "List the signed checkpoints of the open log, the newest first, with the witnesses that cosigned each.",
  input: z.object({
    before_size: z.int().min(1).optional().describe("Only smaller ones: `next` of the page before."),
    limit: z.int().min(1).max(100).default(20).describe("At most this many."),
  }),
  output: z.object({
    origin: z.string().nullable().describe("The log's name; null before the first one is open."),
    checkpoints: z.array(
      z.object({
        size: z.int().describe("How many entries it covers."),
        root: z.string().describe("The root of the tree, in hexadecimal."),
        at: z.iso.datetime().describe("When it was published."),
        cosigned_by: z.array(z.string()).describe("The witnesses that cosigned it."),
      }),
    ),
    next: z.int().nullable().describe("`before_size` of the next page; null where there is none."),
  }),
  may: CHECKERS,
  said_by: "programs",
  refuses: [],
  async read({ db }, { before_size = null, limit }) {
    const [log] = await db.all<{ origin: string }>(sql.log_newest);
    if (!log) return { origin: null, checkpoints: [], next: null };
    const { origin } = log;
    const rows = await db.all<{ tree_size: number; root: Buffer; at: Date; cosigned_by: string[] }>(sql.anchors_back, {
      origin,
      before_size,
      limit,
    });
    const checkpoints = rows.map(({ tree_size, root, at, cosigned_by }) => ({
      size: tree_size,
      root: root.toString("hex"),
      at: at.toISOString(),
      cosigned_by,
    }));
    return { origin, checkpoints, next: rows.length === limit ? rows.at(-1)!.tree_size : null };
  },
});
