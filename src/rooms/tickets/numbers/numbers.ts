import type { Transaction } from "../../../kernel/database.ts";
import { Refusal } from "../../../kernel/refusal.ts";
import { statements } from "../../../kernel/sql.ts";
import { formatId, type Named, numberIn } from "./format.ts";

const sql = statements("tickets/numbers", "ids_taken", "namespaces_find", "take", "series_begin", "series_pass");

type Taken = { prefix: string; period: string; first: number; format: string; lane: string };

/**
 * Takes `counts` numbers in each namespace, in the caller's transaction, and answers the ids in the order asked for.
 * A namespace that is not defined gives a refusal in place of its ids.
 */
export async function takeNumbers(
  db: Transaction,
  namespaces: readonly string[],
): Promise<({ id: string; lane: string } | Refusal)[]> {
  const counts = new Map<string, number>();
  for (const prefix of namespaces) counts.set(prefix, (counts.get(prefix) ?? 0) + 1);
  const series = await take(db, counts);
  const without = [...counts].filter(([prefix]) => !series.has(prefix));
  if (without.length > 0) {
    // A namespace's first number, or the first of a new period.
    const prefixes = without.map(([prefix]) => prefix);
    const begun = await db.all<{ prefix: string }>(sql.series_begin, { prefixes, first: 1 });
    const known = new Set(begun.map(({ prefix }) => prefix));
    const first = await take(db, new Map(without.filter(([prefix]) => known.has(prefix))));
    for (const [prefix, taken] of first) series.set(prefix, taken);
  }
  return namespaces.map((prefix) => {
    const taken = series.get(prefix);
    if (!taken) return namespaceUnknown(prefix);
    return { id: formatId(taken.format, taken.period, taken.first++), lane: taken.lane };
  });
}

/** A namespace as it is defined. */
export type Namespace = { prefix: string; format: string; lane: string };

/**
 * Old names that have the form of an id here: no counter gives them to other work any more. Answers those that no
 * ticket has and no filing of a contest holds, each with its namespace and lane: whoever comes with such a name keeps
 * it as his number.
 */
export async function passNames(
  db: Transaction,
  names: readonly { alias: string; namespace: string }[],
): Promise<Map<string, { prefix: string; lane: string }>> {
  const prefixes = names.flatMap(({ alias }) => /^([A-Z][A-Z0-9]{0,11})-\d/.exec(alias)?.[1] ?? []);
  if (prefixes.length === 0) return new Map();
  const asked = [...new Set([...prefixes, ...names.map(({ namespace }) => namespace)])];
  const namespaces = new Map<string, Namespace>(
    (await db.all<Namespace>(sql.namespaces_find, { prefixes: asked })).map((one) => [one.prefix, one]),
  );
  const passed = names.flatMap(({ alias: id, namespace: home }) => {
    const namespace = namespaces.get(id.slice(0, id.indexOf("-")));
    const named = namespace && numberIn(namespace.format, id);
    // What goes into no namespace is refused, and a refusal moves no counter.
    return named && namespaces.has(home) ? [{ id, ...namespace, ...named }] : [];
  });
  if (passed.length === 0) return new Map();
  await pass(db, passed);
  const ids = passed.map(({ id }) => id);
  const taken = new Set((await db.all<{ id: string }>(sql.ids_taken, { ids })).map(({ id }) => id));
  return new Map(passed.filter(({ id }) => !taken.has(id)).map(({ id, prefix, lane }) => [id, { prefix, lane }]));
}

async function pass(db: Transaction, named: readonly (Named & { prefix: string })[]): Promise<void> {
  await db.all(sql.series_pass, {
    prefixes: named.map(({ prefix }) => prefix),
    periods: named.map(({ period }) => period),
    numbers: named.map(({ number }) => number),
  });
}

async function take(db: Transaction, counts: Map<string, number>): Promise<Map<string, Taken>> {
  if (counts.size === 0) return new Map();
  const rows = await db.all<Taken>(sql.take, { prefixes: [...counts.keys()], counts: [...counts.values()] });
  return new Map(rows.map((row) => [row.prefix, row]));
}

export function namespaceUnknown(prefix: string): Refusal {
  return new Refusal("missing", "namespace.unknown", `There is no namespace ${prefix}.`, {
    hint: `An operator defines it: namespace.define {prefix: "${prefix}", format: "${prefix}-NNNN"}.`,
  });
}
