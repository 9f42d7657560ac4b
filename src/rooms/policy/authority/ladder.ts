import type { Reader } from "../../../kernel/database.ts";
import { statements } from "../../../kernel/sql.ts";

const sql = statements("policy/authority", "rungs");

/** Where an act stands: done and told afterwards; approved by a strategist; approved by the operator. */
export const rungs = ["L0", "L1", "L2"] as const;
export type Rung = (typeof rungs)[number];

/** What a rung asks for, told to people. */
export const meanings: Record<Rung, string> = {
  L0: "acted on and logged; nobody is asked first",
  L1: "one strategist approves it first, with a receipt",
  L2: "the operator approves it first, item by item of a manifest, or consents to it word for word",
};

/** The ladder that ships; what it does not name stands on L0. The policy still says who may act there at all. */
export const shippedRungs: Readonly<Record<string, { production: Rung; elsewhere: Rung }>> = {
  migrate: { production: "L1", elsewhere: "L0" },
  write_outside: { production: "L1", elsewhere: "L1" },
  delete: { production: "L2", elsewhere: "L0" },
  spend: { production: "L2", elsewhere: "L2" },
  reconfigure_guard: { production: "L2", elsewhere: "L2" },
};

export type OwnRung = { action: string; production: boolean; rung: Rung };

/** A ladder: the tenant's own rungs before those that ship. */
export function ladder(own: readonly OwnRung[]): (action: string, production: boolean) => Rung {
  const set = new Map(own.map((row) => [`${row.production} ${row.action}`, row.rung]));
  return (action, production) => {
    const shipped = Object.hasOwn(shippedRungs, action) ? shippedRungs[action] : undefined;
    return set.get(`${production} ${action}`) ?? shipped?.[production ? "production" : "elsewhere"] ?? "L0";
  };
}

/** The tenant's ladder, as far as these actions need it. */
export async function ladderFor(db: Reader, actions: readonly string[]): Promise<ReturnType<typeof ladder>> {
  return ladder(await db.all<OwnRung>(sql.rungs, { actions: [...new Set(actions)] }));
}
