import type { Reader } from "../../../kernel/database.ts";
import { statements } from "../../../kernel/sql.ts";
import { HASH_BYTES } from "../../../tlog/hashing.ts";
import { TILE_WIDTH } from "../../../tlog/tiles.ts";
import { keysOf } from "../log/anchors.ts";
import { pageOfKinds } from "../entries.ts";
import { newestAnchorOf } from "../log/growth.ts";
import type { NamedLog } from "./verification.ts";
import type { StoredTiles } from "./walk.ts";

const sql = statements("ledger", "logs", "tiles");

/** A tenant was frozen so often at the most; each time somebody restored a backup. */
const FREEZES_MAX = 10_000;

/** The tenant's logs as the tables have them, oldest first. Only how far a frozen one went stands in its entry. */
export async function namedLogs(db: Reader): Promise<NamedLog[]> {
  const rows = await db.all<{ epoch: number; origin: string; frozen_at: Date | null }>(sql.logs);
  const freezes = rows.some(({ frozen_at }) => frozen_at !== null)
    ? await pageOfKinds(db, ["ledger.log_frozen"], 0, FREEZES_MAX)
    : [];
  const sizes = new Map(freezes.map(({ data }) => [data.origin, (data.last as { size: number } | null)?.size ?? 0]));
  return Promise.all(
    rows.map(async ({ epoch, origin, frozen_at }) => ({
      epoch,
      origin,
      vkeys: (await keysOf(db, origin)).map(({ vkey }) => vkey),
      frozen_size: frozen_at === null ? null : (sizes.get(origin) ?? 0),
    })),
  );
}

/** The stored tiles above the leaves. A million entries have 4,000 hashes there. */
export async function storedTiles(db: Reader, origin: string | undefined): Promise<TileRows> {
  const published = origin === undefined ? 0 : ((await newestAnchorOf(db, origin))?.tree_size ?? 0);
  const tiles = new TileRows(published);
  for (const row of await db.all<TileRow>(sql.tiles)) tiles.add(row);
  return tiles;
}

export type TileRow = { level: number; index: number; hashes: Buffer };

/** Rows of tiles, in which hashes are found. */
export class TileRows implements StoredTiles {
  readonly published: number;
  readonly #rows = new Map<string, Buffer>();

  constructor(published: number) {
    this.published = published;
  }

  add({ level, index, hashes }: TileRow): void {
    this.#rows.set(`${level}/${index}`, hashes);
  }

  hash(level: number, index: number): Buffer | null {
    const hashes = this.#rows.get(`${level}/${Math.floor(index / TILE_WIDTH)}`);
    const at = (index % TILE_WIDTH) * HASH_BYTES;
    return hashes && hashes.length >= at + HASH_BYTES ? hashes.subarray(at, at + HASH_BYTES) : null;
  }
}
