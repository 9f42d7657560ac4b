/**
 * The programs of two words. Each wins over an operation of that name, and what only knows operations, as the startup
 * snapshot does, hands it over. `main.ts` has the programs themselves; it must have exactly these.
 */
export const twoWords = [
  ...(["ledger verify", "ledger export", "feed export", "feed mirror", "feed restore"] as const),
  ...(["scan git", "ticket drift"] as const),
  "webhook secret",
  "schedule arm",
  ...(["question list", "question probe"] as const),
  ...(["doctrine import", "doctrine export"] as const),
  ...(["land check", "land run", "land rollback", "land recover", "land verify", "land merged"] as const),
  ...(["spool status", "spool send", "spool watch", "spool posts"] as const),
] as const;

export type TwoWords = (typeof twoWords)[number];
