import { z } from "zod";
import { formatVerifier, parseVerifier, type Verifier } from "../../../tlog/note.ts";
import type { Entry } from "../entries.ts";
import { Facts } from "./facts.ts";
import { glance } from "./glance.ts";
import { type HeldNote, Signatures } from "./notes.ts";
import type { Payload } from "../personal/payloads.ts";
import { LedgerWalk, type StoredTiles } from "./walk.ts";

/** One of a tenant's logs, as the ledger's tables name it. `frozen_size` is null while it is open. */
export type NamedLog = { epoch: number; origin: string; vkeys: string[]; frozen_size: number | null };

const GAPS_TOLD_MAX = 20;
const Gap = z.object({ producer: z.string(), epoch: z.int(), first: z.int(), last: z.int() });

/** What every verifier reports: the server, the export and the stranger at the URL. */
export const Report = z.object({
  whole: z.boolean().describe("Whether every entry that was checked is as it was written and signed."),
  entries: z.int().describe("How many entries were checked."),
  size: z.int().describe("How many of the entries a checkpoint covers whose signature and root were found right."),
  root: z.string().nullable().describe("The root over the entries that were walked, in hexadecimal."),
  origin: z.string().nullable().describe("The log that signed it."),
  first_broken: z.int().nullable().describe("The number of the first entry that is not whole."),
  first_broken_max: z
    .int()
    .nullable()
    .describe("The first broken entry lies at or before this one; most often the same."),
  reason: z.string().nullable().describe("What is wrong with it."),
  anchors_checked: z.int().describe("How many signed checkpoints were held against the entries."),
  cosignatures: z
    .array(z.object({ name: z.string(), at: z.string() }))
    .describe("Witnesses that signed the newest of them, among those whose keys are trusted."),
  lost: z
    .array(z.object({ origin: z.string(), kept: z.int(), signed: z.int() }))
    .describe("Logs that were frozen after a loss: how many entries they had signed, and how many were kept."),
  completeness: z
    .object({
      whole: z.boolean().describe("Whether each producer's numbers have an entry or a record of their loss."),
      producers: z.int().describe("How many producers' epochs there are."),
      recorded: z.int(),
      dropped: z.int(),
      missing: z.int().describe("Numbers that nothing tells of."),
      gaps: z.array(Gap).describe(`The first ${GAPS_TOLD_MAX} ranges of them.`),
    })
    .nullable()
    .describe("Null when only a part was checked."),
});
export type Report = z.output<typeof Report>;

type Options = {
  /** Keys from outside; none trusts what the ledger says of itself. */
  given?: readonly Verifier[];
  logs: readonly NamedLog[];
  tiles?: StoredTiles | null;
  walk?: LedgerWalk;
  /** Whether personal payloads come along; a log's tiles do not have them. */
  payloads?: boolean;
};

/** Where an entry lies, and whether it may hold a commitment to a payload. */
export type Extent = { bytes: Buffer; start: number; end: number; personal: boolean };

/** One verification, fed with a ledger's entries and what stands beside them, wherever they come from. */
export class Verification {
  readonly walk: LedgerWalk;
  readonly signatures: Signatures;
  readonly facts = new Facts();
  readonly #logs: readonly NamedLog[];
  readonly #payloads = new Map<number, Payload>();
  readonly #withPayloads: boolean;
  readonly #isGiven: boolean;
  /** Another program's log: its entries are hashed and say nothing to us. */
  #isForeign = false;
  readonly #contradictions = new Map<number, string>();
  readonly #lost = new Map<string, { origin: string; kept: number; signed: number }>();

  constructor({ given = [], logs, tiles = null, walk = new LedgerWalk({ tiles }), payloads = true }: Options) {
    this.#withPayloads = payloads;
    this.#logs = logs;
    this.#isGiven = given.length > 0;
    this.walk = walk;
    const own = logs.flatMap(({ vkeys }) => vkeys.map((vkey) => parseVerifier(vkey)));
    this.signatures = new Signatures(given, own);
  }

  /** Nothing that comes later can be the first broken entry. */
  get over(): boolean {
    return this.walk.broken !== null && this.walk.broken.seq <= this.walk.size + 1;
  }

  /** Holds a checkpoint against the entries, but not where a frozen log told of more than was kept. */
  hold(held: HeldNote, { origin, size }: { origin: string; size: number }): void {
    const frozen_size = this.#logs.find((log) => log.origin === origin)?.frozen_size ?? null;
    if (frozen_size === null || size <= frozen_size) return this.signatures.hold(this.walk, held);
    const lost = this.#lost.get(origin);
    this.#lost.set(origin, { origin, kept: frozen_size, signed: Math.max(size, lost?.signed ?? 0) });
  }

  /** The columns beside an entry that is still to come do not say what its bytes say. */
  contradiction(seq: number, reason: string): void {
    this.#contradictions.set(seq, reason);
  }

  /** What lies beside an entry that is still to come. */
  payload(seq: number, row: Payload): void {
    this.#payloads.set(seq, row);
  }

  /**
   * Takes the next entry as it lies in a buffer. The byte before it is overwritten, so that it need not be copied to be
   * hashed. `personal` says whether it may hold a commitment.
   */
  entry(bytes: Buffer, start: number, end: number, personal: boolean, stored: Buffer | null, at: number): void {
    bytes[start - 1] = 0x00;
    this.walk.add(bytes.subarray(start - 1, end), stored, at);
    this.#look(bytes, start, end, personal);
  }

  /** The same for an entry that was hashed elsewhere (`LedgerWalk.addHashed`). */
  hashed(hashes: Buffer, from: number, stored: Buffer, at: number, entry: Extent): void {
    this.walk.addHashed(hashes, from, stored, at);
    this.#look(entry.bytes, entry.start, entry.end, entry.personal);
  }

  /** Reads what an entry tells to a verifier. */
  told(entry: Pick<Entry, "seq" | "kind" | "data">): void {
    const named = this.facts.keys.length;
    this.facts.add(entry);
    for (const { seq, vkey } of this.facts.keys.slice(named)) this.signatures.name(seq, vkey);
  }

  /** A part's end is nobody's end: what only the whole can tell is left out. */
  report({ part = false } = {}): Report {
    const { walk, signatures, facts } = this;
    if (!part) this.#end();
    const { broken } = walk;
    const { producers, whole, gaps } = facts.completeness.report();
    const sum = (count: (one: (typeof producers)[number]) => number) =>
      producers.reduce((total, one) => total + count(one), 0);
    return {
      whole: broken === null,
      entries: walk.size,
      size: signatures.signed?.size ?? 0,
      root: walk.root().toString("hex"),
      origin: signatures.signed?.origin ?? this.#logs.at(-1)?.origin ?? null,
      first_broken: broken?.seq ?? null,
      first_broken_max: broken?.seq_max ?? null,
      reason: broken?.reason ?? null,
      anchors_checked: walk.roots_checked,
      cosignatures: signatures.cosigners,
      lost: [...this.#lost.values()],
      completeness:
        part || this.#isForeign
          ? null
          : {
              whole,
              producers: producers.length,
              recorded: sum(({ recorded }) => recorded),
              dropped: sum(({ dropped }) => Object.values(dropped).reduce((total, count) => total + count, 0)),
              missing: sum(({ missing }) => missing),
              gaps: gaps.slice(0, GAPS_TOLD_MAX),
            },
    };
  }

  #look(bytes: Buffer, start: number, end: number, personal: boolean): void {
    if (this.over) return;
    const { walk } = this;
    const seq = walk.size;
    const contradiction = this.#contradictions.size > 0 ? this.#contradictions.get(seq) : undefined;
    if (contradiction !== undefined) return walk.break(seq, contradiction);
    if (this.#isForeign) return;
    const told = glance(bytes, start, end, seq);
    if (told === null && seq === 1 && this.#logs.length === 0 && !this.#withPayloads)
      return void (this.#isForeign = true);
    if (told === null) return walk.break(seq, "its bytes do not say that they are this entry");
    if (told || personal || (this.#payloads.size > 0 && this.#payloads.has(seq)))
      this.#read(seq, bytes.toString("utf8", start, end), told);
  }

  #read(seq: number, text: string, told: boolean): void {
    let entry: Pick<Entry, "seq" | "kind" | "data">;
    try {
      entry = JSON.parse(text);
    } catch {
      return this.walk.break(seq, "its bytes are not JSON");
    }
    if (told) this.told(entry);
    if (!this.#withPayloads) return;
    const row = this.#payloads.get(seq) ?? null;
    this.#payloads.delete(seq);
    this.facts.payload(seq, entry.data, row);
  }

  #end(): void {
    const { walk, facts } = this;
    walk.end();
    // Who begins behind an entry has not read what the entries before it told.
    if (this.over || walk.began > 0) return;
    for (const { seq, reason } of [...facts.faults(), ...facts.completeness.faults]) walk.break(seq, reason);
    for (const seq of this.#payloads.keys()) walk.break(seq, "a payload lies beside it, and it is missing");
    for (const { origin, vkeys, frozen_size } of this.#logs) {
      const named = new Set(facts.keys.filter((key) => key.origin === origin).map(({ vkey }) => vkey));
      const stranger = vkeys.find((vkey) => !named.has(formatVerifier(parseVerifier(vkey))));
      if (stranger !== undefined) walk.break(walk.size, `no entry names the key ${stranger} of ${origin}`);
      const frozen = facts.frozen.get(origin);
      if ((frozen?.size ?? null) !== frozen_size)
        walk.break(walk.size, `what the entries say of the end of ${origin} is not what the tables say`);
      const lost = this.#lost.get(origin);
      // Whoever cut the ledger could write a freeze over the cut. To a stranger it counts when it was signed.
      if (lost && this.#isGiven && (frozen?.seq ?? Infinity) > (this.signatures.signed?.size ?? 0)) {
        const signed = `${origin} had signed ${lost.signed} entries`;
        walk.break(lost.kept + 1, `it is missing: ${signed}, and nothing that was given has signed its freeze`);
      }
    }
  }
}
