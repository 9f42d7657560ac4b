import type { Reader, Transaction } from "../../../kernel/database.ts";
import { Refusal } from "../../../kernel/refusal.ts";
import { statements } from "../../../kernel/sql.ts";
import { ladderFor, type Rung } from "./ladder.ts";

const sql = statements(
  "policy/authority",
  "approvals_standing",
  "consents_standing",
  "consents_quoted",
  "approvals_ask",
  "uses_write",
);

/** An act that somebody wants to do now. `subject` is a seat's name, or that of its sub-agent. */
export type Ask = {
  subject: string;
  action: string;
  resource_type: string;
  resource_id: string;
  production: boolean;
  /** What exactly is done, as far as it was told: what is granted is granted for this and nothing else. */
  wording?: string | undefined;
  /** The operator's words that the asker quotes. */
  words?: string | undefined;
};

/** How an act stands on the ladder. */
export type Standing = {
  rung: Rung;
  /** The approval that counts at this rung: one that was granted for it and is unused, the open one, or a rejection. */
  approval: { id: number; state: "pending" | "granted" | "rejected"; reason: string | null } | null;
  /** The consent that covers it. It comes before an approval, which is then left for another time. */
  consent: number | null;
  /** Quoted words that no live consent for this holds: the request itself is refused, not decided. */
  refusal: Refusal | null;
};

/** A rejection answers the same ask for a day; nobody has to say no again every minute. */
const REJECTION_SECONDS = 86_400;

type Said = { place: number; id: number; state: "pending" | "granted" | "rejected"; rung: Rung; reason: string | null };
type Consent = { place: number; id: number; words: string; single_use: boolean };
type Quoted = { words: string } & Omit<Ask, "words" | "wording" | "production">;

/**
 * How each ask stands, in at most four statements. What can be used once is given to the first of the asks that it
 * covers, so that one batch does not use it twice; `uses` in the database keeps that true whoever asks.
 */
export async function standingFor(db: Reader, asks: readonly Ask[]): Promise<Standing[]> {
  if (asks.length === 0) return [];
  const scopes = scopesOf(asks);
  const words = asks.flatMap((ask) => ask.words ?? []);
  const [rungOf, said, consents, quoted] = await Promise.all([
    ladderFor(db, scopes.actions),
    db.all<Said>(sql.approvals_standing, { ...scopes, rejection_seconds: REJECTION_SECONDS }),
    db.all<Consent>(sql.consents_standing, scopes),
    words.length === 0 ? [] : db.all<Quoted>(sql.consents_quoted, { words }),
  ]);
  const saidOf = Map.groupBy(said, ({ place }) => place);
  const consentsOf = Map.groupBy(consents, ({ place }) => place);
  const taken = { approvals: new Set<number>(), consents: new Set<number>() };
  return asks.map((ask, place): Standing => {
    const rung = rungOf(ask.action, ask.production);
    const fitting = (consentsOf.get(place) ?? []).filter((one) => ask.words === undefined || one.words === ask.words);
    if (ask.words !== undefined && fitting.length === 0)
      return { rung, approval: null, consent: null, refusal: wordsRefused(ask, quoted) };
    const consent = fitting.find(({ id }) => !taken.consents.has(id)) ?? null;
    if (consent?.single_use) taken.consents.add(consent.id);
    if (consent) return { rung, approval: null, consent: consent.id, refusal: null };
    const approval = approvalFor(rung, saidOf.get(place) ?? [], taken.approvals);
    return { rung, approval, consent: null, refusal: null };
  });
}

function approvalFor(rung: Rung, said: readonly Said[], taken: Set<number>): Standing["approval"] {
  // What a strategist granted for L1 is not enough once the act stands on L2; the text of a rung sorts as it ranks.
  // On L0 it counts as well: a tenant's policy may want an approval where the ladder does not.
  const granted = said.find((one) => one.state === "granted" && one.rung >= rung && !taken.has(one.id));
  if (granted) taken.add(granted.id);
  const found = granted ?? said.findLast(({ state }) => state === "pending" || state === "rejected");
  return found ? { id: found.id, state: found.state, reason: found.reason } : null;
}

function wordsRefused(ask: Ask, quoted: readonly Quoted[]): Refusal {
  const act = `${ask.action} of ${ask.resource_type} ${ask.resource_id} by ${ask.subject}`;
  const same = quoted.filter(({ words }) => words === ask.words);
  const keys = ["subject", "action", "resource_type", "resource_id"] as const;
  if (same.some((one) => keys.every((key) => one[key] === ask[key])))
    return new Refusal("denied", "consent.ended", `The consent in these words is used up, over or revoked.`, {
      hint: "Ask the operator for a new one: consent.give, with his own words for this act.",
      facts: { act },
    });
  if (same.length > 0)
    return new Refusal("denied", "consent.out_of_scope", `These words were said of another act, not of ${act}.`, {
      hint: "A consent reaches exactly as far as it says. Ask the operator for one for this act.",
      facts: { act },
    });
  return new Refusal("denied", "consent.paraphrased", `Nobody consented to ${act} in these words.`, {
    hint: "Quote the operator's words letter for letter, or leave them out: a live consent is found by its scope.",
    facts: { act },
  });
}

/**
 * Opens an approval for each ask, and answers their ids in order: the one that is open already, where there is one, or
 * the rejection that still stands.
 */
export async function openRequests(
  db: Transaction,
  asks: readonly (Ask & { decision: number; rung: "L1" | "L2"; asked_by: number })[],
): Promise<number[]> {
  if (asks.length === 0) return [];
  const scopes = { ...scopesOf(asks), rejection_seconds: REJECTION_SECONDS };
  db.send(sql.approvals_ask, {
    ...scopes,
    rungs: asks.map(({ rung }) => rung),
    decisions: asks.map(({ decision }) => decision),
    asked_bys: asks.map(({ asked_by }) => asked_by),
  });
  // A statement of its own, since one that inserts does not see what it or another session has just inserted.
  const said = await db.all<Said>(sql.approvals_standing, scopes);
  const open = Map.groupBy(
    said.filter(({ state }) => state !== "granted"),
    ({ place }) => place,
  );
  return asks.map((ask, place) => {
    const found = open.get(place)?.at(-1);
    if (!found) throw new Error(`the approval of ${ask.action} for ${ask.subject} was not opened`);
    return found.id;
  });
}

/** What a decision that allowed its act rests on. */
export type Use = { decision: number; approval: number | null; consent: number | null };

/** Uses them up; travels with the commit. PostgreSQL undoes the batch if anything single-use was used before. */
export function spend(db: Transaction, uses: readonly Use[]): void {
  const resting = uses.filter(({ approval, consent }) => approval !== null || consent !== null);
  if (resting.length === 0) return;
  db.send(sql.uses_write, {
    decisions: resting.map(({ decision }) => decision),
    approvals: resting.map(({ approval }) => approval),
    consents: resting.map(({ consent }) => consent),
  });
}

function scopesOf(asks: readonly Ask[]) {
  return {
    subjects: asks.map(({ subject }) => subject),
    actions: asks.map(({ action }) => action),
    resource_types: asks.map(({ resource_type }) => resource_type),
    resource_ids: asks.map(({ resource_id }) => resource_id),
    productions: asks.map(({ production }) => production),
    wordings: asks.map(({ wording }) => wording ?? null),
  };
}
