import createClient from "openapi-fetch";
import { begun } from "../live/cursor.ts";
import type { paths } from "./generated.d.ts";

/** What the server answers instead of what was asked for (RFC 9457): what happened, and what to do next. */
export type Problem = {
  status: number;
  code: string;
  detail: string;
  hint?: string;
  fields?: { field: string; message: string }[];
  [fact: string]: unknown;
};

/** A refusal of the server, or no server at all. */
export class ApiError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.problem = problem;
  }
}

const client = createClient<paths>({ querySerializer: addressOf });

/** Each value of a list stands under the list's name again, as the API's document has it. */
function addressOf(query: Record<string, unknown>): string {
  return new URLSearchParams(
    Object.entries(query)
      .flatMap(([name, value]) => [value].flat().map((one) => [name, one]))
      .filter(([, value]) => value !== undefined && value !== null)
      .map(([name, value]) => [String(name), String(value)]),
  ).toString();
}

/** What everybody on the way has to let through (RFC 9110, 4.1). */
const ADDRESS_BYTES_MAX = 8_000;

type Get<P extends keyof paths> = paths[P] extends { get: infer Operation } ? Operation : never;
type Post<P extends keyof paths> = paths[P] extends { post: infer Operation } ? Operation : never;
type Json<Answer> = Answer extends { content: { "application/json": infer Body } } ? Body : never;
type Answer<Operation> = Operation extends { responses: { 200: infer Good } } ? Json<Good> : never;
type Asked<Operation> = Operation extends { parameters: { query?: infer Query } } ? NonNullable<Query> : never;
type Said<Operation> = Operation extends { requestBody?: infer Body } ? Json<NonNullable<Body>> : never;

/** The paths that answer a question. */
export type QueryPath = { [P in keyof paths]: Get<P> extends never ? never : P }[keyof paths];
/** The paths that do something. */
export type CommandPath = { [P in keyof paths]: Post<P> extends never ? never : P }[keyof paths];
export type QueryInput<P extends keyof paths> = Asked<Get<P>>;
export type QueryOutput<P extends keyof paths> = Answer<Get<P>>;
export type CommandInput<P extends keyof paths> = Said<Post<P>>;
export type CommandOutput<P extends keyof paths> = Answer<Post<P>>;

/** Asks a query: by GET, or by QUERY (RFC 10008) where what is asked is too long for an address. Throws ApiError. */
export async function ask<P extends QueryPath>(
  path: P,
  query: QueryInput<P> | undefined,
  signal?: AbortSignal,
): Promise<QueryOutput<P>> {
  const send = client.request as unknown as (method: string, ...rest: Parameters<Send>) => ReturnType<Send>;
  const heard = signal ? { signal } : {};
  await begun;
  const isLong = query !== undefined && addressOf(query).length > ADDRESS_BYTES_MAX;
  return whole(
    isLong
      ? send("query", path, { body: query, ...heard })
      : send("get", path, { params: query ? { query } : {}, ...heard }),
  );
}

/**
 * Says a command, once: a lost answer is asked for again under the same key, and the server does it no second time.
 * Throws ApiError.
 */
export async function say<P extends CommandPath>(path: P, body: CommandInput<P>): Promise<CommandOutput<P>> {
  const post = client.POST as unknown as Send;
  const headers = { "idempotency-key": newKey() };
  const once = () => whole<CommandOutput<P>>(post(path, { body, headers }));
  try {
    return await once();
  } catch (error) {
    if (error instanceof ApiError && error.problem.status !== 0) throw error;
    return once();
  }
}

const KEY_BYTES = 16;

/** A key that no other command has. `crypto.randomUUID` would be missing on plain HTTP away from localhost. */
function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(KEY_BYTES));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

const entries = new WeakMap<object, number>();

/** The ledger's entry that says what a command did, by the command's answer. */
export function entryBehind(answer: object): number | undefined {
  return entries.get(answer);
}

type Send = (path: string, options: object) => Promise<{ data?: unknown; error?: unknown; response: Response }>;

async function whole<Body>(sent: ReturnType<Send>): Promise<Body> {
  const { data, error, response } = await sent.catch((cause: unknown): never => {
    if (cause instanceof DOMException && cause.name === "AbortError") throw cause;
    throw new ApiError({
      status: 0,
      code: "server.unreachable",
      detail: "The server cannot be reached.",
      hint: "See whether it runs: longwatch doctor. This page goes on by itself when it is back.",
    });
  });
  if (response.ok) {
    const seq = Number(response.headers.get("longwatch-seq"));
    if (seq > 0 && typeof data === "object" && data !== null) entries.set(data, seq);
    return data as Body;
  }
  const problem = typeof error === "object" && error !== null ? (error as Partial<Problem>) : {};
  throw new ApiError({
    code: "answer.unreadable",
    detail: `The server answered ${response.status}.`,
    ...problem,
    status: response.status,
  });
}
