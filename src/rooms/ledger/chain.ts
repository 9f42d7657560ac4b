import { hash } from "node:crypto";
import canonicalize from "canonicalize";
import type { TenantTransaction } from "../../kernel/database.ts";
import type { Head, Journal, Record } from "../../kernel/ports.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { statements } from "../../kernel/sql.ts";
import type { RecentLeaves } from "./log/recent.ts";
import { isPersonal, type SealedPayload, sealPayload } from "./personal/payloads.ts";
import { HASH_BYTES, leafHash } from "../../tlog/hashing.ts";
import { ENTRY_BYTES_MAX } from "../../tlog/tiles.ts";

const sql = statements("ledger", "head_lock", "head", "append", "payloads_insert", "authority_change");

/** An entry has to fit into a bundle of the transparency log. */
export const LEAF_BYTES_MAX: number = ENTRY_BYTES_MAX;
/** Stands before the first entry. */
export const GENESIS = Buffer.alloc(HASH_BYTES);

/**
 * The canonical bytes of an entry (RFC 8785). The fields, in their canonical order:
 * actor, at, command, data, incarnation, kind, seq, subject, tenant, v.
 */
export function leafBytes(record: Record, at: string, seq: number, commitment?: string): Buffer {
  const { caller, command, event } = record;
  const leaf = canonicalize({
    actor: caller.name,
    at,
    command,
    data: commitment === undefined ? event.data : { ...event.data, personal: commitment },
    incarnation: caller.incarnation,
    kind: event.kind,
    seq,
    subject: event.subject,
    tenant: caller.tenant,
    v: 1,
  });
  return Buffer.from(leaf!);
}

// RFC 6962 keeps leaves (0x00) and nodes (0x01) apart by a first byte; links of the chain have 0x02.
const link = Buffer.alloc(1 + 2 * HASH_BYTES);
link[0] = 0x02;

/** sha256(0x02 || hash of the entry before || leaf hash). */
export function entryHash(before: Uint8Array, leaf: Uint8Array): Buffer {
  return chainHash(before, leafHash(leaf));
}

/** The chain's hash behind entries: from the hash before them and their leaf hashes, which lie one after the other. */
export function chainHash(before: Uint8Array, leafHashes: Buffer): Buffer {
  link.set(before, 1);
  for (let at = 0; at < leafHashes.length; at += HASH_BYTES) {
    leafHashes.copy(link, 1 + HASH_BYTES, at, at + HASH_BYTES);
    // Node copies a digest out of a string of bytes in half the time that it takes to make a Buffer of its own.
    link.write(hash("sha256", link, "binary"), 1, HASH_BYTES, "latin1");
  }
  return Buffer.from(link.subarray(1, 1 + HASH_BYTES));
}

/** The ledger as the kernel sees it. */
export const journal: Journal = {
  async lock(tx) {
    return oneHead(await tx.all<Head>(sql.head_lock), tx);
  },

  async peek(tx) {
    return oneHead(await tx.all<Head>(sql.head), tx);
  },

  append: (tx, head, records) => append(tx, head, records),

  changeAuthority(tx) {
    tx.send(sql.authority_change);
  },
};

/** The journal that also remembers what it appended, for this process's signer. */
export function rememberingJournal(recent: RecentLeaves): Journal {
  return { ...journal, append: (tx, head, records) => append(tx, head, records, recent) };
}

/**
 * For how many entries it is worth a statement more (docs/decisions/0004). What writes thousands at once may take
 * longer than PostgreSQL gives to a flight that has left in part.
 */
const DEPARTING = { min: 16, max: 256 };

function append(tx: TenantTransaction, head: Head, records: readonly Record[], recent?: RecentLeaves): number[] {
  // PostgreSQL writes what the handlers said, while their entries are made and hashed here.
  if (records.length >= DEPARTING.min && records.length <= DEPARTING.max) tx.depart();
  const at = head.at.toISOString();
  const payloads: (SealedPayload & { seq: number })[] = [];
  const leaves = records.map((record, index) => {
    const seq = head.seq + index + 1;
    const sealed = sealedPayload(record);
    if (sealed !== null) payloads.push({ ...sealed, seq });
    return leafBytes(record, at, seq, sealed?.commitment);
  });
  const hashes = Buffer.allocUnsafe(HASH_BYTES * records.length);
  const leafHashes = Buffer.allocUnsafe(hashes.length);
  const starts: number[] = [];
  let before: Uint8Array = head.hash;
  let start = 1;
  for (const [index, leaf] of leaves.entries()) {
    if (leaf.length > LEAF_BYTES_MAX) throw oversized(records[index]!, leaf.length);
    const leafed = leafHash(leaf);
    before = chainHash(before, leafed);
    hashes.set(before, HASH_BYTES * index);
    leafHashes.set(leafed, HASH_BYTES * index);
    starts.push(start);
    start += leaf.length;
  }
  tx.send(sql.append, {
    head_seq: head.seq,
    at,
    kinds: records.map(({ event }) => event.kind),
    principal_ids: records.map(({ caller }) => caller.principal_id),
    subjects: records.map(({ event }) => event.subject),
    leaves: Buffer.concat(leaves),
    starts,
    lengths: leaves.map((leaf) => leaf.length),
    hashes,
  });
  // Behind the entries, which PostgreSQL holds them to. Almost every batch has none.
  if (payloads.length > 0)
    tx.send(sql.payloads_insert, {
      seqs: payloads.map(({ seq }) => seq),
      salts: payloads.map(({ salt }) => salt.toString("hex")),
      payloads: payloads.map(({ payload }) => payload.toString()),
    });
  recent?.appended(tx.tenant_id, head.seq + 1, leafHashes);
  return records.map((_, index) => head.seq + index + 1);
}

/** The payload of an event that has one. It may be as long as an entry. */
function sealedPayload(record: Record): SealedPayload | null {
  const { data, kind, personal } = record.event;
  if (isPersonal(data)) throw new Error(`${kind} has a field "personal", which is where a commitment stands`);
  if (personal === undefined) return null;
  const sealed = sealPayload(personal);
  if (sealed.payload.length > LEAF_BYTES_MAX) throw oversized(record, sealed.payload.length);
  return sealed;
}

function oneHead([head]: Head[], tx: TenantTransaction): Head {
  if (head) return head;
  throw new Error(`tenant ${tx.tenant_id} has no ledger head`);
}

function oversized({ command, event }: Record, length: number): Refusal {
  // An entry calls its texts as its command's input does.
  const texts = Object.entries({ ...event.data, ...event.personal });
  const [longest] = texts.sort(([, a], [, b]) => textBytes(b) - textBytes(a));
  return new Refusal("oversized", "entry.oversized", `The ledger entry for ${command} would be ${length} bytes.`, {
    hint: `An entry holds at most ${LEAF_BYTES_MAX} bytes: shorten the text, or file it as parts.`,
    fields: [{ field: longest![0], message: `makes an entry of ${length} bytes; the limit is ${LEAF_BYTES_MAX}` }],
  });
}

/** How much text a value holds, its own or that of its parts. */
function textBytes(value: unknown): number {
  if (typeof value === "string") return Buffer.byteLength(value);
  if (typeof value !== "object" || value === null) return 0;
  return Object.values(value).reduce((sum: number, part) => sum + textBytes(part), 0);
}
