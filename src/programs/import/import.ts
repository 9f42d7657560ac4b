import { accessSync, constants, existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Client } from "../../client/client.ts";
import { Refusal, refusalKinds } from "../../kernel/refusal.ts";
import { sayRefusal } from "../../surfaces/cli/refused.ts";
import { Import } from "./stages.ts";
import { bringFeed } from "./feeds.ts";
import { type Source, Survey } from "./survey.ts";
import { type Asked, newBar, summed, tallyBeside, type Terminal } from "./telling.ts";

const USAGE = `usage: longwatch import beads FILE [--json]
       longwatch import gastown DIR [--json]
       longwatch import feed FILE [--format jsonl|markdown] [--json]

Brings in the record of another tracker, whole: seats, tickets under new numbers with their old ids as aliases (one
such as CMB-0042 stays the number), labels, dependencies, comments, and the events as posts at their original times.
Of a feed file it brings in the posts, with their authors and times; they move nothing. Running it again changes
nothing.

  beads FILE   a beads export: one issue a line, with its dependencies, labels and comments
  gastown DIR  a directory with gastown-issues.jsonl, and if they are there gastown-events.jsonl,
               gastown-dependencies.jsonl and gastown-labels.jsonl
  feed FILE    posts as \`longwatch feed export\` wrote them, or as agents write them into a FEED.md: a heading such as
               "## 2026-04-18T10:34Z · SEAT · CMB-0007 · DONE" and text under it; or lines of JSON with at, actor,
               subject, body and item
  --format     what the feed file is, when its name does not end in .jsonl or .md
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
    return await (asked.tracker === "feed" ? bringFeed : bringIn)(asked, connection, terminal);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const exit = sayRefusal(error, asked.json, { write: stderr });
    if (refusalKinds[error.kind].retry)
      stderr("What went in is there. Run the import again: it goes on where it was.\n");
    return exit;
  } finally {
    connection.close();
  }
}

function wordsOf(argv: string[]): Asked | string {
  let parsed: { values: { json?: boolean; help?: boolean; format?: string }; positionals: string[] };
  try {
    const flags = { json: { type: "boolean" }, help: { type: "boolean", short: "h" } } as const;
    const options = { ...flags, format: { type: "string" } } as const;
    parsed = parseArgs({ args: argv, options, allowPositionals: true });
  } catch (error) {
    return (error as Error).message;
  }
  const { values, positionals } = parsed;
  if (values.help) return "help";
  const [tracker, from, ...rest] = positionals;
  const isFeed = tracker === "feed";
  if ((tracker !== "beads" && tracker !== "gastown" && !isFeed) || from === undefined || rest.length > 0)
    return "Say which tracker and where: `beads FILE`, `gastown DIR` or `feed FILE`.";
  const { format, json = false } = values;
  if (format !== undefined && !isFeed) return "Only a feed file has a --format.";
  if (format !== undefined && format !== "jsonl" && format !== "markdown")
    return `--format is jsonl or markdown, not ${format}.`;
  const sources: Source[] =
    tracker !== "gastown"
      ? [{ kind: "issues", file: from }]
      : GASTOWN_FILES.map(({ kind, name }) => ({ kind, file: join(from, name) }));
  const here = sources.filter(({ kind, file }) => kind === "issues" || existsSync(file));
  const problem = here.map(({ file }) => unreadable(file)).find((one) => one !== null);
  return problem ?? { tracker, from, sources: here, json, format };
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
  const tally = tallyBeside(bar, stderr);
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
  return summed(tally, asked, client, { began, stdout });
}
