import { setTimeout as pause } from "node:timers/promises";
import type { Wakes } from "./wakes.ts";

/** How long another node's entries may take to show, at the most. */
const LOOK_MILLISECONDS = 500;

/** Looks for what other nodes wrote: once for all streams of a tenant, and not at all while it has none. */
export class Looks {
  readonly #newest: (tenant_id: number) => Promise<number>;
  readonly #wakes: Wakes;
  /** How many streams of a tenant there are; a tenant is in it for as long as somebody looks. */
  #streams = new Map<number, number>();

  /** `newest` must come to an end: a tenant whose look hangs would have no other. */
  constructor(newest: (tenant_id: number) => Promise<number>, wakes: Wakes) {
    this.#newest = newest;
    this.#wakes = wakes;
  }

  begin(tenant_id: number): void {
    const streams = this.#streams.get(tenant_id);
    this.#streams.set(tenant_id, (streams ?? 0) + 1);
    if (streams === undefined) void this.#look(tenant_id);
  }

  end(tenant_id: number): void {
    this.#streams.set(tenant_id, this.#streams.get(tenant_id)! - 1);
  }

  async #look(tenant_id: number): Promise<void> {
    while (this.#streams.get(tenant_id)! > 0) {
      try {
        this.#wakes.saw(tenant_id, await this.#newest(tenant_id));
      } catch {
        // The database is away. The streams learn of it when they read.
      }
      await pause(LOOK_MILLISECONDS, undefined, { ref: false });
    }
    this.#streams.delete(tenant_id);
  }
}
