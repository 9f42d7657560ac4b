/** The ledger's door: what happened, and the proof. */
export { type LogKey, keyFor, keysOf } from "./anchors.ts";
export { chainHash, GENESIS, journal, LEAF_BYTES_MAX } from "./chain.ts";
export { type Completeness, CompletenessFold, type EpochReport } from "./completeness.ts";
export * as operations from "./operations.ts";
export { publicTenant } from "./publishing.ts";
export { type Entry, entriesAfter, entriesOf, pageAfter, pageOfKinds } from "./entries.ts";
export * from "./growth.ts";
export { completeness, NODE_PREFIX } from "./producers.ts";
export { tileHashes, treeReader } from "./tiles.ts";
export { type HeldNote } from "./notes.ts";
export { type Extent, type NamedLog, type Report, Verification } from "./verification.ts";
export { type StoredEntry } from "./verify.ts";
export { TileRows } from "./stored.ts";
export * from "./export_lines.ts";
export { type Lag, lagOf, type Verifications, verificationsOf } from "./verifications.ts";
