import { type NodeIncomingMessageLike, toNodeHandler } from "@modelcontextprotocol/node";
import { createMcpHandler } from "@modelcontextprotocol/server";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Catalogue, Operation } from "../../kernel/catalogue.ts";
import type { Door } from "../../kernel/door.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { isForeign } from "../http/token.ts";
import { mcpServer } from "./tools.ts";

export type McpRoutesOptions = {
  door: Pick<Door, "identify" | "say" | "ask">;
  catalogue: Catalogue;
  /** Told of whatever fails that is not the caller's doing. */
  onBug?: (error: unknown) => void;
};

type Split = { operations: Operation[]; unlisted: Operation[] };

/**
 * `/mcp`: streamable HTTP for both eras of the protocol. Every request stands by itself, with no session to lose: a
 * restarted server, or another one behind the same address, answers the next call. So GET and DELETE, which are for
 * the sessions of the 2025 era, have no route: they are answered 405. And a subscription ends at once, since no list
 * of tools changes while it is served. Nothing here outlives its call, so a server that closes needs only to answer
 * what it began.
 */
export function mcpRoutes(app: FastifyInstance, { door, catalogue, onBug }: McpRoutesOptions): void {
  const splits = new Map<string, Split>();
  const handler = createMcpHandler(({ authInfo }) => {
    const { token, scopes } = authInfo!;
    const role = scopes[0]!;
    const split = splits.get(role) ?? splitFor(role, catalogue);
    splits.set(role, split);
    return mcpServer({
      ...split,
      version: catalogue.version,
      say: async (name, input, options) => (await door.say(token, name, input, options)).output,
      ask: (name, input) => door.ask(token, name, input),
      onBug,
    });
  });
  // A scope of its own, which leaves the body to the protocol: its errors are JSON-RPC's, not problem documents.
  app.register(async (scope) => {
    const bytes_max = scope.initialConfig.bodyLimit ?? 1_048_576;
    const answer = toNodeHandler(handler, { onerror: onBug, maxRequestBodySize: bytes_max });
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("*", (_request, _payload, done) => done(null));
    scope.post("/mcp", async (request, reply) => {
      if (isForeign(request)) throw foreignPage(request);
      const token = bearerOf(request);
      const caller = await door.identify(token);
      reply.hijack();
      const { method, url, headers } = request.raw;
      const auth = { token, clientId: caller.name, scopes: [caller.role] };
      const body = { [Symbol.asyncIterator]: () => textOf(request.raw) };
      await answer({ method, url, headers, auth, ...body } as NodeIncomingMessageLike, reply.raw);
    });
  });
}

/**
 * A body as text. The protocol's own decoder would read other letters than were meant, and they would be recorded for
 * ever. What is not UTF-8 becomes NULs, which no JSON has anywhere: so the protocol refuses it, in its own words. They
 * are as many as its bytes, which it counts.
 */
async function* textOf(body: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const decoded = (part?: Buffer) => {
    try {
      return decoder.decode(part, { stream: part !== undefined });
    } catch {
      return "\0".repeat(part?.length ?? 1);
    }
  };
  try {
    for await (const part of body) yield decoded(part);
    yield decoded();
  } catch {
    // Who sent it has gone in the midst, which is no bug of ours, and hears no answer.
    yield "\0";
  }
}

function splitFor(role: string, { operations }: Catalogue): Split {
  const { listed = [], unlisted = [] } = Object.groupBy(operations, ({ may }) =>
    may.includes(role) ? "listed" : "unlisted",
  );
  return { operations: listed, unlisted };
}

/** Only the header counts here, never a cookie: a browser's page must not be able to call tools by itself. */
function bearerOf({ headers: { authorization } }: FastifyRequest): string {
  const token = /^bearer +(\S+) *$/i.exec(authorization ?? "")?.[1];
  if (token) return token;
  throw new Refusal("unauthenticated", "token.missing", "MCP needs a token: Authorization: Bearer lw_….", {
    hint: "A seat gets one from seat.adopt; write it into the headers of your client's MCP configuration.",
  });
}

/** The protocol asks servers to check Origin. A rebound name would pass; against that stands the token in a header. */
function foreignPage({ headers: { origin } }: FastifyRequest): Refusal {
  return new Refusal("denied", "origin.foreign", `A page of ${origin} may not use this MCP server.`, {
    hint: "Connect from a program; only pages of this server's own address may call it.",
  });
}
