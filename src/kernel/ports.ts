import type { Database, TenantTransaction } from "./database.ts";
import type { Caller, Event } from "./operation.ts";
import type { Refusal } from "./refusal.ts";

/**
 * What the kernel asks of the ground floor. The kernel knows "event" and "caller"; the ledger and the seats room
 * say how those are stored, and src/world.ts plugs them in.
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
  /** Who holds this token. Throws Refusal `token.unknown`. May answer from memory, unless it is asked anew. */
  credential(database: Database, token: string, how?: "anew"): Promise<Credential>;
  /** A principal of a tenant, for what the server itself says: the clock, the first start. */
  inner(database: Database, tenant_id: number, name: string): Promise<Credential>;
  /** The same read anew inside the transaction; null when the token is worth nothing any more. */
  renewed(tx: TenantTransaction, credential: Credential): Promise<Credential | null>;
}

/** What is told along with a refusal: the fleet's rules that apply where it happened. */
export interface Guidance {
  /**
   * The refusal with those rules, or the same one. What is remembered of them counts under this authority revision;
   * under none where the transaction changes it: what was remembered is over, and what is read may yet be undone.
   */
  guided(tx: TenantTransaction, authority_revision: number | null, refusal: Refusal): Promise<Refusal>;
}

/** A signed checkpoint of a tenant's log, as it stands outside the database. */
export type OutsideNote = { origin: string; size: number; root: Buffer; note: string };

/** How signing stands, and those who are told of what was signed. */
export type OutsideState = {
  state: "starting" | "signing" | "elsewhere" | "refused";
  origin: string | null;
  /** How many entries are signed and published. */
  size: number;
  refused: { code: string; reason: string } | null;
  /** Witnesses and the bucket that are behind, since when and why. */
  witnesses?: readonly { name: string; size: number | null; since: string | null; reason: string | null }[];
  s3?: { behind: number; since: string | null; reason: string | null } | null;
};

/** The copies outside the database: what a restored or rewritten database is compared with. Local disk, no network. */
export interface Outside {
  /** The notes of the tenant's newest log, by size, after a size and up to one; none where another server signs. */
  notes(tenant: string, after?: number, upto?: number): Promise<readonly OutsideNote[]>;
  /** Every tenant that ever signed here; one that the database does not know any more has vanished. */
  tenants(): Promise<readonly string[]>;
  /** How signing stands for a tenant; null where this server does not serve it. */
  state(tenant: string): OutsideState | null;
}
