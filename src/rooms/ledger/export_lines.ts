import type { NamedLog } from "./verification/verification.ts";

/**
 * An export of a whole ledger, as JSON Lines. A line is an entry's exact canonical bytes, which have no raw newline; or
 * it is marked by its first key `@`, which no entry has. The first line is the header and the last one the end; every
 * block has a line before its entries with what the tables hold beside them.
 */
export const EXPORT_FORMAT = 1;

export type ExportedAnchor = { origin: string; size: number; root: string; note: string };
export type ExportedTile = { level: number; index: number; hashes: string };

export type HeaderLine = {
  "@": "ledger";
  format: number;
  tenant: string;
  /** The number and the chain's hash of the newest entry, as the ledger's head names them. */
  to: number;
  head: string;
  /** An entry that the head does not reach, or null. */
  beyond: number | null;
  logs: NamedLog[];
  /** The newest signed checkpoint, with its witnesses' lines. */
  checkpoint: ExportedAnchor | null;
  /** In the first tenant's export the tenants that there are. */
  tenants: string[] | null;
};

/** At most 256 entries of one level-0 tile. */
export type BlockLine = {
  "@": "block";
  from: number;
  to: number;
  /** The stored hash of each entry in the chain, in base64. */
  hashes: string;
  /** Checkpoints of these sizes, and tiles that begin here. */
  anchors?: ExportedAnchor[];
  tiles?: ExportedTile[];
  /** Where the columns beside an entry did not say what its bytes say. */
  contradictions?: [seq: number, reason: string][];
};

/** Entries that are not there. */
export type GapLine = { "@": "gap"; from: number; to: number };
/** What lies beside the entry of the block that follows. */
export type PayloadLine = { "@": "payload"; seq: number; salt: string; payload: string };
/** The next entry, which somebody changed so that it is no line. */
export type BytesLine = { "@": "bytes"; base64: string };
export type EndLine = { "@": "end"; entries: number };

export type MarkedLine = HeaderLine | BlockLine | GapLine | PayloadLine | BytesLine | EndLine;

/** The place of the mark in a line: `{"@"`. No entry has it there. */
export const MARK_AT = 2;
export const MARK = 0x40;
