/** What is known of work after its claim, each by a receipt of its own (origins F, R-F5). */
export const stages = ["code_complete", "merged", "deployed", "observed"] as const;
export type Stage = (typeof stages)[number];
