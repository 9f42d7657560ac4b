import pg from "pg";
import { Flight, type Rows } from "./flight.ts";
import { Refusal } from "./refusal.ts";
import { breakSilence, keptAlive } from "./silence.ts";
import type { Statement } from "./sql.ts";

/** Values for a statement's named parameters. `tenant_id` is filled in by the transaction. */
export type Values = Record<string, unknown>;

/** Reads rows of one tenant. */
export interface Reader {
  // row shapes are stated where they are read.
  all<Row = any>(statement: Statement, values?: Values): Promise<Row[]>;
}

/** Reads and writes rows of one tenant. */
export interface Transaction extends Reader {
  /**
   * Sends a write whose result nobody needs. It is not awaited: it travels in the flight that also carries the
   * ledger entries and the commit, and an error in it undoes the whole transaction.
   */
  send(statement: Statement, values?: Values): void;

  /** Does a part of the work so that it can fail by itself: what it said is undone then, and the rest goes on. */
  apart<Done>(work: () => Promise<Done>): Promise<Done>;
}

/** `silence_milliseconds_max`: for how long PostgreSQL may say nothing to who waits for it. */
export type DatabaseOptions = pg.PoolConfig & { silence_milliseconds_max?: number };

// Counters and sequence numbers fit a double long past any fleet's life (2^53); pg would hand them over as text.
pg.types.setTypeParser(pg.types.builtins.INT8, Number);

/** Statements run longer than this are cut off by PostgreSQL. Import batches stay far below it. */
const STATEMENT_MILLISECONDS_MAX = 20_000;

/**
 * A node that hangs (a suspended machine, a cut network) keeps its connections, and with them the lock on the
 * ledger's head. PostgreSQL ends its transaction after the first, long before the other nodes give up their wait for
 * that lock. Our own transactions are idle for milliseconds.
 */
const IDLE_MILLISECONDS_MAX = 5_000;
const LOCK_MILLISECONDS_MAX = 10_000;

/** PostgreSQL cuts a statement off before this. A flight of several that is silent for longer is given up as well. */
const SILENCE_MILLISECONDS_MAX = STATEMENT_MILLISECONDS_MAX + 5_000;

/** How long one that reads may still take at the end, and a farewell. Those who write have ended by then. */
const READ_MILLISECONDS_MAX = 1_000;

/**
 * A pool of connections. Statements of one transaction that do not wait for each other share a round trip (`Flight`),
 * which is what makes group commit pay (docs/decisions/0004-group-commit.md).
 */
export class Database {
  readonly pool: pg.Pool;
  readonly #clients = new Set<pg.Client>();

  constructor({ silence_milliseconds_max = SILENCE_MILLISECONDS_MAX, ...options }: DatabaseOptions) {
    this.pool = new pg.Pool({
      max: 16,
      idleTimeoutMillis: 30_000,
      connectionTimeoutMillis: 5_000,
      ...keptAlive,
      statement_timeout: STATEMENT_MILLISECONDS_MAX,
      idle_in_transaction_session_timeout: IDLE_MILLISECONDS_MAX,
      lock_timeout: LOCK_MILLISECONDS_MAX,
      application_name: "longwatch",
      ...options,
    });
    // An idle connection that PostgreSQL drops (a restart) is replaced by the pool; without a listener it would end us.
    this.pool.on("error", () => {});
    // The pool listens to idle connections only: one that breaks between two statements of a transaction would end us.
    // The transaction learns of it from its next statement.
    this.pool.on("connect", (client) => client.on("error", () => {}));
    this.pool.on("connect", (client) => this.#clients.add(client as unknown as pg.Client));
    this.pool.on("connect", (client) => breakSilence(client as unknown as pg.Client, silence_milliseconds_max));
    this.pool.on("remove", (client) => this.#clients.delete(client as unknown as pg.Client));
  }

  /** Begins a transaction that sees one tenant. The caller must `commit` or `rollback`. */
  async begin(tenant_id: number, mode: "read write" | "read only"): Promise<TenantTransaction> {
    let client: pg.PoolClient;
    try {
      client = await this.pool.connect();
    } catch (cause) {
      throw unavailable(cause);
    }
    return new TenantTransaction(client, tenant_id, mode);
  }

  /** Who still reads (a verification of the whole ledger) is cut off: it changes nothing, and the end waits for it. */
  async end(): Promise<void> {
    const cut = () => this.#clients.forEach(({ connection }) => void connection.stream.destroy());
    const cutting = setInterval(cut, READ_MILLISECONDS_MAX);
    await this.pool.end();
    // Each has said farewell; a connection that nobody answers would outlive us.
    while (this.#clients.size > 0) await new Promise((resolve) => this.pool.once("remove", resolve));
    clearInterval(cutting);
  }
}

const begin = {
  "read write": { name: "begin", text: "begin", parameters: [] },
  "read only": { name: "begin_read_only", text: "begin read only", parameters: [] },
} satisfies Record<string, Statement>;
const commit: Statement = { name: "commit", text: "commit", parameters: [] };
const rollback: Statement = { name: "rollback", text: "rollback", parameters: [] };
const part: Record<"begin" | "end" | "undo", Statement> = {
  begin: { name: "part_begin", text: "savepoint part", parameters: [] },
  end: { name: "part_end", text: "release savepoint part", parameters: [] },
  undo: { name: "part_undo", text: "rollback to savepoint part", parameters: [] },
};
const tenant: Statement = {
  name: "tenant",
  text: "select set_config('longwatch.tenant_id', $1, true)",
  parameters: ["tenant"],
};
/**
 * A connection whose flight has left in part counts as at work, not as idle: if this node hangs just then, PostgreSQL
 * would wait for the rest as long as the machine stays suspended. It ends such a transaction as soon as an idle one.
 */
const hurry: Statement = {
  name: "hurry",
  text: "select set_config('transaction_timeout', current_setting('idle_in_transaction_session_timeout'), true)",
  parameters: [],
};

/** One transaction on one connection, walled to one tenant by row-level security. */
export class TenantTransaction implements Transaction {
  readonly tenant_id: number;
  #client: pg.PoolClient;
  #sent: Promise<unknown>[] = [];
  /** What was said since the last flight left. */
  #next = new Flight();
  #flying: Promise<void> | null = null;
  /** Of the next flight the part that has left already. */
  #departed: Flight | null = null;
  #over = false;

  constructor(client: pg.PoolClient, tenant_id: number, mode: "read write" | "read only") {
    this.#client = client;
    this.tenant_id = tenant_id;
    this.#hold(this.#query(begin[mode], {}));
    this.#hold(this.#query(tenant, { tenant: String(tenant_id) }));
  }

  // Row shapes are stated where they are read.
  async all<Row = any>(statement: Statement, values: Values = {}): Promise<Row[]> {
    return (await this.#query(statement, values)).rows as Row[];
  }

  send(statement: Statement, values: Values = {}): void {
    this.#hold(this.#query(statement, values));
  }

  /**
   * Lets PostgreSQL begin with what was sent, while the caller computes what goes with it. It answers when all of it
   * is there: what has to be waited for is not said before this.
   */
  depart(): void {
    if (this.#next.empty || this.#flying !== null || this.#departed === this.#next) return;
    this.send(hurry);
    this.#departed = this.#next;
    this.#client.query(this.#next as unknown as pg.Submittable);
  }

  async apart<Done>(work: () => Promise<Done>): Promise<Done> {
    const before = this.#sent.length;
    this.#hold(this.#query(part.begin, {}));
    try {
      const done = await work();
      // Behind everything that was sent, whose failure it shows.
      await this.#query(part.end, {});
      return done;
    } catch (seen) {
      // In a flight of its own: PostgreSQL leaves out what stands behind a failure in the same one.
      while (this.#flying !== null || !this.#next.empty) await (this.#flying ?? new Promise(setImmediate));
      const undone = this.#query(part.undo, {});
      const results = await Promise.allSettled([...this.#sent.splice(before), undone]);
      const failures = results.flatMap((result) => (result.status === "rejected" ? [result.reason] : []));
      throw failures.find(connectionLost) ?? reasonOf(seen, failures);
    }
  }

  /** Resolves when PostgreSQL has made the transaction durable. Rejects when anything sent in it failed. */
  async commit(): Promise<void> {
    const outcome = this.#query(commit, {});
    try {
      const [{ command }] = await Promise.all([outcome, ...this.#sent]);
      // PostgreSQL answers COMMIT of a failed transaction with the tag ROLLBACK, not with an error.
      if (command !== "COMMIT") throw new Error("the transaction was rolled back at its commit");
    } catch (error) {
      throw await this.rollback(error);
    }
    this.#release();
  }

  /**
   * Undoes the transaction. Returns the error that broke it: once one statement has failed, those behind it only say
   * that it did (25P02), which hides the reason.
   */
  async rollback(seen?: unknown): Promise<unknown> {
    if (this.#over) return seen;
    await Promise.allSettled(this.#sent);
    const [undone] = await Promise.allSettled([this.#query(rollback, {})]);
    const results = await Promise.allSettled(this.#sent);
    const failures = [...results, undone].flatMap((result) => (result.status === "rejected" ? [result.reason] : []));
    const lost = [seen, ...failures].find((failure) => connectionLost(failure));
    this.#release(undone.status === "rejected" ? (lost ?? undone.reason) : lost);
    return reasonOf(seen, failures);
  }

  #query(statement: Statement, values: Values): Promise<Rows> {
    const parameters = statement.parameters.map((name) => {
      const value = name === "tenant_id" ? this.tenant_id : values[name];
      if (value === undefined) throw new Error(`statement ${statement.name} was not given :${name}`);
      return value;
    });
    // After the promises of this turn: what a handler says before it has to wait still comes along.
    if (this.#next.empty && this.#flying === null) process.nextTick(() => this.#fly());
    return this.#next.add(statement, parameters);
  }

  /** Sends what was said. What is said meanwhile goes with the next flight, which leaves when this one is back. */
  #fly(): void {
    if (this.#next.empty || this.#flying !== null) return;
    const flight = this.#next;
    this.#next = new Flight();
    this.#flying = flight.done.then(() => {
      this.#flying = null;
      // After those who wait for its answers have said what comes next.
      if (!this.#next.empty) process.nextTick(() => this.#fly());
    });
    flight.complete();
    if (flight !== this.#departed) this.#client.query(flight as unknown as pg.Submittable);
  }

  #hold(promise: Promise<unknown>): void {
    // Its failure is read at the commit; until then it must not count as unhandled.
    promise.catch(() => {});
    this.#sent.push(promise);
  }

  #release(error?: unknown): void {
    if (this.#over) return;
    this.#over = true;
    // A connection in an unknown state is closed, never handed on.
    this.#client.release(error instanceof Error ? error : undefined);
  }
}

/** What broke a transaction, among what only says that it is broken (25P02). */
function reasonOf(seen: unknown, failures: readonly { code?: string }[]): unknown {
  if (seen instanceof Error && (seen as { code?: string }).code !== "25P02") return seen;
  return failures.find(({ code }) => code !== "25P02") ?? seen;
}

/**
 * SQLSTATEs after which the same request may succeed by itself: shutdown, start-up, lost connection, deadlock, and a
 * statement that was cut off (57014), as happens behind a node that hangs with the head's lock in its hand.
 */
const TRANSIENT = new Set("57P01 57P02 57P03 57014 53300 40001 40P01 55P03 25006 25P03 25P04".split(" "));

const DISK_FULL = "53100";

/** What the system says of a host, a port or a socket that cannot be reached. */
const UNREACHABLE = /^(ECONN|EHOST|ENET|EAI_)|^(ENOENT|ENOTFOUND|EPIPE|ETIMEDOUT)$/;

/** Whether an error is the database's absence rather than our bug. */
export function connectionLost(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = (error as { code?: string }).code ?? "";
  return (
    TRANSIENT.has(code) ||
    code === DISK_FULL ||
    code.startsWith("08") ||
    // A file or a directory that is not there has a path; a socket has an address.
    (UNREACHABLE.test(code) && !("path" in error)) ||
    /Connection terminated|connection error|not queryable|timeout exceeded when trying to connect/i.test(error.message)
  );
}

/** The database's absence, or the server's end: nobody's fault, and over by itself. */
export function isPassing(error: unknown): boolean {
  return connectionLost(error) || (error instanceof Refusal && error.kind === "unavailable");
}

/** The refusal for a database that is away. The outcome of what was in flight is not known. */
export function unavailable(cause: unknown): Refusal {
  if ((cause as { code?: string } | null)?.code === DISK_FULL)
    return new Refusal("unavailable", "database.full", "The database's disk is full; nothing was changed.", {
      hint: "Free space on the disk of the data directory, then try again with the same Idempotency-Key.",
      cause,
    });
  return new Refusal("unavailable", "database.away", "The database did not answer; the outcome is not known.", {
    hint: "Try again with the same Idempotency-Key: what was done is not done twice.",
    cause,
  });
}
