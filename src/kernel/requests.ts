import { createHash } from "node:crypto";
import canonicalize from "canonicalize";
import { z } from "zod";
import type { Reader, Transaction } from "./database.ts";
import { batchCommand } from "./operation.ts";
import { Refusal } from "./refusal.ts";
import { parseStatements, type Statement } from "./sql.ts";

/**
 * Idempotency keys (the IETF draft's Idempotency-Key header): a caller's key names one request for seven days,
 * as long as an operator may stay away. A repeat is answered from here and does nothing.
 */
export const KEY_CHARACTERS_MAX = 200;
export const KEY_DAYS_KEPT = 7;

const [find, store, forget, sweep] = parseStatements(
  `-- name: find
  select r.principal_id, r.key, r.digest, r.output, r.seq
  from unnest(:principal_ids::bigint[], :keys::text[]) w (principal_id, key)
  join kernel.requests r on r.tenant_id = :tenant_id and r.principal_id = w.principal_id and r.key = w.key
    and r.principal_id = any (:principal_ids::bigint[]) and r.key = any (:keys::text[])
-- name: store
  insert into kernel.requests (tenant_id, principal_id, key, digest, output, seq)
  select :tenant_id, *
  from unnest(:principal_ids::bigint[], :keys::text[], :digests::text[], :outputs::text[], :seqs::bigint[])
-- name: forget
  update kernel.requests set digest = 'erased', output = '{}'
  where tenant_id = :tenant_id and principal_id = :principal_id and seq = :seq
-- name: sweep
  delete from kernel.requests
  where tenant_id = :tenant_id and at < statement_timestamp() - interval '${KEY_DAYS_KEPT} days'`,
  "requests",
) as [Statement, Statement, Statement, Statement];

export type KeyedRequest = { principal_id: number; key: string; digest: string };
export type Answered = KeyedRequest & { output: string; seq: number | null };

/** The digest that tells a repeat from another request under the same key. */
export function requestDigest(name: string, input: unknown): string {
  return createHash("sha256")
    .update(`${name} ${canonicalize(input)}`)
    .digest("base64url");
}

export function findAnswered(tx: Reader, wanted: readonly KeyedRequest[]): Promise<Answered[]> {
  return tx.all<Answered>(find, {
    principal_ids: wanted.map((one) => one.principal_id),
    keys: wanted.map((one) => one.key),
  });
}

export function storeAnswered(tx: Transaction, answered: readonly Answered[]): void {
  tx.send(store, {
    principal_ids: answered.map((one) => one.principal_id),
    keys: answered.map((one) => one.key),
    digests: answered.map((one) => one.digest),
    outputs: answered.map((one) => one.output),
    seqs: answered.map((one) => one.seq),
  });
}

/**
 * Forgets what a request said and was answered, as its entry is erased: the digest has no salt, so that whoever guessed
 * the text could hold his guess against it. The key stays taken; a repeat is refused and does nothing a second time.
 */
export function forgetAnswered(tx: Transaction, principal_id: number, seq: number): void {
  tx.send(forget, { principal_id, seq });
}

export const sweepRequests = batchCommand({
  name: "request.sweep",
  summary: "Forget idempotency keys older than seven days. The clock says it.",
  input: z.object({}),
  output: z.object({}),
  may: ["steward", "operator"],
  events: [],
  refuses: [],
  unrecorded: "Keys are scaffolding of the API, not something that happened.",
  async run({ db }, calls) {
    db.send(sweep);
    return calls.map(() => ({ output: {}, events: [] }));
  },
});

export function checkKey(key: string): void {
  if (key.length > 0 && key.length <= KEY_CHARACTERS_MAX && /^[\x21-\x7e]+$/.test(key)) return;
  throw new Refusal("invalid", "key.malformed", "The Idempotency-Key is not valid.", {
    fields: [{ field: "Idempotency-Key", message: `must be 1 to ${KEY_CHARACTERS_MAX} printable ASCII characters` }],
  });
}

export function keyMismatch(key: string): Refusal {
  return new Refusal("mismatch", "key.mismatch", `Idempotency-Key ${key} was used for another request.`, {
    hint: "Use a new key for a new request; repeat the same body to repeat the old one.",
  });
}
