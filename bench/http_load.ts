import { randomUUID } from "node:crypto";
import { connect, type Socket } from "node:net";
import { closedLoop, pacedLoop } from "./sessions.ts";

/** What one process asks over HTTP: a session for each token, one POST after the other. */
export type HttpLoad = {
  url: string;
  tokens: string[];
  seconds: number;
  path: string;
  /** `{n}` in it is the number of the request. */
  body: string;
  /** With an Idempotency-Key for each. */
  keyed: boolean;
  /** How often each session asks; without it, as soon as it is answered. */
  every_ms?: number;
};

/**
 * The load of `bench/filing.ts` and `bench/deciding.ts` over HTTP, in a process of its own so that it does not share
 * the server's thread. Argument: an HttpLoad as JSON. Prints one line of JSON.
 *
 * It writes and reads HTTP/1.1 by hand: pgbench, which stands beside it, is a few microseconds of C for each
 * transaction, and a client library that takes as long as the server would measure itself.
 */
const { url, tokens, seconds, path, body, keyed, every_ms } = JSON.parse(process.argv[2]!) as HttpLoad;
const { hostname, port, host } = new URL(url);

/** One connection that is kept, with one request on its way at a time. */
class Session {
  #socket: Socket;
  #head: string;
  #received = "";
  #answer: { resolve(): void; reject(error: Error): void } | null = null;

  constructor(token: string) {
    this.#head = `POST ${path} HTTP/1.1\r\nhost: ${host}\r\nauthorization: Bearer ${token}\r\n`;
    this.#socket = connect({ host: hostname, port: Number(port), noDelay: true });
    this.#socket.setEncoding("latin1").on("data", (text: string) => this.#read(text));
    const lost = (error?: Error | boolean) => {
      this.#answer?.reject(error instanceof Error ? error : new Error("the server closed a connection"));
    };
    this.#socket.on("error", lost).on("close", lost);
  }

  ask(said: string): Promise<void> {
    const key = keyed ? `idempotency-key: ${randomUUID()}\r\n` : "";
    const length = `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(said)}\r\n\r\n`;
    return new Promise((resolve, reject) => {
      this.#answer = { resolve, reject };
      this.#socket.write(this.#head + key + length + said);
    });
  }

  end(): void {
    this.#socket.destroy();
  }

  #read(text: string): void {
    this.#received += text;
    const end = this.#received.indexOf("\r\n\r\n");
    if (end < 0) return;
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(this.#received)?.[1]);
    if (this.#received.length < end + 4 + length) return;
    const [whole, answer] = [this.#received, this.#answer];
    this.#received = "";
    this.#answer = null;
    if (whole.startsWith("HTTP/1.1 200")) answer?.resolve();
    else answer?.reject(new Error(whole));
  }
}

const sessions = tokens.map((token) => new Session(token));
/** What a session that is still waiting wants to ask next: a paced one asks whether it was answered or not. */
const queues: Promise<void>[] = tokens.map(() => Promise.resolve());
const ask = (session: number, n: number) =>
  (queues[session] = queues[session]!.then(() => sessions[session]!.ask(body.replace("{n}", String(n)))));
const reached = await (every_ms === undefined
  ? closedLoop(tokens.length, seconds, ask)
  : pacedLoop(tokens.length, seconds, every_ms, ask));
console.log(JSON.stringify(reached));
for (const session of sessions) session.end();
