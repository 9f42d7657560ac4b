import { randomBytes } from "node:crypto";
import type { TestWorld } from "../../../../test/harness.ts";

export type Spooled = Record<string, unknown> & { n: number; posted_at: string };

/** A spool as the machine of a seat keeps it, for tests: it gives numbers and instants, and hands in what it has. */
export function spoolOn(world: TestWorld, token: string, name = randomBytes(8).toString("hex")) {
  const posts: Spooled[] = [];
  const add = (post: Record<string, unknown>): Spooled => {
    const one = { n: posts.length + 1, posted_at: new Date().toISOString(), ...post };
    posts.push(one);
    return one;
  };
  return {
    name,
    posts,
    file: (provisional: string | null, input: object, more: object = {}) =>
      add({ operation: "ticket.file", provisional, input, ...more }),
    post: (input: object, more: object = {}) => add({ operation: "post.append", input, ...more }),
    /** Hands in everything, or these. */
    handIn: (some: readonly Spooled[] = posts, sent_at = new Date()) =>
      world.say(token, "spool.hand_in", { spool: name, posts: some, sent_at: sent_at.toISOString() }),
    refused: (some: readonly object[] = posts) =>
      world.refused(token, "spool.hand_in", { spool: name, posts: some, sent_at: new Date().toISOString() }),
    outcomes: (after = 0) => world.ask(token, "spool.outcomes", { spool: name, after }),
  };
}

/** Two seats that lost the server an hour ago, at one instant, and the namespace that both file in. */
export async function cutOff(world: TestWorld, prefix: string) {
  await world.say(world.operator, "namespace.define", { prefix, format: `${prefix}-NNNN` });
  const contact_at = new Date(Date.now() - 3_600_000).toISOString();
  const spools = [];
  for (const name of [`${prefix}-A`, `${prefix}-B`]) {
    const token = await world.seat(name);
    await world.sql("update seats.principals set created_at = now() - interval '1 day' where name = $1", [name]);
    spools.push({ ...spoolOn(world, token), contact_at });
  }
  return spools as [(typeof spools)[0], (typeof spools)[0]];
}
