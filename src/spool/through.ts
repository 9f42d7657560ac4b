import { isAway } from "../client/away.ts";
import { Refusal } from "../kernel/refusal.ts";
import { handIn, type Server } from "./handing.ts";
import { refuseHopeless } from "./hopeless.ts";
import type { Operation, Outcome, Post } from "./lines.ts";
import { refusalOf } from "./own_place.ts";
import { Spool, type Whose } from "./spool.ts";

/** What the command line and the MCP server do with the spool. */

export { rememberFirst } from "./numbers.ts";

/** What stands in the place of the server's answer. */
export type Kept = {
  id: string | null;
  state: "confirm_pending";
  provisional: true;
  /** Its number in the spool. */
  n: number;
  /** Why the server did not answer, and what happens now. */
  told: string;
};

/** Keeps a command that the server did not answer, as what it would have said. */
export function keep(whose: Whose, name: Operation, input: Record<string, unknown>, key: string, away: Refusal) {
  refuseHopeless(name, input, key);
  const post = Spool.of(whose).post(name, input, key);
  const told = `${away.message} It is kept on this machine and handed in when the server answers.`;
  const kept: Kept = { id: idOf(post), state: "confirm_pending", provisional: true, n: post.n, told };
  if (name === "post.append") {
    const warnings = [told];
    if (input.state !== undefined) warnings.push("Nothing has moved or is claimed until the server says so.");
    return { ...kept, item: kept.id, claim_token: null, warnings };
  }
  return { ...kept, lane: input.lane ?? input.namespace ?? "", title: input.title };
}

function idOf({ provisional, input }: Post): string | null {
  const named = provisional ?? input.reservation ?? input.item;
  return typeof named === "string" ? named : null;
}

/** What came of handing in before something else is said. */
export type HandedFirst = { news: Outcome[]; away: Refusal | null; problem: Refusal | null };

/** Hands in what waits for this token. Whatever comes of it, the caller goes on with what it was asked for. */
export async function handInFirst(whose: Whose, server: Server): Promise<HandedFirst> {
  const handed: HandedFirst = { news: [], away: null, problem: null };
  const trying = async (work: () => unknown) => {
    try {
      await work();
    } catch (error) {
      if (isAway(error)) handed.away = error;
      else handed.problem = refusalOf(error);
    }
  };
  await trying(() => Spool.settleDeleted(whose.place));
  await trying(async () => {
    for (const spool of Spool.mine(whose))
      // One that is not taken holds up none of the others.
      if (spool.waits && !handed.away) await trying(() => handIn(spool, server, (news) => handed.news.push(...news)));
  });
  return handed;
}

/** What became of posts, a line each, for whoever filed them. */
export function newsLines(news: readonly Outcome[]): string[] {
  return news.flatMap(({ outcome, provisional, id, n, reason }) => {
    const what = provisional ?? `post ${n} of the spool`;
    const why = reason ? `: ${reason}` : "";
    if (outcome === "confirmed") return [`CONFIRMED: ${what} is ${id}`];
    if (outcome === "amended") return [`AMENDMENT: ${what} is ${id}${why}`];
    return outcome === "posted" ? [] : [`${outcome.toUpperCase()}: ${what}${why}`];
  });
}
