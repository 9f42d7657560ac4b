import type { Socket } from "node:net";
import type { FastifyInstance } from "fastify";

/** A caller who means well looks at an answer now and then; whoever does not is hung up on. */
const WAITING_MAX = 1_000;

/**
 * Begins the next request of a connection when the answer before it has been taken. Else who asks for large answers
 * without end and takes none would make the server hold them all. Nothing is begun behind an answer that is the last.
 */
export function beginOneByOne(app: FastifyInstance): void {
  /** Of each connection that is being answered: what it asked besides. */
  const waiting = new WeakMap<Socket, (() => void)[]>();
  app.addHook("onRequest", ({ raw: { socket } }, { raw: answer }, begin) => {
    answer.once("close", () => {
      const next = waiting.get(socket)?.shift();
      if (next === undefined) waiting.delete(socket);
      else if (socket.writable) next();
    });
    const others = waiting.get(socket);
    if (others === undefined) {
      waiting.set(socket, []);
      return begin();
    }
    others.push(begin);
    if (others.length > WAITING_MAX) socket.destroy();
  });
}
