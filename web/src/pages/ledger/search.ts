import { numberIn } from "../../ui/address.ts";

/** What the ledger's address says: the checkpoint that is looked at. */
export type LedgerSearch = { checkpoint?: number | undefined };

/** Reads an address that anybody may have typed: what is not understood is left out. */
export function ledgerSearch({ checkpoint }: Record<string, unknown>): LedgerSearch {
  return { checkpoint: numberIn(checkpoint) };
}

/** What an entry's address says: whether the post that it is is being corrected. */
export type EntrySearch = { correct?: true | undefined };

/** Reads an address that anybody may have typed. */
export function entrySearch({ correct }: Record<string, unknown>): EntrySearch {
  return { correct: correct === true ? true : undefined };
}
