/** The kind of entry with which the first tenant's ledger records how far another tenant's log has come. */
export const HEAD_RECORDED = "ledger.head_recorded";

/** What the survey recorded of a tenant. */
export type RecordedHead = { tenant: string; origin: string; size: number; root: string };
