import { accessSync, constants, statSync } from "node:fs";
import { type ParseArgsConfig, parseArgs } from "node:util";
import type { Client } from "../../client/client.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { sayRefusal } from "../../surfaces/cli/refused.ts";
import type { Terminal } from "../import/telling.ts";

/** What the programs for feed files have in common: their words, and how they end. */

export type Format = "jsonl" | "markdown";
export const formats: readonly Format[] = ["jsonl", "markdown"];

/** Beside the exit codes of every command: the file is not the one that was read. */
export const EXIT_HALTED = 9;

export const SHARED_USAGE = `  --json         print the summary as one line of JSON
`;

/** A wrong call: told with the usage, exit code 2. */
export class Misspoken extends Error {}

export type Options = NonNullable<ParseArgsConfig["options"]>;
export type Asked = { file: string; values: Record<string, string | boolean | string[] | undefined> };

/** Runs a program: its words are `FILE` and flags. Answers the exit code and throws no refusal. */
export async function runProgram(
  { argv, usage, options }: { argv: string[]; usage: string; options: Options },
  { stdout, stderr }: Terminal,
  work: (asked: Asked) => Promise<number>,
): Promise<number> {
  try {
    const { values, positionals } = parsed(argv, options);
    if (values.help) {
      stdout(usage);
      return 0;
    }
    const [file, ...rest] = positionals;
    if (file === undefined || rest.length > 0) throw new Misspoken("Name one file.");
    return await work({ file, values: values as Asked["values"] });
  } catch (error) {
    if (error instanceof Misspoken) {
      stderr(`${error.message}\n\n${usage}`);
      return 2;
    }
    if (!(error instanceof Refusal)) throw error;
    return sayRefusal(error, argv.includes("--json"), { write: stderr });
  }
}

export function toldRefusal({ code, message, hint }: Refusal): string {
  return `refused (${code}): ${message}\n${hint ? `next: ${hint}\n` : ""}`;
}

function parsed(args: string[], options: Options) {
  try {
    return parseArgs({ args, options: { ...options, help: { type: "boolean", short: "h" } }, allowPositionals: true });
  } catch (error) {
    throw new Misspoken((error as Error).message);
  }
}

export function formatOf(given: unknown, file: string): Format | null {
  if (given !== undefined) {
    if (formats.includes(given as Format)) return given as Format;
    throw new Misspoken(`--format is jsonl or markdown, not ${given}.`);
  }
  if (/\.(jsonl|ndjson)$/i.test(file)) return "jsonl";
  return /\.(md|markdown)$/i.test(file) ? "markdown" : null;
}

export function numberOf(given: unknown, flag: string, least: number): number | undefined {
  if (given === undefined) return undefined;
  const number = Number(given);
  if (/^\d+$/.test(String(given)) && Number.isSafeInteger(number) && number >= least) return number;
  throw new Misspoken(`${flag} is a whole number from ${least}, not ${given}.`);
}

export function checkReadable(file: string): void {
  let isFile: boolean;
  try {
    accessSync(file, constants.R_OK);
    isFile = statSync(file).isFile();
  } catch (error) {
    throw new Misspoken(`${file} cannot be read (${(error as NodeJS.ErrnoException).code}).`);
  }
  if (!isFile) throw new Misspoken(`${file} is not a file.`);
}

/** Lets a client go however the work ends. */
export async function using<T>(client: Client, work: (client: Client) => Promise<T>): Promise<T> {
  try {
    return await work(client);
  } finally {
    client.close();
  }
}
