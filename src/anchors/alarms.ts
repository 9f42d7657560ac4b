import { TILE_WIDTH } from "../tlog/tiles.ts";
import type { Lag } from "../rooms/ledger/index.ts";
import { ENTRIES_A_PASS } from "./signer.ts";

/** AUD-LAG: for so long an entry may be without a checkpoint, and the checkpoints behind by more than a pass. */
const BEHIND_SECONDS_MAX = 60;
/** A tile that is not full, and the pass that is under way. */
const BEHIND_ENTRIES_MAX = TILE_WIDTH + ENTRIES_A_PASS;
/** Ten times as long as a ledger waits for its turn. */
const UNVERIFIED_SECONDS_MAX = 600;

type Standing = {
  broken: boolean;
  unanchored: boolean;
  /** Since when the checkpoints are behind by more than a pass. */
  behind_since: number | null;
  verified_at: number;
};

/** What is wrong with the ledgers, by name, as those that look after them last saw it. `/health` only reads here. */
export class Alarms {
  readonly #seconds: () => number;
  readonly #tenants = new Map<number, Standing>();
  #vanished = false;

  /** `seconds` is a clock that never goes back. */
  constructor(seconds: () => number = () => performance.now() / 1000) {
    this.#seconds = seconds;
  }

  get codes(): string[] {
    const all = [...this.#tenants.values()];
    const unverified = all.some(({ verified_at }) => this.#seconds() - verified_at > UNVERIFIED_SECONDS_MAX);
    return [
      ...(all.some(({ broken }) => broken) ? ["ledger.broken"] : []),
      ...(all.some(({ unanchored }) => unanchored) ? ["ledger.unanchored"] : []),
      ...(unverified ? ["ledger.unverified"] : []),
      ...(this.#vanished ? ["ledger.tenant_vanished"] : []),
    ];
  }

  /** Which tenants there are by the database, and which ever signed. One that is gone has no other alarm. */
  tenants(here: readonly { id: number; name: string }[], signed: readonly string[]): void {
    const names = new Set(here.map(({ name }) => name));
    this.#vanished = signed.some((name) => !names.has(name));
    const ids = new Set(here.map(({ id }) => id));
    for (const id of this.#tenants.keys()) if (!ids.has(id)) this.#tenants.delete(id);
    for (const id of ids) this.#of(id);
  }

  broken(tenant_id: number, broken: boolean): void {
    this.#of(tenant_id).broken = broken;
  }

  /** Somebody verified a part of this tenant's ledger so long ago. */
  verified(tenant_id: number, seconds_ago = 0): void {
    const standing = this.#of(tenant_id);
    standing.verified_at = Math.max(standing.verified_at, this.#seconds() - seconds_ago);
  }

  lag(tenant_id: number, { lag_entries, lag_seconds }: Pick<Lag, "lag_entries" | "lag_seconds">): void {
    const standing = this.#of(tenant_id);
    standing.behind_since = lag_entries > BEHIND_ENTRIES_MAX ? (standing.behind_since ?? this.#seconds()) : null;
    const behind_seconds = standing.behind_since === null ? 0 : this.#seconds() - standing.behind_since;
    standing.unanchored = Math.max(lag_seconds, behind_seconds) > BEHIND_SECONDS_MAX;
  }

  #of(tenant_id: number): Standing {
    const known = this.#tenants.get(tenant_id);
    if (known) return known;
    const fresh = { broken: false, unanchored: false, behind_since: null, verified_at: this.#seconds() };
    this.#tenants.set(tenant_id, fresh);
    return fresh;
  }
}
