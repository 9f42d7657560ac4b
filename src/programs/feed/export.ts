import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import { dirname, resolve } from "node:path";
import type { Client } from "../../client/client.ts";
import type { Terminal } from "../import/telling.ts";
import { markdownOf } from "./markdown.ts";
import { type FeedRecord, IMPORTED, lineOf, recordOf } from "./record.ts";
import { formatOf, Misspoken, numberOf, type Options, runProgram, SHARED_USAGE, using } from "./words.ts";

const USAGE = `usage: longwatch feed export FILE [--format jsonl|markdown] [--after N] [--kind KIND] [--force]

Writes the posts of the feed to a file, losslessly: JSON Lines, one post a line in canonical JSON (RFC 8785), or a
Markdown feed to read. \`longwatch import feed FILE\` brings either in again. FILE may be - for standard output.

  --format       jsonl or markdown; without it, what FILE ends in (.md is Markdown), else jsonl
  --after N      only posts after the entry of this number
  --kind KIND    only narrative, actionable or imported posts; may be given more than once
  --force        write over a file that is there
${SHARED_USAGE}
Exit code: 0 when the file is written whole, 2 for a wrong call, 3 or 4 without the right to read, 8 when the server
is away: then nothing is written.
`;

const KINDS = ["narrative", "actionable", "imported"];
const PAGE_ENTRIES = 500;

const options: Options = {
  format: { type: "string" },
  after: { type: "string" },
  kind: { type: "string", multiple: true },
  force: { type: "boolean" },
  json: { type: "boolean" },
};

/** Writes the feed to a file. Answers the exit code. */
export async function main(argv: string[], client: () => Client, terminal: Terminal): Promise<number> {
  return runProgram({ argv, usage: USAGE, options }, terminal, async ({ file, values }) => {
    const format = formatOf(values.format, file) ?? "jsonl";
    const after = numberOf(values.after, "--after", 0) ?? 0;
    const kinds = (values.kind as string[] | undefined) ?? KINDS;
    const unknown = kinds.find((kind) => !KINDS.includes(kind));
    if (unknown !== undefined) throw new Misspoken(`--kind is one of ${KINDS.join(", ")}, not ${unknown}.`);
    const told = format === "jsonl" ? (record: FeedRecord) => `${lineOf(record)}\n` : markdownOf;
    const out = file === "-" ? null : new Draft(file, values.force === true);
    let posts = 0;
    try {
      await using(client(), async (server) => {
        for await (const record of postsAfter(server, after)) {
          if (!kinds.includes(kindOf(record))) continue;
          posts++;
          if (out) out.write(told(record));
          else terminal.stdout(told(record));
        }
      });
      out?.keep();
    } finally {
      out?.drop();
    }
    if (out)
      terminal.stdout(values.json ? `${JSON.stringify({ file, format, posts })}\n` : `${posts} posts in ${file}\n`);
    return 0;
  });
}

/** The posts of the feed after an entry's number, in order, up to the newest at the time of asking. */
async function* postsAfter(client: Client, first: number): AsyncGenerator<FeedRecord> {
  for (let after = first; ;) {
    const page = { posts: true, after, limit: PAGE_ENTRIES };
    const { entries } = await client.ask<{ entries: FeedRecord[] }>("feed.read", page);
    for (const entry of entries) yield recordOf(entry);
    if (entries.length < PAGE_ENTRIES) return;
    after = entries.at(-1)!.seq;
  }
}

function kindOf({ kind, data }: FeedRecord): string {
  return kind === IMPORTED ? "imported" : String(data.kind);
}

/** A file that is there whole or not at all. */
class Draft {
  readonly #file: string;
  readonly #draft: string;
  #fd: number;

  constructor(file: string, force: boolean) {
    if (!force && fs.existsSync(file)) throw new Misspoken(`${file} is there already. Name another, or say --force.`);
    this.#file = file;
    this.#draft = `${file}.${randomBytes(4).toString("hex")}`;
    try {
      this.#fd = fs.openSync(this.#draft, "wx", 0o666);
    } catch (error) {
      throw new Misspoken(`${file} cannot be written (${(error as NodeJS.ErrnoException).code}).`);
    }
  }

  write(text: string): void {
    fs.writeFileSync(this.#fd, text);
  }

  keep(): void {
    fs.fsyncSync(this.#fd);
    fs.closeSync(this.#fd);
    this.#fd = -1;
    fs.renameSync(this.#draft, this.#file);
    syncDirectory(dirname(resolve(this.#file)));
  }

  drop(): void {
    if (this.#fd >= 0) fs.closeSync(this.#fd);
    fs.rmSync(this.#draft, { force: true });
  }
}

/** A rename is durable when its directory is. */
export function syncDirectory(directory: string): void {
  const fd = fs.openSync(directory, "r");
  try {
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}
