import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { after } from "node:test";
import { Client } from "../../src/client/client.ts";
import type { Ending } from "../../src/programs/demo/ending.ts";
import { startOwnServer } from "../../src/programs/demo/own_server.ts";
import type { TestWorld } from "../harness.ts";

/** The real server, a process with its own database, and the demo's fleet at work on it through the public API. */

/** Simulated seconds in a second: the week takes 70 s, so that something happens in each of them. */
const SPEED = 8_000;
const program = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

/** How the tests speak to the server: as any client does, over HTTP. */
export type Spoken = Pick<TestWorld, "say" | "ask" | "operator"> & { url: string };

export type AtWork = Spoken & {
  /** Lets the fleet live its week, and the week again when it is over, until `rest`. */
  work(): void;
  /** The seats finish what they said and leave. Answers how each week ended. */
  rest(): Promise<Ending[]>;
};

/** Starts the server; everything is stopped and removed when the file's tests are over. */
export async function fleetAtWork(): Promise<AtWork> {
  const { url, token: operator, stop } = await startOwnServer();
  const clients = new Map<string, Client>();
  const as = (token: string): Client => {
    if (!clients.has(token)) clients.set(token, new Client({ url, token, retryFor_seconds: 10 }));
    return clients.get(token)!;
  };
  const leaving = new AbortController();
  let working: Promise<Ending[]> = Promise.resolve([]);
  const rest = () => {
    leaving.abort();
    return working;
  };
  after(async () => {
    await rest().catch(() => {});
    for (const client of clients.values()) client.close();
    await stop();
  });
  return {
    ...{ url, operator, rest },
    say: async (token, name, input = {}, key) => (await as(token).say(name, input, { key })) as never,
    ask: async (token, name, input = {}) => (await as(token).ask(name, input)) as never,
    work: () => void (working = weeks({ url, token: operator }, leaving.signal)),
  };
}

async function weeks(server: { url: string; token: string }, signal: AbortSignal): Promise<Ending[]> {
  const endings: Ending[] = [];
  while (!signal.aborted) endings.push(await week(server, signal));
  return endings;
}

async function week({ url, token }: { url: string; token: string }, signal: AbortSignal): Promise<Ending> {
  const child = spawn(process.execPath, [program, "demo", "--speed", String(SPEED), "--json"], {
    env: { ...process.env, LONGWATCH_URL: url, LONGWATCH_TOKEN: token },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said = { out: "", errors: "" };
  child.stdout.on("data", (part) => (said.out += part));
  child.stderr.on("data", (part) => (said.errors += part));
  // Told to leave before it listens, it would end without a word.
  const isListening = new Promise<void>((listens) => {
    child.stderr.on("data", () => said.errors.includes(" seats at ") && listens());
  });
  const leave = () => void isListening.then(() => child.kill("SIGTERM"));
  signal.addEventListener("abort", leave, { once: true });
  const [code] = await once(child, "close");
  signal.removeEventListener("abort", leave);
  const last = said.out.trim().split("\n").at(-1) ?? "";
  if (!last.startsWith("{")) throw new Error(`the demo ended with ${code}: ${said.errors.slice(-2_000)}`);
  return JSON.parse(last) as Ending;
}
