import { z } from "zod";
import { query, roles, text } from "../../kernel/operation.ts";
import { statements } from "../../kernel/sql.ts";
import { type Entry, entryOf } from "../ledger/index.ts";
import { HEARD_SECONDS, type Presence, presenceOf, presenceStates } from "./presence.ts";

const sql = statements("seats", "instant", "timeline_seats", "timeline_changes");

/** How many changes one answer tells in all. A page of seats shares them. */
const CHANGES_MAX = 20_000;

const HEARD_MS = HEARD_SECONDS * 1000;

/** How a seat stood for a while: what its session said, or that nobody heard it. */
export type Stretch = {
  state: "idle" | "busy" | "blocked" | "dead";
  from: string;
  until: string;
  entry: number | null;
};

const Lane = z.object({
  name: z.string(),
  role: z.string(),
  lane: z.string().nullable(),
  state: z.enum(presenceStates).describe("How it stands now."),
  known_from: z.iso.datetime().describe("Later than the beginning where a seat changed too often to tell it all."),
  stretches: z
    .array(
      z.object({
        state: z.enum(["idle", "busy", "blocked", "dead"]).describe("dead: its session was not heard."),
        from: z.iso.datetime(),
        until: z.iso.datetime(),
        entry: z.int().nullable().describe("The ledger's entry that says so; null where a silence goes on."),
      }),
    )
    .describe("In order. Where there is none nobody sat on it."),
});

export const timeline = query({
  name: "seat.timeline",
  summary: "Tell how each seat stood over the last hours: busy, idle, blocked, or not heard.",
  input: z.object({
    hours: z.int().min(1).max(168).default(8).describe("How far to look back."),
    lane: text(60).optional().describe("Only the seats of this lane."),
    retired: z.boolean().default(false).describe("Seats too that were retired in that time."),
    after: text(120).default("").describe("Only names after this one: the `next` of the page before."),
    limit: z.int().min(1).max(200).default(50).describe("At most so many seats."),
  }),
  output: z.object({
    from: z.iso.datetime().describe("The beginning of the picture."),
    until: z.iso.datetime().describe("Its end: now."),
    seats: z.array(Lane),
    next: z.string().nullable().describe("Give this as `after` for the next page; null at the end."),
  }),
  may: roles,
  said_by: "programs",
  refuses: [],
  async read({ db }, { hours, lane = null, retired, after, limit }) {
    type Seat = Presence & { name: string; role: string; lane: string | null };
    const [seats, [{ at: until }]] = (await Promise.all([
      db.all<Seat>(sql.timeline_seats, { hours, lane, retired, after, limit }),
      db.all<{ at: Date }>(sql.instant),
    ])) as [Seat[], [{ at: Date }]];
    const from = new Date(until.getTime() - hours * 3_600_000);
    const changes_max = Math.floor(CHANGES_MAX / limit);
    const names = seats.map(({ name }) => name);
    const rows =
      names.length === 0
        ? []
        : await db.all<{ name: string; leaf: Buffer }>(sql.timeline_changes, { names, changes_max });
    const changes = Map.groupBy(rows, ({ name }) => name);
    return {
      from: from.toISOString(),
      until: until.toISOString(),
      seats: seats.map((seat) => {
        const entries = (changes.get(seat.name) ?? []).map(({ leaf }) => entryOf(leaf));
        const stretches = stretchesOf(entries, seat, until).filter((one) => one.until > from.toISOString());
        const first = entries.length === changes_max ? entries[0]!.at : from.toISOString();
        return {
          ...{ name: seat.name, role: seat.role, lane: seat.lane, state: presenceOf(seat, until) },
          known_from: first > from.toISOString() ? first : from.toISOString(),
          stretches: stretches.map((one) =>
            one.from < from.toISOString() ? { ...one, from: from.toISOString() } : one,
          ),
        };
      }),
      next: seats.length === limit ? seats.at(-1)!.name : null,
    };
  },
});

type Change = Pick<Entry, "seq" | "at" | "kind" | "data">;

/**
 * Folds what the ledger has of one seat, in order. A silence is known only by its end: the entry that ends it says when
 * the session was heard before. The one that goes on is told by the last beat.
 */
export function stretchesOf(changes: readonly Change[], seat: Presence, now: Date): Stretch[] {
  const stretches: Stretch[] = [];
  let open: Omit<Stretch, "until"> | null = null;
  const close = (until: string) => {
    if (open && open.from < until) stretches.push({ ...open, until });
    open = null;
  };
  const silence = (heard_at: unknown, until: string, entry: number | null) => {
    const dead_from = typeof heard_at === "string" ? new Date(Date.parse(heard_at) + HEARD_MS).toISOString() : until;
    if (!open || dead_from >= until) return;
    const from = dead_from > open.from ? dead_from : open.from;
    close(from);
    stretches.push({ state: "dead", from, until, entry });
  };
  for (const { seq: entry, at, kind, data } of changes) {
    const before: Stretch["state"] = (open as Stretch | null)?.state ?? "idle";
    silence(data.heard_at, at, entry);
    close(at);
    if (kind === "seat.adopted") open = { state: "idle", from: at, entry };
    else if (kind === "seat.changed") open = { state: data.to as Stretch["state"], from: at, entry };
    else if (kind === "seat.heard_again") open = { state: before, from: at, entry };
  }
  if (seat.retired_at === null) silence(seat.heard_at?.toISOString(), now.toISOString(), null);
  close(now.toISOString());
  return stretches;
}
