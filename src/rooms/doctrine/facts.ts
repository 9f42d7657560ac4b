import type { Reader } from "../../kernel/database.ts";
import type { Operation } from "../../kernel/operation.ts";
import { statements } from "../../kernel/sql.ts";
import { type Facts, gatesOf, type Incident, longestMs, type Predicate, predicateOf } from "./gates.ts";
import { existing } from "./mechanisms.ts";
import type { DoctrineRecord } from "./record.ts";

const sql = statements(
  "doctrine",
  "incidents",
  "namespaces_count",
  "violations_newest",
  "bypasses_newest",
  "sightings_counted",
);

/** A window with more incidents than so many is not clean, whatever those are that nobody looked at. */
const INCIDENTS_MAX = 1_000;

/** What a record's gates and triggers ask. */
export function predicatesOf(record: DoctrineRecord): Predicate[] {
  return [...gatesOf(record).map(({ predicate }) => predicate), ...record.review_triggers.map(predicateOf)];
}

/** Reads what the predicates of these records look at, up to an instant: a few statements, however many there are. */
export async function factsFor(
  db: Reader,
  operations: Iterable<Operation>,
  records: readonly DoctrineRecord[],
  as_of: Date,
): Promise<Facts> {
  const predicates = records.flatMap(predicatesOf);
  const asks = (name: string) => predicates.some((one) => one.name === name);
  const after = new Date(as_of.getTime() - longestMs(predicates));
  const ids = records.map(({ id }) => id);
  let incidents_from: Date | null = null;
  const incidents = async (kind: string) => {
    const rows = await db.all<Row>(sql.incidents, { kind, after, as_of, limit: INCIDENTS_MAX });
    const oldest = rows.at(-1)?.at;
    if (rows.length === INCIDENTS_MAX && !(incidents_from && incidents_from > oldest!)) incidents_from = oldest!;
    return rows.map(incidentOf);
  };
  const codes = predicates.flatMap(({ given }) => given.codes?.split(",").map((code) => `refusal:${code}`) ?? []);
  const mechanisms = [...new Set([...records.flatMap((one) => one.mechanisms), ...codes])];
  const [collisions, unreserved, [namespaces], violated, bypassed, there] = await Promise.all([
    asks("no_collision") ? incidents("collision.opened") : [],
    asks("reserve_backed_everywhere") ? Promise.all(["ticket.confirmed", "ticket.amended"].map(incidents)) : [],
    db.all<{ count: number }>(sql.namespaces_count),
    db.all<{ record_id: string; at: Date }>(sql.violations_newest, { ids, as_of }),
    db.all<{ record_id: string; at: Date }>(sql.bypasses_newest, { ids, as_of }),
    existing(db, operations, mechanisms),
  ]);
  const byRecord = (rows: readonly { record_id: string; at: Date }[]) =>
    new Map(rows.map(({ record_id, at }) => [record_id, at]));
  return {
    ...{ as_of, incidents_from, collisions },
    unreserved: unreserved.flat().sort((a, b) => b.seq - a.seq),
    namespaces: namespaces!.count,
    observations: new Map(records.map(({ id, observations }) => [id, observations])),
    violated: byRecord(violated),
    bypassed: byRecord(bypassed),
    exists: (mechanism) => there.has(mechanism),
  };
}

/** The facts of one record as they were at an instant: observations that came later are not counted. */
export async function factsAsOf(
  db: Reader,
  operations: Iterable<Operation>,
  record: DoctrineRecord,
  as_of: Date,
): Promise<Facts> {
  const facts = await factsFor(db, operations, [record], as_of);
  // What ships and is not kept has no rows yet: what it was founded on counts.
  if (record.watched_since === null) return facts;
  const [seen] = await db.all<{ observations: number }>(sql.sightings_counted, { id: record.id, as_of });
  return { ...facts, observations: new Map([[record.id, seen?.observations ?? 0]]) };
}

type Row = { seq: number; at: Date; subject: string | null; leaf: Buffer };

function incidentOf({ seq, at, subject, leaf }: Row): Incident {
  const { actor, data } = JSON.parse(leaf.toString()) as { actor: string; data: { pattern?: unknown } };
  return { seq, at, subject, actor, pattern: typeof data.pattern === "string" ? data.pattern : null };
}
