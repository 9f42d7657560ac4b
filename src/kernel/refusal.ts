/**
 * A refusal is an answer, not an accident: the caller asked for something that may not happen now.
 * There are few kinds; this table is the only place that maps them to HTTP, to exit codes and to "try again?".
 */
export const refusalKinds = {
  invalid: { status: 400, exit: 2, retry: false, title: "The input is not valid" },
  unauthenticated: { status: 401, exit: 3, retry: false, title: "No valid token was given" },
  denied: { status: 403, exit: 4, retry: false, title: "The caller may not do this" },
  missing: { status: 404, exit: 5, retry: false, title: "There is no such thing, or it is not yours to see" },
  conflict: { status: 409, exit: 6, retry: false, title: "The present state forbids this" },
  oversized: { status: 413, exit: 2, retry: false, title: "The input is too large" },
  mismatch: { status: 422, exit: 6, retry: false, title: "The request contradicts an earlier one" },
  exhausted: { status: 429, exit: 7, retry: true, title: "A limit is reached" },
  internal: { status: 500, exit: 1, retry: false, title: "Longwatch failed; this is our bug" },
  unavailable: { status: 503, exit: 8, retry: true, title: "Longwatch cannot answer just now" },
  timeout: { status: 504, exit: 8, retry: true, title: "The answer took too long" },
} as const;

export type RefusalKind = keyof typeof refusalKinds;

/** One bad input field, named as the caller named it. */
export type FieldProblem = { field: string; message: string };

/** A rule of the fleet, told where it applies. */
export type AppliedRule = { id: string; title: string; rule: string };

export type RefusalDetails = {
  /** What to do next, in words a person or a model can follow. */
  hint?: string;
  /** Facts a machine may act on: the present holder, the candidates, both titles. */
  facts?: Record<string, unknown>;
  /** For kind `invalid`: each bad field. */
  fields?: FieldProblem[];
  /** The fleet's rules that apply here. */
  rules?: readonly AppliedRule[];
  cause?: unknown;
};

/** Thrown by handlers and by the door. Everything else that is thrown is our bug and answered as `internal`. */
export class Refusal extends Error {
  readonly kind: RefusalKind;
  /** The state that forbids, as `noun.state`: `lease.lost`, `lane.empty`. */
  readonly code: string;
  readonly hint: string | undefined;
  readonly facts: Record<string, unknown>;
  readonly fields: FieldProblem[];
  readonly rules: readonly AppliedRule[];

  constructor(kind: RefusalKind, code: string, message: string, details: RefusalDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "Refusal";
    this.kind = kind;
    this.code = code;
    this.hint = details.hint;
    this.facts = details.facts ?? {};
    this.fields = details.fields ?? [];
    this.rules = details.rules ?? [];
  }
}

/** An RFC 9457 problem document. `facts` are members of their own, as the RFC allows. */
export type Problem = {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: string;
  kind: RefusalKind;
  retry: boolean;
  hint?: string;
  fields?: FieldProblem[];
  rules?: readonly AppliedRule[];
  [fact: string]: unknown;
};

/** What every surface says of a refusal. */
export function problemOf(refusal: Refusal): Problem {
  const row = refusalKinds[refusal.kind];
  return {
    ...refusal.facts,
    type: `urn:longwatch:refusal:${refusal.code}`,
    title: row.title,
    status: row.status,
    detail: refusal.message,
    code: refusal.code,
    kind: refusal.kind,
    retry: row.retry,
    ...(refusal.hint === undefined ? {} : { hint: refusal.hint }),
    ...(refusal.fields.length === 0 ? {} : { fields: refusal.fields }),
    ...(refusal.rules.length === 0 ? {} : { rules: refusal.rules }),
  };
}
