/** Lets so many in at once; the others wait in their order. */
export class Gate {
  #free: number;
  #waiting: (() => void)[] = [];

  constructor(at_once: number) {
    this.#free = at_once;
  }

  async through<Done>(work: () => Promise<Done>): Promise<Done> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free++;
    }
  }
}
