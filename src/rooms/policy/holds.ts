import type { Reader, Transaction } from "../../kernel/database.ts";
import { statements } from "../../kernel/sql.ts";
import { type Idle, readRoster, Roster } from "./offers.ts";
import { activePolicy } from "./versions.ts";

const sql = statements("policy", "holds_on", "holds_release");

/** For whom a seat is kept, and until when. */
type Hold = { seat_id: number; asker_id: number; asker: string; until: Date };

/** The holds that stand on these seats, by seat. */
export async function holdsOn(db: Reader, seat_ids: readonly number[], at: Date): Promise<Map<number, Hold>> {
  if (seat_ids.length === 0) return new Map();
  const rows = await db.all<Hold>(sql.holds_on, { seat_ids, at });
  return new Map(rows.map((row) => [row.seat_id, row]));
}

/** Ends what was held for an asker, once the seat has its work. */
export function releaseHolds(db: Transaction, asker_id: number, seat_ids: readonly number[], at: Date): void {
  if (seat_ids.length > 0) db.send(sql.holds_release, { asker_id, seat_ids, at });
}

/** The idle implementers that nobody else holds: of this lane first, then as offers are ranked. */
export async function idleImplementers(
  db: Reader,
  { id: asker_id, lane }: { id: number; lane: string | null },
  at: Date,
): Promise<Idle[]> {
  const [rows, policy] = await Promise.all([readRoster(db), activePolicy(db)]);
  const { seats } = new Roster(rows, at, policy);
  const implementers = seats.filter(({ id, role }) => role === "implementer" && id !== asker_id);
  const holds = await holdsOn(
    db,
    implementers.map(({ id }) => id),
    at,
  );
  const free = implementers.filter(({ id }) => (holds.get(id)?.asker_id ?? asker_id) === asker_id);
  return [...free.filter((seat) => seat.lane === lane), ...free.filter((seat) => seat.lane !== lane)];
}
