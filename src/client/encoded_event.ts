import { unencodable } from "../kernel/encoding.ts";

/** What the server takes as the events of one entry: `EVENTS_BYTES_MAX` of the ledger room. */
export const BATCH_BYTES_MAX = 60_000;

/**
 * The event as it will be told, or why no entry can hold it. It is frozen here: what the caller changes later is not
 * in it.
 */
export function encodedEvent(kind: string, data: Record<string, unknown>): { body: string } | { reason: string } {
  try {
    if (unencodable({ kind, data }) !== null) return { reason: "unencodable" };
    const body = JSON.stringify({ kind, data });
    return Buffer.byteLength(body) + 2 > BATCH_BYTES_MAX ? { reason: "oversized" } : { body };
  } catch {
    return { reason: "unencodable" };
  }
}
