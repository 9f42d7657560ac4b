import type { Database, TenantTransaction } from "./database.ts";
import type { Caller, Event } from "./operation.ts";

/**
 * What the kernel asks of the ground floor. The kernel knows "event" and "caller"; the ledger and the seats room
 * say how those are stored, and src/main.ts plugs them in.
 */

/** A tenant's ledger head, locked by the transaction that read it. */
export type Head = {
  seq: number;
  hash: Buffer;
  /** The database's clock, read after the lock was granted. */
  at: Date;
  /** Grows whenever a token, role or seat of the tenant changes. */
  authority_revision: number;
};

/** An event with the one who caused it, ready for the ledger. */
export type Record = { caller: Caller; command: string; event: Event };

export interface Journal {
  /** Locks the tenant's head: from here to the commit no other process writes for this tenant. */
  lock(tx: TenantTransaction): Promise<Head>;
  /** Reads the head without a lock, for queries. */
  peek(tx: TenantTransaction): Promise<Head>;
  /**
   * Sends the entries that follow `head`; they become durable with the commit. Returns their numbers.
   * Throws Refusal `entry.oversized` for an event that no entry can hold.
   */
  append(tx: TenantTransaction, head: Head, records: readonly Record[]): number[];
  /** Sends a new authority revision. */
  changeAuthority(tx: TenantTransaction): void;
}

/** A caller, with what must still hold when the act happens. */
export type Credential = {
  caller: Caller;
  token_hash: Buffer;
  authority_revision: number;
  expires_at: Date | null;
  /** `sign_in` may only be exchanged for a full token. */
  scope: "full" | "read" | "sign_in";
};

export interface Authority {
  /** Who holds this token. Throws Refusal `token.unknown`. May answer from memory. */
  credential(database: Database, token: string): Promise<Credential>;
  /** A principal of a tenant, for what the server itself says: the clock, the first start. */
  inner(database: Database, tenant_id: number, name: string): Promise<Credential>;
  /** The same read anew inside the transaction; null when the token is worth nothing any more. */
  renewed(tx: TenantTransaction, credential: Credential): Promise<Credential | null>;
}
