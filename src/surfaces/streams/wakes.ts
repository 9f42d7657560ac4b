import { EventEmitter } from "node:events";

/**
 * Tells the streams of this process that a tenant's ledger has grown. Only a hint: a stream reads from its own
 * cursor.
 */
export class Wakes {
  #emitter = new EventEmitter().setMaxListeners(0);
  #newest = new Map<number, number>();

  /** This process has written up to entry `seq`. */
  grew(tenant_id: number, seq: number): void {
    this.saw(tenant_id, seq);
    this.#emitter.emit("grew", tenant_id, seq);
  }

  /** The newest entry is `seq`, whoever wrote it: wakes the streams if nobody has told of it yet. */
  saw(tenant_id: number, seq: number): void {
    if (seq <= (this.#newest.get(tenant_id) ?? 0)) return;
    this.#newest.set(tenant_id, seq);
    this.#emitter.emit(String(tenant_id));
  }

  /** Calls back with the tenant and its newest entry each time a ledger has grown by this process. */
  onGrowth(listener: (tenant_id: number, seq: number) => void): void {
    this.#emitter.on("grew", listener);
  }

  /** Resolves at the next growth, or after `milliseconds`. */
  next(tenant_id: number, milliseconds: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const name = String(tenant_id);
      const done = () => {
        clearTimeout(timer);
        this.#emitter.off(name, done);
        signal.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, milliseconds);
      this.#emitter.on(name, done);
      signal.addEventListener("abort", done, { once: true });
      if (signal.aborted) done();
    });
  }
}
