import type { Caller, Event, World } from "../../kernel/operation.ts";
import { type Ask, openRequests, type Standing, standingFor } from "./authority/index.ts";
import type { DecisionInput, Prepared, Properties, Verdict } from "./engine.ts";
import { type Escalations, readEscalations } from "./escalations.ts";
import type { Known } from "./facts.ts";
import { type Asker, type Idle, type Offered, readRoster, Roster, type RosterRow } from "./offers.ts";
import { dispatchProtocol, escalatedProtocol, plainProtocol, type Protocol, waitingProtocol } from "./protocols.ts";

/** One request of a batch: what is known of it, and what came out. */
export type Case = {
  caller: Caller;
  ask: Ask;
  standing: Standing;
  known: Known | null;
  asker: Asker;
  input: DecisionInput;
  verdict: Verdict;
  /** What an allowed act rests on. */
  rests: { approval: number | null; consent: number | null };
};

type Way = { protocol: Protocol; events: Event[] };

/** What the denied of one batch are told to do instead: who can do it, who was asked, or who has to look. */
export class Ways {
  #at: Date;
  #roster: Roster | null;
  #offered: Map<Case, Offered>;
  #escalations: Escalations | null;
  #approvals: Map<Case, number>;

  private constructor(
    at: Date,
    roster: Roster | null,
    offered: Map<Case, Offered>,
    escalations: Escalations | null,
    approvals: Map<Case, number>,
  ) {
    this.#at = at;
    this.#roster = roster;
    this.#offered = offered;
    this.#escalations = escalations;
    this.#approvals = approvals;
  }

  /**
   * Finds what the denials need, all of them together. `rows` of the roster may have been read with what decided; else
   * it is a flight of its own, as are the idle seats' standings above the lowest rung, and the open escalations where
   * nobody who is here may do it.
   */
  static async find(
    { db, at }: World,
    policy: Prepared,
    cases: readonly Case[],
    rows: readonly RosterRow[] | null,
  ): Promise<Ways> {
    const over = (...ways: string[]) => cases.filter(({ verdict }) => ways.includes(verdict.protocol?.via ?? ""));
    const dispatched = over("dispatch");
    const now = await at();
    const [seats, approvals] = await Promise.all([
      dispatched.length === 0 ? null : (rows ?? readRoster(db)),
      requested(db, over("approval", "consent")),
    ]);
    const roster = seats && new Roster(seats, now, policy);
    const standingOf = await standingsOf(db, dispatched, roster?.seats ?? []);
    const offered = new Map(
      dispatched.map((one) => [one, roster!.offer(one.asker, one.input, standingOf(one))] as const),
    );
    const isStuck = (one: Case) => offered.get(one)?.free_at === null && offered.get(one)?.offers.length === 0;
    const stuck = over("dispatch", "escalate").filter((one) => !offered.has(one) || isStuck(one));
    const acts = stuck.map(({ asker, ask }) => ({ asker_id: asker.id, ...ask }));
    const escalations = acts.length === 0 ? null : await readEscalations(db, acts);
    return new Ways(now, roster, offered, escalations, approvals);
  }

  of(one: Case): Way {
    const rule = one.verdict.protocol!;
    const filled = { decision: one.asker.decision, lane: one.asker.lane };
    switch (rule.via) {
      case "claim":
        return { protocol: plainProtocol(rule, { ...filled, ticket: unheld(one) }), events: [] };
      case "propose":
        return { protocol: plainProtocol(rule, filled), events: [] };
      case "approval":
      case "consent": {
        const protocol = plainProtocol(rule, { ...filled, approval: this.#approvals.get(one)! });
        const rejected = rejection(one);
        if (rejected === null) return { protocol, events: [] };
        return { protocol: { ...protocol, do: rejected, approval_state: "rejected" }, events: [] };
      }
      case "dispatch":
        return this.#dispatch(one) ?? this.#escalate(one);
      case "escalate":
        return this.#escalate(one);
    }
  }

  #dispatch(one: Case): Way | null {
    const { asker, verdict } = one;
    const offered = this.#offered.get(one)!;
    if (offered.offers.length > 0)
      return { protocol: dispatchProtocol(verdict.protocol!, asker.decision, offered), events: [] };
    if (offered.free_at === null) return null;
    return { protocol: waitingProtocol(asker.decision, offered.free_at, offered.lane), events: [] };
  }

  #escalate({ caller, ask, asker, known, verdict }: Case): Way {
    const rule = verdict.protocol!;
    const { action, resource_type, resource_id } = ask;
    const about = { action, resource_type, resource_id, reason: verdict.reasons.join(" ") };
    const { id, isNew } = this.#escalations!.of({ ...about, asker_id: asker.id, decision_id: asker.decision });
    const subject = known?.name ?? caller.name;
    const data = { id, decision: asker.decision, asker: subject, ...about };
    const filled = { decision: asker.decision, lane: asker.lane, escalation: id };
    return {
      protocol: rule.via === "escalate" ? plainProtocol(rule, filled) : escalatedProtocol(id),
      events: isNew ? [{ kind: "escalation.opened", subject, data }] : [],
    };
  }

  /** Sends what the answers promise, behind the decisions that they name. */
  send(db: World["db"]): void {
    this.#roster?.sendHolds(db);
    this.#escalations?.send(db, this.#at);
  }
}

/** Asks for the approvals that are missing. A policy may ask for one where the ladder does not. */
async function requested(db: World["db"], cases: readonly Case[]): Promise<Map<Case, number>> {
  const ids = await openRequests(
    db,
    cases.map(({ ask, asker, caller, standing: { rung }, verdict }) => ({
      ...ask,
      decision: asker.decision,
      rung: rung !== "L0" ? rung : verdict.protocol!.via === "approval" ? "L1" : "L2",
      asked_by: caller.principal_id,
    })),
  );
  return new Map(cases.map((one, index) => [one, ids[index]!]));
}

type StandingOf = (one: Case) => (seat: Idle) => Properties;

/** How each idle seat stands on the ladder for each dispatched act. On the lowest rung nobody has to be looked up. */
async function standingsOf(db: World["db"], dispatched: readonly Case[], seats: readonly Idle[]): Promise<StandingOf> {
  const asks = dispatched
    .filter(({ standing }) => standing.rung !== "L0")
    .flatMap((one) => seats.map(({ name }) => askOf(one, name)));
  const standings = await standingFor(db, asks);
  const found = new Map(
    asks.map((ask, index) => {
      const { rung, approval, consent } = standings[index]!;
      return [JSON.stringify(ask), { rung, approved: approval?.state === "granted", consented: consent !== null }];
    }),
  );
  return (one) => {
    const lowest = { rung: one.standing.rung, approved: false, consented: false };
    return ({ name }) => found.get(JSON.stringify(askOf(one, name))) ?? lowest;
  };
}

/** The same act asked for by another seat, which quotes nobody. */
function askOf({ ask: { words: _, ...ask } }: Case, subject: string): Ask {
  return { ...ask, subject };
}

/** The first ticket that the act is said to be for and its subject does not hold. */
function unheld({ input, known }: Case): string | null {
  const { tickets } = input.context;
  const named = Array.isArray(tickets) ? tickets.filter((one) => typeof one === "string") : [];
  return named.find((id) => !known?.claims.includes(id)) ?? null;
}

/** A rejection is told with its reason, so that nobody asks again for what was said no to (J37). */
function rejection({ standing: { approval } }: Case): string | null {
  if (approval?.state !== "rejected") return null;
  const reason = approval.reason!.replace(/(?<![.!?])$/, ".");
  return `Request ${approval.id} for this was rejected: ${reason} Go on with other work.`;
}
