import type { Reader } from "../../kernel/database.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { statements } from "../../kernel/sql.ts";

const sql = statements("seats", "resolve");

export type Principal = {
  id: number;
  name: string;
  kind: string;
  role: string;
  lane: string | null;
  incarnation: string | null;
  adopted_at: Date | null;
  retired_at: Date | null;
  heard_at: Date | null;
  now: Date;
};

/** Finds principals by any form of their names, in one statement. A name maps to its principal, or to the refusal. */
export async function resolveNames(db: Reader, names: readonly string[]): Promise<Map<string, Principal | Refusal>> {
  const wanted = [...new Set(names)];
  const rows = wanted.length === 0 ? [] : await db.all(sql.resolve, { names: wanted });
  return new Map(
    wanted.map((name) => [
      name,
      choose(
        name,
        rows.filter((row) => row.wanted === name),
      ),
    ]),
  );
}

/** Finds one principal. Throws `seat.unknown` or `seat.ambiguous`. */
export async function resolveName(db: Reader, name: string): Promise<Principal> {
  const found = (await resolveNames(db, [name])).get(name)!;
  if (found instanceof Refusal) throw found;
  return found;
}

// A whole name is never ambiguous; a short or hashed one may be.
function choose(name: string, rows: (Principal & { form: string })[]): Principal | Refusal {
  const exact = rows.filter(({ form }) => form === "own");
  const best = exact.length > 0 ? exact : rows;
  if (best.length === 1) return best[0]!;
  if (best.length === 0)
    return new Refusal("missing", "seat.unknown", `No seat is called ${name}.`, {
      hint: "seat.list shows every seat.",
    });
  const candidates = best.map((row) => row.name);
  return new Refusal("conflict", "seat.ambiguous", `${name} may be ${candidates.join(" or ")}.`, {
    hint: "Use the whole name.",
    facts: { candidates },
  });
}
