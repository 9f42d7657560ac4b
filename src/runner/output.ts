/** A line is handed on at the latest when it is so long. */
const LINE_MAX = 8000;
/** What is said instead of a secret. */
const HIDDEN = "***";
/** Shorter values are no secrets, and hiding them would hide half of a log. */
const SECRET_MIN = 6;

/** What a command says: in whole lines, without secrets, no more than its bound. What is over the bound is counted. */
export class Output {
  readonly #bytes_max: number;
  readonly #secrets: readonly string[];
  readonly #each: (text: string) => void;
  readonly #rests = new Map<string, { decoder: InstanceType<typeof TextDecoder>; rest: string }>();
  #bytes = 0;
  #lost_bytes = 0;

  constructor(bytes_max: number, secrets: readonly string[], each: (text: string) => void) {
    this.#bytes_max = bytes_max;
    this.#secrets = secrets.filter((one) => one.length >= SECRET_MIN);
    this.#each = each;
  }

  /** How much was over the bound. */
  get lost_bytes(): number {
    return this.#lost_bytes;
  }

  take(stream: string, chunk: Buffer): void {
    let held = this.#rests.get(stream);
    if (!held) this.#rests.set(stream, (held = { decoder: new TextDecoder(), rest: "" }));
    held.rest += held.decoder.decode(chunk, { stream: true });
    for (;;) {
      const end = held.rest.indexOf("\n") + 1;
      if (end === 0 && held.rest.length < LINE_MAX) return;
      const cut = end === 0 || end > LINE_MAX ? LINE_MAX : end;
      this.#hand(held.rest.slice(0, cut));
      held.rest = held.rest.slice(cut);
    }
  }

  /** No more comes: the last lines may lack their end. */
  end(): void {
    for (const { rest } of this.#rests.values()) if (rest !== "") this.#hand(`${rest}\n`);
    this.#rests.clear();
  }

  #hand(line: string): void {
    // The ledger cannot hold a NUL, and half of a surrogate pair neither.
    let text = line.replaceAll("\0", "\u2400").toWellFormed();
    for (const secret of this.#secrets) text = text.replaceAll(secret, HIDDEN);
    const bytes = Buffer.byteLength(text);
    if (this.#lost_bytes > 0 || this.#bytes + bytes > this.#bytes_max) {
      this.#lost_bytes += bytes;
      return;
    }
    this.#bytes += bytes;
    this.#each(text);
  }
}
