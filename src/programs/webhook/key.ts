import { randomBytes, randomUUID } from "node:crypto";
import { link, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Below the data directory, for the server's user alone. Servers of one database need the same one. */
export const keyPath = (data: string) => join(data, "webhooks.key");

const FORM = /^[0-9a-f]{64}$/;

/** The key that webhooks' secrets are made of; null where there is none. Throws where what is there is no key. */
export async function readKey(data: string): Promise<Buffer | null> {
  const text = await readFile(keyPath(data), "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });
  if (text === null) return null;
  if (!FORM.test(text.trim())) throw new Error(`${keyPath(data)} is no key: 64 hexadecimal digits`);
  return Buffer.from(text.trim(), "hex");
}

/** The same, made when there is none yet. */
export async function keptKey(data: string): Promise<Buffer> {
  const known = await readKey(data);
  if (known !== null) return known;
  await mkdir(data, { recursive: true });
  const mine = `${keyPath(data)}.${randomUUID()}`;
  await writeFile(mine, `${randomBytes(32).toString("hex")}\n`, { mode: 0o600, flush: true });
  // Whoever was first keeps its key, whole.
  await link(mine, keyPath(data)).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
  });
  await rm(mine, { force: true });
  return (await readKey(data))!;
}
