import { Refusal, refusalKinds } from "../kernel/refusal.ts";

/** What a program needs that goes on when its server does not answer. */

/** Unique, not secret: a caller's keys are its own. crypto.randomUUID would load 6 ms of modules into each command. */
export function newKey(): string {
  const random = () => Math.random().toString(36).slice(2);
  return `${Date.now().toString(36)}-${random()}${random()}`;
}

const NO_ANSWER = new Set(["server.unreachable", "server.lost", "server.silent"]);

/** Whether nobody answered, or only what stands before the server did. A refusal of the server's own is an answer. */
export function isAway(error: unknown): error is Refusal {
  if (!(error instanceof Refusal)) return false;
  if (error.code === "server.strange") return [503, 504].includes(refusalKinds[error.kind].status);
  return NO_ANSWER.has(error.code);
}
