import { setImmediate } from "node:timers/promises";

/** The engine answers at once and lets nobody else run, and a policy may be slow: then others get their turn. */
const TURN_MILLISECONDS = 5;

/** PostgreSQL ends a transaction in which nothing was asked for 5 s; what is left is for another question. */
const WHOLE_MILLISECONDS = 3_000;

/** The time that one question may take of a process which others wait for as well. */
export class Turns {
  #begun = performance.now();
  #turn = this.#begun;

  /** Lets the others run when it is their turn. False when the time is over. */
  async next(): Promise<boolean> {
    const now = performance.now();
    if (now - this.#turn < TURN_MILLISECONDS) return true;
    await setImmediate();
    this.#turn = performance.now();
    return now - this.#begun < WHOLE_MILLISECONDS;
  }
}
