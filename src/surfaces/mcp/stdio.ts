import { PassThrough } from "node:stream";
import { setImmediate as turn, setTimeout as pause } from "node:timers/promises";
import { serveStdio, StdioServerTransport } from "@modelcontextprotocol/server/stdio";
import { isAway } from "../../client/away.ts";
import { Client } from "../../client/client.ts";
import type { Catalogue } from "../../kernel/catalogue.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { SpoolingTools } from "./spooling.ts";
import { mcpServer, type ToolsOptions } from "./tools.ts";

export type StdioOptions = {
  url: string;
  token?: string | undefined;
  seat?: string | undefined;
  /** Where filings wait while the server is away. */
  place?: string | undefined;
  /** What is served when the server is away from the beginning; only with a place. */
  catalogue?: Catalogue | undefined;
};

/** An agent's program starts us together with much else; a server that is just restarting is worth this wait. */
const RETRY_FOR_SECONDS = 10;
/** A server that takes the connection and says nothing would hold up the agent's whole start. */
const FIRST_ANSWER_SECONDS_MAX = RETRY_FOR_SECONDS + 5;
/** A seat that is silent for 120 s is not counted on; three beats may be lost. A beat's answer may ask for more. */
const BEAT_SECONDS_MAX = 30;
/** A parent that wrote its calls and closed the pipe still reads their answers; one that is gone waits for none. */
const LAST_ANSWERS_SECONDS_MAX = 10;
const BEAT = "seat.beat";

/**
 * `longwatch mcp`: the same tools over stdio, for programs that start their servers as children. It is a client of the
 * HTTP API and nothing more, and says that its seat is alive for as long as its parent keeps it. Stdout is the
 * protocol's. Resolves when the parent has gone; rejects when the server does not know the token or, where nothing can
 * be kept for it, cannot be reached.
 */
export async function main({ url, token, seat, place, catalogue }: StdioOptions): Promise<void> {
  const client = new Client({ url, token, retryFor_seconds: RETRY_FOR_SECONDS });
  const spooling = place === undefined || token === undefined ? null : new SpoolingTools({ place, url, token, seat });
  const first = await firstAnswers(client, url).catch((error) => {
    if (!spooling || !catalogue || !isAway(error)) throw error;
    return null;
  });
  const { operations, version } = first?.[0] ?? withoutServer(catalogue!);
  const left = new AbortController();
  let doing: unknown = "idle";
  const over: Pick<ToolsOptions, "say" | "ask"> = {
    ask: (name, input, { signal }) => client.ask(name, input, { signal }),
    say: async (name, input, options) => {
      const output = await client.say(name, input, options);
      // What the agent said of itself holds until it says otherwise; our beats must not call it idle.
      if (name === BEAT) doing = (input as { status?: unknown }).status ?? "idle";
      return output;
    },
  };
  const calls = new Set<Promise<unknown>>();
  const { say, ask, ...around } = spooling?.around(over) ?? over;
  const counted = { ...around, say: countedIn(calls, say), ask: countedIn(calls, ask) };
  const input = process.stdin.pipe(new PassThrough(), { end: false });
  const serving = serveStdio(
    () =>
      mcpServer({
        operations,
        version,
        ...counted,
        onBug: (error, name) => console.error(`${name}:`, error),
      }),
    { onerror: ({ message }) => console.error(message), transport: new StdioServerTransport(input) },
  );
  const leave = () => left.abort();
  process.stdin.once("end", leave).once("close", leave);
  process.stdout.once("error", leave);
  const handing = spooling?.keepHandingIn(left.signal);
  const incarnation = first ? first[1].incarnation : await untilKnown(client, left.signal);
  if (incarnation !== null) {
    await spooling?.learn();
    await keepBeating(client, () => doing, left.signal);
  }
  await aborted(left.signal);
  await handing;
  await answered(calls);
  await serving.close();
  client.close();
}

function countedIn<Arguments extends unknown[]>(
  calls: Set<Promise<unknown>>,
  call: (...given: Arguments) => Promise<unknown>,
) {
  return (...given: Arguments): Promise<unknown> => {
    const called = call(...given).finally(() => calls.delete(called));
    calls.add(called);
    return called;
  };
}

/** The protocol drops what is under way when its input ends. So it learns of the end when all calls are answered. */
async function answered(calls: ReadonlySet<Promise<unknown>>): Promise<void> {
  const late = new AbortController();
  const tooLong = pause(LAST_ANSWERS_SECONDS_MAX * 1000, undefined, { signal: late.signal }).catch(() => {});
  // What was read last begins in this turn, and the last answer is written in the one after its call.
  await turn();
  await Promise.race([Promise.allSettled(calls), tooLong]);
  await turn();
  late.abort();
}

/** What most seats may say; the server has the last word on each call. */
function withoutServer({ operations, version }: Catalogue): Catalogue {
  return { version, operations: operations.filter(({ may }) => may.includes("implementer")) };
}

/** Who we are, from a server that was away at first; nobody when it does not know us, or when the parent has gone. */
async function untilKnown(client: Client, signal: AbortSignal): Promise<string | null> {
  while (!signal.aborted)
    try {
      return (await client.ask<{ incarnation: string | null }>("seat.whoami", {}, { signal })).incarnation;
    } catch (error) {
      if (signal.aborted || !isAway(error)) return null;
    }
  return null;
}

async function firstAnswers(client: Client, url: string): Promise<[Catalogue, { incarnation: string | null }]> {
  const signal = AbortSignal.timeout(FIRST_ANSWER_SECONDS_MAX * 1000);
  try {
    return await Promise.all([
      client.ask<Catalogue>("catalogue", {}, { signal }),
      client.ask<{ incarnation: string | null }>("seat.whoami", {}, { signal }),
    ]);
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new Refusal("unavailable", "server.silent", `${url} did not answer in ${FIRST_ANSWER_SECONDS_MAX} s.`, {
      hint: "Is that the Longwatch server, and does it run? Look with longwatch doctor.",
    });
  }
}

/** A beat that fails is one beat: the server may be restarting, and the next one says as much. */
async function keepBeating(client: Client, doing: () => unknown, signal: AbortSignal): Promise<void> {
  for (let wait_seconds = 0; !signal.aborted;) {
    try {
      const beat = await client.say<{ next_seconds: number }>(BEAT, { status: doing() }, { signal });
      wait_seconds = Math.min(beat.next_seconds, BEAT_SECONDS_MAX);
    } catch (error) {
      // The session was replaced, or its token may only read. That does not pass, and each denial is written down.
      if (error instanceof Refusal && (error.kind === "denied" || error.kind === "unauthenticated")) return;
      wait_seconds = BEAT_SECONDS_MAX;
    }
    await pause(wait_seconds * 1000, undefined, { signal }).catch(() => {});
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    if (signal.aborted) done();
    else signal.addEventListener("abort", () => done(), { once: true });
  });
}
