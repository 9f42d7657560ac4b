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

/** Told of what became of posts, as soon as it is written down: what comes after may fail. */
export type OnNews = (news: Outcome[]) => void;

type HandedIn = { received_upto: number; settled: Outcome[]; answered_at: string };
type Outcomes = { received_upto: number; outcomes: Outcome[]; answered_at: string };

/** As the server takes them; a request's whole body may have 256 KiB there. */
const POSTS_MAX = 200;
const BYTES_MAX = 192 * 1024;
/** Against a server that answers and takes nothing. */
const ROUNDS_MAX = 10_000;

/**
 * Hands in what waits and writes down what became of it. Done twice or by two processes at once, it files once: the
 * server knows each post by its number. Rejects as the server refuses.
 */
export async function handIn(spool: Spool, server: Server, onNews: OnNews): Promise<void> {
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const spooled = spool.read();
    const posts = unsent(spooled);
    if (waitingIn(spooled).length === 0 && posts.length === 0) return spool.settle();
    // The disk gave the name back damaged: what the server has already it has under that one.
    if (spooled.spool === null) spool.part(null, spooled.received_upto + 1);
    else if (posts.length > 0) await sendSome(spool, spooled.spool, server, batchOf(posts), onNews);
    else if (await learn(spool, spooled.spool, server, onNews)) return;
  }
}

/** Tells the server nothing but that we are here: what is posted later can say how long after this it was. */
export async function touch(spool: Spool, server: Server): Promise<void> {
  const name = spool.begin();
  const input = { spool: name, posts: [], sent_at: new Date().toISOString() };
  const { received_upto, settled, answered_at } = await server.say<HandedIn>("spool.hand_in", input);
  spool.answered(name, { received_upto, outcomes: settled, answered_at });
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

async function sendSome(spool: Spool, name: string, server: Server, posts: Post[], onNews: OnNews): Promise<void> {
  try {
    const input = { spool: name, posts, sent_at: new Date().toISOString() };
    const { received_upto, settled, answered_at } = await server.say<HandedIn>("spool.hand_in", input);
    tell(onNews, spool.answered(name, { received_upto, outcomes: settled, answered_at }));
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const { next, n } = error.facts;
    if (error.code === "spool.gap" && typeof next === "number" && next < posts[0]!.n)
      return void spool.answered(name, { received_upto: next - 1, outcomes: [], answered_at: null });
    // Somebody handed in other posts under these numbers: this is a copy, or that was one.
    if (error.code === "spool.contradicts" && typeof n === "number") return spool.part(name, n);
    if (error.kind !== "oversized") throw error;
    if (posts.length > 1) return sendSome(spool, name, server, posts.slice(0, posts.length >> 1), onNews);
    spool.drop(posts[0]!.n, `The server does not take so much at once: ${error.message}`.slice(0, 300));
  }
}

/** Asks what became of the posts that the server has. False when it does not have them any more. */
async function learn(spool: Spool, name: string, server: Server, onNews: OnNews): Promise<boolean> {
  const spooled = spool.read();
  for (let after = (waitingIn(spooled)[0]?.n ?? 1) - 1; ;) {
    const known = await server.ask<Outcomes>("spool.outcomes", { spool: name, after }).catch((error) => {
      if (!(error instanceof Refusal) || error.code !== "spool.unknown") throw error;
      return { received_upto: 0, outcomes: [], answered_at: null };
    });
    tell(onNews, spool.answered(name, known));
    if (known.received_upto < spooled.received_upto) return false;
    const last = known.outcomes.at(-1)?.n;
    if (last === undefined || last >= spooled.received_upto) return true;
    after = last;
  }
}

function tell(onNews: OnNews, news: Outcome[]): void {
  if (news.length > 0) onNews(news);
}
