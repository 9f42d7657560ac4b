import { z } from "zod";
import type { Reader, Transaction } from "./database.ts";
import type { Slice } from "./pace.ts";
import type { Outside } from "./ports.ts";
import type { Refusal } from "./refusal.ts";
import "./wording.ts";

/** What a principal may do; the words of the specification. */
export const roles = [
  "operator",
  "strategist",
  "implementer",
  "coordinator",
  "gatekeeper",
  "witness",
  "auditor",
  "steward",
  "sentinel",
  "communicator",
  "service",
] as const;
export type Role = (typeof roles)[number];

/** Whoever acts. It comes from the token and from nowhere else. */
export type Caller = {
  tenant_id: number;
  tenant: string;
  principal_id: number;
  name: string;
  role: Role;
  /** The session behind a seat's name; a replaced session's token is worth nothing. Null for people and services. */
  incarnation: string | null;
  /**
   * A sub-agent's operations and protected actions. Absent for everybody else: a seat's role alone says what it may.
   */
  scope?: readonly string[];
  /** Roles of which nobody is heard, and for which the caller stands in as their deputy. */
  stands_in_for?: readonly Role[];
  /** The server itself, which acts without a token. Nobody gets this by a token, whoever's name it bears. */
  inside?: true;
};

/** What happened. The kernel writes it into the ledger in the transaction of the command that caused it. */
export type Event = {
  /** Past tense, `ticket.claimed`; declared by the command. */
  kind: string;
  /** The ticket, seat or namespace it is about. */
  subject: string | null;
  data: Record<string, unknown>;
  /**
   * Fields that may have to be forgotten. The entry holds only a commitment to them, as `data.personal`; readers find
   * them among `data` until `ledger.erase`. Such an event is its command's last one: by its number the erasure finds
   * what is kept under the request's key.
   */
  personal?: Record<string, unknown>;
};

/** What a command did: its answer, and the events that it caused. */
export type Act<O> = { output: O; events: Event[] };

/** One caller's request inside a batch. */
export type Call<I> = { caller: Caller; input: I };

/** What a handler may touch: its tenant's rows in one transaction, and the database's clock. No network. */
export type World = {
  tenant_id: number;
  db: Transaction;
  /** The instant of this transaction by the database's clock; resolves with the first round trip. */
  at(): Promise<Date>;
  /**
   * Records what the transaction did besides the calls' own acts, such as a lease that it found ended. `by` is whoever
   * did it when it was not the caller: a seat whose posts are carried out in their turn.
   */
  record(event: Event, by?: Caller): void;
  /** Tells the server's log of a failure that the transaction outlives, which is our bug. */
  failed(error: unknown): void;
  /** Says that a token, role or seat changed, so that every process reads authority anew before its next act. */
  authorityChanged(): void;
  /** The operation of a name, if there is one. */
  operation(name: string): Operation | undefined;
  /** Everything that can be said or asked here. */
  operations(): Iterable<Operation>;
};

type Shape = z.ZodObject;

type CommandBase<I extends Shape, O extends Shape> = {
  /** `noun.verb`; spelled `POST /v1/noun/verb`, `longwatch noun verb`, tool `noun_verb`. */
  name: string;
  summary: string;
  input: I;
  output: O;
  may: readonly Role[];
  /** A sub-agent may say it whatever its scope: who it is, that it is alive, what it may. */
  unscoped?: true;
  /**
   * That it gives out a number or an identity: always, or where its input asks for one. A sub-agent has none of its own
   * to give (J38), so it may not say it.
   */
  allocates?: true | ((input: never) => boolean);
  /** Every event this command can cause. Empty only with `unrecorded`. */
  events: readonly string[];
  /** Refusal codes a caller can meet, beside the door's own. */
  refuses: readonly string[];
  /** Said by programs such as hooks, never by a model of its own accord: it takes no room in a list of tools. */
  said_by?: "programs";
  /** Why this command may write without a ledger entry: a confession that `golden/commands.txt` lists. */
  unrecorded?: string;
  /** The token scope that this command exists to exchange, although such a token may do nothing else. */
  redeems?: string;
  /** Output fields that must not be kept with an idempotency key, since only their hash may be stored. */
  secrets?: readonly string[];
};

export type Command<I extends Shape = Shape, O extends Shape = Shape> = CommandBase<I, O> & {
  kind: "command";
  /** A hot command takes the batch in set-based statements; each item is accepted or refused by itself. */
  batched: boolean;
  run(world: World, calls: Call<z.output<I>>[]): Promise<(Act<z.input<O>> | Refusal)[]>;
};

/** What a query may look at. */
export type Look = {
  tenant_id: number;
  db: Reader;
  caller: Caller;
  /** The copies outside the database; null in a process that has none. */
  outside: Outside | null;
  /** How fast this process answers; null within a command. */
  pace: { since: Date; slices(): readonly Slice[] } | null;
  /** Everything that can be said or asked here. */
  operations(): Iterable<Operation>;
};

export type Query<I extends Shape = Shape, O extends Shape = Shape> = {
  kind: "query";
  name: string;
  summary: string;
  input: I;
  output: O;
  may: readonly Role[];
  /** As of a command. */
  unscoped?: true;
  /** As of a command. */
  said_by?: "programs";
  refuses: readonly string[];
  /** A command that reading it leaves behind in the reader's name, such as a receipt; where he may say it. */
  leaves?(output: z.input<O>, reader: Caller): { command: string; input: unknown } | null;
  read(world: Look, input: z.output<I>): Promise<z.input<O>>;
};

// operations of every shape stand in one list.
export type Operation = Command<any, any> | Query<any, any>;

/**
 * Defines a command whose calls run one at a time, each in a transaction of its own. A refusal that it throws undoes
 * the transaction; one that it returns leaves what was written, such as the decision behind it.
 */
export function command<I extends Shape, O extends Shape>(
  spec: CommandBase<I, O> & { run(world: World, call: Call<z.output<I>>): Promise<Act<z.input<O>> | Refusal> },
): Command<I, O> {
  return {
    ...strict(spec),
    kind: "command",
    batched: false,
    run: async (world, [call]) => [await spec.run(world, call!)],
  };
}

/** Defines a hot command: many concurrent calls, one transaction, one answer for each call in order. */
export function batchCommand<I extends Shape, O extends Shape>(
  spec: CommandBase<I, O> & Pick<Command<I, O>, "run">,
): Command<I, O> {
  return { ...strict(spec), kind: "command", batched: true };
}

/** Defines a query: read-only, never recorded. */
export function query<I extends Shape, O extends Shape>(spec: Omit<Query<I, O>, "kind">): Query<I, O> {
  return { ...strict(spec), kind: "query" };
}

/** An unknown field is a caller's mistake, never silently dropped. */
function strict<Spec extends { input: Shape }>(spec: Spec): Spec {
  return { ...spec, input: spec.input.strict() };
}

/** Text that PostgreSQL and RFC 8785 can both hold: no NUL, no lone surrogate (hazards 0.5). */
export function text(characters_max: number) {
  return z
    .string()
    .max(characters_max)
    .refine((value) => !value.includes("\0") && value.isWellFormed(), {
      message: "contains a NUL or half of a surrogate pair, which the ledger cannot hold",
    });
}

const FIRST_INSTANT = Date.parse("0001-01-01T00:00:00Z");
const LAST_INSTANT = Date.parse("9999-12-31T23:59:59Z");
/** PostgreSQL reads no offset of 16 hours or more; the places of the world have 14 at most. */
const FAR_OFFSET = /[+-](?:1[6-9]|2\d):\d\d$/;
/** PostgreSQL reads no more than some 128, and of a second's digits six. */
const INSTANT_CHARACTERS_MAX = 60;

/** An instant with its offset that PostgreSQL and every reader can read: of the years 1 to 9999, also in UTC. */
export function instant() {
  return z.iso.datetime({ offset: true, abort: true }).refine(
    (value) => {
      const at = Date.parse(value);
      const isHeld = at >= FIRST_INSTANT && at <= LAST_INSTANT && value >= "0001";
      return isHeld && !FAR_OFFSET.test(value) && value.length <= INSTANT_CHARACTERS_MAX;
    },
    { message: "is not of the years 1 to 9999, also in UTC; its offset is that of no place; or it is too long" },
  );
}

/** A day of a year that PostgreSQL has. */
export function day() {
  return z.iso.date().refine((value) => value >= "0001", { message: "is of a year before the first" });
}
