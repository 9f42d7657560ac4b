import type { Client } from "../client/client.ts";
import { Refusal } from "../kernel/refusal.ts";

/** How an environment is deployed, as deploy.begin and environment.show tell it. */
export type Topology = {
  branch: string;
  command: string;
  verify_command: string | null;
  rollback_command: string | null;
  health_url: string;
  release_pointer: string;
  production: boolean;
  timeout_seconds: number;
  health_seconds: number;
  memory_mb: number;
  output_kb: number;
  version: number;
};

/** A deploy that is this runner's, as deploy.begin and deploy.recover answer it. */
export type Running = {
  deploy: number;
  fencing_token: string;
  lease_expires_at: string;
  environment: string;
  owner: string;
  ticket: string | null;
  rollback: boolean;
  sha: string;
  topology: Topology;
  good_release: string | null;
  stage: string;
};

export type Stage = "claimed" | "closure" | "verify" | "deploy" | "health" | "rollback";

/** As much as one report brings. */
const PIECE_CHARACTERS = 30_000;
const FLUSH_MS = 250;

/** Whoever lost its hold changes nothing more. */
export class LeaseLost extends Error {}

/**
 * The runner's hold on a deploy: it says the stages, sends the log in pieces and renews the lease. A server that is
 * away is waited for as long as the lease surely lasts, and no longer: from then on somebody else may be at work.
 */
export class Hold {
  readonly running: Running;
  readonly #client: Client;
  readonly #lease_seconds: number;
  readonly #lost = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #expiry: NodeJS.Timeout | undefined;
  #queue = "";
  #room: number;
  #over = 0;
  #said = performance.now();
  #turn: Promise<unknown> = Promise.resolve();
  #isOver = false;

  constructor(client: Client, running: Running, lease_seconds: number, began: number) {
    this.running = running;
    this.#client = client;
    this.#lease_seconds = lease_seconds;
    // The last word of a log that was cut has to fit too.
    this.#room = running.topology.output_kb * 1024 - 200;
    this.#extend(began);
    this.#timer = setInterval(() => this.#pump(), FLUSH_MS);
  }

  /** Aborts when the deploy is not this runner's any more. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Throws LeaseLost when it is lost. */
  check(): void {
    if (this.lost.aborted) throw this.lost.reason;
  }

  /** Says where it is, after everything that was logged before. */
  async stage(stage: Stage): Promise<void> {
    await this.#flush();
    await this.#say("deploy.report", { stage });
  }

  /** Takes lines for the log; they go out soon. What is over the environment's bound is counted. */
  log(text: string): void {
    const bytes = Buffer.byteLength(text);
    if (this.#over > 0 || bytes > this.#room) {
      this.#over += bytes;
      return;
    }
    this.#room -= bytes;
    this.#queue += text;
  }

  /** Says one of the commands that a fence belongs to. */
  async say<Output>(name: string, input: object): Promise<Output> {
    await this.#flush();
    return this.#say(name, input);
  }

  /** The last word. */
  async settle<Output>(input: object): Promise<Output> {
    if (this.#over > 0) {
      this.#queue += `longwatch: ${this.#over} bytes more are not kept\n`;
      this.#over = 0;
    }
    const output = await this.say<Output>("deploy.settle", input);
    this.close();
    return output;
  }

  /** Renews no more. */
  close(): void {
    this.#isOver = true;
    clearInterval(this.#timer);
    clearTimeout(this.#expiry);
  }

  #pump(): void {
    const idle = performance.now() - this.#said > (this.#lease_seconds * 1000) / 4;
    if (this.#isOver || this.lost.aborted || (this.#queue === "" && !idle)) return;
    this.#said = performance.now();
    this.#flush(true).catch(() => {});
  }

  /** One after the other: a piece never overtakes the one before it. */
  #flush(renews = false): Promise<void> {
    const turn = this.#turn.then(async () => {
      let isFirst = renews;
      while (this.#queue !== "" || isFirst) {
        isFirst = false;
        const piece = this.#queue.slice(0, PIECE_CHARACTERS).toWellFormed();
        this.#queue = this.#queue.slice(piece.length);
        await this.#say("deploy.report", { log: piece });
      }
    });
    this.#turn = turn.catch(() => {});
    return turn;
  }

  async #say<Output>(name: string, input: object): Promise<Output> {
    this.check();
    const sent = performance.now();
    const { deploy, fencing_token } = this.running;
    const lease = name === "deploy.settle" ? {} : { lease_seconds: this.#lease_seconds };
    try {
      const whole = { deploy, fencing_token, ...lease, ...input };
      const output = await this.#client.say<Output>(name, whole, { signal: this.lost });
      this.#said = performance.now();
      if (name !== "deploy.settle") this.#extend(sent);
      return output;
    } catch (error) {
      this.check();
      if (error instanceof Refusal && ["lease.lost", "deploy.unknown", "token.invalid"].includes(error.code))
        this.#lose(error.message);
      this.check();
      throw error;
    }
  }

  /** From when it was sent, and not from when it was answered: the server's lease is never shorter than that. */
  #extend(sent: number): void {
    clearTimeout(this.#expiry);
    const left = sent + this.#lease_seconds * 1000 - performance.now();
    const seconds = this.#lease_seconds;
    this.#expiry = setTimeout(() => this.#lose(`the server did not answer for ${seconds} s`), Math.max(0, left));
  }

  #lose(why: string): void {
    clearInterval(this.#timer);
    this.#lost.abort(new LeaseLost(why));
  }
}
