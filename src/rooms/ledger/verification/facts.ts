import { CompletenessFold } from "../producers/completeness.ts";
import type { Entry } from "../entries.ts";
import { HEAD_RECORDED, type RecordedHead } from "../log/heads.ts";
import { isPersonal, type Payload, payloadProblem } from "../personal/payloads.ts";

/**
 * The kinds that a verifier reads. All others are hashed and nothing more, which is what makes a million of them cheap.
 */
export const TOLD_KINDS = [
  "ledger.log_opened",
  "ledger.key_added",
  "ledger.log_frozen",
  "ledger.erased",
  "tenant.opened",
  HEAD_RECORDED,
  "producer.opened",
  "telemetry.recorded",
  "telemetry.dropped",
] as const;

type Read = Pick<Entry, "seq" | "kind" | "data">;
type Fault = { seq: number; reason: string };

/** What the entries themselves tell a verifier: keys, frozen logs, tenants, producers' numbers, erasures. */
export class Facts {
  readonly completeness = new CompletenessFold();
  /** The entry that froze a log, and the size up to which its checkpoints hold. */
  readonly frozen = new Map<string, { seq: number; size: number }>();
  readonly tenants: { seq: number; name: string }[] = [];
  /** How far other tenants' logs had come. */
  readonly heads: (RecordedHead & { seq: number })[] = [];
  readonly keys: { seq: number; origin: string; vkey: string }[] = [];
  readonly #withPayload = new Set<number>();
  readonly #withoutPayload = new Map<number, Entry["data"]>();
  readonly #faults: Fault[] = [];

  add({ seq, kind, data }: Read): void {
    if (kind === "ledger.log_opened" || kind === "ledger.key_added")
      this.keys.push({ seq, origin: String(data.origin), vkey: String(data.vkey) });
    else if (kind === "ledger.log_frozen")
      this.frozen.set(String(data.origin), { seq, size: (data.last as { size: number } | null)?.size ?? 0 });
    else if (kind === "tenant.opened") this.tenants.push({ seq, name: String(data.tenant) });
    else if (kind === HEAD_RECORDED) this.heads.push({ seq, ...(data as RecordedHead) });
    else if (kind === "ledger.erased") this.#erased(Number(data.seq));
    else this.completeness.add({ seq, kind, data });
  }

  /** An entry that committed to a payload, and what lies beside it. Erasures come later than what they erase. */
  payload(seq: number, data: Entry["data"], row: Payload | null): void {
    if (row === null) {
      if (isPersonal(data)) this.#withoutPayload.set(seq, data);
      return;
    }
    const reason = payloadProblem(data, row, false);
    if (reason !== null) this.#faults.push({ seq, reason });
    else this.#withPayload.add(seq);
  }

  /** What is wrong with what was told, once all of it was read. */
  faults(): Fault[] {
    const lost = [...this.#withoutPayload].flatMap(([seq, data]) => {
      const reason = payloadProblem(data, null, false);
      return reason === null ? [] : [{ seq, reason }];
    });
    return [...this.#faults, ...lost];
  }

  #erased(seq: number): void {
    this.#withoutPayload.delete(seq);
    if (this.#withPayload.has(seq)) this.#faults.push({ seq, reason: "its payload is here although it was erased" });
  }
}
