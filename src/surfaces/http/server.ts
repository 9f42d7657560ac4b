import cookie from "@fastify/cookie";
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import type { Logger } from "pino";
import type { Catalogue } from "../../kernel/catalogue.ts";
import type { Door } from "../../kernel/door.ts";
import { problemOf, Refusal } from "../../kernel/refusal.ts";
import { serverClosing } from "../../kernel/refusals.ts";
import { mcpRoutes } from "../mcp/http.ts";
import { ledgerStream } from "../streams/ledger.ts";
import type { Wakes } from "../streams/wakes.ts";
import { authzenRoutes } from "./authzen.ts";
import { consolePages, sendConsole, wantsPage } from "./console.ts";
import { documentation } from "./documentation.ts";
import { hangUpOnceAnswered } from "./hanging_up.ts";
import { openapi, pathOf, QUERY_FORMAT } from "./openapi.ts";
import { typedQuery } from "./querystring.ts";
import { signIn } from "./sign_in.ts";
import { type TlogOptions, tlogRoutes } from "./tlog.ts";
import { tokenOf } from "./token.ts";
import { type WebhookOptions, webhookRoutes } from "./webhooks.ts";
import { type WitnessOptions, witnessRoutes } from "./witness.ts";

/** A ledger entry holds 64 KiB; a request may be a little larger than its entry. */
const BODY_BYTES_MAX = 256 * 1024;

export type Health = () => Promise<{ state: "serving" | "closing" | "database_away" } & Record<string, unknown>>;

export type HttpOptions = {
  door: Door;
  catalogue: Catalogue;
  wakes: Wakes;
  health: Health;
  log: Logger;
  /** Whose log everyone may read; without it, nobody's. */
  publicLog?: TlogOptions["publicLog"];
  /** How this server is a witness for other logs; without it, it is none. */
  witness?: Pick<WitnessOptions, "tenant_id" | "cosign">;
  /** What deliveries of GitHub and GitLab are checked with; without it, none is taken. */
  webhooks?: Pick<WebhookOptions, "key" | "tenantOf">;
  /** Whether the server is about to end: it still listens, and turns away whoever comes. */
  closing?: () => boolean;
};

/** The HTTP surface: one route for each operation, made from the catalogue, and the few that are not operations. */
export async function httpServer(options: HttpOptions): Promise<FastifyInstance> {
  const { door, catalogue, wakes, health, log, closing = () => false } = options;
  const app = fastify({
    bodyLimit: BODY_BYTES_MAX,
    // Our own log; Fastify's would write a line for each request.
    logger: false,
    // Shutting down: finish what was accepted, refuse the rest. Fastify's own 503 is no problem document.
    forceCloseConnections: "idle",
    return503OnClosing: false,
    frameworkErrors: (error, _, reply) => void answerRefusal(guarded(reply), refusalOf(error, log)),
  });
  let closed = false;
  app.addHook("preClose", async () => {
    closed = true;
  });
  hangUpOnceAnswered(app);
  app.addHook("onRequest", async ({ routeOptions }, reply) => {
    guarded(reply);
    if (!closed && !closing()) return;
    reply.header("connection", "close");
    if (routeOptions.url !== "/health") throw serverClosing();
  });
  await app.register(cookie);
  app.setErrorHandler((error, _, reply) => answerRefusal(reply, refusalOf(error, log)));
  app.setNotFoundHandler((request, reply) => {
    if (wantsPage(request)) return sendConsole(reply);
    const message = `There is nothing at ${request.method} ${request.url.split("?")[0]}.`;
    const hint = "GET /openapi.json lists every path; commands are POST, queries are GET or QUERY.";
    return answerRefusal(reply, new Refusal("missing", "path.unknown", message, { hint }));
  });
  app.get("/health", async (_, reply) => {
    const answer = await health();
    return reply.code(answer.state === "serving" ? 200 : 503).send(answer);
  });
  const document = openapi(catalogue);
  app.get("/openapi.json", async (request) => {
    await door.identify(tokenOf(request));
    return document;
  });
  app.get("/v1/catalogue", async (request): Promise<Catalogue> => {
    const { role } = await door.identify(tokenOf(request));
    return { ...catalogue, operations: catalogue.operations.filter(({ may }) => may.includes(role)) };
  });
  operationRoutes(app, door, catalogue);
  await authzenRoutes(app, door);
  ledgerStream(app, door, wakes);
  tlogRoutes(app, { door, publicLog: options.publicLog ?? (async () => null) });
  if (options.witness) witnessRoutes(app, { door, log, ...options.witness });
  if (options.webhooks) webhookRoutes(app, { door, ...options.webhooks });
  mcpRoutes(app, { door, catalogue, onBug: (err) => log.error({ err }, "a tool call failed; this is a bug") });
  await app.register(async (scope) => signIn(scope, door));
  await consolePages(app);
  await documentation(app, door, document);
  return app;
}

/** An answer is what it says that it is, and nobody keeps one that does not say for how long. */
function guarded(reply: FastifyReply): FastifyReply {
  return reply.header("x-content-type-options", "nosniff").header("cache-control", "no-store");
}

function operationRoutes(app: FastifyInstance, door: Door, catalogue: Catalogue): void {
  for (const { name, kind, input } of catalogue.operations) {
    const path = pathOf(name);
    if (kind === "query") {
      const answer = (request: FastifyRequest, reply: FastifyReply, wanted: unknown) => {
        reply.header("accept-query", QUERY_FORMAT);
        return door.ask(tokenOf(request), name, wanted);
      };
      app.get(path, (request, reply) => answer(request, reply, typedQuery(input, request.query as never)));
      app.query(path, (request, reply) => answer(request, reply, request.body));
      continue;
    }
    app.post(path, async (request, reply) => {
      const accepted = await door.say(tokenOf(request), name, request.body, { key: keyOf(request) });
      if (accepted.seq !== null) reply.header("longwatch-seq", accepted.seq);
      return accepted.output;
    });
  }
}

function keyOf(request: FastifyRequest): string | undefined {
  const key = request.headers["idempotency-key"];
  return Array.isArray(key) ? key[0] : key;
}

/** Fastify's words for a body of which nobody knows what it is. */
const TYPELESS = new Set(["FST_ERR_CTP_INVALID_MEDIA_TYPE", "FST_ERR_ROUTE_MISSING_CONTENT_TYPE"]);

/** Errors of the HTTP layer are the caller's; everything else that is not a refusal is ours. */
function refusalOf(error: unknown, log: Logger): Refusal {
  if (error instanceof Refusal) return error;
  const { statusCode, code, message } = error as { statusCode?: number; code?: string; message: string };
  if (statusCode === 413)
    return new Refusal("oversized", "body.oversized", `The body is larger than ${BODY_BYTES_MAX} bytes.`, {
      hint: "A ledger entry holds 65,535 bytes: shorten the text or file it as parts.",
    });
  if (statusCode !== undefined && statusCode < 500)
    return new Refusal("invalid", "request.malformed", `The request cannot be read: ${message}`, {
      hint: TYPELESS.has(code ?? "") ? "Send Content-Type: application/json." : "Send a JSON object.",
    });
  log.error({ err: error }, "a request failed");
  return new Refusal("internal", "kernel.bug", "Longwatch failed on this request.", { cause: error });
}

function answerRefusal(reply: FastifyReply, refusal: Refusal): FastifyReply {
  const problem = problemOf(refusal);
  if (problem.status === 401) reply.header("www-authenticate", 'Bearer realm="longwatch"');
  if (problem.retry) reply.header("retry-after", "1");
  return reply.code(problem.status).header("content-type", "application/problem+json").send(JSON.stringify(problem));
}
