import type { Reader } from "../../../kernel/database.ts";
import { statements } from "../../../kernel/sql.ts";
import type { Told } from "../drift.ts";

const sql = statements("tickets/repair", "ids_after", "states_of");

/** What the tables say of a ticket, as the fold would tell it. */
export type State = Told & { id: string };

/** A page of tickets in the order of their ids. */
export async function idsAfter(db: Reader, after: string, limit: number): Promise<string[]> {
  return (await db.all<{ id: string }>(sql.ids_after, { after, limit })).map(({ id }) => id);
}

export function statesOf(db: Reader, ids: readonly string[]): Promise<State[]> {
  return db.all<State>(sql.states_of, { ids });
}
