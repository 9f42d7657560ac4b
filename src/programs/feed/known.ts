import { createHash, type Hash } from "node:crypto";
import { createReadStream } from "node:fs";
import type { Client } from "../../client/client.ts";

/** What the server knows of a mirror. */
export type Known = {
  file: string;
  mirror: string;
  state: "following" | "lagging" | "silent" | "halted";
  size: number;
  digest: string;
  whole_size: number;
  halted_at: string | null;
  reason: string | null;
  found_size: number | null;
};

export const EMPTY_DIGEST: string = createHash("sha256").digest("hex");

export async function mirrorsOf(client: Client, file: string): Promise<Known[]> {
  return (await client.ask<{ mirrors: Known[] }>("feed.mirrors", { file })).mirrors;
}

/** Hashes the first bytes of a file; fewer than asked for when it is shorter. */
export async function hashPrefix(file: string, size: number): Promise<{ hash: Hash; read: number }> {
  const hash = createHash("sha256");
  let read = 0;
  if (size > 0)
    for await (const chunk of createReadStream(file, { end: size - 1, highWaterMark: 1024 * 1024 })) {
      hash.update(chunk);
      read += chunk.length;
    }
  return { hash, read };
}

/** True when the file still begins with the bytes that a mirror has read. */
export async function beginsWith(file: string, { size, digest }: Known): Promise<boolean> {
  const { hash, read } = await hashPrefix(file, size);
  return read === size && hash.digest("hex") === digest;
}
