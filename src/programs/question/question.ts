import { parseArgs } from "node:util";
import type { Client } from "../../client/client.ts";
import type { Env } from "../../runner/environment.ts";
import { hiddenFrom } from "../../runner/hidden.ts";
import { refusedExit, stoppable } from "../land/told.ts";
import { type Confined, confined, probed } from "./probing.ts";

const USAGE = `usage: longwatch question list [--of operator|strategist|mine] [--json]
       longwatch question probe [ID ...] [--all] [--network] [--unconfined] [--json]

list says what is blocked on you: the count, and one line for each, after the probes that the server asks by itself.

probe shows the commands that other seats gave as probes for their questions, and who gave each. With IDs, or --all, it
runs those here, in a jail: nothing of yours is seen that opens anything, nothing is written outside a directory that is
thrown away, and there is no network. Exit code 0 of a command says that its question is done, and closes it.

  --network      the commands get this machine's network
  --unconfined   run them although this machine cannot confine them
  --json         print the outcome as one line of JSON

Exit code: 0, also where a question stays open; 2 for a wrong call; else as every command's.
`;

export type Place = {
  connect(retryFor_seconds: number): Client;
  env: Env;
  cwd: string;
  /** The server's data directory on this machine, if it has one here. */
  data: string;
  stdout(text: string): void;
  stderr(text: string): void;
};

const options = {
  of: { type: "string" },
  all: { type: "boolean" },
  network: { type: "boolean" },
  unconfined: { type: "boolean" },
  json: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

type Values = ReturnType<typeof valuesOf>;

function valuesOf(argv: string[]) {
  const { values, positionals } = parseArgs({ args: argv, options, allowPositionals: true });
  const ids = positionals.map(Number);
  const wrong = positionals.find((_, n) => !Number.isSafeInteger(ids[n]) || ids[n]! < 1);
  if (wrong !== undefined) throw new Error(`${wrong} is not the number of a question.`);
  return { ...values, ids };
}

/** `longwatch question list` and `longwatch question probe`. Answers the exit code. */
export async function main(verb: "list" | "probe", argv: string[], place: Place, json = false): Promise<number> {
  const { stdout, stderr } = place;
  let values: Values;
  try {
    values = valuesOf(argv);
    if (verb === "list" && values.ids.length > 0) throw new Error("list takes no numbers; question show has one.");
  } catch (error) {
    stderr(`${(error as Error).message}\n\n${USAGE}`);
    return 2;
  }
  if (values.help) {
    stdout(USAGE);
    return 0;
  }
  json ||= values.json === true;
  const client = place.connect(5);
  try {
    return verb === "list" ? await list(client, values, place, json) : await probe(client, values, place, json);
  } catch (error) {
    return refusedExit(error, json, place);
  } finally {
    client.close();
  }
}

const PAGE = 500;
type Listed = { headline: string; items: string[]; unprobed: string[]; done: string[]; next: number | null };

async function list(client: Client, { of }: Values, { stdout }: Place, json: boolean): Promise<number> {
  const listed = await client.ask<Listed>("question.list", { of, limit: PAGE });
  if (json) stdout(`${JSON.stringify(listed)}\n`);
  else {
    const { headline, items, unprobed, next } = listed;
    stdout([headline, ...items, ""].join("\n"));
    if (unprobed.length > 0) stdout(`${unprobed.length} more wait for their probe: longwatch question probe\n`);
    if (next !== null) stdout(`more: longwatch question list --json has the oldest ${PAGE}\n`);
  }
  return 0;
}

type Probe = { id: number; line: string; asker: string; command: string };

async function probe(client: Client, values: Values, place: Place, json: boolean): Promise<number> {
  const { stdout, stderr } = place;
  const { probes } = await client.ask<{ probes: Probe[] }>("question.probes", { limit: PAGE });
  const unknown = values.ids.filter((id) => !probes.some((one) => one.id === id));
  if (unknown.length > 0) {
    stderr(`No open question ${unknown.join(", ")} has a command as its probe.\n`);
    return 2;
  }
  const chosen = values.all ? probes : probes.filter(({ id }) => values.ids.includes(id));
  if (chosen.length === 0) {
    stdout(json ? `${JSON.stringify({ probes })}\n` : shown(probes));
    return 0;
  }
  const { env, cwd, data } = place;
  const jail = confined({ hidden: hiddenFrom(env, data, [cwd]), offline: values.network !== true, shown: cwd });
  if (!jail.isWhole && !values.unconfined) {
    stderr(`This machine cannot confine them: ${jail.lacks.join("; ")}. Look at them, then say --unconfined.\n`);
    return 1;
  }
  const outcomes = await runAll(client, chosen, jail, place, json);
  if (json) stdout(`${JSON.stringify({ outcomes })}\n`);
  return 0;
}

function shown(probes: readonly Probe[]): string {
  if (probes.length === 0) return "no question has a command as its probe\n";
  const lines = probes.map(({ line, asker, command }) => `${line}\n    ${asker}: ${command}\n`);
  return `${lines.join("")}Nothing was run. Look at them, then: longwatch question probe ID ..., or --all\n`;
}

type Outcome = { id: number; outcome: string; evidence: string; state: string };

async function runAll(client: Client, chosen: readonly Probe[], jail: Confined, place: Place, json: boolean) {
  const { stop, over } = stoppable();
  const outcomes: Outcome[] = [];
  try {
    for (const { id, command, line } of chosen) {
      const { outcome, evidence } = await probed(command, jail, { env: place.env, cwd: place.cwd, stop });
      const { state } = await client.say<{ state: string }>("question.probed", { id, outcome, evidence });
      outcomes.push({ id, outcome, evidence, state });
      if (!json) place.stdout(`${outcome}: ${line}\n`);
    }
  } finally {
    over();
  }
  return outcomes;
}
