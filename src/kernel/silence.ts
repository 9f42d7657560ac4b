import type { Socket } from "node:net";
import type pg from "pg";

/** A connection that waits for nothing is asked by the kernel, or it would stand for something that is gone. */
export const keptAlive = { keepAlive: true, keepAliveInitialDelayMillis: 10_000 };

/**
 * Ends a connection that waits for PostgreSQL and hears nothing for so long. A host that vanished sends no reset: the
 * kernel would send again for a quarter of an hour, or, with nothing left to send, wait for ever. pg's own
 * query_timeout is no help: it gives up the query and keeps the connection, on which all others would wait.
 */
export function breakSilence(client: pg.Client, milliseconds: number): void {
  const stream = client.connection.stream as Socket;
  stream.setTimeout(milliseconds, () => {
    const { readyForQuery } = client as unknown as { readyForQuery: boolean };
    if (readyForQuery) return;
    const error = new Error(`PostgreSQL said nothing for ${milliseconds} ms`);
    stream.destroy(Object.assign(error, { code: "ETIMEDOUT" }));
  });
}
