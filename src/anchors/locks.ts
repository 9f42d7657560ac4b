import type pg from "pg";

/** The first number of the locks' names; the second is the tenant's. Any number, the same in every process. */
const SIGNER_LOCK = 4_780_002;

/**
 * Which tenants this process signs for: one advisory lock for each, so that one signer works whatever the number of
 * servers. All stand on one connection and end with it.
 */
export class Locks {
  readonly #pool: pg.Pool;
  readonly #held = new Set<number>();
  #connection: Promise<pg.PoolClient> | null = null;

  constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  holds(tenant_id: number): boolean {
    return this.#held.has(tenant_id);
  }

  /** Whether the lock is ours, now if not before. */
  async take(tenant_id: number): Promise<boolean> {
    if (this.#held.has(tenant_id)) return true;
    const taken = await this.#ask("select pg_try_advisory_lock($1, $2) as done", tenant_id);
    if (taken) this.#held.add(tenant_id);
    return taken;
  }

  async give(tenant_id: number): Promise<void> {
    this.#held.delete(tenant_id);
    await this.#ask("select pg_advisory_unlock($1, $2) as done", tenant_id);
  }

  /** Gives all of them back. */
  async end(): Promise<void> {
    const connection = this.#connection;
    this.#connection = null;
    this.#held.clear();
    // Closed, not handed on: a lock would stay with it. One that broke counts for the pool too until it is released.
    (await connection?.catch(() => null))?.release(true);
  }

  async #ask(sql: string, tenant_id: number): Promise<boolean> {
    try {
      const client = await (this.#connection ??= this.#connect());
      const { rows } = await client.query<{ done: boolean }>(sql, [SIGNER_LOCK, tenant_id]);
      return rows[0]!.done;
    } catch {
      // A connection that cannot be asked may have lost its locks.
      await this.end();
      return false;
    }
  }

  async #connect(): Promise<pg.PoolClient> {
    const client = await this.#pool.connect();
    const connection = this.#connection;
    client.once("end", () => {
      if (this.#connection === connection) void this.end();
    });
    return client;
  }
}
