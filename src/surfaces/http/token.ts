import type { FastifyRequest } from "fastify";
import { Refusal } from "../../kernel/refusal.ts";

export const SESSION_COOKIE = "longwatch_session";

/**
 * The request's token: the Authorization header, or a browser's session cookie. A cookie travels by itself, so it
 * counts only for requests that our own pages made (Sec-Fetch-Site; the cookie is SameSite=Strict besides).
 */
export function tokenOf(request: FastifyRequest): string {
  const { authorization } = request.headers;
  if (authorization !== undefined) {
    const [scheme, token] = authorization.split(" ");
    if (scheme?.toLowerCase() === "bearer" && token) return token;
  } else {
    const session = request.cookies[SESSION_COOKIE];
    const site = request.headers["sec-fetch-site"];
    if (session && (site === "same-origin" || (site === "none" && request.method === "GET"))) return session;
  }
  throw new Refusal("unauthenticated", "token.missing", "This needs a token: Authorization: Bearer lw_….", {
    hint: "A seat gets one from seat.adopt; a person signs in with `longwatch sign-in`.",
  });
}
