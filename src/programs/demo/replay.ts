import { Refusal } from "../../kernel/refusal.ts";
import type { Claim, Fleet, Seat } from "./fleet.ts";
import type { Happening, Week } from "./week.ts";

export const NAMESPACE = "DEMO";
/** How far the week may run ahead of what is still being done, when nothing waits for the clock. */
const AHEAD_MAX = 500;
/** As long as a claim may hold: simulated hours pass in a second. */
const LEASE_SECONDS = 3_600;

/** Lives a week again: each happening at its time, each seat one thing after the other, all seats at once. */
export class Replay {
  readonly filed: string[] = [];
  /** Tickets that were there when the week began; they are filed when they are first spoken of. */
  there_before = 0;
  events = 0;
  /** Everything before it has happened. */
  clock: number;
  readonly #week: Week;
  readonly #fleet: Fleet;
  readonly #ids = new Map<string, Promise<string | null>>();
  /** What has to be over before the next thing can happen to a ticket, and what happens to it in the same second. */
  readonly #tickets = new Map<string, { second: number; before: Promise<unknown>; now: Promise<unknown>[] }>();
  readonly #actors = new Map<string, Promise<unknown>>();

  constructor(week: Week, fleet: Fleet) {
    this.#week = week;
    this.#fleet = fleet;
    this.clock = week.happenings[0]?.at ?? 0;
  }

  /** `speed`: simulated seconds a second; Infinity waits for nothing. Ends early when the signal aborts. */
  async run(speed: number, signal: AbortSignal, happened: () => void): Promise<void> {
    const { happenings } = this.#week;
    const first = happenings[0]?.at ?? 0;
    const began = performance.now();
    const acts: Promise<unknown>[] = [];
    const over: boolean[] = [];
    let next = 0;
    let failure: unknown;
    for (const [index, happening] of happenings.entries()) {
      const wait = speed === Infinity ? 0 : began + (happening.at - first) / speed - performance.now();
      if (wait > 0) await pause(wait, signal);
      await acts[index - AHEAD_MAX];
      if (signal.aborted || failure !== undefined) break;
      const acting = this.#inOrder(happening, async () => {
        if (signal.aborted || failure !== undefined) return;
        await this.#act(happening).catch((error) => {
          failure ??= error;
        });
        this.events++;
        over[index] = true;
        while (over[next]) this.clock = happenings[next++]!.at;
        happened();
      });
      acts.push(acting);
    }
    await Promise.all(acts);
    if (failure !== undefined) throw failure;
  }

  /** An actor does one thing after the other. Things of one second that befall one ticket are a race, as they were. */
  #inOrder({ at, actor, ticket }: Happening, act: () => Promise<void>): Promise<void> {
    const second = Math.floor(at / 1000);
    const last = this.#tickets.get(ticket) ?? { second, before: Promise.resolve(), now: [] };
    const turn = last.second === second ? last : { second, before: Promise.all([last.before, ...last.now]), now: [] };
    const mine = Promise.all([this.#actors.get(actor), turn.before]).then(act);
    turn.now.push(mine);
    this.#tickets.set(ticket, turn);
    this.#actors.set(actor, mine);
    return mine;
  }

  async #act(happening: Happening): Promise<void> {
    const { kind, actor, ticket, status, assignee } = happening;
    const seat = this.#fleet.of(actor);
    const id = await this.#ticket(seat, happening);
    if (id === null || kind === "created") return;
    if (kind === "closed" || status === "closed") return this.#close(seat, happening, id);
    if (kind === "reopened") await seat.say("ticket.reopen", { id, reason: happening.line });
    if (status === "hooked" || status === "in_progress")
      await this.#claim(assignee === null ? seat : this.#fleet.of(assignee), ticket, id);
    else if (kind === "status_changed") await this.#putBack(seat, happening, id);
    else if (kind !== "reopened") await this.#tell(seat, happening, id);
  }

  /** The ticket's id here; the first one to speak of a ticket files it. */
  #ticket(seat: Seat, { ticket, kind }: Happening): Promise<string | null> {
    const known = this.#ids.get(ticket);
    if (known) return known;
    if (kind !== "created") this.there_before++;
    const title = this.#week.titles.get(ticket) || ticket;
    const filing = seat.say<{ id: string }>("ticket.file", {
      namespace: NAMESPACE,
      title,
      body: `${ticket} of the week`,
    });
    const id = filing.then((filed) => {
      if (filed) this.filed.push(filed.id);
      return filed?.id ?? null;
    });
    this.#ids.set(ticket, id);
    return id;
  }

  async #claim(seat: Seat, ticket: string, id: string): Promise<Claim | null> {
    const mine = seat.claims.get(ticket);
    if (mine) {
      const renewed = await seat.say("ticket.renew", { ...mine, lease_seconds: LEASE_SECONDS });
      if (renewed) return mine;
      seat.claims.delete(ticket);
    }
    const claimed = await seat.say<Claim>("ticket.claim", { id, lease_seconds: LEASE_SECONDS });
    if (!claimed) return null;
    const claim = { id, claim_token: claimed.claim_token };
    seat.claims.set(ticket, claim);
    return claim;
  }

  /** Only the holder finishes: whoever closes takes the claim first, and is refused when another holds it. */
  async #close(seat: Seat, { ticket, line }: Happening, id: string): Promise<void> {
    const claim = seat.claims.get(ticket) ?? (await this.#claim(seat, ticket, id));
    if (!claim) return;
    seat.claims.delete(ticket);
    await seat.say("ticket.finish", { ...claim, note: line });
  }

  async #putBack(seat: Seat, happening: Happening, id: string): Promise<void> {
    const { ticket, status, line } = happening;
    const state = { blocked: "blocked", pinned: "parked", deferred: "parked" }[status ?? ""];
    const holder = this.#fleet.holderOf(ticket);
    const claim = holder?.claims.get(ticket);
    if (holder && claim) {
      holder.claims.delete(ticket);
      await holder.say("ticket.release", { ...claim, state: state ?? "awaiting_claim", reason: line });
    } else if (state) await seat.say(state === "blocked" ? "ticket.block" : "ticket.park", { id, reason: line });
    else await this.#tell(seat, happening, id);
  }

  /** What moves nothing is a narrative. A holder who tells something also holds on. */
  async #tell(seat: Seat, { ticket, line }: Happening, id: string): Promise<void> {
    if (seat.claims.has(ticket)) await this.#claim(seat, ticket, id);
    await seat.say("post.append", { subject: line, item: id });
  }
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    const over = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", over);
      done();
    };
    const timer = setTimeout(over, milliseconds);
    if (signal.aborted) over();
    else signal.addEventListener("abort", over, { once: true });
  });
}

/** Defines the demo's namespace unless an earlier demo did. The week's closings came without proofs. */
export async function defineNamespace(operator: { say(name: string, input: object): Promise<unknown> }): Promise<void> {
  try {
    await operator.say("namespace.define", { prefix: NAMESPACE, format: `${NAMESPACE}-NNNN`, lane: NAMESPACE });
  } catch (error) {
    if (!(error instanceof Refusal) || error.code !== "namespace.exists") throw error;
  }
  await operator.say("proof.require", { namespace: NAMESPACE, proofs: [] });
}
