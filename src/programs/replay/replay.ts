import { existsSync } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Client } from "../../client/client.ts";
import { Refusal, refusalKinds } from "../../kernel/refusal.ts";
import { type OwnServer, startOwnServer } from "../demo/own_server.ts";
import { type Incident, incidentsIn } from "./incident.ts";
import { play, type Played } from "./play.ts";
import { counted, told } from "./told.ts";

const USAGE = `usage: longwatch replay [FILE…] [--json]

Plays incidents again, each in a tenant of its own on a server that is started for this and removed at the end, through
the same door as everybody; and prints for each step what the rules of today make of it, beside what came of it in
history. Without a file: the fourteen incidents that these rules were made of. A directory means its .jsonl files.

  --json  print a line of JSON for each incident, and one with the counts

Exit code: 0 when each outcome is as the file records it, 1 when one is not, 2 for a file that cannot be read.
`;

const STOPPED = 130;

type Terminal = { stdout(text: string): void; stderr(text: string): void };

/** `longwatch replay …`. Answers the exit code. */
export async function main(argv: string[], { stdout, stderr }: Terminal, json = false): Promise<number> {
  let incidents: Incident[];
  try {
    const options = { json: { type: "boolean" }, help: { type: "boolean", short: "h" } } as const;
    const { values, positionals } = parseArgs({ args: argv, options, allowPositionals: true });
    if (values.help) {
      stdout(USAGE);
      return 0;
    }
    json ||= values.json === true;
    incidents = await read(positionals.length === 0 ? [shipped()] : positionals);
  } catch (error) {
    stderr(`${(error as Error).message}\n\n${USAGE}`);
    return refusalKinds.invalid.exit;
  }
  let own: OwnServer | null = null;
  // The server is in a group of its own: nobody else ends it.
  const onSignal = () => void (own?.stop() ?? Promise.resolve()).finally(() => process.exit(STOPPED));
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.once(signal, onSignal);
  let first: Client | null = null;
  try {
    stderr("Starting a server for the replay alone; it is removed at the end.\n");
    own = await startOwnServer();
    first = new Client({ url: own.url, token: own.token, retryFor_seconds: 5 });
    const played = await playAll(incidents, first, (one) => json && stdout(`${JSON.stringify(one)}\n`));
    stdout(json ? `${JSON.stringify(counted(played))}\n` : told(played));
    return played.every(({ as_recorded, sound }) => as_recorded && sound) ? 0 : 1;
  } catch (error) {
    stderr(`The replay failed: ${(error as Error).message}\n`);
    return error instanceof Refusal ? refusalKinds[error.kind].exit : 1;
  } finally {
    first?.close();
    await own?.stop();
    for (const signal of signals) process.off(signal, onSignal);
  }
}

/** Plays one after the other, and hands each on as it is done. */
export async function playAll(
  incidents: readonly Incident[],
  first: Client,
  done: (played: Played) => unknown = () => {},
): Promise<Played[]> {
  const played: Played[] = [];
  for (const [index, incident] of incidents.entries()) {
    const name = `${incident.case.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-")}-${index + 1}`;
    const one = await play(incident, first, `replay-${name}`.slice(0, 40));
    played.push(one);
    done(one);
  }
  return played;
}

/** Reads files, and directories of files. */
export async function read(paths: readonly string[]): Promise<Incident[]> {
  const files: string[] = [];
  for (const path of paths) {
    if (!(await stat(path)).isDirectory()) files.push(path);
    else for (const name of (await readdir(path)).sort()) if (name.endsWith(".jsonl")) files.push(join(path, name));
  }
  const incidents: Incident[] = [];
  for (const path of files) incidents.push(...incidentsIn(await readFile(path, "utf8"), path));
  if (incidents.length === 0) throw new Error(`There is no incident in ${paths.join(", ")}.`);
  return incidents;
}

/** The package's own incidents, found upwards from this file: it may be one of the sources or the built one. */
export function shipped(): string {
  for (let at = dirname(fileURLToPath(import.meta.url)); at !== dirname(at); at = dirname(at)) {
    const incidents = join(at, "fixtures", "incidents");
    if (existsSync(incidents)) return incidents;
  }
  throw new Error("The incidents are not beside this program: name a file.");
}
