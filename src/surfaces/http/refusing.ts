import { maxHeaderSize, STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import type { FastifyReply } from "fastify";
import type { Logger } from "pino";
import { type Problem, problemOf, Refusal, type RefusalKind } from "../../kernel/refusal.ts";

/** A ledger entry holds 64 KiB; a request may be a little larger than its entry. */
export const BODY_BYTES_MAX = 256 * 1024;

/** What HTTP itself refuses, before any operation is asked, by the status that it has for it. */
const PROTOCOL = {
  400: ["invalid", "request.malformed", "The request cannot be read.", "Send HTTP/1.1, and a JSON object as the body."],
  405: ["invalid", "method.not_allowed", "This method is not for this path.", "The header Allow says which ones are."],
  408: ["timeout", "request.late", "The request did not come to its end in time.", "Send it again as a whole."],
  412: ["conflict", "precondition.failed", "What is here is not what If-Match asks for.", "Ask without If-Match."],
  413: [
    "oversized",
    "body.oversized",
    `The body is larger than ${BODY_BYTES_MAX} bytes.`,
    "A ledger entry holds 65,535 bytes: shorten the text or file it as parts.",
  ],
  414: [
    "oversized",
    "address.oversized",
    "A name in the address is too long.",
    "No name here has that many characters.",
  ],
  415: [
    "invalid",
    "content_type.unsupported",
    "Nobody here reads a body of this Content-Type.",
    "Send Content-Type: application/json.",
  ],
  416: ["invalid", "range.unsatisfiable", "The file ends before this range begins.", "Ask without Range."],
  417: ["invalid", "expectation.unmet", "Nothing but 100-continue can be expected here.", "Ask without Expect."],
  431: [
    "oversized",
    "head.oversized",
    `The address and the headers are larger than ${maxHeaderSize} bytes.`,
    "Ask a long question by QUERY, with its parameters as a JSON object.",
  ],
} as const satisfies Record<number, readonly [kind: RefusalKind, code: string, message: string, hint: string]>;

/** A refusal of HTTP itself: its status says more than that of its kind. */
export class ProtocolRefusal extends Refusal {
  readonly status: number;

  constructor(status: keyof typeof PROTOCOL, words: { message?: string; hint?: string } = {}) {
    const [kind, code, message, hint] = PROTOCOL[status];
    super(kind, code, words.message ?? message, { hint: words.hint ?? hint });
    this.status = status;
  }
}

/** There is nothing at this path, or it is not said to whom it would belong. */
export function pathUnknown(asked: string): Refusal {
  return new Refusal("missing", "path.unknown", `There is nothing at ${asked}.`, {
    hint: "GET /openapi.json lists every path; commands are POST, queries are GET or QUERY.",
  });
}

/** Errors of the HTTP layer are the caller's; everything else that is not a refusal is ours. */
export function refusalOf(error: unknown, { method, url }: { method: string; url: string }, log: Logger): Refusal {
  if (error instanceof Refusal) return error;
  const { statusCode: status, code, message } = error as { statusCode?: number; code?: string; message: string };
  if (status === undefined || status >= 500) {
    log.error({ err: error }, "a request failed");
    const hint = "The server's log has the whole error. Please report it.";
    return new Refusal("internal", "kernel.bug", "Longwatch failed on this request.", { hint, cause: error });
  }
  // What the files' server calls forbidden is a path with dots and slashes in it, which none of ours has.
  if (status === 403) return pathUnknown(`${method} ${url.split("?")[0]}`);
  if (status !== 400 && Object.hasOwn(PROTOCOL, status)) return new ProtocolRefusal(status as keyof typeof PROTOCOL);
  return new ProtocolRefusal(400, {
    message: `The request cannot be read: ${message}`,
    hint: HINTS[code ?? ""] ?? "Send a JSON object.",
  });
}

const HINTS: Record<string, string> = {
  FST_ERR_BAD_URL: "Encode each character that an address may not have as % and its bytes in UTF-8.",
  FST_ERR_ROUTE_MISSING_CONTENT_TYPE: "Send Content-Type: application/json.",
};

/** Answers with the refusal's problem document, and the headers that belong to it. */
export function answerRefusal(reply: FastifyReply, refusal: Refusal): FastifyReply {
  const problem = problemDocument(refusal);
  if (problem.status === 401) reply.header("www-authenticate", 'Bearer realm="longwatch"');
  if (problem.status === 415) reply.header("accept", "application/json");
  if (problem.retry) reply.header("retry-after", "1");
  return reply.code(problem.status).header("content-type", "application/problem+json").send(JSON.stringify(problem));
}

/** An answer is what it says that it is, and nobody keeps one that does not say for how long. */
export const GUARDS = { "x-content-type-options": "nosniff", "cache-control": "no-store" } as const;

/** Answers where there is no reply, since nobody could read the request, and hangs up. */
export function refuseConnection(socket: Socket, refusal: Refusal, headers: Record<string, string> = {}): void {
  const problem = problemDocument(refusal);
  const body = JSON.stringify(problem);
  const head = {
    ...GUARDS,
    ...headers,
    "content-type": "application/problem+json; charset=utf-8",
    "content-length": Buffer.byteLength(body),
    connection: "close",
  };
  const lines = Object.entries(head).map(([name, value]) => `${name}: ${value}\r\n`);
  if (socket.writable)
    socket.write(`HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}\r\n${lines.join("")}\r\n${body}`);
  socket.destroySoon();
}

function problemDocument(refusal: Refusal): Problem {
  const problem = problemOf(refusal);
  return refusal instanceof ProtocolRefusal ? { ...problem, status: refusal.status } : problem;
}
