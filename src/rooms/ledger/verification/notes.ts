import { parseCheckpoint } from "../../../tlog/checkpoint.ts";
import { formatVerifier, NoteError, type OpenedNote, openNote, splitNote, type Verifier } from "../../../tlog/note.ts";
import type { LedgerWalk } from "./walk.ts";

/** A signed checkpoint that a ledger is held against. */
export type HeldNote = {
  note: string;
  /** Who shows it, as the report's words. */
  by: string;
  outside: boolean;
  /** What stands beside it, which must be what it says. */
  beside?: { origin: string; size: number; root: Buffer };
};

export type Cosigner = { name: string; at: string };

const COSIGNATURE = 4;

/**
 * Whose signatures count. With keys given from outside only those do, and the keys that they vouch for: a key that the
 * ledger names in an entry counts from the moment that a checkpoint over this entry was signed by a key that counts.
 * Without any given, the keys that the ledger names about itself are all there is.
 */
export class Signatures {
  readonly #hasOwn: boolean;
  readonly #known = new Map<string, Verifier>();
  readonly #trusted = new Set<string>();
  readonly #named: { seq: number; vkey: string }[] = [];
  /** The entries that checkpoints with a trusted signature cover. */
  signed: { origin: string; size: number } | null = null;
  cosigners: Cosigner[] = [];

  constructor(given: readonly Verifier[], own: readonly Verifier[]) {
    this.#hasOwn = own.length > 0;
    for (const verifier of [...given, ...own]) this.#known.set(formatVerifier(verifier), verifier);
    for (const verifier of given.length > 0 ? given : own) this.#trusted.add(formatVerifier(verifier));
  }

  /** An entry of the ledger names a key. */
  name(seq: number, vkey: string): void {
    // A checkpoint that ends with this very entry was held before the entry was read.
    if (this.signed !== null && seq <= this.signed.size) this.#trusted.add(vkey);
    else this.#named.push({ seq, vkey });
  }

  /** Holds a note against a walk: its signatures at once, its root when the walk has come to its size. */
  hold(walk: LedgerWalk, { note, by, outside, beside }: HeldNote): void {
    let size = beside?.size ?? 0;
    try {
      // Before its signatures, so that it can be told which one is wrong.
      const said = parseCheckpoint(splitNote(note).text);
      size = beside?.size ?? said.size;
      const opened = this.#opened(note, outside);
      const isSame =
        !beside || (said.origin === beside.origin && said.size === beside.size && said.root.equals(beside.root));
      if (!isSame)
        return walk.break(Math.max(1, beside.size), `${by} of ${beside.size} entries is not what its note says`);
      const onAgreed = () => this.#agreed(opened, said.origin, said.size);
      walk.claim({ size: said.size, root: said.root, by, outside, onAgreed });
    } catch (error) {
      if (!(error instanceof NoteError)) throw error;
      walk.break(Math.max(1, size), `${by} of ${size} entries is not whole: ${error.message}`);
    }
  }

  /** A note outside by keys that nobody told of says only what its root is; a stored one has to be the log's own. */
  #opened(note: string, outside: boolean): Pick<OpenedNote, "text" | "signatures"> {
    try {
      const opened = openNote(note, [...this.#known.values()]);
      const { origin } = parseCheckpoint(opened.text);
      // Another program's log may well be signed under another name than its own; ours never are.
      const foreign = this.#hasOwn
        ? opened.signatures.find(({ name, verifier }) => verifier.algorithm !== COSIGNATURE && name !== origin)
        : undefined;
      if (foreign) throw new NoteError("malformed", `It is of the log ${origin}, but signed by ${foreign.name}.`);
      return opened;
    } catch (error) {
      const isUnknown = error instanceof NoteError && error.reason === "unverified" && (outside || !this.#hasOwn);
      if (!isUnknown) throw error;
      return { text: splitNote(note).text, signatures: [] };
    }
  }

  #agreed({ signatures }: Pick<OpenedNote, "signatures">, origin: string, size: number): void {
    const counting = signatures.filter(({ verifier }) => this.#trusted.has(formatVerifier(verifier)));
    if (counting.length === 0) return;
    const cosigners = counting.flatMap(({ name, time }) =>
      time === null ? [] : [{ name, at: new Date(time * 1000).toISOString() }],
    );
    if (cosigners.length > 0) this.cosigners = cosigners;
    this.signed = { origin, size };
    while (this.#named.length > 0 && this.#named[0]!.seq <= size) this.#trusted.add(this.#named.shift()!.vkey);
  }
}
