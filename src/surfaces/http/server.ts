import { isUtf8 } from "node:buffer";
import cookie from "@fastify/cookie";
import fastify, {
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type onRequestHookHandler,
} from "fastify";
import type { Logger } from "pino";
import type { Catalogue } from "../../kernel/catalogue.ts";
import type { Door } from "../../kernel/door.ts";
import { serverClosing } from "../../kernel/refusals.ts";
import { mcpRoutes } from "../mcp/http.ts";
import { ledgerStream } from "../streams/ledger.ts";
import type { Wakes } from "../streams/wakes.ts";
import { authzenRoutes } from "./authzen.ts";
import { consolePages, sendConsole, wantsPage } from "./console.ts";
import { documentation } from "./documentation.ts";
import { hangUpOnceAnswered } from "./hanging_up.ts";
import { beginOneByOne } from "./one_by_one.ts";
import { openapi, pathOf, QUERY_FORMAT } from "./openapi.ts";
import { methodsOf, refuseImproper, refuseUnreadable } from "./protocol.ts";
import { typedQuery } from "./querystring.ts";
import { answerRefusal, BODY_BYTES_MAX, GUARDS, pathUnknown, ProtocolRefusal, refusalOf } from "./refusing.ts";
import { signIn } from "./sign_in.ts";
import { type TlogOptions, tlogRoutes } from "./tlog.ts";
import { nameSessionCookie, tokenOf } from "./token.ts";
import { type WebhookOptions, webhookRoutes } from "./webhooks.ts";
import { type WitnessOptions, witnessRoutes } from "./witness.ts";

export type Health = () => Promise<{ state: "serving" | "closing" | "database_away" } & Record<string, unknown>>;

export type HttpOptions = {
  door: Door;
  catalogue: Catalogue;
  wakes: Wakes;
  /** Names its sessions' cookies apart from other servers' on this host; without it, it is the only one there. */
  installation?: string;
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

/** A request is here as a whole within this time, or refused: Fastify would wait for ever, and keep what there is. */
const REQUEST_MILLISECONDS_MAX = 60_000;

/** The HTTP surface: one route for each operation, made from the catalogue, and the few that are not operations. */
export async function httpServer(options: HttpOptions): Promise<FastifyInstance> {
  const { door, catalogue, wakes, health, log, closing = () => false } = options;
  const app = fastify({
    bodyLimit: BODY_BYTES_MAX,
    requestTimeout: REQUEST_MILLISECONDS_MAX,
    // Our own log; Fastify's would write a line for each request.
    logger: false,
    // Shutting down: finish what was accepted, refuse the rest. Fastify's own 503 is no problem document.
    forceCloseConnections: "idle",
    return503OnClosing: false,
    frameworkErrors: (error, request, reply) =>
      void answerRefusal(reply.headers(GUARDS), refusalOf(error, request, log)),
    // We say it ourselves, as everything that is refused.
    http: { requireHostHeader: false },
    clientErrorHandler: () => {},
  });
  let closed = false;
  app.addHook("preClose", async () => {
    closed = true;
  });
  hangUpOnceAnswered(app);
  refuseUnreadable(app);
  beginOneByOne(app);
  const answerNothing = nothing(methodsOf(app));
  app.addHook("onRequest", async (request, reply) => {
    reply.headers(GUARDS);
    refuseImproper(request, reply);
    if (closed || closing()) {
      reply.header("connection", "close");
      if (request.routeOptions.url !== "/health") throw serverClosing();
    }
    // Before its body is read, which nobody is there for.
    if (request.is404) return answerNothing(request, reply);
  });
  readJson(app);
  await app.register(cookie);
  nameSessionCookie(app, options.installation);
  app.setErrorHandler((error, request, reply) => answerRefusal(reply, refusalOf(error, request, log)));
  app.setNotFoundHandler(answerNothing);
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

/** Bodies are JSON, but for the routes that say otherwise. */
function readJson(app: FastifyInstance): void {
  app.removeContentTypeParser("text/plain");
  const read = app.getDefaultJsonParser("error", "error");
  app.addContentTypeParser<Buffer>("application/json", { parseAs: "buffer" }, (request, body, done) => {
    // Read all the same, it would be recorded for ever with other letters than were meant.
    if (isUtf8(body)) return read(request, body.toString(), done);
    done(new ProtocolRefusal(400, { message: "The body is not UTF-8, as JSON is.", hint: "Send the text as UTF-8." }));
  });
}

/** Answers where no route is: with the console's page, or with which methods there are instead. */
function nothing(methodsAt: (path: string) => string[]) {
  return (request: FastifyRequest, reply: FastifyReply) => {
    if (wantsPage(request)) return sendConsole(reply);
    const path = request.url.split("?")[0]!;
    const methods = methodsAt(path);
    if (methods.length === 0 || methods.includes(request.method)) throw pathUnknown(`${request.method} ${path}`);
    reply.header("allow", methods.join(", "));
    throw new ProtocolRefusal(405, { message: `${request.method} is not for ${path}.` });
  };
}

function operationRoutes(app: FastifyInstance, door: Door, catalogue: Catalogue): void {
  for (const { name, kind, input } of catalogue.operations) {
    const path = pathOf(name);
    if (kind === "query") {
      // Refusals say it too.
      const onRequest: onRequestHookHandler = (_, reply, done) => done(void reply.header("accept-query", QUERY_FORMAT));
      const answer = (request: FastifyRequest, wanted: unknown) => door.ask(tokenOf(request), name, wanted);
      app.get(path, { onRequest }, (request) => answer(request, typedQuery(input, request.query as never)));
      app.query(path, { onRequest }, (request) => answer(request, request.body));
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
