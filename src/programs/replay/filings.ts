import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "../../client/client.ts";

/** What a seat filed under a number of its own reckoning, since it did not see what others filed. */
export type Filing = { seat: string; session: Client; at: number; number: string; title: string; body: string };

/** So far apart are filings here whose instants differ, by however little; those of one instant are of one here. */
const STEP_MS = 10;

type Handed = { settled: { n: number; id: string | null; outcome: string; code: string | null }[] };

/**
 * Files as seats do that are cut off: each into a spool of its own, with the time that passed since they heard the
 * server. The latest comes back first, so that who posted first is decided, and not who arrived first.
 */
export async function file(filings: readonly Filing[], operator: Client): Promise<string[]> {
  const instants = [...new Set(filings.map(({ at }) => at))].sort((a, b) => a - b);
  const spools = await Promise.all([...Map.groupBy(filings, ({ seat }) => seat)].map(([, own]) => begun(own)));
  // The seats heard the server one after the other; what they file is told from the last of these moments on.
  const last = Math.max(...spools.map(({ contact_at }) => Date.parse(contact_at)));
  await sleep((instants.length + 1) * STEP_MS);
  spools.sort((a, b) => b.filings[0]!.at - a.filings[0]!.at);
  for (const { name, filings: own, contact_at } of spools) {
    const posts = own.map(({ number, title, body, at }, index) => ({
      n: index + 1,
      operation: "ticket.file",
      provisional: `${number}~${tag()}`,
      input: { namespace: number.slice(0, number.indexOf("-")), title, body },
      posted_at: new Date(at).toISOString(),
      contact_at,
      elapsed_ms: last - Date.parse(contact_at) + instants.indexOf(at) * STEP_MS,
    }));
    await own[0]!.session.say("spool.hand_in", { spool: name, posts, sent_at: new Date().toISOString() });
  }
  await operator.say("spool.settle", { early: true });
  const ids = new Map<Filing, string>();
  for (const { name, filings: own } of spools) {
    const { outcomes } = await own[0]!.session.ask<{ outcomes: Handed["settled"] }>("spool.outcomes", { spool: name });
    for (const [index, filing] of own.entries()) {
      const { id, code } = outcomes[index]!;
      ids.set(filing, id ?? `refused ${code}`);
    }
  }
  return filings.map((filing) => ids.get(filing)!);
}

/** A spool that has heard the server just now. */
async function begun(own: Filing[]): Promise<{ name: string; filings: Filing[]; contact_at: string }> {
  const filings = own.sort((a, b) => a.at - b.at);
  const name = `replay-${randomBytes(8).toString("hex")}`;
  const sent_at = new Date().toISOString();
  const { answered_at } = await filings[0]!.session.say<{ answered_at: string }>("spool.hand_in", {
    ...{ spool: name, posts: [], sent_at },
  });
  return { name, filings, contact_at: answered_at };
}

const LETTERS = "abcdefghijklmnopqrstuvwxyz234567";
const tag = () => [...randomBytes(8)].map((byte) => LETTERS[byte % LETTERS.length]).join("");
