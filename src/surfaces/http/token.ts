import type { FastifyInstance, FastifyRequest } from "fastify";
import { Refusal } from "../../kernel/refusal.ts";

declare module "fastify" {
  interface FastifyInstance {
    sessionCookie: string;
  }
}

/**
 * Names the cookie of this installation's sessions. Cookies know no port: under one name, two servers on a host would
 * sign each other's people out. All servers of one database share the name, as they share the sessions.
 */
export function nameSessionCookie(app: FastifyInstance, installation: string | undefined): void {
  app.decorate("sessionCookie", ["longwatch_session", installation].filter(Boolean).join("_"));
}

/**
 * The request's token: the Authorization header, or a browser's session cookie. A cookie travels by itself, so it
 * counts only for requests that our own pages made (the cookie is SameSite=Strict besides).
 */
export function tokenOf(request: FastifyRequest): string {
  const { authorization } = request.headers;
  if (authorization !== undefined) {
    const [scheme, token] = authorization.split(" ");
    if (scheme?.toLowerCase() === "bearer" && token) return token;
  } else {
    const session = request.cookies[request.server.sessionCookie];
    if (session && isOurs(request)) return session;
  }
  throw new Refusal("unauthenticated", "token.missing", "This needs a token: Authorization: Bearer lw_….", {
    hint: "A seat gets one from seat.adopt; a person signs in with `longwatch sign-in`.",
  });
}

/**
 * Whether a page of ours asks, or a person who typed the address. Browsers say so (Sec-Fetch-Site) on a safe connection
 * only: over plain HTTP away from localhost, what does something has to come from the host that it is sent to, which a
 * page cannot forge. A question without an origin changes nothing, and its answer is shown to no foreign page.
 */
function isOurs(request: FastifyRequest): boolean {
  const { method, headers } = request;
  if (isForeign(request)) return false;
  const site = headers["sec-fetch-site"];
  return (
    method === "GET" ||
    method === "HEAD" ||
    (site === undefined ? headers.origin !== undefined : site === "same-origin")
  );
}

/**
 * Whether a browser says that a page of somebody else's asks; another port or another name of this host is one. Where
 * it tells only the origin, its scheme is not looked at: behind a TLS proxy, nobody here knows it.
 */
export function isForeign({ headers, host }: FastifyRequest): boolean {
  const { "sec-fetch-site": site, origin } = headers;
  if (site !== undefined) return site !== "same-origin" && site !== "none";
  if (origin === undefined) return false;
  const from = URL.parse(origin);
  // A proxy may pass the host on in capitals, or with the port that goes without saying (nginx's $host:$server_port).
  return from === null || from.host !== URL.parse(`${from.protocol}//${host}`)?.host;
}
