import { entryHash, GENESIS } from "./chain.ts";

export type StoredEntry = {
  seq: number;
  at: Date;
  kind: string;
  subject: string | null;
  leaf: Buffer;
  entry_hash: Buffer;
};

/**
 * Walks a chain and finds its first broken entry. It trusts stored bytes only: every hash is computed anew, and the
 * columns that stand beside the leaf for look-ups must say what the leaf says.
 */
export class ChainCheck {
  count = 0;
  broken: { seq: number; reason: string } | null = null;
  #seq = 0;
  #hash: Buffer = GENESIS;

  /** Begins behind an entry that is taken as given. */
  begin(entry: StoredEntry | undefined, seq: number): void {
    if (entry?.seq !== seq) return this.missing(seq);
    this.#seq = seq;
    this.#hash = entry.entry_hash;
  }

  add(entry: StoredEntry): void {
    if (this.broken) return;
    if (entry.seq !== this.#seq + 1) return this.missing(this.#seq + 1);
    const expected = entryHash(this.#hash, entry.leaf);
    if (!expected.equals(entry.entry_hash)) return this.#break(entry.seq, "its hash does not follow from its bytes");
    const reason = contradiction(entry);
    if (reason) return this.#break(entry.seq, reason);
    this.#seq = entry.seq;
    this.#hash = expected;
    this.count++;
  }

  missing(seq: number): void {
    this.#break(seq, "it is missing");
  }

  /** The head must name the last entry: a cut tail shows here, unless the head was cut with it. */
  end(head: { seq: number; hash: Buffer }): void {
    if (this.broken) return;
    if (head.seq !== this.#seq) this.missing(this.#seq + 1);
    else if (!head.hash.equals(this.#hash)) this.#break(head.seq, "the ledger's head names another hash");
  }

  /** A head that was set back leaves entries that it does not name. */
  unheaded(seq: number): void {
    this.#break(seq, "the ledger's head does not reach it");
  }

  #break(seq: number, reason: string): void {
    this.broken ??= { seq, reason };
  }
}

function contradiction({ seq, at, kind, subject, leaf }: StoredEntry): string | null {
  let said: { seq?: unknown; at?: unknown; kind?: unknown; subject?: unknown };
  try {
    said = JSON.parse(leaf.toString());
  } catch {
    return "its bytes are not JSON";
  }
  if (said.seq !== seq) return `its bytes say they are entry ${said.seq}`;
  if (said.kind !== kind) return `its kind is ${kind}, its bytes say ${said.kind}`;
  if (said.subject !== subject) return `its subject is ${subject}, its bytes say ${said.subject}`;
  if (said.at !== at.toISOString()) return `its time is ${at.toISOString()}, its bytes say ${said.at}`;
  return null;
}
