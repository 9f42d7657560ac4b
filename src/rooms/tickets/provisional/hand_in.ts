import type { z } from "zod";
import type { Reader } from "../../../kernel/database.ts";
import { type Caller, command, type World } from "../../../kernel/operation.ts";
import { Refusal } from "../../../kernel/refusal.ts";
import { statements } from "../../../kernel/sql.ts";
import { WORKERS } from "../ticket.ts";
import { digestOf, type Judged, judge } from "./judging.ts";
import { account } from "./numbering.ts";
import { contestOf, received, type Received } from "./receiving.ts";
import { HandedIn, HandIn, type Outcome, type Post } from "./shapes.ts";
import { EVENTS, settlePending } from "./settling.ts";

const sql = statements(
  "tickets/provisional",
  ...(["spool_of", "spool_open", "spool_advance", "seat_known", "known", "outcomes"] as const),
);

export type Spool = {
  name: string;
  seat_id: number;
  seat: string;
  received_upto: number;
  settled_upto: number;
  effective_upto: Date | null;
};

type SpooledPost = z.output<typeof Post>;

/**
 * Alone in its transaction, since it carries posts out: what they do stands in the ledger in the order in which they
 * did it, and not before what others of a batch did earlier.
 */
export const handIn = command({
  name: "spool.hand_in",
  summary: "Hand in what a spool holds: each post takes effect once, in order; its filings get their numbers.",
  input: HandIn,
  output: HandedIn,
  may: WORKERS,
  said_by: "programs",
  allocates: ({ posts }: { posts: readonly SpooledPost[] }) =>
    posts.some(({ operation, input }) => operation === "ticket.file" || input.reserve !== undefined),
  events: EVENTS,
  refuses: ["spool.held", "spool.gap", "spool.contradicts", "producer.held", "production.overlaps"],
  unrecorded: "Each post that is new leaves entries; one that was handed in before leaves none.",
  async run(world, { caller, input }) {
    const at = await world.at();
    const spool = await spoolOf(world, caller, input.spool, at);
    const fresh = await newPosts(world.db, spool, input.posts);
    if (fresh.length > 0) await receive(world, caller, spool, fresh, { at, sent_at: new Date(input.sent_at) });
    else advance(world, spool, at);
    await settlePending(world, caller, false);
    return { output: await answer(world.db, input.spool, input.posts, at), events: [] };
  },
});

async function spoolOf(world: World, caller: Caller, name: string, at: Date): Promise<Spool> {
  const [spool] = await world.db.all<Spool>(sql.spool_of, { spool: name });
  if (!spool) {
    world.db.send(sql.spool_open, { spool: name, seat_id: caller.principal_id, at });
    const none = { received_upto: 0, settled_upto: 0, effective_upto: null };
    return { name, seat_id: caller.principal_id, seat: caller.name, ...none };
  }
  if (spool.seat_id === caller.principal_id) return spool;
  throw new Refusal("conflict", "spool.held", `The spool ${name} is that of ${spool.seat}.`, {
    hint: `Hand it in as ${spool.seat}, and begin a spool of your own.`,
    facts: { spool: name, seat: spool.seat },
  });
}

/** What is not here yet. What is here must be the same, and nothing may be left out. */
async function newPosts(db: Reader, spool: Spool, posts: readonly SpooledPost[]): Promise<SpooledPost[]> {
  const next = spool.received_upto + 1;
  if (posts.length === 0) return [];
  const [first, last] = [posts[0]!.n, posts.at(-1)!.n];
  const holed = posts.find(({ n }, index) => n !== first + index);
  if (holed || first > next) throw gap(spool, next, holed?.n ?? first);
  const known =
    first === next ? [] : await db.all<{ n: number; digest: string }>(sql.known, { spool: spool.name, first, last });
  const digests = new Map(known.map(({ n, digest }) => [n, digest]));
  for (const post of posts)
    if (post.n < next && digests.get(post.n) !== digestOf(post)) throw contradicts(spool, post.n);
  return posts.filter(({ n }) => n >= next);
}

async function receive(
  world: World,
  caller: Caller,
  spool: Spool,
  posts: readonly SpooledPost[],
  { at, sent_at }: { at: Date; sent_at: Date },
): Promise<void> {
  const judged: Judged[] = await judge(world, caller, posts);
  const [seat] = await world.db.all<{ created_at: Date }>(sql.seat_known, { id: caller.principal_id });
  const bounds = { received_at: at, known_at: seat!.created_at, after: spool.effective_upto };
  const contest = await contestOf(world.db, at);
  const rows: Received[] = await received(world, spool.name, judged, { sent_at, ...bounds, due_at: contest });
  advance(world, { ...spool, received_upto: rows.at(-1)!.n, effective_upto: rows.at(-1)!.effective_at }, at);
  await record(world, caller, spool.name, rows);
}

function advance(world: World, { name, received_upto, effective_upto }: Spool, at: Date): void {
  world.db.send(sql.spool_advance, { spool: name, received_upto, effective_upto, at });
}

/** What came in, before anything is made of it. A filing stands here in the words that it was posted in. */
async function record(world: World, caller: Caller, spool: string, rows: readonly Received[]): Promise<void> {
  const data = { spool, first: rows[0]!.n, last: rows.at(-1)!.n };
  world.record({ kind: "spool.handed_in", subject: spool, data }, caller);
  await account(world, caller, spool, rows);
  for (const { n, state, provisional, said, effective_at } of rows) {
    if (state !== "contending") continue;
    const markers = provisional === null ? [] : [{ marker: "CONFIRM-PENDING", value: provisional }];
    const data = { spool, n, provisional, filing: said, effective_at: effective_at.toISOString(), markers };
    world.record({ kind: "ticket.pending", subject: provisional, data }, caller);
  }
}

async function answer(db: Reader, name: string, posts: readonly SpooledPost[], at: Date) {
  const [spool] = await db.all<Spool>(sql.spool_of, { spool: name });
  const after = (posts[0]?.n ?? 1) - 1;
  const upto = posts.at(-1)?.n ?? 0;
  const settled =
    posts.length === 0 ? [] : await db.all<Outcome>(sql.outcomes, { spool: name, after, upto, limit: posts.length });
  const { received_upto, settled_upto } = spool!;
  const due_at = settled_upto < received_upto ? await contestOf(db, at) : null;
  return {
    ...{ received_upto, settled_upto, settled },
    ...{ settle_by: due_at?.toISOString() ?? null, answered_at: at.toISOString() },
  };
}

function gap({ name }: Spool, next: number, found: number): Refusal {
  return new Refusal("conflict", "spool.gap", `The next post of ${name} is ${next}, not ${found}.`, {
    hint: `Hand in from ${next} on; a post that is lost is handed in as lost, with the reason.`,
    facts: { spool: name, next },
  });
}

function contradicts({ name }: Spool, n: number): Refusal {
  return new Refusal("mismatch", "spool.contradicts", `Post ${n} of ${name} was handed in with other content.`, {
    hint: "A spool is never edited, and a copy of one is another spool: give it a name of its own.",
    facts: { spool: name, n },
  });
}
