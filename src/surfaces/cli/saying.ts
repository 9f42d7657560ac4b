import { isAway, newKey } from "../../client/away.ts";
import { Client, type Exchange } from "../../client/client.ts";
import type { Operation } from "../../kernel/catalogue.ts";
import type { Refusal } from "../../kernel/refusal.ts";
import { rememberIds } from "../../spool/seen.ts";
import { canBeKept, somethingWaits, spoolPlace } from "../../spool/place.ts";
import type { Whose } from "../../spool/spool.ts";
import { connectionOf } from "./connection.ts";
import type { Globals, Terminal } from "./run.ts";
import { harmless } from "./show.ts";

/** What the spool can do; only loaded when the server does not answer, or when something waits for it. */
export type Spooling = typeof import("../../spool/through.ts");

type Around = {
  env: Record<string, string | undefined>;
  cwd?: string | undefined;
  exchange?: Exchange | undefined;
  stderr: Terminal;
  /** Without it nothing is kept when the server is away. */
  spool?: (() => Promise<Spooling>) | undefined;
};

export type Said = { output: unknown; /** Kept on this machine: it was said to nobody yet. */ kept: boolean };

/** For as long an agent waits for its filing before it is kept here; the same request may still have been done. */
const SILENCE_SECONDS = 10;
/** What waits must not hold up everything else that is said. */
const HANDING_SILENCE_SECONDS = 5;

/** Says an operation to the server; a filing that it does not answer is kept in the spool, and so is its answer. */
export async function say(
  { name, kind }: Operation,
  input: Record<string, unknown>,
  globals: Globals,
  around: Around,
): Promise<Said> {
  const { env, cwd, exchange, spool } = around;
  const connection = connectionOf(globals, env, cwd);
  const { token, url, seat } = connection;
  const place = spool && token !== undefined ? spoolPlace(env, cwd) : undefined;
  const keeps = place !== undefined && canBeKept(name);
  const silence_seconds = keeps ? SILENCE_SECONDS : undefined;
  const client = new Client({ ...connection, exchange, silence_seconds });
  // A question needs none, and to draw the first one takes a millisecond.
  const key = globals.key ?? (kind === "command" ? newKey() : "");
  const whose = { place: place!, url, token: token!, seat };
  const kept = async (away: Refusal) => {
    const { keep } = await spool!();
    return { output: keep(whose, name as "post.append", input, key, away), kept: true };
  };
  try {
    const away = place !== undefined && somethingWaits(place) ? await handInFirst(name, whose, around) : null;
    if (away && keeps) return await kept(away);
    if (kind === "query") return { output: await client.ask(name, input), kept: false };
    const output = await client.say<{ id?: unknown; item?: unknown } | null>(name, input, { key });
    if (place !== undefined && isNumbered(name, input)) {
      const about = [place, client.url.origin, [output?.id, output?.item]] as const;
      if (!rememberIds(...about)) (await spool!()).rememberFirst(...about);
    }
    return { output, kept: false };
  } catch (error) {
    if (keeps && isAway(error)) return kept(error);
    throw error;
  } finally {
    client.close();
  }
}

/** Whether the answer tells a new number. */
function isNumbered(name: string, { reserve }: Record<string, unknown>): boolean {
  return name === "ticket.file" || name === "ticket.reserve" || (name === "post.append" && reserve !== undefined);
}

/** What waits goes before what is said now. Gives the reason when the server did not answer. */
async function handInFirst(name: string, whose: Whose, { exchange, stderr, spool }: Around): Promise<Refusal | null> {
  if (name.startsWith("spool.")) return null;
  const { handInFirst: hand, newsLines } = await spool!();
  const client = new Client({ ...whose, exchange, silence_seconds: HANDING_SILENCE_SECONDS });
  const { news, away, problem } = await hand(whose, client).finally(() => client.close());
  for (const line of newsLines(news)) stderr.write(`${harmless(line)}\n`);
  if (problem) stderr.write(harmless(`What waits in the spool was not taken (${problem.code}): ${problem.message}\n`));
  return away;
}

/** What a person reads of a filing that was kept. */
export function keptWords({ id, told }: { id?: unknown; told?: unknown }): string {
  return harmless(`${id ?? "The post"} CONFIRM-PENDING\n${told}\n`);
}
