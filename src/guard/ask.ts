import type { IncomingMessage } from "node:http";
import { exchangeOverSocket } from "../client/wire.ts";
import type { Settings } from "./settings.ts";
import type { Found } from "./vocabulary.ts";

/** Asks the decision point about what was found: one AuthZEN request for the whole tool call, and no second try. */

/** Who else may do it. */
export type Offer = { seat: string; role?: string; lane?: string | null; idle_seconds?: number; command?: string };
/** What to do instead, as the server says it. */
export type Protocol = {
  do: string;
  via: string;
  command?: string | null;
  offers?: Offer[];
  escalation?: number | null;
  approval?: number | null;
  approval_state?: string | null;
};
/** What the server decided about one action. */
export type Decided = {
  found: Found;
  allowed: boolean;
  id: number | string | null;
  reasons: string[];
  /** The fleet's rules that stand behind a denial. */
  rules: { id: string; rule: string }[];
  protocol: Protocol | null;
};
/** Nothing was decided: why, and what helps. */
export type Failure = { why: string; remedy: string };
export type Asked = { decided: Decided[] } | { failure: Failure };

/** Where an agent's CLI stands, for the record of decisions. */
export type Occasion = {
  cli: string;
  tool: string;
  agent?: string | undefined;
  call_id?: string | undefined;
  /** Whom somebody else asks for, as a receiving repository does for the seat that pushes. */
  seat?: string | undefined;
  /** The tickets that the change says it is for, where it can be read. */
  tickets?: readonly string[] | undefined;
};

/** How long connecting and answering may take in all; a person waits behind each tool call. */
const WAIT_SECONDS = 3;
/** More than a denial of the largest batch; what sends more is no decision point. */
const ANSWER_BYTES_MAX = 4 << 20;

/** A command may be a whole script; what was found in it says enough. */
const TEXT_CHARACTERS_MAX = 1000;

type Whole = { status: number; body: string };

export async function ask(
  founds: readonly Found[],
  settings: Settings & { token: string },
  occasion: Occasion,
): Promise<Asked> {
  const seconds = settings.wait_seconds ?? WAIT_SECONDS;
  const stop = new AbortController();
  // Whatever happens to the connection: after this long there is an answer.
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<"late">((done) => {
    timer = setTimeout(() => {
      done("late");
      stop.abort(new Error("late"));
    }, seconds * 1000);
  });
  try {
    const answer = await Promise.race([late, exchange(founds, settings, occasion, stop.signal)]);
    if (answer !== "late") return answerIn(answer, founds, settings);
    return failed(`the server at ${originOf(settings)} did not answer within ${seconds} s`, LOOK_AT_SERVER);
  } catch (error) {
    return unreachable(error as NodeJS.ErrnoException, settings);
  } finally {
    clearTimeout(timer);
  }
}

function exchange(
  founds: readonly Found[],
  { url: address, token }: Settings & { token: string },
  { cli, tool, agent, call_id, seat, tickets }: Occasion,
  signal: AbortSignal,
): Promise<Whole> {
  const base = new URL(address);
  const url = new URL(`${base.pathname.replace(/\/$/, "")}/access/v1/evaluations`, base);
  const body = JSON.stringify({
    subject: { type: "seat", id: seat ?? (agent === undefined ? "me" : `me/${agent}`) },
    context: { cli, tool, call_id, tickets },
    evaluations: founds.map(({ action, resource, certain, text, because }) => ({
      // Half of a surrogate pair is no text that can be recorded; the server keeps at most 8 kB of these.
      action: {
        name: action,
        properties: { certain, because: kept(because), text: kept(text) },
      },
      resource,
    })),
  });
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json", accept: "application/json" };
  const sent = { url, method: "POST", headers, body, signal, answer_bytes_max: ANSWER_BYTES_MAX };
  return url.protocol === "http:" ? exchangeOverSocket(sent) : exchangeOverTls(sent);
}

const kept = (text: string) => text.slice(0, TEXT_CHARACTERS_MAX).toWellFormed();

type Sent = { url: URL; method: string; headers: Record<string, string>; body: string; signal: AbortSignal };

/** A startup snapshot cannot hold node:https; who asks over the network waits 14 ms for it to load. */
function exchangeOverTls({ url, method, headers, body, signal }: Sent): Promise<Whole> {
  const { request } = process.getBuiltinModule("node:https");
  const length = { "content-length": String(Buffer.byteLength(body)) };
  return new Promise((done, fail) => {
    const heard = (response: IncomingMessage) => {
      const parts: Buffer[] = [];
      let bytes = 0;
      response.on("error", fail);
      response.on("data", (part: Buffer) => {
        parts.push(part);
        if ((bytes += part.length) > ANSWER_BYTES_MAX) response.destroy(new Error("the answer is too large"));
      });
      response.on("end", () => done({ status: response.statusCode ?? 0, body: Buffer.concat(parts).toString() }));
    };
    const asking = request(url, { method, signal, agent: false, headers: { ...headers, ...length } }, heard);
    asking.on("error", fail);
    asking.end(body);
  });
}

const LOOK_AT_SERVER = "Ask the operator to look at it: `longwatch doctor`. Go on with work that needs no decision.";
const CONNECT_ANEW = "Ask the operator to connect this agent anew: `longwatch connect`.";

function failed(why: string, remedy: string): Asked {
  return { failure: { why, remedy } };
}

function originOf({ url }: Settings): string {
  return new URL(url).origin;
}

function unreachable({ code, message }: NodeJS.ErrnoException, settings: Settings): Asked {
  const origin = originOf(settings);
  const why = code ?? message;
  if (why === "ECONNREFUSED" || why === "ENOENT" || why === "ENOTFOUND" || why === "EAI_AGAIN")
    return failed(`there is no server at ${origin} (${why})`, LOOK_AT_SERVER);
  if (/CERT|TLS|SSL|SELF_SIGNED|ALTNAME|EPROTO|certificate/i.test(why))
    return failed(`the server at ${origin} could not prove that it is the right one (${why})`, LOOK_AT_SERVER);
  return failed(`the connection to the server at ${origin} broke before its answer (${why})`, LOOK_AT_SERVER);
}

function answerIn({ status, body }: Whole, founds: readonly Found[], settings: Settings): Asked {
  const origin = originOf(settings);
  const answer = jsonIn(body) as { evaluations?: unknown; detail?: unknown } | undefined;
  if (status === 401) return failed("this agent's token is unknown to the server, revoked or expired", CONNECT_ANEW);
  if (status >= 300 && status < 400)
    return failed(`the server at ${origin} sends its callers to another address (${status})`, CONNECT_ANEW);
  if (status !== 200) {
    const detail = typeof answer?.detail === "string" ? `: ${answer.detail.slice(0, 200)}` : "";
    const remedy = status === 403 ? CONNECT_ANEW : LOOK_AT_SERVER;
    return failed(`the server at ${origin} answered ${status} instead of deciding${detail}`, remedy);
  }
  const { evaluations } = answer ?? {};
  if (!Array.isArray(evaluations) || evaluations.length !== founds.length)
    return failed(`what answers at ${origin} is not a decision`, LOOK_AT_SERVER);
  const decided = founds.map((found, at) => decidedIn(found, evaluations[at]));
  if (decided.some((one) => one === undefined))
    return failed(`what answers at ${origin} is not a decision`, LOOK_AT_SERVER);
  return { decided: decided as Decided[] };
}

function decidedIn(found: Found, given: unknown): Decided | undefined {
  const { decision, context } = (given ?? {}) as { decision?: unknown; context?: Record<string, unknown> };
  if (typeof decision !== "boolean") return undefined;
  const { id, reasons, doctrine, protocol, obligations, error } = context ?? {};
  const said = Array.isArray(reasons) ? reasons.filter((reason) => typeof reason === "string") : [];
  // One of a batch that could not be decided is a denial that carries its error.
  const { message } = (error ?? {}) as { message?: unknown };
  if (typeof message === "string") said.push(message);
  // AuthZEN lets an answer carry conditions. We know none, and who does not understand one must not go on.
  const isBound = obligations !== undefined && !(Array.isArray(obligations) && obligations.length === 0);
  return {
    found,
    allowed: decision && !isBound,
    id: typeof id === "number" || typeof id === "string" ? id : null,
    reasons: decision && isBound ? ["It is allowed only on a condition that this guard does not know."] : said,
    rules: Array.isArray(doctrine) ? doctrine.filter(isRule) : [],
    protocol: isProtocol(protocol) ? protocol : null,
  };
}

function isRule(value: unknown): value is Decided["rules"][number] {
  const { id, rule } = (value ?? {}) as Partial<Decided["rules"][number]>;
  return typeof id === "string" && typeof rule === "string";
}

function isProtocol(value: unknown): value is Protocol {
  const { do: what, via } = (value ?? {}) as Partial<Protocol>;
  return typeof what === "string" && typeof via === "string";
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
