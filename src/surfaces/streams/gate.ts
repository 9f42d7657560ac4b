import { unavailable } from "../../kernel/database.ts";

/**
 * Lets so many in at once. The others wait: in their order, and the tenants in turn, so that none with many streams
 * holds back the others. Whoever does not come out in time is waited for no longer: its answer was lost on the way.
 */
export class Gate {
  readonly #milliseconds_max: number;
  #free: number;
  #waiting = new Map<number, (() => void)[]>();

  constructor(at_once: number, milliseconds_max: number) {
    this.#free = at_once;
    this.#milliseconds_max = milliseconds_max;
  }

  async through<Done>(tenant_id: number, work: () => Promise<Done>): Promise<Done> {
    if (this.#free > 0) this.#free--;
    else await this.#turn(tenant_id);
    const { promise: late, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => reject(unavailable(new Error("no answer"))), this.#milliseconds_max);
    try {
      return await Promise.race([work(), late]);
    } finally {
      clearTimeout(timer);
      this.#next();
    }
  }

  #turn(tenant_id: number): Promise<void> {
    return new Promise((resolve) => {
      const others = this.#waiting.get(tenant_id);
      if (others) others.push(resolve);
      else this.#waiting.set(tenant_id, [resolve]);
    });
  }

  #next(): void {
    const [first] = this.#waiting;
    if (first === undefined) return void this.#free++;
    const [tenant_id, waiting] = first;
    const enter = waiting.shift()!;
    // Behind all other tenants that wait.
    this.#waiting.delete(tenant_id);
    if (waiting.length > 0) this.#waiting.set(tenant_id, waiting);
    enter();
  }
}
