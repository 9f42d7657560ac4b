import { accessSync, constants, existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import progress from "cli-progress";
import type { Client } from "../../client/client.ts";
import { Refusal, refusalKinds } from "../../kernel/refusal.ts";
import { Import } from "./stages.ts";
import { summaryOf, told } from "./summary.ts";
import { type Source, Survey } from "./survey.ts";
import { Tally } from "./tally.ts";

export type Terminal = { stdout(text: string): void; stderr(text: string): void; interactive: boolean };

const USAGE = `usage: longwatch import beads FILE [--json]
       longwatch import gastown DIR [--json]

Brings in the record of another tracker, whole: seats, tickets under new numbers with their old ids as aliases,
labels, dependencies, comments, and the events as posts at their original times. Running it again changes nothing.

  beads FILE   a beads export: one issue a line, with its dependencies, labels and comments
  gastown DIR  a directory with gastown-issues.jsonl, and if they are there gastown-events.jsonl,
               gastown-dependencies.jsonl and gastown-labels.jsonl
  --json       print the summary as one line of JSON

Exit code: 0 when everything is here, 1 when rows were refused, 2 for a wrong call, 8 when the server is away.
`;

/** Labels first: a ticket is written with them. */
const GASTOWN_FILES = [
  { kind: "labels", name: "gastown-labels.jsonl" },
  { kind: "issues", name: "gastown-issues.jsonl" },
  { kind: "dependencies", name: "gastown-dependencies.jsonl" },
  { kind: "events", name: "gastown-events.jsonl" },
] as const;

/** Imports another tracker's files through the public API. Answers the exit code. */
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
  const connection = client();
  try {
    return await bringIn(asked, connection, terminal);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    stderr(`refused (${error.code}): ${error.message}\n${error.hint ? `next: ${error.hint}\n` : ""}`);
    if (refusalKinds[error.kind].retry)
      stderr("What went in is there. Run the import again: it goes on where it was.\n");
    return refusalKinds[error.kind].exit;
  } finally {
    connection.close();
  }
}

type Asked = { tracker: string; from: string; sources: Source[]; json: boolean };

function wordsOf(argv: string[]): Asked | string {
  let parsed: { values: { json?: boolean; help?: boolean }; positionals: string[] };
  try {
    const options = { json: { type: "boolean" }, help: { type: "boolean", short: "h" } } as const;
    parsed = parseArgs({ args: argv, options, allowPositionals: true });
  } catch (error) {
    return (error as Error).message;
  }
  const { values, positionals } = parsed;
  if (values.help) return "help";
  const [tracker, from, ...rest] = positionals;
  if ((tracker !== "beads" && tracker !== "gastown") || from === undefined || rest.length > 0)
    return "Say which tracker and where: `beads FILE` or `gastown DIR`.";
  const sources: Source[] =
    tracker === "beads"
      ? [{ kind: "issues", file: from }]
      : GASTOWN_FILES.map(({ kind, name }) => ({ kind, file: join(from, name) }));
  const here = sources.filter(({ kind, file }) => kind === "issues" || existsSync(file));
  const problem = here.map(({ file }) => unreadable(file)).find((one) => one !== null);
  return problem ?? { tracker, from, sources: here, json: values.json ?? false };
}

function unreadable(file: string): string | null {
  try {
    accessSync(file, constants.R_OK);
    return statSync(file).isFile() ? null : `${file} is not a file.`;
  } catch (error) {
    return `${file} cannot be read (${(error as NodeJS.ErrnoException).code}).`;
  }
}

async function bringIn(asked: Asked, client: Client, { stdout, stderr, interactive }: Terminal): Promise<number> {
  const began = performance.now();
  const { leaf_bytes_max } = await client.ask<{ leaf_bytes_max: number }>("ledger.head");
  const bar = interactive ? newBar() : null;
  const tally = new Tally((line) => {
    // The bar has the terminal's last line; what is told stands above it.
    if (bar?.isActive) stderr("\r\x1b[K");
    stderr(`${line}\n`);
  });
  const survey = new Survey(asked.tracker, asked.sources, tally, leaf_bytes_max);
  await survey.read();
  let done = 0;
  const run = new Import(client, survey, tally, (count) => {
    done += count;
    bar?.update(done);
  });
  bar?.start(survey.commands, 0, { stage: "" });
  try {
    await run.run((stage) => {
      if (bar) bar.update(done, { stage });
      else if (!asked.json) stderr(`${stage} …\n`);
    });
  } finally {
    bar?.stop();
  }
  const seconds = Math.round(performance.now() - began) / 1000;
  const summary = summaryOf(tally, { from: asked.from, server: client.url.origin, seconds });
  stdout(asked.json ? `${JSON.stringify(summary)}\n` : told(summary));
  return summary.complete ? 0 : 1;
}

function newBar(): progress.SingleBar {
  const format = "{stage}  {bar}  {percentage}%  {value} of {total}  {eta_formatted} left";
  return new progress.SingleBar({ format, etaBuffer: 2_000 }, progress.Presets.shades_classic);
}
