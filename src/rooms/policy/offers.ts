import canonicalize from "canonicalize";
import type { Reader, Transaction } from "../../kernel/database.ts";
import { statements } from "../../kernel/sql.ts";
import { HEARD_SECONDS } from "../seats/index.ts";
import type { DecisionInput, Prepared, Properties } from "./engine.ts";
import { type Known, knownOf, type PrincipalRow, propertiesOf } from "./facts.ts";
import { verdictOf } from "./remembering.ts";

const sql = statements("policy", "roster", "holds_take");

/** A denial names at most so many seats: more would not be read, and each costs an evaluation. */
export const OFFERS_MAX = 5;
/** Long enough for a person or a model to read the denial and to say the command. */
export const HOLD_SECONDS = 60;

/**
 * The ticket that a candidate would hold. A seat is offered when it may do the act as it will stand then: idle as it is
 * now, with one claim more, and with commits that name that ticket where the act lands commits.
 */
const DISPATCHED = "the dispatched ticket";

/** A seat that may be idle, and who holds it or did. */
export type RosterRow = PrincipalRow & { given: number; held_by: number | null; held_until: Date | null };

/** Alive and without work: dormant is idle for long, which keeps nobody from being given some. */
const FREE = ["idle", "dormant"];

/** A free seat, as offers are ranked by. */
export type Idle = Known & {
  /** Tickets that it holds or was given and has not claimed yet. */
  load: number;
  idle_seconds: number;
};

type Hold = { asker_id: number; until: Date };

export type Offer = { seat: Idle; held_until: Date | null };

/** What a denial can offer: seats; or the instant at which the first of those that may is free; or nobody. */
export type Offered = { offers: Offer[]; free_at: Date | null; lane: string | null };

/** Whom seats are offered to. */
export type Asker = { id: number; lane: string | null; decision: number };

/** The same act with another seat as its subject. */
export type Act = Omit<DecisionInput, "subject">;

/** Reads who may be idle: what `Roster` is made of, once the instant of the transaction is known. */
export function readRoster(db: Reader): Promise<RosterRow[]> {
  // A second more than counts, since the statement's own instant is a little later than the transaction's.
  return db.all<RosterRow>(sql.roster, { heard_seconds: HEARD_SECONDS + 1 });
}

/**
 * The free seats of one transaction, and who holds which. Ranked: the asker's lane first, then the least work, then
 * idle before dormant, then the longest idle, then the name. For one denial O(seats) comparisons and one evaluation for
 * each distinct set of facts, up to the fifth seat that may.
 */
export class Roster {
  /** In rank order but for the lane. */
  readonly seats: readonly Idle[];
  /** What this batch takes: the last asker of a seat, by seat. */
  readonly taken = new Map<number, Asker>();
  #holds = new Map<number, Hold>();
  #at: Date;
  #candidates: Candidates;

  constructor(rows: readonly RosterRow[], at: Date, prepared: Prepared) {
    this.#at = at;
    this.#candidates = new Candidates(prepared);
    this.seats = rows
      .map((row) => ({ ...knownOf(row, at), load: row.claims.length + row.given, idle_seconds: idleSeconds(row, at) }))
      .filter(({ state }) => FREE.includes(state))
      .sort(
        (a, b) =>
          a.load - b.load ||
          FREE.indexOf(a.state) - FREE.indexOf(b.state) ||
          b.idle_seconds - a.idle_seconds ||
          (a.name < b.name ? -1 : Number(a.name > b.name)),
      );
    for (const { id, held_by, held_until } of rows)
      if (held_by !== null && held_until !== null && held_until > at)
        this.#holds.set(id, { asker_id: held_by, until: held_until });
  }

  /** Offers seats that may do the act, and holds the best of them. `standings` says how each stands on the ladder. */
  offer(asker: Asker, act: Act, standings: (seat: Idle) => Properties): Offered {
    const ranked = [
      ...this.seats.filter(({ lane }) => asker.lane !== null && lane === asker.lane),
      ...this.seats.filter(({ lane }) => asker.lane === null || lane !== asker.lane),
    ].filter(({ id }) => id !== asker.id);
    const may = this.#candidates.of(act, standings);
    const isHeld = ({ id }: Idle) => (this.#holds.get(id)?.asker_id ?? asker.id) !== asker.id;
    const offers: Offer[] = [];
    for (const seat of ranked) {
      if (offers.length === OFFERS_MAX) break;
      if (!isHeld(seat) && may(seat)) offers.push({ seat, held_until: null });
    }
    const [best] = offers;
    if (best) {
      best.held_until = this.#take(best.seat, asker);
      return { offers, free_at: null, lane: best.seat.lane };
    }
    const busy = ranked.filter((seat) => isHeld(seat) && may(seat));
    const first = busy
      .map(({ id, lane }) => ({ lane, until: this.#holds.get(id)!.until }))
      .reduce<{ lane: string | null; until: Date } | null>((a, b) => (a === null || b.until < a.until ? b : a), null);
    return { offers, free_at: first?.until ?? null, lane: first?.lane ?? null };
  }

  #take({ id }: Idle, asker: Asker): Date {
    const until = new Date(this.#at.getTime() + HOLD_SECONDS * 1000);
    this.#holds.set(id, { asker_id: asker.id, until });
    this.taken.set(id, asker);
    return until;
  }

  /** Sends the holds that were taken, behind the decisions that took them. */
  sendHolds(db: Transaction): void {
    if (this.taken.size === 0) return;
    const askers = [...this.taken.values()];
    db.send(sql.holds_take, {
      at: this.#at,
      hold_seconds: HOLD_SECONDS,
      seat_ids: [...this.taken.keys()],
      asker_ids: askers.map(({ id }) => id),
      decision_ids: askers.map(({ decision }) => decision),
    });
  }
}

function idleSeconds({ adopted_at, output_at }: PrincipalRow, at: Date): number {
  const since = Math.max(adopted_at?.getTime() ?? 0, output_at?.getTime() ?? 0);
  return Math.max(0, Math.floor((at.getTime() - since) / 1000));
}

/**
 * Decides for candidates. Idle seats look alike, so what was decided for one set of facts counts for each seat that has
 * the same, unless the policy speaks of a seat by its name.
 */
class Candidates {
  #prepared: Prepared;
  #byName: boolean;
  #facts = new Map<number, { properties: Properties; key: string }>();
  #verdicts = new Map<string, Map<string, boolean>>();

  constructor(prepared: Prepared) {
    this.#prepared = prepared;
    this.#byName = prepared.namesSomebody;
  }

  of(act: Act, standings: (seat: Idle) => Properties): (seat: Idle) => boolean {
    const { tickets, ...context } = act.context;
    const wished: Act = tickets === undefined ? act : { ...act, context: { ...context, tickets: [DISPATCHED] } };
    const digest = canonicalize(wished)!;
    const verdicts = this.#verdicts.get(digest) ?? new Map<string, boolean>();
    this.#verdicts.set(digest, verdicts);
    return (seat) => {
      const { properties, key: facts } = this.#factsOf(seat);
      const standing = standings(seat);
      const name = this.#byName || seat.name === act.resource.id ? seat.name : "";
      const key = `${name} ${JSON.stringify(standing)} ${facts}`;
      const known = verdicts.get(key);
      if (known !== undefined) return known;
      const may = verdictOf(this.#prepared, {
        ...wished,
        subject: { type: seat.kind, id: seat.name, properties },
        context: { ...wished.context, standing },
      });
      verdicts.set(key, may.effect === "allow");
      return may.effect === "allow";
    };
  }

  #factsOf(seat: Idle): { properties: Properties; key: string } {
    const known = this.#facts.get(seat.id);
    if (known) return known;
    const properties = propertiesOf({ ...seat, claims: [...seat.claims, DISPATCHED] });
    const facts = { properties, key: canonicalize(properties)! };
    this.#facts.set(seat.id, facts);
    return facts;
  }
}
