import { connectionLost, type Database, isPassing, type TenantTransaction, unavailable } from "./database.ts";
import { type Accepted, declared, eventsOf, type Outcome, type Pending, runGroups } from "./batch.ts";
import type { Caller, Event, Operation, World } from "./operation.ts";
import { denialOf, sameCaller } from "./permission.ts";
import type { Authority, Guidance, Head, Journal, Record } from "./ports.ts";
import { Refusal } from "./refusal.ts";
import { internalRefusal, secretGone, tokenWorthless } from "./refusals.ts";
import { type Answered, findAnswered, keyMismatch, storeAnswered } from "./requests.ts";

/** What a group of a batch did beside its calls' own acts; it is told where the group stands, before these. */
type Found = { event: Event; by: Caller | undefined; before: number };

/** Bounds a batch's time on the wire, so that a full queue of one tenant does not hold up another's turn. */
const BATCH_SIZE_MAX = 128;

/**
 * Group commit for one tenant: commands that arrive while a batch is in flight form the next one, which shares one
 * transaction, one lock of the ledger's head and one flush to disk.
 *
 * Two round trips: begin, lock and the handlers' statements; then the entries and the commit. What is only rarely
 * true (a repeated key, a token revoked a moment ago) is checked along the way and costs a second attempt, not a
 * third round trip for everybody.
 */
export class Committer {
  readonly tenant_id: number;
  #database: Database;
  #journal: Journal;
  #authority: Authority;
  #guidance: Guidance | undefined;
  #operations: ReadonlyMap<string, Operation>;
  #onInternal: (error: unknown, command: string) => void;
  #onCommit: (seq: number) => void;
  #onLost: (pending: Pending, refusal: Refusal) => void;
  #queue: Pending[] = [];
  #running: Promise<void> | null = null;

  constructor(options: {
    tenant_id: number;
    database: Database;
    journal: Journal;
    authority: Authority;
    guidance?: Guidance | undefined;
    operations: ReadonlyMap<string, Operation>;
    onInternal: (error: unknown, command: string) => void;
    onCommit: (seq: number) => void;
    /** Told of each command that left no entry, not even of its failure. */
    onLost: (pending: Pending, refusal: Refusal) => void;
  }) {
    this.tenant_id = options.tenant_id;
    this.#database = options.database;
    this.#journal = options.journal;
    this.#authority = options.authority;
    this.#guidance = options.guidance;
    this.#operations = options.operations;
    this.#onInternal = options.onInternal;
    this.#onCommit = options.onCommit;
    this.#onLost = options.onLost;
  }

  get idle(): boolean {
    return this.#running === null;
  }

  push(pending: Pending): void {
    this.#queue.push(pending);
    this.#running ??= this.#drain();
  }

  /** Takes back a command that has not begun. False when it is already in flight. */
  withdraw(pending: Pending): boolean {
    const index = this.#queue.indexOf(pending);
    if (index >= 0) this.#queue.splice(index, 1);
    return index >= 0;
  }

  /** Resolves when everything accepted so far is settled. */
  async settled(): Promise<void> {
    while (this.#running) await this.#running;
  }

  /**
   * One batch after the other. To send the next while this one flushes was tried: it halves the batches, whose fixed
   * cost is the larger part, and lost a fifth (decisions/0004).
   */
  async #drain(): Promise<void> {
    for (;;) {
      // Requests that one turn of the event loop brings in belong to one batch: those who were just answered may
      // speak again before the next one is taken.
      await new Promise((resolve) => setImmediate(resolve));
      // No wait may stand between this look and the end: who speaks meanwhile would be left in the queue.
      if (this.#queue.length === 0) break;
      const batch = this.#take();
      try {
        await this.#settle(batch);
      } catch (error) {
        this.#failAll(batch, error);
      }
    }
    this.#running = null;
  }

  /** The next batch: a run of hot commands, or one other. Two requests under one key never share a batch. */
  #take(): Pending[] {
    if (!this.#queue[0]!.command.batched) return this.#queue.splice(0, 1);
    const keys = new Set<string>();
    let length = 0;
    for (const { command, request } of this.#queue) {
      if (!command.batched || length === BATCH_SIZE_MAX) break;
      if (request) {
        const key = `${request.principal_id} ${request.key}`;
        if (keys.has(key)) break;
        keys.add(key);
      }
      length++;
    }
    // Calls of one command run together, so they stand together: entries are then in the order in which things
    // happened. A release that ran before a claim must not be told after it.
    return [...Map.groupBy(this.#queue.splice(0, length), ({ command }) => command).values()].flat();
  }

  async #settle(batch: Pending[]): Promise<void> {
    let rest = batch;
    while (rest.length > 0) {
      try {
        rest = await this.#attempt(rest);
      } catch (error) {
        if (isPassing(error)) return this.#failAll(rest, connectionLost(error) ? unavailable(error) : error);
        if (rest.length === 1) return await this.#refuseAlone(rest[0]!, error);
        // One of them broke the statement that all share. Each gets a transaction of its own, so that it falls alone.
        for (const pending of rest) await this.#settle([pending]).catch((alone) => this.#fail(pending, alone));
        return;
      }
    }
  }

  /**
   * Runs the batch once. Returns those that must run again, because others of the batch turned out not to count.
   * Who still holds what is asked behind the acts; when in doubt once more `first`: an act may end its own token.
   */
  async #attempt(batch: Pending[], asks: "behind" | "first" = "behind"): Promise<Pending[]> {
    const tx = await this.#database.begin(this.tenant_id, "read write");
    try {
      const head = this.#journal.lock(tx);
      head.catch(() => {});
      const keyed = batch.flatMap((pending) => (pending.request ? [pending.request] : []));
      const answered = keyed.length > 0 ? findAnswered(tx, keyed) : Promise.resolve([]);
      answered.catch(() => {});
      let authorityChanged = false;
      let acting = 0;
      const found: Found[] = [];
      const world: World = {
        tenant_id: this.tenant_id,
        db: tx,
        at: async () => (await head).at,
        record: (event, by) => void found.push({ event, by, before: acting }),
        failed: (error) => this.#onInternal(error, batch[0]!.command.name),
        authorityChanged: () => {
          authorityChanged = true;
        },
        operation: (name) => this.#operations.get(name),
        operations: () => this.#operations.values(),
      };
      const before = asks === "first" ? await this.#unauthenticated(tx, await head, batch, asks) : null;
      const outcomes = before?.worthless.size ? [] : await runGroups(world, batch, (at) => (acting = at));
      const { worthless, demoted } = before ?? (await this.#unauthenticated(tx, await head, batch, asks));
      const repeats = await answered;
      if (worthless.size > 0 || (demoted && !before) || repeats.length > 0) {
        await tx.rollback();
        const isDoubtful = (worthless.size > 0 || demoted) && !before;
        return isDoubtful ? this.#attempt(batch, "first") : this.#withoutUncounted(batch, worthless, repeats);
      }
      if (authorityChanged) this.#journal.changeAuthority(tx);
      await this.#guide(tx, authorityChanged ? null : (await head).authority_revision, outcomes);
      await this.#commit(tx, await head, batch, outcomes, found);
      return [];
    } catch (error) {
      throw await tx.rollback(error);
    }
  }

  async #commit(
    tx: TenantTransaction,
    head: Head,
    batch: Pending[],
    outcomes: Outcome[],
    found: Found[],
  ): Promise<void> {
    const beside = Map.groupBy(found, ({ before }) => before);
    const records: Record[] = [];
    /** Where each call's own last record stands, if it left one. */
    const lasts = batch.map((pending, index): number | null => {
      const { caller } = pending.credential;
      const command = pending.command.name;
      for (const { event, by } of beside.get(index) ?? [])
        records.push({ caller: by ?? caller, command, event: declared(pending.command, event) });
      const own = eventsOf(pending.command, outcomes[index]!);
      records.push(...own.map((event) => ({ caller, command, event })));
      return own.length === 0 ? null : records.length - 1;
    });
    const seqs = records.length > 0 ? this.#journal.append(tx, head, records) : [];
    const accepted = batch.map((_, index): Accepted | Refusal => {
      const outcome = outcomes[index]!;
      if (outcome instanceof Refusal) return outcome;
      const last = lasts[index]!;
      return { output: outcome.output, seq: last === null ? null : seqs[last]! };
    });
    const toStore = batch.flatMap(({ request }, index): Answered[] => {
      const answer = accepted[index]!;
      // What left no entry changed nothing, and may as well be done again: a beat's key is not worth a row.
      if (!request || answer instanceof Refusal || answer.seq === null) return [];
      const { secrets } = batch[index]!.command;
      return [{ ...request, output: secrets ? "{}" : JSON.stringify(answer.output), seq: answer.seq }];
    });
    if (toStore.length > 0) storeAnswered(tx, toStore);
    await tx.commit();
    if (seqs.length > 0) this.#onCommit(seqs.at(-1)!);
    for (const [index, pending] of batch.entries()) {
      const answer = accepted[index]!;
      if (answer instanceof Refusal) pending.reject(answer);
      else pending.resolve(answer);
    }
  }

  /** Puts beside each refusal the rules that apply where it happened, so that whoever is refused reads them then. */
  async #guide(tx: TenantTransaction, revision: number | null, outcomes: Outcome[]): Promise<void> {
    if (!this.#guidance) return;
    for (const [index, outcome] of outcomes.entries())
      if (outcome instanceof Refusal) outcomes[index] = await this.#guidance.guided(tx, revision, outcome);
  }

  /**
   * Those whose token is no longer worth anything at the instant of the act; and whether somebody may say less than a
   * moment ago, having been a deputy. What is seen behind the acts may be undone with them: it denies nobody.
   */
  async #unauthenticated(tx: TenantTransaction, head: Head, batch: Pending[], asks: "behind" | "first") {
    const worthless = new Set<Pending>();
    let demoted = false;
    const doubted = new Set(
      batch.map(({ credential }) => credential).filter((one) => one.authority_revision !== head.authority_revision),
    );
    // All are asked at once: one round trip while the head is locked, however many speak.
    const asked = [...doubted].map(async (one) => [one, await this.#authority.renewed(tx, one)] as const);
    const renewals = new Map(await Promise.all(asked));
    for (const pending of batch) {
      let { credential } = pending;
      const renewed = renewals.get(credential);
      if (renewed !== undefined) {
        if (renewed === null || !sameCaller(renewed.caller, credential.caller)) {
          worthless.add(pending);
          continue;
        }
        const denial = pending.denial?.kind === "denied" ? null : denialOf(pending.command, renewed);
        demoted ||= denial !== null;
        if (asks === "first") pending.denial = denial ?? pending.denial;
        else renewed.authority_revision = credential.authority_revision;
        credential = pending.credential = renewed;
      }
      if (credential.expires_at !== null && credential.expires_at <= head.at) worthless.add(pending);
    }
    return { worthless, demoted };
  }

  #withoutUncounted(batch: Pending[], worthless: Set<Pending>, repeats: Answered[]): Pending[] {
    return batch.filter((pending) => {
      if (worthless.has(pending)) {
        pending.reject(tokenWorthless());
        return false;
      }
      const { request } = pending;
      const repeat =
        request && repeats.find((one) => one.key === request.key && one.principal_id === request.principal_id);
      if (!repeat) return true;
      if (repeat.digest !== request!.digest) pending.reject(keyMismatch(repeat.key));
      else if (pending.command.secrets) pending.reject(secretGone(pending.command, repeat.key));
      else pending.resolve({ output: JSON.parse(repeat.output), seq: repeat.seq });
      return false;
    });
  }

  /** A refusal undid its command's transaction; the entry that says so is committed on its own. */
  async #refuseAlone(pending: Pending, error: unknown): Promise<void> {
    if (pending.denial) return this.#fail(pending, error);
    const refusal = error instanceof Refusal ? error : internalRefusal(error);
    if (refusal.kind === "internal") this.#onInternal(error, pending.command.name);
    // Its key goes along: what was accepted under it before is answered again, not refused by what it did.
    await this.#settle([{ ...pending, denial: refusal }]);
  }

  /** Here ends what could not even be recorded as failed: whoever counts such losses is told. */
  #fail(pending: Pending, error: unknown): void {
    const refusal = error instanceof Refusal ? error : internalRefusal(error);
    if (refusal !== error) this.#onInternal(error, pending.command.name);
    this.#onLost(pending, refusal);
    pending.reject(refusal);
  }

  #failAll(batch: readonly Pending[], error: unknown): void {
    for (const pending of batch) this.#fail(pending, error);
  }
}
