import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "pino";
import { type Database, isPassing } from "../kernel/database.ts";
import type { Door } from "../kernel/door.ts";
import type { Outside } from "../kernel/ports.ts";
import { lagOf, type Report, type Verifications, verificationsOf } from "../rooms/ledger/index.ts";
import { TILE_WIDTH } from "../tlog/tiles.ts";
import { Alarms } from "./alarms.ts";
import { writeDurably } from "./directory.ts";
import { look } from "./look.ts";

/** Every tenant has a slice of its ledger hashed anew so often. */
const TICK_MILLISECONDS = 60_000;
/** How far the checkpoints are behind is looked at more often: they may be so by 60 s. */
const WATCH_MILLISECONDS = 15_000;
/** The first check waits until the signers have their locks. */
const FIRST_MILLISECONDS = 2_000;
/**
 * Four tiles: whole ones, so that nothing before them has to be read again. They hold the event loop for about 10 ms
 * of a minute, which no request's p99 sees, and a day's 1,440 slices are 1.4 million entries.
 */
export const ENTRIES_A_SLICE = 4 * TILE_WIDTH;
/** The whole is checked daily, an hour before the last one stops counting, so that the coverage never dips. */
const WHOLE_HOURS = 23;
/** What was broken may have been mended. */
const WHOLE_HOURS_BROKEN = 1;

export type VerifiedTenant = { id: number; name: string };

export type VerifierOptions = {
  database: Database;
  door: Door;
  tenants(): Promise<readonly VerifiedTenant[]>;
  outside: Pick<Outside, "tenants">;
  /** Whether this process signs for a tenant. It alone verifies: it has the copy outside to compare with. */
  holds(tenant_id: number): boolean;
  /** The directory that remembers which ledgers were checked whole beside this data directory. */
  memory: string;
  log: Logger;
  /** A clock that never goes back; tests have their own. */
  seconds?: () => number;
};

type Finding = { first_broken: number; first_broken_max: number; reason: string };

/**
 * Hashes every ledger anew, a slice each minute and the whole once a day, and compares it with all that was signed.
 * What it did stands in the database, where `ledger.coverage` reads it, and where another process goes on with it.
 */
export class Verifier {
  readonly #options: VerifierOptions;
  readonly #alarms: Alarms;
  readonly #stopping = new AbortController();
  /** The tenants whose whole ledger was checked beside this data directory. */
  #seen: Set<string> | null = null;
  #running: Promise<unknown> = Promise.resolve();

  constructor(options: VerifierOptions) {
    this.#options = options;
    this.#alarms = new Alarms(options.seconds);
  }

  /** What is wrong, by name. It is remembered: who asks costs nothing. */
  get alarms(): string[] {
    return this.#alarms.codes;
  }

  /** Begins to work by itself. */
  start(): void {
    const repeat = async (first: number, then: number, work: () => Promise<void>) => {
      for (let wait = first; await this.#paused(wait); wait = then)
        await work().catch((error) => this.#failed(error, "the ledgers were not looked at"));
    };
    this.#running = Promise.all([
      repeat(FIRST_MILLISECONDS, TICK_MILLISECONDS, () => this.tick()),
      repeat(WATCH_MILLISECONDS, WATCH_MILLISECONDS, () => this.watch()),
    ]);
  }

  /** Resolves when what it was at has ended. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  /** A minute's work: the next slice of each tenant's ledger, or the whole where that is due. */
  async tick(): Promise<void> {
    for (const tenant of await this.#tenants()) {
      if (this.#stopping.signal.aborted) return;
      const turn = this.#options.holds(tenant.id) ? this.#check(tenant) : this.#recall(tenant);
      await turn.catch((error) => this.#failed(error, "a ledger was not verified", tenant));
    }
  }

  /** Looks how far the checkpoints are behind, and whether a tenant vanished. */
  async watch(): Promise<void> {
    for (const tenant of await this.#tenants()) {
      if (this.#stopping.signal.aborted) return;
      const lag = look(this.#options.database, tenant.id, lagOf);
      await lag
        .then((behind) => this.#alarms.lag(tenant.id, behind))
        .catch((error) => this.#failed(error, "how far the checkpoints are is not known", tenant));
    }
  }

  async #tenants(): Promise<readonly VerifiedTenant[]> {
    const [here, signed] = await Promise.all([this.#options.tenants(), this.#options.outside.tenants()]);
    this.#alarms.tenants(here, signed);
    return here;
  }

  async #check(tenant: VerifiedTenant): Promise<void> {
    const before = await look(this.#options.database, tenant.id, verificationsOf);
    if (await this.#wholeIsDue(tenant, before)) return this.#checkWhole(tenant);
    const after = before.next_after;
    const report = await this.#verified(tenant, { after, limit: ENTRIES_A_SLICE });
    const found = findingOf(report);
    const isKnown = found !== null && before.broken !== null && before.broken.first_broken <= found.first_broken;
    // A slice takes what lies before it as given. Only the whole can say which entry is the first broken one.
    if (found !== null && !isKnown) return this.#checkWhole(tenant, found);
    this.#alarms.broken(tenant.id, before.broken !== null);
    await this.#settle(tenant, { after, upto: after + report.entries, whole: false, ...found });
  }

  async #checkWhole(tenant: VerifiedTenant, suspicion: Finding | null = null): Promise<void> {
    const report = await this.#verified(tenant, {});
    const found = findingOf(report);
    const { log } = this.#options;
    if (found !== null) log.error({ tenant: tenant.name, ...found }, `entry ${found.first_broken} is broken`);
    else if (suspicion !== null)
      log.warn({ tenant: tenant.name, ...suspicion }, "a slice seemed broken, and the whole is not");
    this.#alarms.broken(tenant.id, found !== null);
    await this.#settle(tenant, { after: 0, upto: report.entries, whole: true, ...found });
    await this.#remember(tenant, report);
  }

  async #wholeIsDue({ name }: VerifiedTenant, state: Verifications): Promise<boolean> {
    const { entries, last_whole_at, broken, now } = state;
    if (entries <= ENTRIES_A_SLICE || last_whole_at === null) return true;
    if (!(await this.#seenHere()).has(name)) return true;
    const hours = broken === null ? WHOLE_HOURS : WHOLE_HOURS_BROKEN;
    return now.getTime() - last_whole_at.getTime() >= hours * 3_600_000;
  }

  #verified({ id }: VerifiedTenant, part: { after?: number; limit?: number }): Promise<Report> {
    return this.#options.door.askInside(id, "longwatch", "ledger.verify", part) as Promise<Report>;
  }

  async #settle(
    tenant: VerifiedTenant,
    check: { after: number; upto: number; whole: boolean } & Partial<Finding>,
  ): Promise<void> {
    const say = (input: object) =>
      this.#options.door.sayInside(tenant.id, "longwatch", "ledger.record_verification", input);
    await say(check).catch((error) => {
      // A ledger that is broken at its head takes no entry, not even the one that says so.
      if (check.first_broken !== undefined && !isPassing(error)) return say({ ...check, quietly: true });
      throw error;
    });
    this.#alarms.verified(tenant.id);
  }

  /** Another process verifies this tenant; what it found counts here as well. */
  async #recall({ id }: VerifiedTenant): Promise<void> {
    const { broken, newest_at, now } = await look(this.#options.database, id, verificationsOf);
    this.#alarms.broken(id, broken !== null);
    if (newest_at !== null) this.#alarms.verified(id, (now.getTime() - newest_at.getTime()) / 1000);
  }

  async #seenHere(): Promise<Set<string>> {
    if (this.#seen !== null) return this.#seen;
    const files = await readdir(this.#options.memory).catch(() => []);
    this.#seen = new Set(files.flatMap((file) => /^(.+)\.json$/.exec(file)?.[1] ?? []));
    return this.#seen;
  }

  async #remember({ name }: VerifiedTenant, { entries, whole }: Report): Promise<void> {
    const { memory } = this.#options;
    (await this.#seenHere()).add(name);
    await mkdir(memory, { recursive: true, mode: 0o700 });
    const text = JSON.stringify({ checked_at: new Date().toISOString(), entries, whole });
    await writeDurably(join(memory, `${name}.json`), `${text}\n`, 0o600);
  }

  #failed(error: unknown, what: string, tenant?: VerifiedTenant): void {
    if (!isPassing(error)) this.#options.log.warn({ err: error, tenant: tenant?.name }, what);
  }

  /** False when it ended because the server stops. */
  #paused(milliseconds: number): Promise<boolean> {
    const { signal } = this.#stopping;
    return new Promise((resolve) => {
      const over = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", over);
        resolve(!signal.aborted);
      };
      const timer = setTimeout(over, milliseconds);
      timer.unref();
      if (signal.aborted) over();
      else signal.addEventListener("abort", over, { once: true });
    });
  }
}

function findingOf({ first_broken, first_broken_max, reason }: Report): Finding | null {
  if (first_broken === null) return null;
  return { first_broken, first_broken_max: first_broken_max ?? first_broken, reason: reason ?? "it is broken" };
}
