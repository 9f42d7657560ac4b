import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Client } from "../../client/client.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { Misspoken, runProgram, using } from "../feed/words.ts";
import type { Terminal } from "../import/telling.ts";
import { type Read, recordIn } from "./markdown.ts";

const USAGE = `usage: longwatch doctrine import DIR|FILE [--json]

Brings in records of what a fleet has learned: Markdown files with front matter (id or a name such as
ORA-2026-0012.md, type, title, date, and what else doctrine show has), one record each. A directory is read with
those below it. A record keeps its id, its date and its words; fields without a name here are kept as they are. What
should hold a rule and is not in this server makes it a text. Running it again changes nothing.

  --json    print the summary as one line of JSON

Exit code: 0 when everything is here, 1 when files were left out, 2 for a wrong call, 8 when the server is away.
`;

/** Said at one time: the server takes them in one batch. */
const AT_ONCE = 20;
/** A record fits a ledger's entry; what is larger is something else. */
const FILE_BYTES_MAX = 128 * 1024;

type Summary = { imported: number; known: number; refused: { file: string; problem: string }[]; warnings: string[] };

/** Imports Markdown records. Answers the exit code. */
export async function main(argv: string[], client: () => Client, terminal: Terminal): Promise<number> {
  const options = { json: { type: "boolean" } } as const;
  return runProgram({ argv, usage: USAGE, options }, terminal, async ({ file, values }) => {
    const files = filesIn(file);
    if (files.length === 0) throw new Misspoken(`${file} has no file that ends in .md.`);
    const summary: Summary = { imported: 0, known: 0, refused: [], warnings: [] };
    await using(client(), async (server) => {
      for (let at = 0; at < files.length; at += AT_ONCE)
        await Promise.all(files.slice(at, at + AT_ONCE).map((one) => bringIn(server, one, summary)));
    });
    terminal.stdout(values.json ? `${JSON.stringify(summary)}\n` : told(summary));
    return summary.refused.length === 0 ? 0 : 1;
  });
}

async function bringIn(server: Client, file: string, summary: Summary): Promise<void> {
  const read = readIn(file);
  if ("problem" in read) return void summary.refused.push({ file, problem: read.problem });
  try {
    const done = await server.say<{ imported: boolean; warnings: string[] }>("doctrine.import", read.input);
    summary[done.imported ? "imported" : "known"]++;
    summary.warnings.push(...[...read.warnings, ...done.warnings].map((words) => `${read.input.id}: ${words}`));
  } catch (error) {
    // What is wrong with one record is said of it; what is wrong with the server ends the import.
    if (!(error instanceof Refusal) || !["invalid", "conflict", "oversized", "mismatch"].includes(error.kind))
      throw error;
    summary.refused.push({ file, problem: `is refused (${error.code}): ${error.message}` });
  }
}

function readIn(file: string): Read {
  // What is no file, such as a pipe, would be read for ever.
  const stat = statSync(file, { throwIfNoEntry: false });
  if (!stat?.isFile()) return { problem: "is no file" };
  if (stat.size > FILE_BYTES_MAX) return { problem: `has more than ${FILE_BYTES_MAX / 1024} KiB, which no record has` };
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    return { problem: `cannot be read (${(error as NodeJS.ErrnoException).code})` };
  }
  const text = bytes.toString();
  if (!Buffer.from(text).equals(bytes)) return { problem: "is not UTF-8 text" };
  return recordIn(text, file);
}

function filesIn(path: string): string[] {
  let isDirectory: boolean;
  try {
    isDirectory = statSync(path).isDirectory();
  } catch (error) {
    throw new Misspoken(`${path} cannot be read (${(error as NodeJS.ErrnoException).code}).`);
  }
  if (!isDirectory) return [path];
  const below = readdirSync(path, { recursive: true, withFileTypes: true });
  return below
    .filter((one) => one.isFile() && one.name.endsWith(".md") && one.name.toLowerCase() !== "readme.md")
    .map((one) => join(one.parentPath, one.name))
    .sort();
}

function told({ imported, known, refused, warnings }: Summary): string {
  const lines = [`${imported} records imported, ${known} were here already, ${refused.length} left out`];
  for (const words of warnings) lines.push(`note: ${words}`);
  for (const { file, problem } of refused) lines.push(`left out: ${file} ${problem}`);
  return `${lines.join("\n")}\n`;
}
