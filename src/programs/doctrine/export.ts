import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Client } from "../../client/client.ts";
import { Misspoken, runProgram, using } from "../feed/words.ts";
import type { Terminal } from "../import/telling.ts";
import { markdownOf, type Told } from "./markdown.ts";
import { indexPage, recordPage, type Shown, STYLE } from "./site.ts";

const USAGE = `usage: longwatch doctrine export DIR [--markdown] [--force] [--json]

Writes every record of what the fleet has learned, those that ship and those that were superseded too: a site of
plain pages without scripts, with index.html to begin at, and each record as Markdown beside its page.
\`longwatch doctrine import DIR\` brings the Markdown in again, losslessly.

  --markdown   only the Markdown
  --force      into a directory that is not empty
  --json       print the summary as one line of JSON

Exit code: 0 when everything is written, 2 for a wrong call, 8 when the server is away: then nothing is written.
`;

/** Asked at one time. */
const AT_ONCE = 8;

/** Writes the registry into a directory. Answers the exit code. */
export async function main(argv: string[], client: () => Client, terminal: Terminal): Promise<number> {
  const flag = { type: "boolean" } as const;
  const options = { markdown: flag, force: flag, json: flag };
  return runProgram({ argv, usage: USAGE, options }, terminal, async ({ file: directory, values }) => {
    if (values.force !== true) refuseFull(directory);
    const { records, tenant } = await using(client(), async (server) => ({
      records: await everyRecord(server),
      ...(await server.ask<{ tenant: string }>("seat.whoami", {})),
    }));
    mkdirSync(directory, { recursive: true });
    const write = (name: string, text: string) => writeFileSync(join(directory, name), text);
    for (const record of records) write(`${record.id}.md`, markdownOf(toldOf(record)));
    if (values.markdown !== true) {
      const at = new Date().toISOString();
      for (const record of records) write(`${record.id}.html`, recordPage(record, records, tenant));
      write("index.html", indexPage(records, tenant, at));
      write("style.css", STYLE);
    }
    const summary = { directory, records: records.length };
    terminal.stdout(values.json ? `${JSON.stringify(summary)}\n` : `${records.length} records in ${directory}\n`);
    return 0;
  });
}

/** How a record stands is computed anew elsewhere; its mechanisms go along by their names. */
function toldOf(record: Shown): Told {
  return { ...record, mechanisms: record.mechanisms.map(({ name }) => name) };
}

function refuseFull(directory: string): void {
  let names: string[] = [];
  try {
    names = readdirSync(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw new Misspoken(`${directory} cannot be written (${(error as NodeJS.ErrnoException).code}).`);
  }
  if (names.length > 0) throw new Misspoken(`${directory} is not empty. Name another, or say --force.`);
}

async function everyRecord(server: Client): Promise<Shown[]> {
  const ids: string[] = [];
  for (let after: string | null = ""; after !== null;) {
    const page: { records: { id: string }[]; next: string | null } = await server.ask("doctrine.list", {
      ...{ all: true, after, limit: 500 },
    });
    ids.push(...page.records.map(({ id }) => id));
    after = page.next;
  }
  const records: Shown[] = [];
  for (let at = 0; at < ids.length; at += AT_ONCE)
    records.push(
      ...(await Promise.all(ids.slice(at, at + AT_ONCE).map((id) => server.ask<Shown>("doctrine.show", { id })))),
    );
  return records;
}
