import { hash } from "node:crypto";
import canonicalize from "canonicalize";
import type { TenantTransaction } from "../../kernel/database.ts";
import type { Head, Journal, Record } from "../../kernel/ports.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { statements } from "../../kernel/sql.ts";

const sql = statements("ledger", "head_lock", "head", "append", "authority_change");

/** C2SP tlog-tiles: an entry's length is a 16-bit number. */
export const LEAF_BYTES_MAX = 65_535;
const HASH_BYTES = 32;
/** Stands before the first entry. */
export const GENESIS = Buffer.alloc(HASH_BYTES);

/**
 * The canonical bytes of an entry (RFC 8785). The fields, in their canonical order:
 * actor, at, command, data, incarnation, kind, seq, subject, tenant, v.
 */
export function leafBytes(record: Record, at: string, seq: number): Buffer {
  const { caller, command, event } = record;
  const leaf = canonicalize({
    actor: caller.name,
    at,
    command,
    data: event.data,
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

/** sha256(0x00 || leaf), RFC 6962's leaf hash. */
export function leafHash(leaf: Uint8Array): Buffer {
  const prefixed = Buffer.allocUnsafe(leaf.length + 1);
  prefixed[0] = 0x00;
  prefixed.set(leaf, 1);
  return hash("sha256", prefixed, "buffer");
}

/** sha256(0x02 || hash of the entry before || leaf hash). */
export function entryHash(before: Uint8Array, leaf: Uint8Array): Buffer {
  link.set(before, 1);
  link.set(leafHash(leaf), 1 + HASH_BYTES);
  return hash("sha256", link, "buffer");
}

/** The ledger as the kernel sees it. */
export const journal: Journal = {
  async lock(tx) {
    return oneHead(await tx.all<Head>(sql.head_lock), tx);
  },

  async peek(tx) {
    return oneHead(await tx.all<Head>(sql.head), tx);
  },

  append(tx, head, records) {
    const at = head.at.toISOString();
    const leaves = records.map((record, index) => leafBytes(record, at, head.seq + index + 1));
    const hashes = Buffer.allocUnsafe(HASH_BYTES * records.length);
    const starts: number[] = [];
    let before: Uint8Array = head.hash;
    let start = 1;
    for (const [index, leaf] of leaves.entries()) {
      if (leaf.length > LEAF_BYTES_MAX) throw oversized(records[index]!, leaf.length);
      before = entryHash(before, leaf);
      hashes.set(before, HASH_BYTES * index);
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
    return records.map((_, index) => head.seq + index + 1);
  },

  changeAuthority(tx) {
    tx.send(sql.authority_change);
  },
};

function oneHead([head]: Head[], tx: TenantTransaction): Head {
  if (head) return head;
  throw new Error(`tenant ${tx.tenant_id} has no ledger head`);
}

function oversized(record: Record, length: number): Refusal {
  return new Refusal(
    "oversized",
    "entry.oversized",
    `The ledger entry for ${record.command} would be ${length} bytes.`,
    {
      hint: `An entry holds at most ${LEAF_BYTES_MAX} bytes: shorten the text, or file it as parts.`,
      fields: [{ field: "body", message: `makes an entry of ${length} bytes; the limit is ${LEAF_BYTES_MAX}` }],
    },
  );
}
