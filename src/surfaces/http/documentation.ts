import swagger from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import type { FastifyInstance, FastifyReply } from "fastify";
import type { Door } from "../../kernel/door.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { ICON, POLICY, sendPage } from "./page.ts";
import { tokenOf } from "./token.ts";

/** Swagger UI with what matters here: no field for another document, no choice of the one server. */
const STYLE = `
.swagger-ui .topbar, .swagger-ui .servers-title, .swagger-ui .servers { display: none }
.swagger-ui .info { margin: 32px 0 8px }
.swagger-ui .scheme-container, html.dark-mode .swagger-ui .scheme-container {
  margin: 0; padding: 0; background: none; box-shadow: none }
.swagger-ui .scheme-container .schemes { justify-content: flex-end }
.swagger-ui .filter .operation-filter-input { margin: 8px 0 0 }
`;

/** The live documentation of the API at /docs: read it, and try a call as the one who is signed in. */
export async function documentation(app: FastifyInstance, door: Door, document: object): Promise<void> {
  await app.register(async (docs) => {
    await docs.register(swagger, { mode: "static", specification: { document: asRead(document) as never } });
    docs.addHook("onRequest", async (request, reply) => {
      try {
        await door.identify(tokenOf(request));
      } catch (error) {
        const isPerson = (request.headers.accept ?? "").includes("text/html");
        if (!isPerson || !(error instanceof Refusal) || error.kind !== "unauthenticated") throw error;
        return signInFirst(reply.code(401));
      }
      // Swagger UI writes styles into its elements.
      reply.header("content-security-policy", `${POLICY}; style-src 'self' 'unsafe-inline'`);
    });
    await docs.register(swaggerUi, {
      routePrefix: "/docs",
      indexPrefix: "",
      uiConfig: {
        docExpansion: "list",
        tryItOutEnabled: true,
        displayRequestDuration: true,
        validatorUrl: null,
        filter: true,
      },
      theme: {
        title: "Longwatch API",
        css: [{ filename: "longwatch.css", content: STYLE }],
        favicon: [{ filename: "longwatch.svg", rel: "icon", type: "image/svg+xml", sizes: "any", content: ICON }],
      },
    });
  });
}

function asRead(document: object): object {
  const { info } = document as { info: { description: string } };
  const aside = "Here a call is said by the one who is signed in. *Authorize* is for trying another token.";
  return { ...document, info: { ...info, description: `${info.description}\n\n${aside}` } };
}

function signInFirst(reply: FastifyReply): FastifyReply {
  return sendPage(
    reply,
    "Sign in first",
    `<h1>Sign in first</h1><p>Get a sign-in link on the server's machine:</p><pre>npx longwatch sign-in</pre>`,
  );
}
