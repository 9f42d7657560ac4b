import { Refusal } from "../kernel/refusal.ts";
import type { Spooled } from "./journal.ts";
import { waitingIn } from "./journal.ts";
import type { Outcome, Post } from "./lines.ts";
import type { Spool } from "./spool.ts";

/** How a spool speaks to its server. */
export type Server = {
  say<Output>(name: string, input: object): Promise<Output>;
  ask<Output>(name: string, input: object): Promise<Output>;
};

type HandedIn = { received_upto: number; settled: Outcome[]; answered_at: string };
type Outcomes = { received_upto: number; outcomes: Outcome[]; answered_at: string };

/** As the server takes them; a request's whole body may have 256 KiB there. */
const POSTS_MAX = 200;
const BYTES_MAX = 192 * 1024;
/** Against a server that answers and takes nothing. */
const ROUNDS_MAX = 10_000;

/**
 * Hands in what waits and writes down what became of it; gives the outcomes that are news. Done twice or by two
 * processes at once, it files once: the server knows each post by its number. Rejects as the server refuses.
 */
export async function handIn(spool: Spool, server: Server): Promise<Outcome[]> {
  const before = spool.read();
  if (before.spool === null) return [];
  let after = spool.read();
  for (let round = 0; unsent(after).length > 0 && round < ROUNDS_MAX; after = spool.read(), round++)
    await sendSome(spool, server, batchOf(unsent(after)));
  if (waitingIn(after).length > 0) after = await learn(spool, server, after);
  return [...after.outcomes.values()].filter(({ n }) => !before.outcomes.has(n));
}

/** Tells the server nothing but that we are here: what is posted later can say how long after this it was. */
export async function touch(spool: Spool, server: Server): Promise<void> {
  const input = { spool: spool.begin(), posts: [], sent_at: new Date().toISOString() };
  const { received_upto, settled, answered_at } = await server.say<HandedIn>("spool.hand_in", input);
  spool.answered(received_upto, settled, answered_at);
}

/** Also what has an outcome: a server that was restored from a copy does not know it any more. */
function unsent({ posts, received_upto }: Spooled): Post[] {
  return [...posts.values()].filter(({ n }) => n > received_upto).sort((a, b) => a.n - b.n);
}

function batchOf(posts: readonly Post[]): Post[] {
  let bytes = 0;
  const batch = posts
    .slice(0, POSTS_MAX)
    .filter((post) => (bytes += Buffer.byteLength(JSON.stringify(post))) < BYTES_MAX);
  return batch.length > 0 ? batch : posts.slice(0, 1);
}

async function sendSome(spool: Spool, server: Server, posts: Post[]): Promise<void> {
  try {
    const input = { spool: spool.read().spool!, posts, sent_at: new Date().toISOString() };
    const { received_upto, settled, answered_at } = await server.say<HandedIn>("spool.hand_in", input);
    spool.answered(received_upto, settled, answered_at);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const { next } = error.facts;
    if (error.code === "spool.gap" && typeof next === "number" && next < posts[0]!.n)
      return spool.answered(next - 1, [], new Date().toISOString());
    if (error.kind !== "oversized") throw error;
    if (posts.length > 1) return sendSome(spool, server, posts.slice(0, posts.length >> 1));
    spool.drop(posts[0]!.n, `The server does not take so much at once: ${error.message}`.slice(0, 300));
    return sendSome(spool, server, [spool.read().posts.get(posts[0]!.n)!]);
  }
}

/** Asks what became of the posts that the server has. */
async function learn(spool: Spool, server: Server, spooled: Spooled): Promise<Spooled> {
  for (let after = waitingIn(spooled)[0]!.n - 1; ;) {
    const known = await server.ask<Outcomes>("spool.outcomes", { spool: spooled.spool, after });
    spool.answered(known.received_upto, known.outcomes, known.answered_at);
    const last = known.outcomes.at(-1)?.n;
    if (last === undefined || last >= spooled.received_upto) return spool.read();
    after = last;
  }
}
