import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { FastifyInstance } from "fastify";

/** For so long a closing server waits for a caller that neither sends the rest of its request nor takes its answer. */
const PATIENCE_MILLISECONDS = 5_000;

/**
 * While the server closes, hangs up each connection once what it asked is answered and the answer is out. Node would
 * keep them alive for their next request, cut off an answer that is still being written, which it calls idle, and wait
 * for ever for a request that does not end.
 */
export function hangUpOnceAnswered(app: FastifyInstance, patience = PATIENCE_MILLISECONDS): void {
  const { server } = app;
  const open = new Map<Socket, Set<ServerResponse>>();
  let closing = false;
  const hangUpIdle = () => {
    // Once each: a slow one would gather a listener for every answer that ends elsewhere.
    for (const [socket, answers] of open) if (answers.size === 0 && socket.writable) socket.destroySoon();
  };
  server.on("connection", (socket) => {
    open.set(socket, new Set());
    socket.once("close", () => open.delete(socket));
    if (closing) socket.setTimeout(patience);
  });
  server.on("request", ({ socket }, answer) => {
    // Requests may follow each other without waiting: each of them was accepted.
    const answers = open.get(socket);
    answers?.add(answer);
    answer.once("close", () => {
      answers?.delete(answer);
      if (closing) hangUpIdle();
    });
  });
  // Whoever listens decides; a connection that was kept alive in vain comes here too.
  server.on("timeout", (socket) => {
    // The first is enough: those behind it wait for the same caller.
    const [first] = open.get(socket) ?? [];
    if (first === undefined || isCallersTurn(first)) socket.destroy();
  });
  // Node's and Fastify's own closing call it.
  server.closeIdleConnections = hangUpIdle;
  app.addHook("preClose", async () => {
    closing = true;
    for (const socket of open.keys()) socket.setTimeout(patience);
    hangUpIdle();
  });
}

/** Whether the server has nothing to do for this answer but wait. */
function isCallersTurn({ req, writableEnded }: ServerResponse): boolean {
  return writableEnded || !req.complete;
}
