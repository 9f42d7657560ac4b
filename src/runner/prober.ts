import { look, type Served } from "./served.ts";

export type Outage = {
  /** When the first look was sent that found it down or wrong. */
  from: Date;
  /** Until the first look of those that found it right again and from then on; null while it is not. */
  milliseconds: number | null;
};

export type Watched = {
  health_url: string;
  release_pointer: string;
  /** Serving one of these is right: what was there before, and what is to come. */
  right: readonly string[];
  /** It is to be up from the beginning: a release was good here. Otherwise it counts from the first right answer. */
  expected: boolean;
};

/** Own machines bear a look each 10 ms; others are not to be troubled. */
const NEAR_MS = 10;
const FAR_MS = 250;
/** A release that answers once and falls over is not healthy. */
const IN_A_ROW = 3;

type Look = Served & { sent: number };

/** Looks at a health URL from before a deploy's command to its end, and measures how long it was down. */
export class Prober {
  readonly #watched: Watched;
  readonly #every_ms: number;
  readonly #stopped = new AbortController();
  readonly #waiting = new Set<(one: Look) => void>();
  #down: { at: number; from: Date; up: number | null } | null = null;
  #wasRight = false;
  #last: Served | null = null;
  #running: Promise<void> | null = null;

  constructor(watched: Watched) {
    this.#watched = watched;
    const { hostname } = new URL(watched.health_url);
    this.#every_ms = /^(localhost|127\.[\d.]+|\[::1\])$/.test(hostname) ? NEAR_MS : FAR_MS;
  }

  /** Begins, and answers when it has looked once. */
  async start(): Promise<void> {
    const first = new Promise<void>((done) => {
      const once = () => {
        this.#waiting.delete(once);
        done();
      };
      this.#waiting.add(once);
    });
    this.#running = this.#loop();
    await first;
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#running;
  }

  get last(): Served | null {
    return this.#last;
  }

  get outage(): Outage | null {
    if (this.#down === null) return null;
    const { at, from, up } = this.#down;
    return { from, milliseconds: up === null ? null : Math.max(0, Math.round(up - at)) };
  }

  /** Waits until a release is served, healthy several times in a row, since now. */
  serves(release: string, within_ms: number, signal: AbortSignal): Promise<boolean> {
    return new Promise((done) => {
      const since = performance.now();
      let row = 0;
      const end = (found: boolean) => {
        clearTimeout(timer);
        signal.removeEventListener("abort", no);
        this.#waiting.delete(each);
        done(found);
      };
      const no = () => end(false);
      const each = (one: Look) => {
        if (one.sent < since) return;
        row = one.healthy && one.release === release ? row + 1 : 0;
        if (row >= IN_A_ROW) end(true);
      };
      const timer = setTimeout(no, within_ms);
      if (signal.aborted) return no();
      signal.addEventListener("abort", no, { once: true });
      this.#waiting.add(each);
    });
  }

  async #loop(): Promise<void> {
    const { health_url, release_pointer } = this.#watched;
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      const sent = performance.now();
      const from = new Date();
      const found = await look(health_url, release_pointer, signal);
      if (signal.aborted) return;
      this.#note(found, sent, from);
      for (const each of [...this.#waiting]) each({ ...found, sent });
      const rest = this.#every_ms - (performance.now() - sent);
      if (rest > 0) await new Promise((done) => setTimeout(done, rest));
    }
  }

  #note(found: Served, sent: number, from: Date): void {
    const { right, expected } = this.#watched;
    this.#last = found;
    const isRight = found.healthy && found.release !== null && right.includes(found.release);
    if (isRight) {
      this.#wasRight = true;
      if (this.#down && this.#down.up === null) this.#down.up = sent;
    } else if (this.#down) this.#down.up = null;
    else if (this.#wasRight || expected) this.#down = { at: sent, from, up: null };
  }
}
