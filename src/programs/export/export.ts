import { existsSync } from "node:fs";
import { type FileHandle, open, rename, rm, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { parseArgs } from "node:util";
import progress from "cli-progress";
import type { Client } from "../../client/client.ts";
import { Refusal, refusalKinds } from "../../kernel/refusal.ts";
import type { Terminal } from "../verify/verify.ts";
import { sayRefusal } from "../../surfaces/cli/refused.ts";
import { NotOfThisLedger, resumed } from "./resuming.ts";

const USAGE = `usage: longwatch ledger export FILE [--force] [--json]

Writes the whole ledger to a file as JSON Lines: every entry's exact bytes, the stored hashes, checkpoints and tiles
beside them, and personal payloads that were not erased. longwatch ledger verify --file FILE needs nothing else. It
is written as FILE.part and renamed when it is whole; said again after an interruption, it goes on where it was.

  --force   write over a file that is there
  --json    print what was written as one line of JSON

Exit code: 0 when the file is whole, 2 for a wrong call, 3 or 4 without the right to read, 8 when the server is away.
`;

export type Page = { header: string | null; lines: string; to: number; after: number };
type Asked = { file: string; force: boolean; json: boolean };

/** Writes the whole ledger to a file. Answers the exit code. */
export async function main(argv: string[], client: () => Client, terminal: Terminal, json = false): Promise<number> {
  const { stdout, stderr } = terminal;
  let asked: Asked;
  try {
    const options = {
      force: { type: "boolean" },
      json: { type: "boolean" },
      help: { type: "boolean", short: "h" },
    } as const;
    const { values, positionals } = parseArgs({ args: argv, options, allowPositionals: true });
    if (values.help) {
      stdout(USAGE);
      return 0;
    }
    const [file, ...rest] = positionals;
    if (file === undefined || rest.length > 0) throw new Error("Say which file, and one only.");
    if (!values.force && existsSync(file)) throw new Error(`${file} is there already. Name another, or say --force.`);
    asked = { file, force: values.force === true, json: json || values.json === true };
  } catch (error) {
    stderr(`${(error as Error).message}\n\n${USAGE}`);
    return 2;
  }
  const connection = client();
  try {
    const { entries, bytes } = await exported(asked.file, connection, terminal);
    const { file } = asked;
    stdout(asked.json ? `${JSON.stringify({ file, entries, bytes })}\n` : `${entries} entries in ${file}\n`);
    return 0;
  } catch (error) {
    if (error instanceof Refusal) {
      const exit = sayRefusal(error, asked.json, { write: stderr });
      if (refusalKinds[error.kind].retry && existsSync(`${asked.file}.part`))
        stderr(`What was read is in ${asked.file}.part. Say it again to go on.\n`);
      return exit;
    }
    const { code } = error as NodeJS.ErrnoException;
    if (!(error instanceof NotOfThisLedger) && code === undefined) throw error;
    stderr(code === undefined ? `${(error as Error).message}\n` : `${asked.file} cannot be written (${code}).\n`);
    return 2;
  } finally {
    connection.close();
  }
}

async function exported(file: string, client: Client, terminal: Terminal): Promise<{ entries: number; bytes: number }> {
  const part = `${file}.part`;
  const out = await open(part, existsSync(part) ? "r+" : "w+", 0o600);
  const bar = terminal.interactive ? newBar() : null;
  try {
    const ask = (after: number, to?: number) => client.ask<Page>("ledger.export", { after, to });
    const begun = await resumed(part, out, ask);
    const writer = new Writer(out, begun.bytes);
    let next = ask(begun.after, begun.to);
    let to = begun.to ?? 0;
    for (let after = begun.after; ;) {
      const page = await next;
      if (begun.to === undefined && page.header !== null) {
        to = page.to;
        bar?.start(to, 0);
        await writer.write(page.header);
      } else if (after === begun.after) bar?.start(to, after);
      const more = page.after < to && page.after > after;
      // The server reads the next page while this one is written.
      if (more) next = ask(page.after, to);
      next.catch(() => {});
      await writer.write(page.lines);
      after = page.after;
      bar?.update(after);
      if (!more) break;
    }
    await writer.write(`${JSON.stringify({ "@": "end", entries: to })}\n`);
    await out.sync();
    await rename(part, file);
    await syncDirectory(dirname(resolve(file)));
    return { entries: to, bytes: (await stat(file)).size };
  } finally {
    bar?.stop();
    await out.close();
    if ((await stat(part).catch(() => null))?.size === 0) await rm(part, { force: true });
  }
}

/** Writes one page after the other, each before the next is asked for twice. */
class Writer {
  readonly #file: FileHandle;
  #position: number;

  constructor(file: FileHandle, position: number) {
    this.#file = file;
    this.#position = position;
  }

  async write(text: string): Promise<void> {
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length;) {
      const { bytesWritten } = await this.#file.write(bytes, at, bytes.length - at, this.#position);
      at += bytesWritten;
      this.#position += bytesWritten;
    }
  }
}

/** A rename is durable when its directory is. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

function newBar(): progress.SingleBar {
  const format = "exporting  {bar}  {percentage}%  {value} of {total}  {eta_formatted} left";
  return new progress.SingleBar({ format, etaBuffer: 100 }, progress.Presets.shades_classic);
}
