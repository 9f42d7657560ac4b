import { statSync } from "node:fs";
import { basename } from "node:path";
import type { Client } from "../../client/client.ts";
import { Bringer, type Found } from "../feed/bringing.ts";
import { guessFormat, piecesOf, readPiece } from "../feed/pieces.ts";
import { type Format, formatOf } from "../feed/words.ts";
import { type Asked, newBar, summed, tallyBeside, type Terminal } from "./telling.ts";

/** Brings in the posts of a feed file, in its order and in memory for a window of them. Answers the exit code. */
export async function bringFeed(asked: Asked, client: Client, terminal: Terminal): Promise<number> {
  const began = performance.now();
  const { from: file, json } = asked;
  const { stdout, stderr, interactive } = terminal;
  const format = formatOf(asked.format, file) ?? (await guessFormat(file));
  const bar = interactive ? newBar() : null;
  const tally = tallyBeside(bar, stderr);
  const name = basename(file);
  const bringer = await Bringer.of(client, {
    imported: (isNew, count) => tally.imported("posts", isNew, count),
    refused: (line, reason) => tally.refuse("posts", name, line, reason),
    mended: (line, field) => tally.mend(name, line, field, "a NUL became \u2400, or half of a surrogate pair U+FFFD"),
  });
  bar?.start(statSync(file).size, 0, { stage: "posts" });
  if (!bar && !json) stderr("posts …\n");
  try {
    await bringer.bring(found(file, format, (bytes) => bar?.update(bytes)));
  } finally {
    bar?.stop();
  }
  return summed(tally, asked, client, { began, stdout });
}

async function* found(file: string, format: Format, reached: (bytes: number) => void): AsyncGenerator<Found> {
  for await (const piece of piecesOf(file, format)) {
    reached(piece.to);
    const read = readPiece(piece, format, null);
    const cut = "problem" in read && format === "jsonl" && piece.bytes.at(-1) !== 0x0a;
    yield { line: piece.line, read: cut ? { problem: "the file ends in the middle of this row" } : read };
  }
}
