import type { Checkpoint } from "./note.ts";
import { toHex } from "./bytes.ts";

/**
 * What this browser saw of a tenant's ledger: the one witness that a reader has of his own. A server that shows another
 * history than before is found by it.
 */
export type Memory = {
  origin: string;
  /** The key that signed what was seen last. */
  vkey: string;
  size: number;
  /** In hexadecimal. */
  root: string;
  at: string;
  /** The first look: everything since then continues it. */
  first: { size: number; at: string };
};

const keyOf = (tenant: string) => `longwatch.ledger.${tenant}`;

export function remembered(tenant: string): Memory | null {
  try {
    const memory = JSON.parse(localStorage.getItem(keyOf(tenant)) ?? "null") as Memory | null;
    return typeof memory?.size === "number" && typeof memory.root === "string" ? memory : null;
  } catch {
    return null;
  }
}

/** Only what was verified, against the memory too, may take its place. */
export function remember(tenant: string, { origin, size, root }: Checkpoint, vkey: string): void {
  const at = new Date().toISOString();
  const first = remembered(tenant)?.first ?? { size, at };
  localStorage.setItem(keyOf(tenant), JSON.stringify({ origin, vkey, size, root: toHex(root), at, first }));
}

export function forget(tenant: string): void {
  localStorage.removeItem(keyOf(tenant));
}
