import { setTimeout as pause } from "node:timers/promises";
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import { Client } from "../../client/client.ts";
import type { Catalogue } from "../../kernel/catalogue.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { mcpServer } from "./tools.ts";

export type StdioOptions = { url: string; token?: string | undefined };

/** An agent's program starts us together with much else; a server that is just restarting is worth this wait. */
const RETRY_FOR_SECONDS = 10;
/** A server that takes the connection and says nothing would hold up the agent's whole start. */
const FIRST_ANSWER_SECONDS_MAX = RETRY_FOR_SECONDS + 5;
/** A seat that is silent for 120 s is not counted on; three beats may be lost. A beat's answer may ask for more. */
const BEAT_SECONDS_MAX = 30;
const BEAT = "seat.beat";

/**
 * `longwatch mcp`: the same tools over stdio, for programs that start their servers as children. It is a client of the
 * HTTP API and nothing more, and says that its seat is alive for as long as its parent keeps it. Stdout is the
 * protocol's. Resolves when the parent has gone; rejects when the server cannot be reached or does not know the token.
 */
export async function main({ url, token }: StdioOptions): Promise<void> {
  const client = new Client({ url, token, retryFor_seconds: RETRY_FOR_SECONDS });
  const [{ operations, version }, { incarnation }] = await firstAnswers(client, url);
  const left = new AbortController();
  let doing: unknown = "idle";
  const serving = serveStdio(
    () =>
      mcpServer({
        operations,
        version,
        ask: (name, input, { signal }) => client.ask(name, input, { signal }),
        say: async (name, input, options) => {
          const output = await client.say(name, input, options);
          // What the agent said of itself holds until it says otherwise; our beats must not call it idle.
          if (name === BEAT) doing = (input as { status?: unknown }).status ?? "idle";
          return output;
        },
        onBug: (error, name) => console.error(`${name}:`, error),
      }),
    { onerror: ({ message }) => console.error(message) },
  );
  const leave = () => left.abort();
  process.stdin.once("end", leave).once("close", leave);
  process.stdout.once("error", leave);
  if (incarnation !== null) await keepBeating(client, () => doing, left.signal);
  await aborted(left.signal);
  await serving.close();
  client.close();
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
