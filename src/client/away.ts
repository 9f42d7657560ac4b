import { Refusal, refusalKinds } from "../kernel/refusal.ts";

/** What a program needs that goes on when its server does not answer. */

/** Unique, not secret: a caller's keys are its own. crypto.randomUUID would load 6 ms of modules into each command. */
export function newKey(): string {
  const random = () => Math.random().toString(36).slice(2);
  return `${Date.now().toString(36)}-${random()}${random()}`;
}

/**
 * Whether nobody answered, or whoever did cannot answer just now: what stands before the server, or the server itself
 * that is closing, or whose database is away. The request bears its key, so it can be said again. A spool that cannot
 * be written is no server.
 */
export function isAway(error: unknown): error is Refusal {
  if (!(error instanceof Refusal) || error.code.startsWith("spool.")) return false;
  return [503, 504].includes(refusalKinds[error.kind].status);
}
