import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Refusal } from "../../kernel/refusal.ts";
import { ProtocolRefusal, refuseConnection } from "./refusing.ts";

/** What Node's parser and its clock say of a request that never became one, where it is not simply malformed. */
const STATUS_OF = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
} as const;

/** What is not yet a request is refused as everything else is: Node and Fastify would answer in words of their own. */
export function refuseUnreadable(app: Pick<FastifyInstance, "server">): void {
  const { server } = app;
  const answering = new WeakMap<Socket, Set<ServerResponse>>();
  server.on("request", ({ socket }, answer) => {
    const answers = answering.get(socket) ?? new Set();
    answering.set(socket, answers.add(answer));
    answer.once("close", () => answers.delete(answer));
  });
  // Behind the answers to what was read before it: the first that comes would be taken for theirs.
  const refuse = (socket: Socket, refusal: Refusal, headers?: Record<string, string>) => {
    const before = [...(answering.get(socket) ?? [])].filter(({ req }) => req.complete);
    if (before.length === 0) return refuseConnection(socket, refusal, headers);
    socket.pause();
    before.at(-1)!.once("close", () => refuseConnection(socket, refusal, headers));
  };
  server.on("clientError", (error: NodeJS.ErrnoException & { reason?: string }, stream) => {
    const socket = stream as Socket;
    // Nobody is there to read it, or it would stand in the middle of another answer.
    if (error.code === "ECONNRESET" || [...(answering.get(socket) ?? [])].some(isHalfSaid))
      return void socket.destroy();
    const status = STATUS_OF[error.code as keyof typeof STATUS_OF];
    const message = `The request cannot be read: ${error.reason ?? error.message}.`;
    refuse(socket, status ? new ProtocolRefusal(status) : new ProtocolRefusal(400, { message }));
  });
  // Nobody is connected through this server to another; without a listener Node hangs up without a word.
  server.on("connect", (_, stream) => {
    // Node has let go of the connection: that it breaks would else be nobody's error, and end the process.
    stream.on("error", () => {});
    refuse(stream as Socket, new ProtocolRefusal(405), { allow: "GET, HEAD, POST, QUERY" });
  });
  // Refused below, like everything that can be read.
  server.on("checkExpectation", (request, answer) => server.emit("request", request, answer));
}

function isHalfSaid({ headersSent, writableFinished }: ServerResponse): boolean {
  return headersSent && !writableFinished;
}

/** A name, an address or nothing, and perhaps a port (RFC 9112, 3.2). */
const HOST = /^([\w.~!$&'()*+,;=%-]*|\[[\da-f:.]+\])(:\d*)?$/i;

/**
 * Refuses a request that can be read and is none: to no host or to two, with a body that nobody unpacks, or with an
 * expectation that nobody meets.
 */
export function refuseImproper({ raw, headers }: FastifyRequest, reply: FastifyReply): void {
  const { host: hosts = [] } = raw.headersDistinct;
  // Of two, a proxy before us may have read the other.
  if (hosts.length > 1 || !HOST.test(hosts[0] ?? "") || (hosts.length === 0 && raw.httpVersion === "1.1"))
    throw new ProtocolRefusal(400, {
      message: "The request does not name its one Host.",
      hint: "HTTP/1.1 needs the header Host, once: a name or an address, and perhaps a port.",
    });
  const coding = headers["content-encoding"];
  if (coding !== undefined && coding.toLowerCase() !== "identity") {
    reply.header("accept-encoding", "identity");
    throw new ProtocolRefusal(415, {
      message: `Nobody here unpacks a body of Content-Encoding ${coding}.`,
      hint: "Send the body as it is, without Content-Encoding.",
    });
  }
  if (headers.expect !== undefined && headers.expect.toLowerCase() !== "100-continue") throw new ProtocolRefusal(417);
}

/** Collects the routes to come; answers which methods there are for a path, none where nothing is. */
export function methodsOf(app: FastifyInstance): (path: string) => string[] {
  const routes = new Map<string, { pattern: RegExp; methods: Set<string> }>();
  app.addHook("onRoute", ({ url, method }) => {
    const pattern = url.replace(/[.+]/g, "\\$&").replace(/:\w+/g, "[^/]+").replace("*", ".*");
    const route = routes.get(url) ?? { pattern: new RegExp(`^${pattern}$`), methods: new Set() };
    for (const one of [method].flat()) route.methods.add(one);
    routes.set(url, route);
  });
  return (path) => {
    const found = [...routes.values()].filter(({ pattern }) => pattern.test(path));
    return [...new Set(found.flatMap(({ methods }) => [...methods]))].sort();
  };
}
