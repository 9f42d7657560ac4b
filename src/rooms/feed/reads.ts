import { z } from "zod";
import type { Reader } from "../../kernel/database.ts";
import { query, roles, text } from "../../kernel/operation.ts";
import { statements } from "../../kernel/sql.ts";
import { type Entry, entriesOf, pageAfter, pageOfKinds } from "../ledger/index.ts";
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
    return { entries: (await page(db, { after, limit, about, posts }, head)).map(withoutBytes), head };
  },
});

type Wanted = { after?: number | undefined; limit: number; about?: string | undefined; posts: boolean };

async function page(db: Reader, { after, limit, about, posts }: Wanted, head: number): Promise<Entry[]> {
  if (about === undefined && !posts) return pageAfter(db, after ?? Math.max(0, head - limit), limit);
  const kinds = posts ? POSTS : null;
  if (about !== undefined) {
    const subject = (await findTickets(db, [about])).get(about)?.id ?? about;
    if (after === undefined) return newest(db, await db.all(sql.about_newest, { subject, kinds, limit }));
    return entriesOf(db, await db.all(sql.about, { subject, kinds, after, limit }));
  }
  if (after === undefined) return newest(db, await db.all(sql.newest_of_kinds, { kinds, limit }));
  return pageOfKinds(db, POSTS, after, limit);
}

/** The bytes of a mirrored file are its posts once more, and there are many; `feed.segments` tells them. */
export function withoutBytes(entry: Entry): Entry {
  if (entry.kind !== "feed.mirrored") return entry;
  const { text: _, ...data } = entry.data;
  return { ...entry, data };
}

const POSTS = ["post.appended", "post.imported"];

/** Read backwards to find the newest, told in order. */
async function newest(db: Reader, rows: readonly { leaf: Buffer }[]): Promise<Entry[]> {
  return (await entriesOf(db, rows)).reverse();
}
