import type { World } from "../../kernel/operation.ts";
import { statements } from "../../kernel/sql.ts";
import type { DoctrineRecord } from "./record.ts";
import { recordSightings, type Sighting } from "./registry.ts";

const sql = statements("doctrine", "ledger_head", "cursor", "cursor_move", "entries_between", "firings_add");

/**
 * Entries looked through at a time. They are a range of the primary key, so that a survey costs what is new, and a
 * long ledger that was never read is caught up with over several of them.
 */
const ENTRIES_MAX = 20_000;

/** Where a mechanism's work shows in the ledger. */
const REFUSED = ["command.refused", "command.denied"];
const DECIDED = "policy.decided";

type Entry = { seq: number; at: Date; kind: string; principal_id: number; subject: string | null; leaf: Buffer };
type Firing = { times: number; at: Date; seq: number };

/** Reads on in the ledger: which mechanisms fired, and where a rule was broken. */
export async function readOn(world: World, records: readonly DoctrineRecord[]): Promise<Sighting[]> {
  const [[head], [before]] = await Promise.all([
    world.db.all<{ seq: number }>(sql.ledger_head),
    world.db.all<{ seq: number }>(sql.cursor),
  ]);
  const after = before?.seq ?? 0;
  const upto = Math.min(head!.seq, after + ENTRIES_MAX);
  if (upto === after) return [];
  const live = records.filter(({ superseded_by }) => superseded_by === null);
  const events = live.flatMap(({ mechanisms }) => mechanisms.flatMap((one) => /^event:(.*)/.exec(one)?.[1] ?? []));
  const kinds = [...new Set([...REFUSED, DECIDED, ...events, ...live.flatMap((one) => one.violated_by)])];
  const entries = await world.db.all<Entry>(sql.entries_between, { after, upto, kinds });
  const firings = new Map<string, Firing>();
  for (const entry of entries)
    for (const mechanism of firedBy(entry)) {
      const times = (firings.get(mechanism)?.times ?? 0) + 1;
      firings.set(mechanism, { times, at: entry.at, seq: entry.seq });
    }
  if (firings.size > 0)
    world.db.send(sql.firings_add, {
      mechanisms: [...firings.keys()],
      times: [...firings.values()].map(({ times }) => times),
      last_ats: [...firings.values()].map(({ at }) => at),
      last_seqs: [...firings.values()].map(({ seq }) => seq),
    });
  world.db.send(sql.cursor_move, { seq: upto });
  const violations = entries.flatMap((entry) =>
    live.filter(({ violated_by }) => violated_by.includes(entry.kind)).map((record) => violationOf(record, entry)),
  );
  recordSightings(world.db, violations);
  return violations;
}

function firedBy({ kind, leaf }: Entry): string[] {
  const said = REFUSED.includes(kind) || kind === DECIDED;
  if (!said) return [`event:${kind}`];
  const { data } = JSON.parse(leaf.toString()) as { data: { code?: string; effect?: string; rules?: string[] } };
  if (kind === DECIDED) return data.effect === "deny" ? (data.rules ?? []).map((rule) => `policy:${rule}`) : [];
  return typeof data.code === "string" ? [`refusal:${data.code}`] : [];
}

function violationOf({ id }: DoctrineRecord, { at, seq, kind, subject }: Entry): Sighting {
  const evidence = `${kind}${subject === null ? "" : ` on ${subject}`}, entry ${seq}`;
  // Whose entry it is says who noticed, not who broke it.
  return { record_id: id, kind: "violation", at, principal_id: null, evidence, seq };
}
