import http from "node:http";
import https from "node:https";

/** The whole answer to a request. */
export type Posting = { status: number; body: string };

/** A witness answers with a few lines; whatever is longer is something else. */
const ANSWER_BYTES_MAX = 64 * 1024;
const MILLISECONDS_MAX = 10_000;

/**
 * Posts texts to one address over a kept connection, without following it anywhere else. No fetch: its dispatcher
 * would be loaded into the server for this alone.
 */
export class Posts {
  readonly #url: URL;
  readonly #http: typeof http | typeof https;
  readonly #agent: http.Agent;
  readonly #closing = new AbortController();

  constructor(url: URL) {
    this.#url = url;
    this.#http = url.protocol === "https:" ? https : http;
    this.#agent = new this.#http.Agent({ keepAlive: true, maxSockets: 1 });
  }

  /** Rejects when there is no whole answer in ten seconds. */
  async post(body: string): Promise<Posting> {
    const limit = AbortSignal.timeout(MILLISECONDS_MAX);
    const signal = AbortSignal.any([limit, this.#closing.signal]);
    try {
      return await this.#exchange(body, signal).catch((error) => {
        // The other side closed the kept connection as we took it; it did not read us.
        if (error.code === "ECONNRESET" && error.reused) return this.#exchange(body, signal);
        throw error;
      });
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (limit.aborted)
        throw new Error(`it did not answer within ${MILLISECONDS_MAX / 1000} seconds`, { cause: error });
      throw new Error(`it cannot be reached (${code ?? message})`, { cause: error });
    }
  }

  /** Gives up what is on its way and lets go of the connection. */
  close(): void {
    this.#closing.abort();
    this.#agent.destroy();
  }

  #exchange(body: string, signal: AbortSignal): Promise<Posting> {
    const headers = { "content-type": "text/plain; charset=utf-8", "content-length": Buffer.byteLength(body) };
    return new Promise((done, fail) => {
      const request = this.#http.request(this.#url, { method: "POST", agent: this.#agent, headers, signal });
      request.on("error", (error) => fail(Object.assign(error, { reused: request.reusedSocket })));
      request.on("response", (response) => {
        const parts: Buffer[] = [];
        let bytes = 0;
        response.on("error", fail);
        response.on("data", (part: Buffer) => {
          parts.push(part);
          bytes += part.length;
          if (bytes > ANSWER_BYTES_MAX) request.destroy(new Error(`an answer of more than ${ANSWER_BYTES_MAX} bytes`));
        });
        response.on("end", () => done({ status: response.statusCode!, body: Buffer.concat(parts).toString() }));
      });
      request.end(body);
    });
  }
}
