/** How far the ledger has been heard: the stream goes on from here, after a cut too. */
let heard: number | null = null;

/** The number of the newest entry, as the server knows it now. */
export async function newestSeq(signal?: AbortSignal): Promise<number> {
  const response = await fetch("/v1/ledger/head", signal ? { signal } : {});
  if (!response.ok) throw new Error("the ledger's head was not told", { cause: response.status });
  return ((await response.json()) as { seq: number }).seq;
}

/**
 * Answered before any question of the page is sent (client.ts): whatever happens after this number is told by the
 * stream, and whatever happened before it is in the answers. Nothing falls between the two, and nothing is asked twice.
 */
export const begun: Promise<void> = newestSeq().then(
  (seq) => {
    heard = seq;
  },
  () => {},
);

export function heardTo(): number | null {
  return heard;
}

export function hearTo(seq: number): void {
  heard = seq;
}
