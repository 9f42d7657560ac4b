import { existsSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { type Facts, noFacts } from "./read/facts.ts";

// In a clone the thread's program lies below this file; in the package it is a file of its own beside the bundle.
const inClone = new URL("./read/reading_thread.ts", import.meta.url);
const program = existsSync(inClone) ? inClone : new URL("./reading_thread.js", import.meta.url);

const MEMORY_MB_MAX = 512;

/**
 * Reads strangers' files in a thread, one at a time, and takes another thread when one does not answer: a parser that
 * looks ahead can take exponential time (`<a>(<a>(<a>(…` in TypeScript), and nothing stops it from within.
 */
export class Parsing {
  private readonly seconds_max: number;
  private thread: Worker | null = null;
  private last: Promise<unknown> = Promise.resolve();
  private readonly signal: AbortSignal;
  private closed = false;

  constructor(seconds_max: number, signal: AbortSignal) {
    this.seconds_max = seconds_max;
    this.signal = signal;
  }

  facts(path: string, text: string): Promise<Facts> {
    const next = this.last.then(() => (this.closed ? noFacts("was not read") : this.ask(path, text)));
    this.last = next;
    return next;
  }

  async close(): Promise<void> {
    this.closed = true;
    if (this.thread) await ended(this.thread);
  }

  private async ask(path: string, text: string): Promise<Facts> {
    const thread = (this.thread ??= this.started());
    const answer = await new Promise<Facts | string>((done) => {
      const stop = () => finish("was not read");
      const late = () => finish(`takes longer than ${this.seconds_max} s to read`);
      const fall = (error: Error) => finish(`could not be read: ${error.message}`);
      const finish = (said: Facts | string) => {
        clearTimeout(timer);
        this.signal.removeEventListener("abort", stop);
        thread.off("message", finish).off("error", fall);
        done(said);
      };
      const timer = setTimeout(late, this.seconds_max * 1000);
      this.signal.addEventListener("abort", stop);
      thread.once("message", finish).once("error", fall);
      thread.postMessage({ path, text });
    });
    if (typeof answer !== "string") return answer;
    this.thread = null;
    // What it still says is nobody's answer.
    thread.on("error", () => {});
    await ended(thread);
    return noFacts(answer);
  }

  private started(): Worker {
    const thread = new Worker(program, { env: {}, resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB_MAX } });
    // A check that is given up must not keep its process.
    thread.unref();
    return thread;
  }
}

/** A process that has nothing else to wait for would be over before its thread is, and silently at that. */
async function ended(thread: Worker): Promise<void> {
  thread.ref();
  await thread.terminate();
}
