import { z } from "zod";
import type { Reader } from "../../../kernel/database.ts";
import { query } from "../../../kernel/operation.ts";
import { Refusal } from "../../../kernel/refusal.ts";
import { statements } from "../../../kernel/sql.ts";
import { CHECKERS } from "./checkers.ts";

const sql = statements("ledger", "log_newest", "log_keys", "anchor_newest", "anchor_at", "cosignatures");

/** A signed checkpoint as it is stored. */
export type Anchor = { origin: string; tree_size: number; root: Buffer; note: string; at: Date };
export type LogKey = { vkey: string; after_size: number };

/** The newest signed checkpoint of the tenant's newest log. */
export async function newestAnchor(db: Reader): Promise<Anchor> {
  return anchorAt(db, undefined);
}

/** The signed checkpoint of a size; without one, the newest. Refuses `checkpoint.none`, `checkpoint.unknown`. */
export async function anchorAt(db: Reader, size: number | undefined): Promise<Anchor> {
  const [log] = await db.all<{ origin: string }>(sql.log_newest);
  const origin = log?.origin;
  if (origin === undefined) throw noCheckpoint();
  const [row] = await db.all(size === undefined ? sql.anchor_newest : sql.anchor_at, { origin, size });
  if (row) return { origin, ...row };
  if (size === undefined) throw noCheckpoint();
  throw new Refusal("missing", "checkpoint.unknown", `No checkpoint of ${size} entries was signed.`, {
    hint: "Every multiple of 256 has one, and ledger.checkpoint tells the newest.",
    fields: [{ field: "size", message: "must be the size of a signed checkpoint" }],
  });
}

function noCheckpoint(): Refusal {
  return new Refusal("missing", "checkpoint.none", "No checkpoint has been signed yet.", {
    hint: "The first comes within a minute of the server's start; `longwatch doctor` says what holds it up.",
  });
}

/** The note with the lines of the witnesses below the log's own. */
export async function withCosignatures(
  db: Reader,
  { origin, tree_size, note }: Pick<Anchor, "origin" | "tree_size" | "note">,
): Promise<string> {
  return note + (await cosignaturesOf(db, origin, tree_size)).map((line) => `${line}\n`).join("");
}

async function cosignaturesOf(db: Reader, origin: string, size: number): Promise<string[]> {
  return (await db.all<{ line: string }>(sql.cosignatures, { origin, size })).map(({ line }) => line);
}

/** The keys of a log, oldest first. */
export function keysOf(db: Reader, origin: string): Promise<LogKey[]> {
  return db.all<LogKey>(sql.log_keys, { origin });
}

/** The key that counts for a checkpoint of a size: the newest that was named before it. */
export function keyFor(keys: readonly LogKey[], size: number): LogKey | undefined {
  return keys.findLast(({ after_size }) => size > after_size) ?? keys[0];
}

export const checkpoint = query({
  name: "ledger.checkpoint",
  summary: "Read a signed checkpoint: how many entries the ledger has, and the root of their Merkle tree.",
  input: z.object({
    size: z.int().min(0).optional().describe("The size of an earlier checkpoint; without it, the newest."),
  }),
  output: z.object({
    origin: z.string().describe("The log's name, which is the first line of the note."),
    size: z.int().describe("How many entries it covers."),
    root: z.string().describe("The root of the tree, in hexadecimal."),
    note: z.string().describe("The signed note (C2SP tlog-checkpoint), with the witnesses' cosignatures."),
    vkeys: z.array(z.string()).describe("The keys that sign this log, oldest first, as C2SP verifier keys."),
    at: z.iso.datetime().describe("When it was published."),
    cosignatures: z.array(z.string()).describe("The witnesses' lines alone."),
  }),
  may: CHECKERS,
  refuses: ["checkpoint.none", "checkpoint.unknown"],
  async read({ db }, { size }) {
    const anchor = await anchorAt(db, size);
    const { origin, tree_size, root, at } = anchor;
    const cosignatures = await cosignaturesOf(db, origin, tree_size);
    return {
      origin,
      size: tree_size,
      root: root.toString("hex"),
      note: await withCosignatures(db, anchor),
      vkeys: (await keysOf(db, origin)).map(({ vkey }) => vkey),
      at: at.toISOString(),
      cosignatures,
    };
  },
});
