import type { Reader, Transaction } from "../../../kernel/database.ts";
import { type Caller, type Event } from "../../../kernel/operation.ts";
import { Refusal } from "../../../kernel/refusal.ts";
import { statements } from "../../../kernel/sql.ts";
import { resolveName } from "../../seats/index.ts";
import { type Rung } from "./ladder.ts";
import { standingFor } from "./standing.ts";

const sql = statements("policy/authority", "approvals_list", "approvals_decide", "approvals_settle");

export const approvalStates = ["pending", "granted", "rejected", "released", "withdrawn"] as const;
type ApprovalState = (typeof approvalStates)[number];

/** Enough to look something up and do it; the longest is a week, as long as the operator may be away. */
export const GRANT_SECONDS = { least: 60, normal: 3600, most: 7 * 86_400 } as const;

/** An approval as rows have it. */
export type Approval = {
  id: number;
  subject: string;
  action: string;
  resource_type: string;
  resource_id: string;
  production: boolean;
  /** What exactly waits: the command, or the commit; null where nobody told. */
  wording: string | null;
  rung: Exclude<Rung, "L0">;
  decision: number;
  asked_by: number;
  asker: string;
  asked_at: Date;
  state: ApprovalState;
  manifest: number | null;
  decider: string | null;
  decided_at: Date | null;
  reason: string | null;
  expires_at: Date | null;
  used_by: number | null;
  subject_retired: boolean;
  now: Date;
};

type Filter = {
  ids?: readonly number[];
  state?: ApprovalState | undefined;
  rung?: Rung | undefined;
  manifest?: number;
  limit?: number;
};

/** More than one person looks through at once. */
export const ITEMS_MAX = 500;

/** Approvals, oldest first. */
export function approvals(db: Reader, { ids, state, rung, manifest, limit }: Filter): Promise<Approval[]> {
  return db.all<Approval>(sql.approvals_list, {
    ids: ids ?? null,
    state: state ?? null,
    rung: rung ?? null,
    manifest: manifest ?? null,
    limit: limit ?? ITEMS_MAX,
  });
}

/** The approvals of these ids, in that order. Throws `approval.unknown` with those that are not there. */
export async function knownApprovals(db: Reader, ids: readonly number[], field: string): Promise<Approval[]> {
  const rows = new Map((await approvals(db, { ids, limit: ids.length })).map((row) => [row.id, row]));
  const unknown = ids.filter((id) => !rows.has(id));
  if (unknown.length > 0)
    throw new Refusal("missing", "approval.unknown", `There is no approval ${unknown.join(", ")}.`, {
      hint: "approval.list shows those that wait.",
      fields: [{ field, message: `there is no approval ${unknown.join(", ")}` }],
      facts: { unknown },
    });
  return ids.map((id) => rows.get(id)!);
}

/** One line for one item: what, on what, by whom, since when. */
export function lineOf(row: Approval): string {
  const where = row.production ? " (production)" : "";
  const how = row.state === "pending" ? `waits ${agoOf(row)}` : `${row.state}: ${row.reason}`;
  const act = `${row.action} ${row.resource_type} ${row.resource_id}${where}`;
  const wording = row.wording === null ? "" : `: ${cut(plain(row.wording))}`;
  return `${row.id}  ${plain(act)}, for ${row.subject}, ${how}${wording}`;
}

/** A line of a list; approval.show has the whole. */
const WORDING_CHARACTERS_MAX = 200;

function cut(wording: string): string {
  if (wording.length <= WORDING_CHARACTERS_MAX) return wording;
  return `${wording.slice(0, WORDING_CHARACTERS_MAX).toWellFormed()}… (${wording.length} characters)`;
}

/** One line without what moves a terminal's cursor or turns its text round: seats choose these words. */
export function plain(words: string): string {
  return words.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, " ").trim();
}

export function ageOf({ now, asked_at }: Approval): number {
  return Math.max(0, Math.floor((now.getTime() - asked_at.getTime()) / 1000));
}

const agoOf = (row: Approval): string => ago(ageOf(row));

/** A span of time as people say it. */
export function ago(seconds: number): string {
  for (const [unit, size] of [["d", 86_400] as const, ["h", 3600] as const, ["min", 60] as const])
    if (seconds >= size) return `${Math.floor(seconds / size)} ${unit}`;
  return `${seconds} s`;
}

type Verdict = "granted" | "rejected";

/** Refuses a decider who may not, before PostgreSQL does. Every row must wait. */
export async function refuseDecider(db: Reader, caller: Caller, rows: readonly Approval[]): Promise<void> {
  for (const row of rows) {
    if (row.state !== "pending") throw notPending(row);
    if (row.asked_by === caller.principal_id || family(row.subject) === family(caller.name)) throw ownAsk(row, caller);
  }
  const high = rows.find(({ rung }) => rung === "L2");
  if (!high) return;
  const { kind } = await resolveName(db, caller.name);
  if (caller.role === "operator" && kind === "person") return;
  throw new Refusal("denied", "approval.above_you", `Approval ${high.id} is on L2: only the operator decides it.`, {
    hint: "Bundle it for him: manifest.open. A person with role operator decides it, not a seat.",
    facts: { id: high.id, rung: high.rung },
  });
}

/** A seat and its sub-agents decide as one. */
function family(name: string): string {
  return name.split("/")[0]!;
}

/** Writes one verdict for all, with its receipt. Throws when another verdict came first. */
export async function decide(
  db: Transaction,
  caller: Caller,
  rows: readonly Approval[],
  said: { verdict: Verdict; reason: string; seconds: number; at: Date },
): Promise<Event[]> {
  const ids = rows.map(({ id }) => id);
  const decided = await db.all(sql.approvals_decide, { ids, decided_by: caller.principal_id, ...said });
  // The rows were read under the head's lock; nobody else can have been here.
  if (decided.length !== ids.length) throw new Error(`${decided.length} of ${ids.length} approvals were decided`);
  const expires_at = said.verdict === "granted" ? new Date(said.at.getTime() + said.seconds * 1000) : null;
  return rows.map(({ id, action, resource_type, resource_id, subject, rung, manifest, decision }) => ({
    kind: `approval.${said.verdict}`,
    subject: `approval-${id}`,
    data: {
      id,
      action,
      resource_type,
      resource_id,
      subject,
      rung,
      decision,
      manifest,
      reason: said.reason,
      decided_by: caller.name,
      expires_at: expires_at?.toISOString() ?? null,
    },
  }));
}

/** Why an approval that waits needs no verdict any more. */
type Moot = { row: Approval; state: "released" | "withdrawn"; reason: string };

/**
 * Looks whether what waits still needs somebody, so that nobody is asked for what is settled (J33): the operator
 * consented to it meanwhile, or its seat is gone. What came down to L0 was let go by rung.set.
 */
export async function probe(db: Reader, rows: readonly Approval[]): Promise<{ waiting: Approval[]; moot: Moot[] }> {
  const standings = await standingFor(
    db,
    rows.map(({ subject, action, resource_type, resource_id, production, wording }) => ({
      wording: wording ?? undefined,
      subject,
      action,
      resource_type,
      resource_id,
      production,
    })),
  );
  const waiting: Approval[] = [];
  const moot: Moot[] = [];
  for (const [index, row] of rows.entries()) {
    const { consent } = standings[index]!;
    if (consent !== null) moot.push({ row, state: "released", reason: `Consent ${consent} covers it.` });
    else if (row.subject_retired) moot.push({ row, state: "withdrawn", reason: `${row.subject} is retired.` });
    else waiting.push(row);
  }
  return { waiting, moot };
}

/** Settles them by themselves; travels with the commit. */
export function settle(db: Transaction, moot: readonly Moot[]): Event[] {
  if (moot.length > 0)
    db.send(sql.approvals_settle, {
      ids: moot.map(({ row }) => row.id),
      states: moot.map(({ state }) => state),
      reasons: moot.map(({ reason }) => reason),
    });
  return moot.map(({ row: { id }, state, reason }) => ({
    kind: `approval.${state}`,
    subject: `approval-${id}`,
    data: { id, reason },
  }));
}

function notPending(row: Approval): Refusal {
  const by = row.decider ? ` by ${row.decider}` : "";
  return new Refusal("conflict", `approval.${row.state}`, `Approval ${row.id} is ${row.state}${by}: ${row.reason}`, {
    hint: "A verdict is final. If the seat asks again, that is another approval.",
    facts: { id: row.id, state: row.state, decided_by: row.decider, reason: row.reason },
  });
}

function ownAsk(row: Approval, { name, role }: Caller): Refusal {
  return new Refusal("denied", "approval.own", `Approval ${row.id} is for ${row.subject}; ${name} cannot decide it.`, {
    hint:
      role === "operator"
        ? "Say it in your own words instead: consent.give."
        : "Another strategist or the operator decides it.",
    facts: { id: row.id, subject: row.subject },
  });
}
