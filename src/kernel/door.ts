import type { z } from "zod";
import type { Accepted, Pending } from "./batch.ts";
import { Committer } from "./committer.ts";
import { connectionLost, type Database, type TenantTransaction, unavailable } from "./database.ts";
import { type Caller, type Operation, type Query, type Role, roles } from "./operation.ts";
import { Paces } from "./pace.ts";
import { allocationDenial, denialOf, denialRecord, rolesOf } from "./permission.ts";
import type { Authority, Credential, Guidance, Journal, Outside } from "./ports.ts";
import { type FieldProblem, Refusal } from "./refusal.ts";
import { internalRefusal, listed, serverClosing, tokenWorthless, tooBusy } from "./refusals.ts";
import { checkKey, requestDigest } from "./requests.ts";

export type SayOptions = {
  /** The Idempotency-Key: a repeat within seven days is answered with the first answer. */
  key?: string | undefined;
  /** Takes the command back while it still waits. Once its transaction runs, it is finished. */
  signal?: AbortSignal | undefined;
};

export type DoorOptions = {
  database: Database;
  journal: Journal;
  authority: Authority;
  operations: readonly Operation[];
  /** Which rules are told along with a refusal; without it, none. */
  guidance?: Guidance;
  /** Longest wait for a batch, after which a command that has not begun is refused. */
  wait_milliseconds_max?: number;
  /** Checks every output against its schema and every refusal against its operation's list; tests do. */
  strict?: boolean;
  log?: (error: unknown, command: string) => void;
  /** The copies outside the database, once they are there. */
  outside?: () => Outside | null;
  /** Called after each commit with the tenant's newest entry; the streams listen. */
  onCommit?: (tenant_id: number, seq: number) => void;
  /** Told of each command that was taken in and left no entry: the database was away, or the queue too long. */
  onLost?: (lost: Lost) => void;
};

/** An attempt that the ledger knows nothing of. When the database's answer was lost, it may know after all. */
export type Lost = { caller: Caller; command: string; code: string };

/**
 * The one door: parse, authenticate, permit, begin, act, record, commit.
 * Every surface says its commands and asks its queries here, and nowhere else.
 */
export class Door {
  readonly operations: ReadonlyMap<string, Operation>;
  #options: DoorOptions;
  #committers = new Map<number, Committer>();
  #paces = new Paces();
  #closing = false;

  constructor(options: DoorOptions) {
    this.#options = options;
    this.operations = new Map(options.operations.map((operation) => [operation.name, operation]));
  }

  /**
   * Who holds this token. Throws `token.unknown`. It looks as `ask` does, since memory alone would still answer for a
   * token that another node has revoked.
   */
  async identify(token: string): Promise<Caller> {
    const credential = await this.#credential(token);
    return this.#look(credential, "identify", roles, async () => credential.caller);
  }

  /** Says a command as the holder of `token`. Resolves when its effects and its ledger entries are durable. */
  async say(token: string, name: string, raw: unknown, options: SayOptions = {}): Promise<Accepted> {
    const command = this.#operation(name, "command");
    if (options.key !== undefined) checkKey(options.key);
    const { credential, denial } = await this.#permitted(command, token);
    if (denial) return this.#enqueue({ command, credential, input: {}, request: null, denial }, options);
    const input = parse(command.input, raw);
    const allocating = allocationDenial(command, credential, input);
    if (allocating)
      return this.#enqueue({ command, credential, input: {}, request: null, denial: allocating }, options);
    const request =
      options.key === undefined
        ? null
        : {
            principal_id: credential.caller.principal_id,
            key: options.key,
            digest: requestDigest(name, input),
          };
    const accepted = await this.#enqueue({ command, credential, input, request, denial: null }, options);
    if (this.#options.strict) command.output.parse(accepted.output);
    return accepted;
  }

  /** Says a command as the server itself, under the name of one of the tenant's people or services. */
  async sayInside(tenant_id: number, name: string, commandName: string, raw: unknown): Promise<Accepted> {
    const { authority, database } = this.#options;
    const command = this.#operation(commandName, "command");
    const credential = await authority.inner(database, tenant_id, name).catch((error) => {
      throw connectionLost(error) ? unavailable(error) : error;
    });
    const denial = denialOf(command, credential);
    if (denial) throw denial;
    return this.#enqueue({ command, credential, input: parse(command.input, raw), request: null, denial: null }, {});
  }

  /** Asks a query as the server itself. */
  async askInside(tenant_id: number, name: string, queryName: string, raw: unknown): Promise<unknown> {
    const { authority, database } = this.#options;
    const query = this.#operation(queryName, "query");
    const credential = await authority.inner(database, tenant_id, name).catch((error) => {
      throw connectionLost(error) ? unavailable(error) : error;
    });
    const denial = denialOf(query, credential);
    if (denial) throw denial;
    return this.#read(query, credential, parse(query.input, raw));
  }

  /** Asks a query as the holder of `token`, in a read-only transaction. */
  async ask(token: string, name: string, raw: unknown): Promise<unknown> {
    const query = this.#operation(name, "query");
    const { credential, denial } = await this.#permitted(query, token);
    if (denial)
      return this.#enqueue({ command: denialRecord(query), credential, input: {}, request: null, denial }, {});
    const input = parse(query.input, raw);
    const output = await this.#read(query, credential, input);
    await this.#leave(query, credential, output);
    return this.#options.strict ? query.output.parse(output) : output;
  }

  async #leave(query: Query, credential: Credential, output: unknown): Promise<void> {
    const left = query.leaves?.(output as never, credential.caller) ?? null;
    if (left === null) return;
    const command = this.#operation(left.command, "command");
    if (denialOf(command, credential) !== null) return;
    const input = parse(command.input, left.input);
    await this.#enqueue({ command, credential, input, request: null, denial: null }, {});
  }

  /** Refuses new work, finishes what was accepted. */
  async close(): Promise<void> {
    this.#closing = true;
    await Promise.all([...this.#committers.values()].map((committer) => committer.settled()));
  }

  #read(query: Query, credential: Credential, input: unknown): Promise<unknown> {
    const { caller } = credential;
    const read = this.#look(credential, query.name, query.may, (tx) =>
      query.read(
        {
          ...{ tenant_id: caller.tenant_id, db: tx, caller, outside: this.#options.outside?.() ?? null },
          pace: this.#paces.of(caller.tenant_id),
          operations: () => this.operations.values(),
        },
        input as never,
      ),
    );
    if (!this.#options.strict) return read;
    return read.catch((error) => {
      throw listed(query, error);
    });
  }

  /** Reads in a read-only transaction, and hands out what it read only if the token is still good by the database. */
  async #look<T>(
    credential: Credential,
    name: string,
    may: readonly Role[],
    read: (tx: TenantTransaction) => Promise<T>,
  ): Promise<T> {
    const { database, journal, authority, log } = this.#options;
    if (this.#closing) throw serverClosing();
    try {
      const tx = await database.begin(credential.caller.tenant_id, "read only");
      try {
        const peeked = journal.peek(tx);
        peeked.catch(() => {});
        const output = await read(tx);
        const head = await peeked;
        if (credential.authority_revision !== head.authority_revision) {
          const renewed = await authority.renewed(tx, credential);
          if (renewed === null || !rolesOf(renewed.caller).some((role) => may.includes(role))) throw tokenWorthless();
        }
        if (credential.expires_at !== null && credential.expires_at <= head.at) throw tokenWorthless();
        // Nothing was written that the end could still undo: nobody waits for it.
        tx.commit().catch(() => {});
        return output;
      } catch (error) {
        throw await tx.rollback(error);
      }
    } catch (error) {
      if (error instanceof Refusal) throw error;
      if (connectionLost(error)) throw unavailable(error);
      log?.(error, name);
      throw internalRefusal(error);
    }
  }

  #operation<Kind extends "command" | "query">(name: string, kind: Kind): Extract<Operation, { kind: Kind }> {
    const operation = this.operations.get(name);
    if (operation?.kind === kind) return operation as Extract<Operation, { kind: Kind }>;
    throw new Refusal("missing", "operation.unknown", `There is no ${kind} named ${name}.`, {
      hint: "GET /openapi.json lists every operation.",
    });
  }

  /** What is remembered of a token is enough to let it pass, but not to deny it: it may be allowed more by now. */
  async #permitted(operation: Operation, token: string): Promise<{ credential: Credential; denial: Refusal | null }> {
    const remembered = await this.#credential(token);
    if (denialOf(operation, remembered) === null) return { credential: remembered, denial: null };
    const credential = await this.#credential(token, "anew");
    return { credential, denial: denialOf(operation, credential) };
  }

  async #credential(token: string, how?: "anew"): Promise<Credential> {
    try {
      return await this.#options.authority.credential(this.#options.database, token, how);
    } catch (error) {
      throw connectionLost(error) ? unavailable(error) : error;
    }
  }

  #enqueue(work: Omit<Pending, "resolve" | "reject">, { signal }: SayOptions): Promise<Accepted> {
    if (this.#closing) throw serverClosing();
    const { tenant_id } = work.credential.caller;
    const [committer, pace] = [this.#committer(tenant_id), this.#paces.of(tenant_id)];
    const began = performance.now();
    return new Promise<Accepted>((resolve, reject) => {
      const wait = this.#options.wait_milliseconds_max ?? 10_000;
      const onAbort = () => {
        if (!committer.withdraw(pending)) return;
        pending.reject(new Refusal("timeout", "caller.left", "The caller gave up before the command began."));
      };
      const tooLong = () => {
        if (!committer.withdraw(pending)) return;
        const refusal = tooBusy(wait);
        this.#lost(pending, refusal);
        pending.reject(refusal);
      };
      const timer = setTimeout(tooLong, wait);
      const done = () => {
        clearTimeout(timer);
        pace.took(performance.now() - began);
        signal?.removeEventListener("abort", onAbort);
      };
      const pending: Pending = {
        ...work,
        resolve: (accepted) => {
          done();
          resolve(accepted);
        },
        reject: (error) => {
          done();
          reject(this.#options.strict ? listed(work.command, error) : error);
        },
      };
      signal?.addEventListener("abort", onAbort, { once: true });
      committer.push(pending);
      if (signal?.aborted) onAbort();
    });
  }

  #lost({ credential: { caller }, command }: Pending, { code }: Refusal): void {
    this.#options.onLost?.({ caller, command: command.name, code });
  }

  #committer(tenant_id: number): Committer {
    const known = this.#committers.get(tenant_id);
    if (known) return known;
    const { database, journal, authority, guidance, log, onCommit } = this.#options;
    const committer = new Committer({
      tenant_id,
      database,
      journal,
      authority,
      guidance,
      operations: this.operations,
      onInternal: log ?? (() => {}),
      onCommit: (seq) => onCommit?.(tenant_id, seq),
      onLost: (pending, refusal) => this.#lost(pending, refusal),
    });
    this.#committers.set(tenant_id, committer);
    return committer;
  }
}

/** Parses an input; each bad field is named. */
export function parse<Shape extends z.ZodObject>(shape: Shape, raw: unknown): z.output<Shape> {
  const result = shape.safeParse(raw ?? {});
  if (result.success) return result.data as z.output<Shape>;
  const fields = result.error.issues.flatMap((issue): FieldProblem[] => {
    if (issue.code === "unrecognized_keys")
      return issue.keys.map((field) => ({
        field,
        message: `is not a field of this operation; expected: ${Object.keys(shape.shape).join(", ") || "none"}`,
      }));
    return [{ field: issue.path.join(".") || "(body)", message: issue.message }];
  });
  const named = fields.map(({ field, message }) => `${field}: ${message}`).join("; ");
  throw new Refusal("invalid", "input.invalid", named, { fields });
}
