import { closeSync, constants, fdatasync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { promisify } from "node:util";
import { Refusal } from "../kernel/refusal.ts";

/** What a producer must know of itself after its process died. */
export type Remembered = {
  /** The epoch before, while the server has not been told of its end. */
  previous: { epoch: number; last: number } | null;
  /** The epoch that `last` counts in; null before the server gave one. */
  epoch: number | null;
  /** The last number that was given out. */
  last: number;
};

/** A record never changes its length, so that it is overwritten in place: that needs no room on a full disk. */
const RECORD_BYTES = 512;
const synced = promisify(fdatasync);

/**
 * The last number given out, in a small file. It is written with each number, which a killed process survives, and
 * flushed to disk before numbers are told to the server: a power cut costs at most what was not told yet.
 */
export class ProducerMemory {
  readonly #path: string;
  readonly #name: string;
  readonly #file: number;
  /** What the process before left; null when it left nothing. */
  readonly found: Remembered | null;

  constructor(path: string, name: string) {
    this.#path = path;
    this.#name = name;
    this.#file = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
    this.found = this.#read();
  }

  write(remembered: Remembered): void {
    const record = JSON.stringify({ name: this.#name, ...remembered });
    writeSync(this.#file, `${record.padEnd(RECORD_BYTES - 1)}\n`, 0);
  }

  async sync(): Promise<void> {
    await synced(this.#file);
  }

  close(): void {
    closeSync(this.#file);
  }

  /** Nothing is owed: the next process may begin without a memory. */
  remove(): void {
    this.close();
    rmSync(this.#path, { force: true });
  }

  #read(): Remembered | null {
    const text = readFileSync(this.#file, "utf8").trim();
    if (text === "") return null;
    const { name, previous, epoch, last } = parsed(text, this.#path);
    if (name === this.#name && Number.isSafeInteger(last)) return { previous, epoch, last };
    throw strange(this.#path, `it does not belong to ${this.#name}`);
  }
}

function parsed(text: string, path: string): Remembered & { name: string } {
  try {
    return JSON.parse(text);
  } catch {
    throw strange(path, "it is not JSON");
  }
}

function strange(path: string, why: string): Refusal {
  return new Refusal("invalid", "memory.strange", `${path} is not this producer's memory: ${why}.`, {
    hint: "Give each producer a file of its own. If this one was damaged, move it away: what it counted stays untold.",
    fields: [{ field: "memory_path", message: why }],
  });
}
