import type { Agent, ClientRequest, IncomingMessage } from "node:http";
import { type FieldProblem, type Problem, Refusal, type RefusalKind, refusalKinds } from "../kernel/refusal.ts";
import { newKey } from "./away.ts";
import { eventsOf, type Streamed } from "./event_stream.ts";
import { silent } from "./silence.ts";

/**
 * Says commands and asks queries over HTTP, from the command line, the import, the demo, tests and benchmarks.
 * It is in the command line's hot path: no fetch (it costs 50 ms to start), and node:http only when first needed.
 */

export type Sent = {
  url: URL;
  method: string;
  headers: Record<string, string>;
  body?: string;
  signal?: AbortSignal;
  /** For who asks a server that it does not trust to end. */
  answer_bytes_max?: number;
  /** For who has something else to do when no answer comes. */
  silence_ms?: number | undefined;
};
export type Answer = { status: number; headers: Record<string, string | string[] | undefined>; body: string };
/** Sends one request and gives the whole answer, or rejects; undefined leaves it to node:http. */
export type Exchange = (sent: Sent) => Promise<Answer> | undefined;

export type ClientOptions = {
  url: string;
  token?: string | undefined;
  /** For how long an unreachable or overloaded server is asked again. A command keeps its Idempotency-Key. */
  retryFor_seconds?: number;
  /** For how long it may say nothing before the connection counts as lost. */
  silence_seconds?: number | undefined;
  /** How requests travel, when not by node:http: the startup snapshot cannot hold that module. */
  exchange?: Exchange;
};

export type SayOptions = { key?: string | undefined; signal?: AbortSignal | undefined };

/** What everybody on the way has to let through (RFC 9110, 4.1). */
const ADDRESS_BYTES_MAX = 8_000;
const RETRY_FIRST_MS = 50;
const RETRY_MAX_MS = 5_000;

export class Client {
  readonly url: URL;
  readonly #token: string | undefined;
  readonly #retryFor_ms: number;
  readonly #silence_ms: number | undefined;
  readonly #exchange: (sent: Sent) => Promise<Answer>;
  #agent: Agent | undefined;

  constructor({ url, token, retryFor_seconds = 0, silence_seconds, exchange }: ClientOptions) {
    this.url = parseUrl(url);
    this.#token = token;
    this.#retryFor_ms = retryFor_seconds * 1000;
    this.#silence_ms = silence_seconds && silence_seconds * 1000;
    this.#exchange = (sent) => exchange?.(sent) ?? this.#overHttp(sent);
  }

  /** Says a command. Without a key it makes one, so that its own retries are one request. */
  say<Output = unknown>(name: string, input: unknown = {}, { key, signal }: SayOptions = {}): Promise<Output> {
    const body = JSON.stringify(input);
    const idempotencyKey = key ?? newKey();
    const headers = { ...this.#headers(), "content-type": "application/json", "idempotency-key": idempotencyKey };
    return this.#retried<Output>({ url: this.#at(name), method: "POST", headers, body, signal });
  }

  /** Asks a query: by GET, or by QUERY (RFC 10008) where what is asked is too long for an address. */
  ask<Output = unknown>(name: string, input: object = {}, { signal }: { signal?: AbortSignal } = {}): Promise<Output> {
    const url = this.#at(name);
    for (const [field, value] of Object.entries(input))
      for (const one of Array.isArray(value) ? value : [value])
        if (one !== undefined && one !== null) url.searchParams.append(field, String(one));
    const headers = this.#headers();
    if (url.href.length <= ADDRESS_BYTES_MAX) return this.#retried<Output>({ url, method: "GET", headers, signal });
    const body = JSON.stringify(input, (_, value) => value ?? undefined);
    const typed = { ...headers, "content-type": "application/json" };
    return this.#retried<Output>({ url: this.#at(name), method: "QUERY", headers: typed, body, signal });
  }

  /** The ledger's entries after a number, as they come; it reconnects where it was until the signal aborts. */
  async *stream(after: number | string = 0, signal?: AbortSignal): AsyncGenerator<Streamed, void, undefined> {
    let last: string | undefined;
    for (let failures = 0; !signal?.aborted;) {
      const url = this.#at("ledger.stream");
      url.searchParams.set("after", String(after));
      const headers = { ...this.#headers(), accept: "text/event-stream" };
      try {
        const answer = await this.#open({
          url,
          method: "GET",
          headers: last === undefined ? headers : { ...headers, "last-event-id": last },
          signal,
        });
        if (answer.statusCode !== 200) throw refusalOf({ ...(await whole(answer)), url });
        for await (const one of eventsOf(answer)) {
          last = one.id;
          failures = 0;
          yield one;
        }
      } catch (error) {
        if (signal?.aborted) return;
        if (error instanceof Refusal && !refusalKinds[error.kind].retry) throw error;
      }
      await pause(backoff_ms(failures++), signal);
    }
  }

  /** Lets go of the kept connections, so that a program can end. */
  close(): void {
    this.#agent?.destroy();
    this.#agent = undefined;
  }

  #at(name: string): URL {
    const base = this.url.pathname.replace(/\/$/, "");
    return new URL(`${base}/v1/${name.replace(".", "/")}`, this.url);
  }

  #headers(): Record<string, string> {
    const accept = { accept: "application/json" };
    return this.#token === undefined ? accept : { ...accept, authorization: `Bearer ${this.#token}` };
  }

  async #retried<Output>(sent: Sent): Promise<Output> {
    const until = Date.now() + this.#retryFor_ms;
    for (let failures = 0; ; failures++) {
      const asked = { ...sent, silence_ms: this.#silence_ms };
      const answer = await this.#exchange(asked).catch((error) => unreachable(error, sent));
      if (!(answer instanceof Refusal) && answer.status === 200) return parsed(answer, sent.url) as Output;
      const refusal = answer instanceof Refusal ? answer : refusalOf({ ...answer, url: sent.url });
      const asked_ms = answer instanceof Refusal ? 0 : retryAfter_ms(answer.headers["retry-after"]);
      const wait_ms = Math.max(asked_ms, backoff_ms(failures));
      const passing = refusal.kind === "unavailable" || refusal.kind === "timeout";
      if (!passing || Date.now() + wait_ms > until) throw refusal;
      await pause(wait_ms, sent.signal);
    }
  }

  async #overHttp(sent: Sent): Promise<Answer> {
    const { response, reused } = await this.#begin(sent);
    return response.then(whole).catch((error) => {
      // The server closed a kept connection as we took it; the request is the same by its key, so say it again.
      if (reused() && error.code === "ECONNRESET") return this.#begin(sent).then((again) => again.response.then(whole));
      throw error;
    });
  }

  async #open(sent: Sent): Promise<IncomingMessage> {
    return (await this.#begin(sent, false)).response;
  }

  async #begin(sent: Sent, kept = true) {
    const secure = sent.url.protocol === "https:";
    const http = secure ? process.getBuiltinModule("node:https") : process.getBuiltinModule("node:http");
    if (kept) this.#agent ??= new http.Agent({ keepAlive: true, scheduling: "lifo" });
    const { method, headers, signal } = sent;
    const length = sent.body === undefined ? {} : { "content-length": String(Buffer.byteLength(sent.body)) };
    const options = { method, signal, headers: { ...headers, ...length }, agent: kept ? this.#agent : false };
    let request: ClientRequest | undefined;
    const response = new Promise<IncomingMessage>((done, fail) => {
      request = http.request(sent.url, options, done);
      request.on("error", fail);
      if (sent.silence_ms) request.setTimeout(sent.silence_ms, () => request!.destroy(silent(sent.silence_ms!)));
      request.end(sent.body);
    });
    return { response, reused: () => request?.reusedSocket === true };
  }
}

/** The refusal that a server's problem document tells, with every field kept. */
export function refusalOf({ status, body, url }: Pick<Answer, "status" | "body"> & { url: URL }): Refusal {
  const problem = problemIn(body);
  if (!problem) {
    const kind = kindOf(status);
    const first = body.trim().split("\n", 1)[0]!.slice(0, 200);
    return new Refusal(kind, "server.strange", `${url.origin} answered ${status} without a reason: ${first}`, {
      hint: "Is this a Longwatch server? Look at --url and at what stands before it.",
    });
  }
  const { type: _, title: __, status: ___, detail, code, kind, retry: ____, hint, fields, rules, ...facts } = problem;
  const known = Object.hasOwn(refusalKinds, kind) ? kind : kindOf(status);
  return new Refusal(known, code, detail, { hint, fields: fields as FieldProblem[] | undefined, facts, rules });
}

function problemIn(body: string): Problem | undefined {
  try {
    const found = JSON.parse(body);
    return typeof found?.code === "string" && typeof found.detail === "string" ? found : undefined;
  } catch {
    return undefined;
  }
}

function kindOf(status: number): RefusalKind {
  for (const [kind, row] of Object.entries(refusalKinds)) if (row.status === status) return kind as RefusalKind;
  if (status === 502) return "unavailable";
  return status >= 500 ? "internal" : "invalid";
}

function unreachable(error: NodeJS.ErrnoException, { url, signal }: Sent): Refusal {
  if (signal?.aborted) throw error;
  if (error instanceof TypeError)
    return new Refusal("invalid", "header.malformed", `It cannot be sent: ${error.message}`);
  const why = error.code ?? error.message;
  const begun = !["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "ENOENT", "ETIMEDOUT"].includes(why);
  if (!begun)
    return new Refusal("unavailable", "server.unreachable", `There is no server at ${url.origin} (${why}).`, {
      hint: "Start one with `longwatch serve`, or name another with --url.",
      cause: error,
    });
  return new Refusal(
    "unavailable",
    "server.lost",
    `The connection to ${url.origin} broke before the answer (${why}).`,
    {
      hint: "It may have been done. Try again with the same Idempotency-Key: a repeat does nothing twice.",
      cause: error,
    },
  );
}

function parsed({ body }: Answer, url: URL): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw refusalOf({ status: 200, body, url });
  }
}

export function parseUrl(url: string): URL {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed && (parsed.protocol === "http:" || parsed.protocol === "https:")) return parsed;
  const message = "must be an address such as http://127.0.0.1:4780";
  throw new Refusal("invalid", "url.malformed", `The server's address ${message}, not "${url}".`, {
    fields: [{ field: "url", message }],
  });
}

function whole(response: IncomingMessage): Promise<Answer> {
  return new Promise((done, fail) => {
    const parts: Buffer[] = [];
    response.on("data", (part) => parts.push(part));
    response.on("error", fail);
    response.on("end", () => {
      const { statusCode = 0, headers } = response;
      done({ status: statusCode, headers, body: Buffer.concat(parts).toString() });
    });
  });
}

/** Doubling from 50 ms to 5 s, anywhere in the upper half, so that a crowd of clients does not come back at once. */
function backoff_ms(failures: number): number {
  return Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** Math.min(failures, 10)) * (0.5 + Math.random() / 2);
}

function retryAfter_ms(header: string | string[] | undefined): number {
  return typeof header === "string" && /^\d+$/.test(header) ? Number(header) * 1000 : 0;
}

function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((done) => {
    const over = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", over);
      done();
    };
    const timer = setTimeout(over, milliseconds);
    if (signal?.aborted) over();
    else signal?.addEventListener("abort", over, { once: true });
  });
}
