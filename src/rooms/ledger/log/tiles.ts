import { z } from "zod";
import type { Reader } from "../../../kernel/database.ts";
import { query } from "../../../kernel/operation.ts";
import { Refusal } from "../../../kernel/refusal.ts";
import { statements } from "../../../kernel/sql.ts";
import type { ReadHash } from "../../../tlog/proofs.ts";
import { encodeBundle, TILE_WIDTH, tileReader, widthOf } from "../../../tlog/tiles.ts";
import { newestAnchor } from "./anchors.ts";
import { CHECKERS } from "./checkers.ts";

const sql = statements("ledger", "leaf_hashes", "leaves", "tile");

/** The hashes of a tile, of the width asked for; level 0 is hashed from the stored entries. Null when it is shorter. */
export async function tileHashes(db: Reader, level: number, index: number, width: number): Promise<Buffer | null> {
  const statement = level === 0 ? sql.leaf_hashes : sql.tile;
  const [row] = await db.all<{ hashes: Buffer }>(statement, {
    ...(level === 0 ? { after: index * TILE_WIDTH, limit: width } : { level, index }),
  });
  return row && row.hashes.length >= 32 * width ? row.hashes.subarray(0, 32 * width) : null;
}

/** Reads hashes of the tree of a size, tile by tile. Throws where a tile is gone: the verifier says which. */
export function treeReader(db: Reader, size: number): ReadHash {
  return tileReader(async (level, index, width) => {
    const hashes = await tileHashes(db, level, index, width);
    if (hashes === null) throw new Error(`ledger: tile ${level}/${index} does not have ${width} hashes`);
    return hashes;
  }, size);
}

const Index = z.int().min(0).describe("Which one, from 0; it covers 256 of the level below.");
const Width = z.int().min(1).max(TILE_WIDTH).default(TILE_WIDTH).describe("How many; fewer than 256 at the edge only.");

async function checkWidth(db: Reader, level: number, index: number, width: number): Promise<void> {
  const { tree_size } = await newestAnchor(db);
  if (width <= widthOf(level, index, tree_size)) return;
  throw new Refusal("missing", "tile.unknown", `The newest checkpoint, of ${tree_size} entries, has no such tile.`, {
    hint: "Ask ledger.checkpoint for its size; a tile at the edge is asked for with its width.",
    facts: { size: tree_size },
  });
}

export const tile = query({
  name: "ledger.tile",
  summary: "Read a tile of the ledger's Merkle tree: up to 256 hashes of one level (C2SP tlog-tiles).",
  input: z.object({
    level: z.int().min(0).max(7).describe("0 holds the hashes of entries, 1 those of tiles of level 0, and so on."),
    index: Index,
    width: Width,
  }),
  output: z.object({ hashes: z.string().describe("The hashes, 32 bytes each, in base64.") }),
  may: CHECKERS,
  refuses: ["tile.unknown", "checkpoint.none"],
  async read({ db }, { level, index, width }) {
    await checkWidth(db, level, index, width);
    const hashes = await tileHashes(db, level, index, width);
    if (hashes === null) throw new Error(`ledger: tile ${level}/${index} is shorter than its checkpoint says`);
    return { hashes: hashes.toString("base64") };
  },
});

export const bundle = query({
  name: "ledger.bundle",
  summary: "Read up to 256 entries' canonical bytes, each behind two bytes of length (C2SP tlog-tiles).",
  input: z.object({ index: Index, width: Width }),
  output: z.object({ entries: z.string().describe("The bundle, in base64.") }),
  may: CHECKERS,
  refuses: ["tile.unknown", "checkpoint.none"],
  async read({ db }, { index, width }) {
    await checkWidth(db, 0, index, width);
    const rows = await db.all<{ leaf: Buffer }>(sql.leaves, { after: index * TILE_WIDTH, limit: width });
    return { entries: encodeBundle(rows.map(({ leaf }) => leaf)).toString("base64") };
  },
});
