import type { Reader, Transaction } from "../../kernel/database.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { statements } from "../../kernel/sql.ts";
import { type DoctrineRecord, recordOf } from "./record.ts";
import { columnsOf, shipped, shippedPrinciples } from "./shipped.ts";

const sql = statements("doctrine", "records", "record_insert", "links_insert", "sighting_insert", "principles");

/** People and agents write records; a registry of more is another product. */
const RECORDS_MAX = 10_000;

type Wanted = { ids?: readonly string[]; after?: string; limit?: number };

/** The tenant's own records with those that ship, in the order of their ids. */
export async function recordsOf(db: Reader, wanted: Wanted = {}): Promise<DoctrineRecord[]> {
  const { ids, after = "", limit = RECORDS_MAX } = wanted;
  const own = await db.all(sql.records, { ids: ids ?? null, after, limit: limit + shipped.length });
  const kept = new Map(own.map((row): [string, DoctrineRecord] => [row.id, recordOf(row)]));
  for (const one of shipped)
    if (!kept.has(one.id) && one.id > after && (ids === undefined || ids.includes(one.id))) kept.set(one.id, one);
  return [...kept.values()].sort((a, b) => (a.id < b.id ? -1 : 1)).slice(0, limit);
}

/** The principles that stand now: the newest set, else those that ship. What was superseded falls out. */
export async function principlesOf(db: Reader): Promise<DoctrineRecord[]> {
  const set = await db.all<{ record_id: string }>(sql.principles);
  const ids = set.length === 0 ? shippedPrinciples : set.map(({ record_id }) => record_id);
  const records = await recordsOf(db, { ids });
  return ids.flatMap((id) => records.find((one) => one.id === id && one.superseded_by === null) ?? []);
}

/** One record. Throws `record.unknown`. */
export async function findRecord(db: Reader, id: string): Promise<DoctrineRecord> {
  const [record] = await recordsOf(db, { ids: [id] });
  if (record) return record;
  throw recordUnknown(id);
}

export function recordUnknown(id: string): Refusal {
  return new Refusal("missing", "record.unknown", `There is no record ${id}.`, {
    hint: "`longwatch doctrine list` shows every record.",
  });
}

/** What is superseded is history: it holds nobody any more, and nothing is done to it. */
export function refuseSuperseded({ id, superseded_by }: DoctrineRecord): void {
  if (superseded_by === null) return;
  throw new Refusal("conflict", "record.superseded", `${id} was superseded by ${superseded_by}.`, {
    hint: `Say it of ${superseded_by}.`,
    facts: { id, superseded_by },
  });
}

/** Keeps shipped records that something is about to be written about. From then on the ledger is watched for them. */
export function keep(db: Transaction, records: readonly DoctrineRecord[], at: Date): void {
  for (const record of records) if (record.shipped && record.watched_since === null) insertRecord(db, record, at, null);
}

/** Sends a record with what it is linked to and what it was seen by; it travels with the commit. */
export function insertRecord(db: Transaction, record: DoctrineRecord, at: Date, filed_by: number | null): void {
  const { maturity, shipped: ships, review_days, evidence, supersedes, amends, refs, id } = record;
  const row = { ...columnsOf(record), shipped: ships, filed_by, at, maturity, review_days: review_days ?? null };
  db.send(sql.record_insert, row);
  const links = [
    ...supersedes.map((target) => ({ relation: "supersedes", target })),
    ...amends.map((target) => ({ relation: "amends", target })),
    ...refs.map((target) => ({ relation: "references", target })),
  ].filter(({ target }) => target !== id);
  if (links.length > 0)
    db.send(sql.links_insert, {
      record_id: id,
      relations: links.map(({ relation }) => relation),
      targets: links.map(({ target }) => target),
    });
  recordSightings(
    db,
    evidence.map((words) => ({ record_id: id, kind: "observation", at, principal_id: filed_by, evidence: words })),
  );
}

export type Sighting = {
  record_id: string;
  kind: "observation" | "violation";
  at: Date;
  principal_id: number | null;
  evidence: string;
  /** The ledger's entry that shows it. */
  seq?: number;
};

export function recordSightings(db: Transaction, sightings: readonly Sighting[]): void {
  if (sightings.length === 0) return;
  const column = <Name extends keyof Sighting>(name: Name) => sightings.map((one) => one[name] ?? null);
  db.send(sql.sighting_insert, {
    record_ids: column("record_id"),
    kinds: column("kind"),
    ats: column("at"),
    principal_ids: column("principal_id"),
    evidences: column("evidence"),
    seqs: column("seq"),
  });
}
