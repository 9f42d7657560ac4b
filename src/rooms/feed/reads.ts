import { z } from "zod";
import { query, roles, text } from "../../kernel/operation.ts";
import { statements } from "../../kernel/sql.ts";
import { type Entry, entryOf, pageAfter, pageOfKinds } from "../ledger/index.ts";
import { findTickets } from "../tickets/index.ts";

const sql = statements("feed", "head", "about", "about_newest", "newest_of_kinds");

export const read = query({
  name: "feed.read",
  summary: "Read the feed: ledger entries in order, all of them, the posts, or those about one ticket or seat.",
  input: z.object({
    after: z.int().min(0).optional().describe("Only entries after this number; without it, the newest ones."),
    limit: z.int().min(1).max(1000).default(50).describe("At most this many."),
    about: text(200).min(1).optional().describe("Only entries about this ticket, seat or namespace."),
    posts: z.boolean().default(false).describe("Only posts."),
  }),
  output: z.object({
    entries: z.array(
      z.object({
        seq: z.int().describe("The entry's number."),
        at: z.iso.datetime().describe("When it was written, by the database's clock."),
        kind: z.string(),
        actor: z.string(),
        incarnation: z.string().nullable(),
        command: z.string(),
        subject: z.string().nullable(),
        data: z.record(z.string(), z.unknown()),
      }),
    ),
    head: z.int().describe("The number of the newest entry there is."),
  }),
  may: roles,
  refuses: [],
  async read({ db }, { after, limit, about, posts }) {
    const [{ seq: head }] = (await db.all(sql.head)) as [{ seq: number }];
    if (about === undefined && !posts)
      return { entries: await pageAfter(db, after ?? Math.max(0, head - limit), limit), head };
    const kinds = posts ? POSTS : null;
    if (about !== undefined) {
      const subject = (await findTickets(db, [about])).get(about)?.id ?? about;
      if (after === undefined)
        return { entries: newest(await db.all(sql.about_newest, { subject, kinds, limit })), head };
      return { entries: told(await db.all(sql.about, { subject, kinds, after, limit })), head };
    }
    if (after === undefined) return { entries: newest(await db.all(sql.newest_of_kinds, { kinds, limit })), head };
    return { entries: await pageOfKinds(db, POSTS, after, limit), head };
  },
});

const POSTS = ["post.appended", "post.imported"];

function told(rows: readonly { leaf: Buffer }[]): Entry[] {
  return rows.map(({ leaf }) => entryOf(leaf));
}

/** Read backwards to find the newest, told in order. */
function newest(rows: readonly { leaf: Buffer }[]): Entry[] {
  return told(rows).reverse();
}
