/** The ledger's door: what happened, and the proof. */
export { type LogKey, keyFor, keysOf } from "./log/anchors.ts";
export { chainHash, GENESIS, journal, LEAF_BYTES_MAX, rememberingJournal } from "./chain.ts";
export { type Completeness, CompletenessFold, type EpochReport } from "./producers/completeness.ts";
export { operations } from "./operations.ts";
export { publicTenant } from "./log/publishing.ts";
export { type Entry, entriesAfter, entriesOf, entryOf, pageAfter, pageOfKinds } from "./entries.ts";
export * from "./log/growth.ts";
export { completeness, NODE_PREFIX } from "./producers/producers.ts";
export { tileHashes, treeReader } from "./log/tiles.ts";
export { type HeldNote } from "./verification/notes.ts";
export { type Extent, type NamedLog, type Report, Verification } from "./verification/verification.ts";
export { type StoredEntry } from "./verification/verify.ts";
export { RecentLeaves } from "./log/recent.ts";
export { TileRows } from "./verification/stored.ts";
export * from "./export_lines.ts";
export { type Lag, lagOf, type Verifications, verificationsOf } from "./verification/verifications.ts";
