/** What stands before a commitment in an entry's bytes; a raw quote inside a text is always escaped. */
const COMMITMENT = Buffer.from('"personal":"');

/** Finds the next commitment to a payload in a piece of bytes; one search for many entries. */
export class PersonalSearch {
  #bytes: Buffer;
  #end: number;
  #next: number;

  constructor(bytes: Buffer, start: number, end: number) {
    this.#bytes = bytes;
    this.#end = end;
    this.#next = this.#find(start);
  }

  /** Whether there is one between two places; asked from left to right. */
  within(start: number, end: number): boolean {
    while (this.#next < start) this.#next = this.#find(start);
    return this.#next < end;
  }

  #find(from: number): number {
    const at = this.#bytes.indexOf(COMMITMENT, from);
    return at < 0 || at >= this.#end ? Infinity : at;
  }
}
