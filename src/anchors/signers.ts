import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "pino";
import type { Database } from "../kernel/database.ts";
import type { Door } from "../kernel/door.ts";
import { isPassing } from "../kernel/database.ts";
import type { Outside, OutsideNote } from "../kernel/ports.ts";
import type { RecentLeaves } from "../rooms/ledger/index.ts";
import { TILE_WIDTH } from "../tlog/tiles.ts";
import { notesIn } from "./directory.ts";
import { Locks } from "./locks.ts";
import { Signer, type SignerState } from "./signer.ts";

/** The newest entry waits so long for its checkpoint; the specification allows 60 s. */
const WHOLE_MILLISECONDS = 15_000;
/** Under load passes come no faster, so that one flush to disk serves many checkpoints. */
const PASS_MILLISECONDS_MIN = 500;
/** New tenants, other nodes' entries and a key that came free are looked for so often. */
const LOOK_MILLISECONDS = 10_000;

/** Beside the tenants' directories others may stand: lost+found of a disk, what a tool that synchronises keeps. */
const TENANT_NAME = /^[a-z][a-z0-9-]*$/;
const EPOCH = /^[1-9]\d*$/;

export type Tenant = { id: number; name: string };

export type SignersOptions = {
  database: Database;
  door: Door;
  tenants(): Promise<readonly Tenant[]>;
  anchors: string;
  keys: string;
  recent?: RecentLeaves;
  log: Logger;
  /** Told of a tenant with a new checkpoint: the witnesses are asked. */
  onPublished?: (tenant_id: number) => void;
  /** Told of notes that stand in the directory: S3 takes them from here. */
  onAnchored?: (tenant: string, epoch: number, notes: readonly OutsideNote[]) => void;
  whole_milliseconds?: number;
};

type Served = { signer: Signer; newest: number; wake: () => void; done: Promise<void> };

/** Signs for every tenant whose key is here, each at its own pace. */
export class Signers implements Outside {
  readonly #options: SignersOptions;
  readonly #served = new Map<number, Served>();
  readonly #stopping = new AbortController();
  readonly #locks: Locks;
  #looking: Promise<void>;

  constructor(options: SignersOptions) {
    this.#options = options;
    this.#locks = new Locks(options.database.pool);
    this.#looking = this.#look();
  }

  /** Tells that a tenant's ledger has grown to a number. */
  grew(tenant_id: number, seq: number): void {
    const served = this.#served.get(tenant_id);
    if (!served) return;
    served.newest = Math.max(served.newest, seq);
    if (served.newest - served.signer.size >= TILE_WIDTH) served.wake();
  }

  get states(): SignerState[] {
    return [...this.#served.values()].map(({ signer }) => signer.state);
  }

  state(tenant: string): SignerState | null {
    return this.states.find((one) => one.tenant === tenant) ?? null;
  }

  /** Whether this process, of all that serve the database, is the one that signs for a tenant. */
  holds(tenant_id: number): boolean {
    return this.#locks.holds(tenant_id);
  }

  /** Signs what is unsigned and stops. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    for (const { wake } of this.#served.values()) wake();
    await this.#looking;
    await Promise.all([...this.#served.values()].map(({ done }) => done));
    await this.#locks.end();
  }

  /** What stands outside the database for a tenant's newest log, by size. */
  async notes(tenant: string, after?: number, upto?: number): Promise<OutsideNote[]> {
    const path = join(this.#options.anchors, tenant);
    const epochs = (await readdir(path).catch(() => [])).map(Number).filter((epoch) => Number.isInteger(epoch));
    return epochs.length === 0 ? [] : notesIn(join(path, String(Math.max(...epochs))), after, upto);
  }

  /** Every tenant that ever signed something here: one that is not in the database any more has vanished. */
  async tenants(): Promise<string[]> {
    const { anchors } = this.#options;
    const names = (await readdir(anchors).catch(() => [])).filter((name) => TENANT_NAME.test(name));
    const logs = await Promise.all(names.map((name) => readdir(join(anchors, name)).catch(() => [])));
    return names.filter((_, at) => logs[at]!.some((epoch) => EPOCH.test(epoch)));
  }

  async #look(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      const tenants = await this.#options.tenants().catch(() => []);
      for (const tenant of tenants)
        if (!this.#served.has(tenant.id) && (await this.#locks.take(tenant.id))) this.#serve(tenant);
      await this.#pause(LOOK_MILLISECONDS);
    }
  }

  #serve({ id, name }: Tenant): void {
    const { onAnchored, onPublished, ...options } = this.#options;
    const signer = new Signer({
      ...options,
      tenant_id: id,
      tenant: name,
      onAnchored: (epoch, notes) => onAnchored?.(name, epoch, notes),
      onPublished: () => onPublished?.(id),
    });
    const served: Served = { signer, newest: 0, wake: () => {}, done: Promise.resolve() };
    this.#served.set(id, served);
    served.done = this.#run(served, id);
  }

  async #run(served: Served, tenant_id: number): Promise<void> {
    const { whole_milliseconds = WHOLE_MILLISECONDS } = this.#options;
    let whole_at = 0;
    for (let last = false; !last;) {
      last = this.#stopping.signal.aborted;
      // Another process may hold this tenant's lock by now, after a connection broke.
      if (!(await this.#locks.take(tenant_id))) {
        await this.#pause(LOOK_MILLISECONDS);
        continue;
      }
      const whole = last || Date.now() >= whole_at;
      if (whole) whole_at = Date.now() + whole_milliseconds;
      const left = await served.signer.pass(whole).catch((error) => this.#failed(error, tenant_id));
      if (served.signer.state.state === "elsewhere") {
        // The process that has the key must get the lock.
        await this.#locks.give(tenant_id);
        await this.#pause(LOOK_MILLISECONDS);
        continue;
      }
      await this.#pause(PASS_MILLISECONDS_MIN);
      // What failed or was refused is tried again in its time: however much waits, it is no load.
      if (served.signer.state.state !== "signing") await this.#pause(whole_at - Date.now());
      else if (left < TILE_WIDTH && served.newest - served.signer.size < TILE_WIDTH)
        await this.#pause(whole_at - Date.now(), served);
    }
  }

  #failed(error: unknown, tenant_id: number): number {
    if (!isPassing(error)) this.#options.log.warn({ err: error, tenant_id }, "signing failed; it will be tried again");
    return 0;
  }

  #pause(milliseconds: number, served?: Served): Promise<void> {
    const { signal } = this.#stopping;
    return new Promise((resolve) => {
      const over = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", over);
        resolve();
      };
      const timer = setTimeout(over, Math.max(0, milliseconds));
      timer.unref();
      if (served) served.wake = over;
      if (signal.aborted) over();
      else signal.addEventListener("abort", over, { once: true });
    });
  }
}
