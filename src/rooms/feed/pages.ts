import { z } from "zod";
import type { Reader } from "../../kernel/database.ts";
import { instant, query, roles, text } from "../../kernel/operation.ts";
import { statements } from "../../kernel/sql.ts";
import { entriesOf } from "../ledger/index.ts";
import { resolveName } from "../seats/index.ts";
import { read, withoutBytes } from "./reads.ts";

const sql = statements("feed", "head", "page_back", "instant_of");

/** A page looks at so many entries at the most, whatever it looks for: its cost does not grow with the ledger. */
const LOOKED_AT_MAX = 5_000;

/** The feed as one reads it in a browser: from the newest entry, or from a moment, back in time. */
export const page = query({
  name: "feed.page",
  summary: "Read the feed backwards, a page at a time: from the newest entry, or from a moment on.",
  input: z.object({
    before: z.int().min(1).optional().describe("Only entries before this number: `next` of the page before."),
    until: instant().optional().describe("Only entries until this moment."),
    actor: text(120).min(1).optional().describe("Only what this seat, person or service did."),
    about: text(200).min(1).optional().describe("Only what is about this ticket, seat or thing."),
    kind: text(60)
      .regex(/^[a-z_]+(\.[a-z_]+)?$/, "must be a kind (ticket.claimed) or what kinds begin with (ticket)")
      .optional()
      .describe("Only entries of this kind, or of all kinds that begin with it: ticket, post, deploy.settled."),
    lane: text(60).min(1).optional().describe("Only entries about tickets of this lane."),
    limit: z.int().min(1).max(500).default(100).describe("At most this many."),
  }),
  output: read.output.extend({
    entries: read.output.shape.entries.describe("The newest first."),
    next: z
      .int()
      .nullable()
      .describe("`before` of the next page; null at the beginning. A page may be empty and still have a next one."),
  }),
  may: roles,
  said_by: "programs",
  refuses: ["seat.unknown", "seat.ambiguous"],
  async read({ db }, { before, until, actor, about = null, kind = null, lane = null, limit }) {
    const [{ seq: head }] = (await db.all(sql.head)) as [{ seq: number }];
    const actor_id = actor === undefined ? null : (await resolveName(db, actor)).id;
    const end = Math.min(before ?? head + 1, until === undefined ? head + 1 : await after(db, new Date(until), head));
    const from = Math.max(1, end - LOOKED_AT_MAX);
    const rows = await db.all<{ seq: number; leaf: Buffer }>(sql.page_back, {
      ...{ end, from, actor_id, about, lane, limit },
      kind,
      kinds: kind === null || kind.includes(".") ? null : `${kind}.%`,
    });
    const looked_to = rows.length === limit ? rows.at(-1)!.seq : from;
    return { entries: (await entriesOf(db, rows)).map(withoutBytes), next: looked_to > 1 ? looked_to : null, head };
  },
});

/** The first number after a moment. Entries are numbered in the order of their instants, so that halving finds it. */
async function after(db: Reader, moment: Date, head: number): Promise<number> {
  let [low, high] = [1, head + 1];
  while (low < high) {
    const seq = Math.floor((low + high) / 2);
    const [{ at }] = (await db.all(sql.instant_of, { seq })) as [{ at: Date }];
    if (at <= moment) low = seq + 1;
    else high = seq;
  }
  return low;
}
