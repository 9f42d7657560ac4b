import { z } from "zod";
import { query, roles, text } from "../../kernel/operation.ts";
import { statements } from "../../kernel/sql.ts";

const sql = statements("seats", "list");

/** A session that was silent for longer is not counted on (origins D: heartbeat TTL 120 s, derived at query time). */
export const HEARD_SECONDS = 120;
/** A busy session without any output for longer is stuck (origins D: 120 minutes). */
export const STUCK_SECONDS = 120 * 60;
/** An idle session without any output for longer is dormant: "not heard from" and "no useful work" are two facts. */
export const DORMANT_SECONDS = 30 * 60;

export const presenceStates = ["idle", "busy", "stuck", "blocked", "dormant", "dead", "retired", "unadopted"] as const;

export type Presence = {
  retired_at: Date | null;
  incarnation: string | null;
  adopted_at: Date | null;
  heard_at: Date | null;
  output_at: Date | null;
  status: string;
};

/** What a seat's beats amount to at an instant of the database's clock. */
export function presenceOf(seat: Presence, now: Date): (typeof presenceStates)[number] {
  const seconds_since = (instant: Date | null) => (instant ? (now.getTime() - instant.getTime()) / 1000 : Infinity);
  if (seat.retired_at) return "retired";
  if (seat.incarnation === null) return "unadopted";
  if (seconds_since(seat.heard_at) > HEARD_SECONDS) return "dead";
  const fruitless = Math.min(seconds_since(seat.output_at), seconds_since(seat.adopted_at));
  if (seat.status === "blocked") return "blocked";
  if (seat.status === "busy") return fruitless > STUCK_SECONDS ? "stuck" : "busy";
  return fruitless > DORMANT_SECONDS ? "dormant" : "idle";
}

const Seat = z.object({
  name: z.string(),
  kind: z.string(),
  role: z.string(),
  lane: z.string().nullable(),
  state: z.enum(presenceStates),
  heard_at: z.iso.datetime().nullable().describe("Its last beat."),
  output_at: z.iso.datetime().nullable().describe("When a beat last told of output."),
  adopted_at: z.iso.datetime().nullable(),
});

export const list = query({
  name: "seat.list",
  summary: "List the seats with their state, as their beats tell it.",
  input: z.object({
    lane: text(60).optional().describe("Only the seats of this lane."),
    state: z.enum(presenceStates).optional().describe("Only the seats in this state."),
    all: z.boolean().default(false).describe("People, services and sub-agents too."),
    limit: z.int().min(1).max(5000).default(500).describe("At most this many."),
  }),
  output: z.object({ seats: z.array(Seat) }),
  may: roles,
  refuses: [],
  async read({ db }, { lane, state, all, limit }) {
    const kinds = all ? ["seat", "person", "service", "sub_agent"] : ["seat"];
    const rows = await db.all(sql.list, { kinds, lane: lane ?? null, limit });
    const seats = rows.map((row) => ({
      name: row.name,
      kind: row.kind,
      role: row.role,
      lane: row.lane,
      state: presenceOf(row, row.now),
      heard_at: row.heard_at?.toISOString() ?? null,
      output_at: row.output_at?.toISOString() ?? null,
      adopted_at: row.adopted_at?.toISOString() ?? null,
    }));
    return { seats: state ? seats.filter((seat) => seat.state === state) : seats };
  },
});

export const whoami = query({
  name: "seat.whoami",
  summary: "Tell who this token's holder is.",
  input: z.object({}),
  output: z.object({
    tenant: z.string(),
    name: z.string(),
    role: z.string(),
    incarnation: z.string().nullable(),
  }),
  may: roles,
  unscoped: true,
  refuses: [],
  async read({ caller }) {
    const { tenant, name, role, incarnation } = caller;
    return { tenant, name, role, incarnation };
  },
});
