import { on } from "node:events";
import { existsSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { MARK, MARK_AT } from "../../rooms/ledger/index.ts";
import type { HashedPiece, Task } from "./task.ts";
import { Unverifiable } from "./unverifiable.ts";

// In a clone the thread's program lies beside this file; in the package it is a file of its own beside the bundle.
const inClone = new URL("./hashing.ts", import.meta.url);
const program = existsSync(inClone) ? inClone : new URL("./hashing.js", import.meta.url);

/** Reads and hashes an export in a thread of its own. A piece is good until the next one is asked for. */
export async function* hashedPieces(path: string): AsyncGenerator<HashedPiece> {
  const thread = new Worker(program, { workerData: { path, mark: MARK, mark_at: MARK_AT } satisfies Task });
  try {
    const messages = on(thread, "message", { close: ["exit"] });
    for await (const [message] of messages as AsyncIterable<[HashedPiece | { problem: string }]>) {
      if ("problem" in message) throw new Unverifiable(message.problem);
      // Buffers arrive as plain bytes.
      const bytes = Buffer.from(message.bytes.buffer);
      const hashes = Buffer.from(message.hashes.buffer);
      yield { ...message, bytes, hashes };
      thread.postMessage(bytes.buffer, [bytes.buffer as ArrayBuffer]);
    }
  } finally {
    await thread.terminate();
  }
}
