import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import progress from "cli-progress";
import { Client } from "../../client/client.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { sayRefusal } from "../../surfaces/cli/refused.ts";
import { endingOf, isSound, told } from "./ending.ts";
import { Fleet } from "./fleet.ts";
import { type OwnServer, startOwnServer } from "./own_server.ts";
import { defineNamespace, NAMESPACE, Replay } from "./replay.ts";
import { readWeek, sampleDirectory, type Week } from "./week.ts";

export type Terminal = { stdout(text: string): void; stderr(text: string): void; interactive: boolean };

/** How long the demo takes unless a speed is given: long enough to watch, short enough to watch to the end. */
const SECONDS = 30;
const SEATS = 31;
const STOPPED = 130;
const KEEPERS = ["operator", "coordinator", "steward"];

const USAGE = `usage: longwatch demo [--speed N|max] [--seats ${SEATS}] [--data DIR] [--own-server] [--json]

Lets a fleet live its week again through the public API, every seat with a session and claims of its own. It works in
the namespace ${NAMESPACE} and with seats called demo-…; real work is not touched. Without a server it starts one for
itself and removes it at the end.

  --speed N     simulated seconds in a second; max waits for nothing. Without it, the week takes ${SECONDS} s.
  --seats N     how many seats; the busiest of the week, who also act for the others
  --data DIR    a directory with gastown-events.jsonl (and gastown-issues.jsonl for the titles), not the sample
  --own-server  start a server for the demo even when one runs here
  --json        print the summary as one line of JSON
`;

/** Shows a fleet at work. Answers the exit code: 0 when numbers and ledger are sound, 1 when they are not. */
export async function main(argv: string[], client: () => Client, terminal: Terminal): Promise<number> {
  const { stdout, stderr } = terminal;
  const asked = wordsOf(argv);
  if (asked === "help") {
    stdout(USAGE);
    return 0;
  }
  if (typeof asked === "string") {
    stderr(`${asked}\n\n${USAGE}`);
    return 2;
  }
  const stop = new AbortController();
  const onSignal = () => {
    if (stop.signal.aborted) process.exit(STOPPED);
    if (terminal.interactive) stderr("\nThe seats finish what they said and leave.\n");
    stop.abort();
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.on(signal, onSignal);
  let own: OwnServer | null = null;
  let operator: Client | null = null;
  try {
    const week = await readWeek(asked.data);
    if (week.happenings.length === 0) throw new Refusal("invalid", "week.empty", `${asked.data} holds no event.`);
    if (!asked.ownServer) operator = await runningServer(client(), stderr);
    if (operator === null) {
      stderr("Starting a server for the demo alone; it is removed at the end.\n");
      own = await startOwnServer();
      operator = new Client({ url: own.url, token: own.token, retryFor_seconds: 5 });
    }
    return await live(operator, week, asked, stop.signal, terminal);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return sayRefusal(error, asked.json, { write: stderr });
  } finally {
    operator?.close();
    await own?.stop();
    for (const signal of signals) process.off(signal, onSignal);
  }
}

type Asked = { speed: number | null; seats: number; data: string; ownServer: boolean; json: boolean };

function wordsOf(argv: string[]): Asked | string {
  let values: { [name: string]: string | boolean | undefined };
  try {
    const options = {
      speed: { type: "string" },
      seats: { type: "string" },
      data: { type: "string" },
      "own-server": { type: "boolean" },
      json: { type: "boolean" },
      help: { type: "boolean", short: "h" },
    } as const;
    values = parseArgs({ args: argv, options }).values;
  } catch (error) {
    return (error as Error).message;
  }
  if (values.help) return "help";
  const speed = values.speed === undefined ? null : values.speed === "max" ? Infinity : Number(values.speed);
  if (speed !== null && !(speed > 0)) return "--speed is a number above 0, or max.";
  const seats = Number(values.seats ?? SEATS);
  if (!Number.isInteger(seats) || seats < 1 || seats > 1000) return "--seats is a whole number from 1 to 1000.";
  const data = (values.data as string | undefined) ?? sampleDirectory();
  if (!existsSync(join(data, "gastown-events.jsonl"))) return `There is no gastown-events.jsonl in ${data}.`;
  return { speed, seats, data, ownServer: values["own-server"] === true, json: values.json === true };
}

/** The server that runs here, if one does and we may set up a fleet on it. */
async function runningServer(client: Client, stderr: (text: string) => void): Promise<Client | null> {
  const probe = new Client({ url: client.url.href });
  const answer = await probe.ask("seat.whoami").catch((error) => error);
  probe.close();
  if (answer instanceof Refusal && answer.kind === "unavailable") return null;
  const me = await client.ask<{ role: string }>("seat.whoami").catch((error) => error);
  if (KEEPERS.includes(me?.role)) return client;
  const why = me instanceof Refusal ? me.message : `A ${me?.role} may not adopt seats.`;
  stderr(`A server answers at ${client.url.origin}, but not to us: ${why}\n`);
  client.close();
  return null;
}

async function live(
  operator: Client,
  week: Week,
  asked: Asked,
  signal: AbortSignal,
  terminal: Terminal,
): Promise<number> {
  const { stdout, stderr, interactive } = terminal;
  const { seq: seq_before } = await operator.ask<{ seq: number }>("ledger.head");
  await defineNamespace(operator);
  const fleet = new Fleet(operator);
  const replay = new Replay(week, fleet);
  const span_seconds = (week.happenings.at(-1)!.at - week.happenings[0]!.at) / 1000;
  const speed = asked.speed ?? Math.max(1, span_seconds / SECONDS);
  const began = performance.now();
  try {
    await fleet.adopt(week.actors, asked.seats);
    stderr(`${fleet.seats.length} seats at ${operator.url.origin} in namespace ${NAMESPACE}, ${speedTold(speed)}\n`);
    const display = new Display(week, replay, fleet, interactive ? null : asked.json ? () => {} : stderr);
    try {
      await replay.run(speed, signal, () => display.show());
    } finally {
      display.stop();
    }
  } finally {
    await fleet.leave();
  }
  const seconds = (performance.now() - began) / 1000;
  const ending = await endingOf(operator, { week, fleet, replay, seq_before, seconds, stopped: signal.aborted });
  stdout(asked.json ? `${JSON.stringify(ending)}\n` : told(ending));
  if (!isSound(ending)) return 1;
  return signal.aborted ? STOPPED : 0;
}

function speedTold(speed: number): string {
  return speed === Infinity
    ? "as fast as it goes"
    : `${Math.round(speed).toLocaleString("en-US")} times as fast as it was`;
}

/** The week's clock and what has happened so far: a bar in a terminal, a line for each tenth elsewhere. */
class Display {
  readonly #week: Week;
  readonly #replay: Replay;
  readonly #fleet: Fleet;
  readonly #line: ((text: string) => void) | null;
  readonly #bar: progress.SingleBar | null;
  #tenths = 0;

  constructor(week: Week, replay: Replay, fleet: Fleet, line: ((text: string) => void) | null) {
    this.#week = week;
    this.#replay = replay;
    this.#fleet = fleet;
    this.#line = line;
    const format = "{clock}  {bar}  {filed} filed  {claimed} claimed  {finished} finished  {refused} refused";
    this.#bar = line
      ? null
      : new progress.SingleBar({ format, hideCursor: true, barsize: 24 }, progress.Presets.shades_classic);
    this.#bar?.start(week.happenings.length, 0, this.#figures());
  }

  show(): void {
    this.#bar?.update(this.#replay.events, this.#figures());
    const tenths = Math.floor((this.#replay.events * 10) / this.#week.happenings.length);
    if (!this.#line || tenths === this.#tenths) return;
    this.#tenths = tenths;
    const { clock, filed, claimed, finished, refused } = this.#figures();
    this.#line(`${clock}  ${filed} filed  ${claimed} claimed  ${finished} finished  ${refused} refused\n`);
  }

  stop(): void {
    this.#bar?.stop();
  }

  #figures() {
    const { done, refusals } = this.#fleet.record;
    const clock = new Date(this.#replay.clock).toUTCString().slice(0, 22);
    const [filed, claimed, finished] = ["ticket.file", "ticket.claim", "ticket.finish"].map((name) => done[name] ?? 0);
    return { clock, filed, claimed, finished, refused: refusals };
  }
}
