import { hash, randomBytes } from "node:crypto";
import canonicalize from "canonicalize";

/**
 * Personal data beside the chain. An entry's leaf can never be changed, so it holds only a commitment to what may have
 * to be forgotten; the payload itself lies in `ledger.payloads` and can be deleted without touching a hash.
 *
 * The commitment is sha256(0x03 || salt || payload) in lower-case hexadecimal, as `data.personal` of the leaf. The
 * salt is 32 random bytes of its own for each entry; the payload is the canonical bytes (RFC 8785) of an object. The
 * salt goes with the payload: without it nobody can tell by trying texts what the commitment stands for. Leaves have
 * the first byte 0x00, nodes of the tree 0x01, links of the chain 0x02 (RFC 6962's way of keeping them apart).
 */
const COMMITMENT_PREFIX = Buffer.of(0x03);
export const SALT_BYTES = 32;

/** A row of `ledger.payloads`. */
export type Payload = { salt: Uint8Array; payload: Uint8Array };

export type SealedPayload = { salt: Buffer; payload: Buffer; commitment: string };

/** Makes the payload of an event, under a salt that is used once. */
export function sealPayload(personal: Record<string, unknown>): SealedPayload {
  const payload = Buffer.from(canonicalize(personal)!);
  const salt = randomBytes(SALT_BYTES);
  return { salt, payload, commitment: commitmentTo({ salt, payload }) };
}

export function commitmentTo({ salt, payload }: Payload): string {
  return hash("sha256", Buffer.concat([COMMITMENT_PREFIX, salt, payload]), "hex");
}

/** Whether an entry's data says that a payload belongs to it. */
export function isPersonal(data: Record<string, unknown>): boolean {
  return Object.hasOwn(data, "personal");
}

/** The subject of the entry that tells of an erasure: the index on subjects finds it. */
export function erasureSubject(seq: number): string {
  return `entry-${seq}`;
}

/**
 * What is wrong with an entry's payload, or null. `data` is the leaf's; `row` is what `ledger.payloads` has for the
 * entry; `erased` says whether the ledger has a `ledger.erased` entry about it.
 */
export function payloadProblem(data: Record<string, unknown>, row: Payload | null, erased: boolean): string | null {
  if (!isPersonal(data)) return row === null ? null : "a payload lies beside it that it does not name";
  const commitment = data.personal;
  if (typeof commitment !== "string" || !/^[0-9a-f]{64}$/.test(commitment)) return "its commitment is not a hash";
  if (row === null) return erased ? null : "its payload is gone, and no entry says that it was erased";
  if (erased) return "its payload is here although it was erased";
  if (row.salt.length !== SALT_BYTES) return `its payload's salt has ${row.salt.length} bytes`;
  return commitmentTo(row) === commitment ? null : "its payload does not match its commitment";
}
