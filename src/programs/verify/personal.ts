/**
 * The key of a commitment in an entry's bytes; a raw quote inside a text is always escaped. Canonical bytes have
 * escapes by number for control characters only: who spelled the key with one has it read too.
 */
const KEYS = [Buffer.from('"personal"'), Buffer.from("\\u00")];

/** Finds what may be a commitment to a payload in a piece of bytes; one search for many entries. */
export class PersonalSearch {
  readonly #searches: Search[];

  constructor(bytes: Buffer, start: number, end: number) {
    this.#searches = KEYS.map((key) => new Search(key, bytes, start, end));
  }

  /** Whether there is one between two places; asked from left to right. */
  within(start: number, end: number): boolean {
    return this.#searches.some((search) => search.within(start, end));
  }
}

class Search {
  readonly #key: Buffer;
  readonly #bytes: Buffer;
  readonly #end: number;
  #next: number;

  constructor(key: Buffer, bytes: Buffer, start: number, end: number) {
    this.#key = key;
    this.#bytes = bytes;
    this.#end = end;
    this.#next = this.#find(start);
  }

  within(start: number, end: number): boolean {
    while (this.#next < start) this.#next = this.#find(start);
    return this.#next < end;
  }

  #find(from: number): number {
    const at = this.#bytes.indexOf(this.#key, from);
    return at < 0 || at >= this.#end ? Infinity : at;
  }
}
