import type { Post, Server } from "./spool_fleet.ts";

/** Known-wrong ways to take in a spool. The checks of spools.test.ts must turn red on each, or they check nothing. */

type HandIn = { spool: string; posts: Post[]; sent_at: string };

function handingIn(server: Server, change: (input: HandIn) => HandIn, answer?: (given: any, input: HandIn) => any) {
  return {
    ...server,
    async say(seat, name, input, key) {
      if (name !== "spool.hand_in") return server.say(seat, name, input, key);
      const given = await server.say(seat, name, change(input as HandIn), key);
      return answer ? answer(given, input as HandIn) : given;
    },
  } satisfies Server as Server;
}

/** What comes in is new, whatever number it bears. */
export function forgetsNumbers(server: Server): Server {
  const taken = new Map<string, number>();
  const renumbered = (input: HandIn) => {
    const before = taken.get(input.spool) ?? 0;
    taken.set(input.spool, before + input.posts.length);
    const again = before > 0 ? before.toString(2).replaceAll("0", "a").replaceAll("1", "b") : "";
    const posts = input.posts.map((post, index) => {
      const provisional =
        post.n <= before && post.provisional !== null ? `${post.provisional}${again}` : post.provisional;
      return { ...post, n: before + index + 1, provisional };
    });
    return { ...input, posts };
  };
  return handingIn(server, renumbered, (given, { posts }) => ({ ...given, received_upto: posts.at(-1)?.n ?? 0 }));
}

/** A post is as old as the machine's clock says. */
export function trustsWallClocks(server: Server): Server {
  return handingIn(server, (input) => ({
    ...input,
    sent_at: new Date().toISOString(),
    posts: input.posts.map((post) => ({ ...post, contact_at: null, elapsed_ms: null })),
  }));
}

/** A request that was done already is not looked for. */
export function forgetsKeys(server: Server): Server {
  return handingIn(server, (input) => ({ ...input, posts: input.posts.map((post) => ({ ...post, key: null })) }));
}
