import type { FastifyInstance } from "fastify";

/** How often a server that closes looks for connections whose answer is out. */
const LOOK_MILLISECONDS = 10;

/**
 * While the server closes, hangs up each connection once what it asked is answered. Node ends those that are idle at
 * that moment, and would keep the others alive for their next request: their callers would hold up the end.
 */
export function hangUpOnceAnswered(app: FastifyInstance): void {
  app.addHook("preClose", async () => {
    const looking = setInterval(() => app.server.closeIdleConnections(), LOOK_MILLISECONDS);
    app.server.once("close", () => clearInterval(looking));
  });
}
