import { z } from "zod";
import { query, roles, text } from "../../kernel/operation.ts";
import { statements } from "../../kernel/sql.ts";
import { resolveName } from "../seats/index.ts";
import { Follow, followOf, nearbyOf, standingOf } from "./nearby.ts";

const sql = statements("turns", "cycles");

export const show = query({
  name: "turn.show",
  summary: "Show a seat's turn: since when, what lies before it and how warm that is, and its idle cycles in a row.",
  input: z.object({ seat: text(120).min(1).optional().describe("Without it, the caller's own.") }),
  output: z.object({
    seat: z.string(),
    turn: z.int().nullable().describe("Null when it never had one."),
    opened_at: z.iso.datetime().nullable(),
    closed_at: z.iso.datetime().nullable(),
    turned_around: z.int().describe("How often in a row a hook turned it around."),
    held: z.array(z.string()),
    claimable: z.array(Follow).describe("What it could claim: objectives first, then the warmest."),
    unfinished: z.array(z.string()).describe("What keeps its turn from ending."),
    idle_cycles: z.array(z.object({ cycle: z.int(), at: z.iso.datetime() })),
  }),
  may: roles,
  said_by: "programs",
  refuses: ["seat.unknown", "seat.ambiguous"],
  async read({ db, caller }, { seat }) {
    const id = seat === undefined ? caller.principal_id : (await resolveName(db, seat)).id;
    const standing = await standingOf(db, id);
    const [nearby, cycles] = [await nearbyOf(db, id, standing), await db.all(sql.cycles, { seat_id: id })];
    return {
      ...{ seat: standing.name, turn: standing.turn, turned_around: standing.turned_around },
      opened_at: standing.opened_at?.toISOString() ?? null,
      closed_at: standing.closed_at?.toISOString() ?? null,
      held: nearby.held.map((one) => one.id),
      claimable: nearby.claimable.map(followOf),
      unfinished: nearby.unfinished.map((one) => one.id),
      idle_cycles: cycles.map(({ cycle, at }) => ({ cycle, at: at.toISOString() })),
    };
  },
});
