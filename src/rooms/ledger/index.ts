/** The ledger's door: what happened, and the proof. */
export { GENESIS, journal, LEAF_BYTES_MAX } from "./chain.ts";
export * as operations from "./commands.ts";
export { type Entry, entriesAfter, entryOf, pageAfter, pageOfKinds } from "./entries.ts";
export { ChainCheck, type StoredEntry } from "./verify.ts";
