import { Refusal, refusalKinds } from "../kernel/refusal.ts";
import { BATCH_BYTES_MAX, encodedEvent } from "./encoded_event.ts";
import { ProducerMemory, type Remembered } from "./producer_memory.ts";

/** Says commands: a Client, or the door itself. */
export type Speaker = {
  say<Output = unknown>(name: string, input: unknown, options?: { key?: string }): Promise<Output>;
};

export type ProducerOptions = {
  client: Speaker;
  /** Its own among its principal's: a second process under it would end the first one's epoch. */
  name: string;
  /** What `emit` does while the buffer is full: wait for room, or record the event as lost. */
  policy: "block" | "drop";
  /** How many events wait at most. */
  buffer_max?: number;
  /** How long an event waits for others to go with. */
  flush_milliseconds?: number;
  /** Where to remember the last number given out, so that a crash is counted. Without it, a crash leaves no trace. */
  memory_path?: string;
  /** Told what was refused and of a server that is away; the record itself is in the ledger. */
  onProblem?: (problem: unknown) => void;
};

type Item = { first: number; last: number; reason: string } | { first: number; last: number; body: string };

/** Half of what the server takes as one entry. */
const BATCH_EVENTS_MAX = 500;
const RETRY_FIRST_MS = 50;
const RETRY_MAX_MS = 5_000;

/**
 * Numbers events and tells the ledger of each number: as recorded, or as lost with a reason. Nothing is lost silently,
 * whatever fails: a full buffer, an event that no entry can hold, a server that refuses or is away, a crash. It keeps
 * its process alive until everything is told, or until `close`.
 */
export class Producer {
  readonly #options: Required<Omit<ProducerOptions, "memory_path">>;
  readonly #memory: ProducerMemory | null;
  #queue: Item[] = [];
  #inFlight: Item[] = [];
  #epoch: number | null = null;
  #previous: Remembered["previous"] = null;
  #last = 0;
  #waiting: (() => void)[] = [];
  #running: Promise<void> | null = null;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  /** Why nothing can be told any more. */
  #stopped: Refusal | null = null;
  #left = new AbortController();
  /** In each key, so that an epoch that is given out again after a restore is not answered by what it said before. */
  readonly #nonce = `${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}`;

  constructor({ memory_path, ...options }: ProducerOptions) {
    this.#options = { buffer_max: 1_000, flush_milliseconds: 200, onProblem: () => {}, ...options };
    this.#memory = memory_path === undefined ? null : new ProducerMemory(memory_path, options.name);
    const found = this.#memory?.found;
    if (!found) return;
    if (found.epoch !== null) this.#previous = { epoch: found.epoch, last: found.last };
    else {
      // Its numbers never had an epoch: they are the first of the one to come.
      this.#previous = found.previous;
      if (found.last > 0) this.#lost(found.last, "crashed");
    }
    this.#remember();
    this.#start();
  }

  /** How many numbers the ledger has not been told of. */
  get untold(): number {
    return [...this.#inFlight, ...this.#queue].reduce((sum, { first, last }) => sum + last - first + 1, 0);
  }

  /** Takes an event in and answers its number. With policy `block` it waits for room first. */
  async emit(kind: string, data: Record<string, unknown> = {}): Promise<number> {
    for (;;) {
      if (this.#stopped) throw this.#stopped;
      if (this.#closed) throw new Refusal("unavailable", "producer.closed", `${this.#options.name} is closed.`);
      if (!this.#full || this.#options.policy === "drop") break;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    const encoded = this.#full ? { reason: "buffer_full" } : encodedEvent(kind, data);
    if ("reason" in encoded) this.#lost(1, encoded.reason);
    else {
      const number = this.#number(1);
      this.#queue.push({ first: number, last: number, body: encoded.body });
    }
    this.#remember();
    this.#soon();
    return this.#last;
  }

  /** Counts events that were lost before they could be emitted. */
  lose(reason: string, count = 1): void {
    this.#lost(count, reason);
    this.#remember();
    this.#soon();
  }

  /** Tells what there is, for at most so long. Whether the ledger knows of every number now. */
  async flush({ within_seconds = 5 } = {}): Promise<boolean> {
    const over = new AbortController();
    const timer = setTimeout(() => over.abort(), within_seconds * 1000);
    while (this.#owes && !this.#stopped && !this.#left.signal.aborted && !over.signal.aborted) {
      this.#start();
      await Promise.race([this.#running, aborted(over.signal)]);
    }
    clearTimeout(timer);
    return !this.#owes;
  }

  /**
   * Tells what there is and ends. What cannot be told in time is recorded as lost when the next process begins its
   * epoch, if there is a memory.
   */
  async close(options: { within_seconds?: number } = {}): Promise<{ untold: number }> {
    if (!this.#closed) {
      this.#closed = true;
      this.#release();
      const told = await this.flush(options);
      clearTimeout(this.#timer);
      this.#left.abort();
      if (told) this.#memory?.remove();
      else this.#memory?.close();
    }
    return { untold: this.untold };
  }

  get #owes(): boolean {
    return this.untold > 0 || this.#previous !== null;
  }

  get #full(): boolean {
    return this.#queue.length + this.#inFlight.length >= this.#options.buffer_max;
  }

  /** Gives out numbers and answers the first. Beyond 2^53 they would not be exact; no producer comes there. */
  #number(count: number): number {
    if (!Number.isSafeInteger(this.#last + count)) throw new RangeError("the producer's numbers are used up");
    const first = this.#last + 1;
    this.#last += count;
    return first;
  }

  #lost(count: number, reason: string): void {
    const first = this.#number(count);
    const end = this.#queue.at(-1);
    if (end && "reason" in end && (end.reason === reason || this.#full)) {
      // A buffer that is full takes no more reasons, and yet every number.
      if (end.reason !== reason) end.reason = "several";
      end.last = this.#last;
    } else this.#queue.push({ first, last: this.#last, reason });
  }

  #remember(): void {
    try {
      this.#memory?.write({ previous: this.#previous, epoch: this.#epoch, last: this.#last });
    } catch (error) {
      this.#options.onProblem(error);
    }
  }

  #soon(): void {
    if (this.#queue.length >= BATCH_EVENTS_MAX) return this.#start();
    this.#timer ??= setTimeout(() => this.#start(), this.#options.flush_milliseconds);
  }

  #start(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#left.signal.aborted || this.#stopped) return;
    this.#running ??= this.#run().finally(() => {
      this.#running = null;
    });
  }

  async #run(): Promise<void> {
    try {
      while ((this.#queue.length > 0 || this.#previous !== null) && !this.#left.signal.aborted) {
        this.#epoch ??= await this.#open();
        this.#previous = null;
        this.#remember();
        this.#inFlight = this.#batch();
        if (this.#inFlight.length === 0) continue;
        // The server must not know of a number that we could forget.
        await this.#memory?.sync();
        await this.#tell(this.#inFlight);
        this.#inFlight = [];
        this.#release();
      }
    } catch (error) {
      if (this.#left.signal.aborted) return;
      this.#stopped = asRefusal(error);
      this.#release();
      this.#options.onProblem(error);
    }
  }

  /** Lets those who wait for room look again. */
  #release(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /** Taken out of the queue, and thereby closed: what is told under a number never changes. */
  #batch(): Item[] {
    let bytes = 2;
    let length = 0;
    for (const item of this.#queue) {
      if ("reason" in item) break;
      bytes += Buffer.byteLength(item.body) + 1;
      if (length === BATCH_EVENTS_MAX || (bytes > BATCH_BYTES_MAX && length > 0)) break;
      length++;
    }
    return this.#queue.splice(0, Math.max(length, 1));
  }

  async #open(): Promise<number> {
    const { name } = this.#options;
    const key = `open-${this.#nonce}`;
    const previous = this.#previous;
    const more = previous === null ? {} : { previous_epoch: previous.epoch, previous_last: previous.last };
    try {
      return (await this.#said<{ epoch: number }>("producer.open", { name, ...more }, key)).epoch;
    } catch (error) {
      // The server does not know the epoch that we remember, as after a restored backup, or cannot end it at once.
      const isPast = error instanceof Refusal && ["epoch.unknown", "epoch.scattered"].includes(error.code);
      if (!isPast || previous === null) throw error;
      this.#options.onProblem(error);
      return (await this.#said<{ epoch: number }>("producer.open", { name }, `${key}-anew`)).epoch;
    }
  }

  async #tell(batch: readonly Item[]): Promise<void> {
    const { first } = batch[0]!;
    const { last } = batch.at(-1)!;
    const about = { producer: this.#options.name, epoch: this.#epoch, first };
    const key = `${this.#nonce}-${first}-${last}`;
    const bodies = batch.flatMap((item) => ("body" in item ? [item.body] : []));
    const reason = bodies.length === 0 ? (batch[0] as { reason: string }).reason : null;
    try {
      if (reason !== null) await this.#said("telemetry.drop", { ...about, last, reason }, `drop-${key}`);
      else await this.#said("telemetry.record", { ...about, events: JSON.parse(`[${bodies}]`) }, `record-${key}`);
    } catch (error) {
      if (this.#left.signal.aborted || !isRefusedForGood(error)) throw error;
      this.#options.onProblem(error);
      // Whoever told of these numbers before, they are told of.
      if (reason !== null || error.code === "production.overlaps") return;
      if (batch.length === 1)
        return this.#tell([{ first, last, reason: error.kind === "oversized" ? "oversized" : "refused" }]);
      // One of them is the reason; the others shall not be lost with it.
      const half = batch.length >> 1;
      await this.#tell(batch.slice(0, half));
      await this.#tell(batch.slice(half));
    }
  }

  /** Says a command until the server has answered it. */
  async #said<Output>(name: string, input: object, key: string): Promise<Output> {
    for (let failures = 0; ; failures++) {
      try {
        return await this.#options.client.say<Output>(name, input, { key });
      } catch (error) {
        const passing = error instanceof Refusal && refusalKinds[error.kind].retry;
        if (!passing || this.#left.signal.aborted) throw error;
        this.#options.onProblem(error);
        await pause(Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** Math.min(failures, 10)), this.#left.signal);
      }
    }
  }
}

/** Refused for what it says, rather than for who says it: another command of ours may be taken. */
function isRefusedForGood(error: unknown): error is Refusal {
  return error instanceof Refusal && error.kind !== "unauthenticated" && error.kind !== "denied";
}

function asRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  return new Refusal("internal", "producer.failed", `The producer failed: ${(error as Error).message}`, {
    cause: error,
  });
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    if (signal.aborted) return done();
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener("abort", () => (clearTimeout(timer), done()), { once: true });
  });
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    if (signal.aborted) done();
    else signal.addEventListener("abort", () => done(), { once: true });
  });
}
