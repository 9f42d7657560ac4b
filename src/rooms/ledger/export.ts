import { isUtf8 } from "node:buffer";
import { z } from "zod";
import type { Reader } from "../../kernel/database.ts";
import { query } from "../../kernel/operation.ts";
import { statements } from "../../kernel/sql.ts";
import { TILE_WIDTH } from "../../tlog/tiles.ts";
import { withCosignatures } from "./log/anchors.ts";
import { GENESIS } from "./chain.ts";
import {
  type BlockLine,
  EXPORT_FORMAT,
  type ExportedAnchor,
  type HeaderLine,
  MARK,
  MARK_AT,
  type MarkedLine,
} from "./export_lines.ts";
import { anchorsBetween, newestAnchorOf } from "./log/growth.ts";
import type { Payload } from "./personal/payloads.ts";
import { namedLogs, type TileRow } from "./verification/stored.ts";
import type { NamedLog } from "./verification/verification.ts";
import { contradiction, type Names, parsed, type StoredEntry } from "./verification/verify.ts";

const sql = statements(
  "ledger",
  "head",
  "range",
  "beyond_head",
  "payloads_between",
  "principal_names",
  "tenants",
  "tiles",
);

/** About two megabytes of an ordinary ledger. */
const ENTRIES_A_PAGE = 16 * TILE_WIDTH;
const NEWLINE = 0x0a;

export const exportQuery = query({
  name: "ledger.export",
  summary: "Read a page of the whole ledger as lines of an export, which `longwatch ledger verify --file` verifies.",
  input: z.object({
    after: z.int().min(0).multipleOf(TILE_WIDTH).default(0).describe("Begin behind this entry, a multiple of 256."),
    to: z.int().min(0).optional().describe("The last entry of the export; without it, the newest."),
  }),
  output: z.object({
    header: z.string().nullable().describe("The export's first line; with the first page only."),
    lines: z.string().describe("Entries' canonical bytes and what stands beside them, a line each."),
    to: z.int().describe("The last entry of the export."),
    after: z.int().describe("Where the next page begins; the same as `to` when there is none."),
  }),
  // It holds the personal parts of entries too.
  may: ["operator", "auditor"],
  refuses: [],
  async read({ db, caller }, { after, to }) {
    const logs = await namedLogs(db);
    // Before the head: a checkpoint of more entries than the head names must not be one that came in between.
    const checkpoint = after === 0 ? await newestCheckpoint(db, logs.at(-1)?.origin) : null;
    const [head = { seq: 0, hash: GENESIS }] = await db.all<{ seq: number; hash: Buffer }>(sql.head);
    const last = Math.min(to ?? head.seq, head.seq);
    const upto = Math.min(last, after + ENTRIES_A_PAGE);
    const lines = after < upto ? await linesBetween(db, logs, after, upto) : "";
    if (after > 0) return { header: null, lines, to: last, after: Math.max(after, upto) };
    const [beyond] = await db.all<{ seq: number }>(sql.beyond_head);
    const isFirst = caller.tenant_id === 1;
    const header: HeaderLine = {
      "@": "ledger",
      format: EXPORT_FORMAT,
      tenant: caller.tenant,
      to: last,
      head: head.hash.toString("hex"),
      beyond: beyond?.seq ?? null,
      logs,
      checkpoint,
      tenants: isFirst ? (await db.all<{ name: string }>(sql.tenants)).map(({ name }) => name) : null,
    };
    return { header: lineOf(header), lines, to: last, after: upto };
  },
});

async function newestCheckpoint(db: Reader, origin: string | undefined): Promise<ExportedAnchor | null> {
  const anchor = origin === undefined ? null : await newestAnchorOf(db, origin);
  if (!anchor || origin === undefined) return null;
  const { tree_size: size, root } = anchor;
  return { origin, size, root: root.toString("hex"), note: await withCosignatures(db, { origin, ...anchor }) };
}

async function linesBetween(db: Reader, logs: readonly NamedLog[], after: number, upto: number): Promise<string> {
  const [rows, names, payloads, tiles, anchors] = await Promise.all([
    db.all<StoredEntry>(sql.range, { after, limit: upto - after }),
    db.all<{ id: number; name: string }>(sql.principal_names),
    db.all<Payload & { seq: number }>(sql.payloads_between, { after, upto }),
    beginsTile(after, upto) ? db.all<TileRow>(sql.tiles) : [],
    Promise.all(logs.map(({ origin }) => exportedAnchors(db, origin, after, upto))),
  ]);
  const beside = {
    names: new Map(names.map(({ id, name }) => [id, name])),
    payloads: new Map(payloads.map((row) => [row.seq, row])),
    tiles: Map.groupBy(tiles, ({ level, index }) => index * TILE_WIDTH ** (level + 1) + 1),
    anchors: anchors.flat().sort((one, other) => one.size - other.size),
  };
  const lines: string[] = [];
  for (let seq = after, at = 0; seq < upto;) {
    const from = seq + 1;
    const row = rows[at];
    // Rows that lie behind `upto` are here when some before it are gone.
    if (!row || row.seq > upto || row.seq !== from) {
      seq = Math.min(upto, row ? row.seq - 1 : upto);
      lines.push(lineOf({ "@": "gap", from, to: seq }));
      continue;
    }
    const edge = Math.min(upto, (Math.floor(seq / TILE_WIDTH) + 1) * TILE_WIDTH);
    let end = at;
    while (rows[end]?.seq === from + end - at && rows[end]!.seq <= edge) end++;
    const block = rows.slice(at, end);
    lines.push(...blockLines(block, beside));
    seq = block.at(-1)!.seq;
    at = end;
  }
  return lines.join("");
}

type Beside = {
  names: Names;
  payloads: Map<number, Payload>;
  tiles: Map<number, TileRow[]>;
  anchors: ExportedAnchor[];
};

function* blockLines(rows: readonly StoredEntry[], beside: Beside): Generator<string> {
  const [from, to] = [rows[0]!.seq, rows.at(-1)!.seq];
  const anchors = beside.anchors.filter(({ size }) => size >= from && size <= to);
  const tiles = beside.tiles.get(from)?.map(({ hashes, ...tile }) => ({ ...tile, hashes: hashes.toString("base64") }));
  const contradictions = rows.flatMap((row): [number, string][] => {
    const entry = parsed(row.leaf);
    const reason = entry === null ? "its bytes are not JSON" : contradiction(row, entry, beside.names);
    return reason === null ? [] : [[row.seq, reason]];
  });
  const block: BlockLine = {
    "@": "block",
    from,
    to,
    hashes: Buffer.concat(rows.map(({ entry_hash }) => entry_hash)).toString("base64"),
    ...(anchors.length > 0 && { anchors }),
    ...(tiles && { tiles }),
    ...(contradictions.length > 0 && { contradictions }),
  };
  yield lineOf(block);
  for (const { seq } of rows) {
    const row = beside.payloads.get(seq);
    if (!row) continue;
    const [salt, payload] = [Buffer.from(row.salt).toString("hex"), Buffer.from(row.payload).toString("base64")];
    yield lineOf({ "@": "payload", seq, salt, payload });
  }
  for (const { leaf } of rows)
    yield isLine(leaf) ? `${leaf}\n` : lineOf({ "@": "bytes", base64: leaf.toString("base64") });
}

/** Canonical bytes always are; what somebody put in their place may be anything. */
function isLine(leaf: Buffer): boolean {
  return isUtf8(leaf) && !leaf.includes(NEWLINE) && leaf[MARK_AT] !== MARK;
}

/** Whether an entry between the two is the first under a tile above the leaves. */
function beginsTile(after: number, upto: number): boolean {
  const entries = TILE_WIDTH ** 2;
  return Math.ceil(after / entries) * entries < upto;
}

async function exportedAnchors(db: Reader, origin: string, after: number, upto: number): Promise<ExportedAnchor[]> {
  const rows = await anchorsBetween(db, origin, after, upto);
  return rows.map(({ tree_size: size, root, note }) => ({ origin, size, root: root.toString("hex"), note }));
}

const lineOf = (line: MarkedLine) => `${JSON.stringify(line)}\n`;
