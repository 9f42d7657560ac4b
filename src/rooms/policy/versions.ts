import type { Reader, Transaction } from "../../kernel/database.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { statements } from "../../kernel/sql.ts";
import { type Prepared, prepare } from "./engine.ts";
import { encoded, type PolicySource } from "./rules.ts";
import { shipped } from "./shipped.ts";

const sql = statements("policy", "active", "version_show", "version_insert", "activation_open");

/** The policy that decides now. */
export type Active = Prepared & {
  version: number;
  /** False until the tenant has a version of its own: the shipped one decides, and the first write keeps it. */
  kept: boolean;
};

/** Prepared policies by digest: a pure function of the source, so that nothing remembered can be stale. */
const PREPARED_MAX = 64;
const remembered = new Map<string, Prepared>();

function remember(prepared: Prepared): Prepared {
  remembered.delete(prepared.digest);
  remembered.set(prepared.digest, prepared);
  if (remembered.size > PREPARED_MAX) remembered.delete(remembered.keys().next().value!);
  return prepared;
}

let ofThisRelease: Prepared | undefined;
const shippedPolicy = () => (ofThisRelease ??= prepare(shipped));

/** The version that is active in this transaction. */
export async function activePolicy(db: Reader): Promise<Active> {
  const [row] = await db.all<{ version: number; digest: string }>(sql.active);
  if (!row) return { ...shippedPolicy(), version: 1, kept: false };
  return { ...(await policyOfDigest(db, row.digest)), version: row.version, kept: true };
}

/** The rules of the version that is active. */
export async function activeRules(db: Reader): Promise<PolicySource["rules"]> {
  // Read, not prepared: who asks what holds a rule decides nothing, and needs no engine.
  const [row] = await db.all<{ digest: string }>(sql.active);
  const kept = row && (await stored(db, { digest: row.digest }));
  return kept ? (JSON.parse(kept.source.toString()) as PolicySource).rules : shipped.rules;
}

/** The policy of a digest that decided something, or may yet. Throws Refusal `policy.unknown`. */
export async function policyOfDigest(db: Reader, digest: string): Promise<Prepared> {
  if (digest === shippedPolicy().digest) return shippedPolicy();
  const known = remembered.get(digest);
  if (known) return remember(known);
  const row = await stored(db, { digest });
  if (!row) throw policyUnknown(`with the digest ${digest}`);
  return remember(prepare(JSON.parse(row.source.toString())));
}

/** A version by its number. Throws Refusal `policy.unknown`. */
export async function policyOfVersion(db: Reader, version: number): Promise<Prepared> {
  const row = await stored(db, { version });
  if (row) return policyOfDigest(db, row.digest);
  const active = await activePolicy(db);
  if (active.version === version) return active;
  throw policyUnknown(`version ${version}`);
}

type Stored = { version: number; digest: string; source: Buffer };

/** A version of the tenant's own, by its number or by its digest. */
export async function stored(
  db: Reader,
  { version = null, digest = null }: { version?: number | null; digest?: string | null },
): Promise<Stored | undefined> {
  return (await db.all<Stored>(sql.version_show, { version, digest }))[0];
}

/**
 * Keeps the shipped policy as the tenant's first version, active from now on, so that a later release, which may ship
 * another one, changes nobody's rules. Whoever writes under an active policy that is not kept says this first.
 */
export function keepShipped(db: Transaction): void {
  insertVersion(db, { version: 1, source: shipped, note: SHIPPED_NOTE, proposed_by: null });
  db.send(sql.activation_open, { version: 1, activated_by: null });
}

/** Sends a new version; PostgreSQL holds it to its constraints once more. */
export function insertVersion(
  db: Transaction,
  { version, source, note, proposed_by }: NewVersion & { version: number },
): void {
  const { bytes, digest } = encoded(source);
  db.send(sql.version_insert, { version, digest, source: bytes, note, proposed_by });
}

type NewVersion = { source: PolicySource; note: string | null; proposed_by: number | null };

/** The shipped policy as `policy.list` tells it, before a tenant has a version of its own. */
export function shippedVersion() {
  const { digest } = shippedPolicy();
  const nobody = { proposed_by: null, proposed_at: null, active_since: null };
  return { version: 1, digest, note: SHIPPED_NOTE, active: true, ...nobody };
}

const SHIPPED_NOTE = "shipped with Longwatch";

export function policyUnknown(which: string): Refusal {
  return new Refusal("missing", "policy.unknown", `There is no policy ${which}.`, {
    hint: "`longwatch policy list` names the versions there are.",
  });
}
