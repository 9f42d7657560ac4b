import type { Command, Operation } from "./operation.ts";
import { DENIALS } from "./permission.ts";
import { Refusal } from "./refusal.ts";

/** The refusals that the door itself gives, whatever the command. */

const CODES: readonly string[] = [
  ...DENIALS,
  ...["input.invalid", "operation.unknown", "token.unknown", "key.malformed", "key.mismatch", "secret.gone"],
  ...["queue.full", "caller.left", "server.closing", "database.away", "database.full", "kernel.bug"],
];

/** A refusal that neither its operation lists nor the door gives is our bug: callers go by the list. */
export function listed({ name, refuses }: Operation, error: unknown): unknown {
  if (!(error instanceof Refusal) || CODES.includes(error.code) || refuses.includes(error.code)) return error;
  return new Error(`${name} was refused with ${error.code}, which it does not list`, { cause: error });
}

export function tokenWorthless(): Refusal {
  return new Refusal("unauthenticated", "token.unknown", "The token is unknown, expired or revoked.", {
    hint: "Adopt the seat again for a new token, or ask the operator for one.",
  });
}

export function secretGone(command: Command, key: string): Refusal {
  return new Refusal("conflict", "secret.gone", `${command.name} was done under key ${key}; its secret is not kept.`, {
    hint: "Say it again with a new key for a new secret (seat.adopt also needs replace).",
  });
}

export function internalRefusal(cause: unknown): Refusal {
  return new Refusal("internal", "kernel.bug", "Longwatch failed on this request. Nothing was changed.", {
    hint: "The server's log has the whole error. Please report it.",
    cause,
  });
}

/** The refusal of everything that comes after the end was announced. */
export function serverClosing(): Refusal {
  return new Refusal("unavailable", "server.closing", "The server is shutting down.", {
    hint: "Try again in a moment with the same Idempotency-Key.",
  });
}

export function tooBusy(milliseconds: number): Refusal {
  return new Refusal("timeout", "queue.full", `The command waited ${milliseconds} ms without being begun.`, {
    hint: "Nothing was done. Try again with the same Idempotency-Key.",
  });
}
