import { z } from "zod";
import { command, type Event, roles, type World } from "../../kernel/operation.ts";
import { statements } from "../../kernel/sql.ts";
import { briefFor } from "../doctrine/index.ts";
import {
  claimCommand,
  Follow,
  followOf,
  type Near,
  nearbyOf,
  oneLine,
  refuseSeatless,
  type Seated,
  type Standing,
  standingOf,
} from "./nearby.ts";
import { WARM_LEAST } from "./warmth.ts";

const sql = statements("turns", "turn_write");

/** More than this is not read at a session's begin. */
const WARM_SHOWN = 5;

export const open = command({
  name: "turn.open",
  summary: "Begin a turn: get the brief, what the session holds, and the warmest tickets that it could claim.",
  input: z.object({}),
  output: z.object({
    seat: z.string(),
    turn: z.int().describe("Counted for each seat."),
    opened: z.boolean().describe("False when this session's turn was on already."),
    opened_at: z.iso.datetime(),
    digest: z.string().describe("Of the brief: what brief.acknowledge takes."),
    acknowledged: z.boolean().describe("Whether this session has acknowledged this brief."),
    warm: z.array(Follow).describe("What it could claim and is near to what it did lately, the nearest first."),
    text: z.string().describe("All of it as Markdown, as a model reads it: what a hook hands over."),
  }),
  may: roles,
  said_by: "programs",
  events: ["turn.opened"],
  refuses: ["seat.not_adopted", "seat.not_a_seat"],
  unrecorded: "A turn that is on already is answered again, with the brief as it is now, and changes nothing.",
  async run(world, { caller }) {
    refuseSeatless(caller);
    const [standing, at] = [await standingOf(world.db, caller.principal_id), await world.at()];
    const nearby = await nearbyOf(world.db, caller.principal_id, standing);
    const brief = await briefFor(world.db, caller);
    const isOn = standing.incarnation === caller.incarnation && standing.closed_at === null;
    const { turn, opened_at } = isOn
      ? { turn: standing.turn!, opened_at: standing.opened_at! }
      : beginTurn(world, caller.principal_id, standing, at);
    const warm = nearby.claimable.filter(({ warmth }) => warmth >= WARM_LEAST).slice(0, WARM_SHOWN);
    const told = { turn, brief: brief.digest, warm: warm.map(({ id }) => id), ...abandoned(standing, caller) };
    const event: Event = { kind: "turn.opened", subject: caller.name, data: { seat: caller.name, ...told } };
    return {
      output: {
        ...{ seat: caller.name, turn, opened: !isOn, opened_at: opened_at.toISOString() },
        ...{ digest: brief.digest, acknowledged: brief.acknowledged },
        warm: warm.map(followOf),
        text: textOf(brief.text, warm),
      },
      events: isOn ? [] : [event],
    };
  },
});

/** Writes the seat's next turn. */
export function beginTurn(world: World, seat_id: number, standing: Standing, opened_at: Date) {
  const turn = (standing.turn ?? 0) + 1;
  world.db.send(sql.turn_write, {
    ...{ seat_id, turn, incarnation: standing.present, opened_at, closed_at: null, turned_around: 0 },
  });
  return { turn, opened_at };
}

/** A session that was replaced in the middle of its turn never ended it; the next one's entry says so. */
function abandoned({ turn, incarnation, closed_at }: Standing, caller: Seated) {
  if (turn === null || closed_at !== null || incarnation === caller.incarnation) return {};
  return { abandoned: turn };
}

function textOf(brief: string, warm: readonly Near[]): string {
  const lines = warm.map(
    ({ id, title, because }) => `- ${id} ${oneLine(title)} (${because.join("; ")}): \`${claimCommand(id)}\``,
  );
  return [
    brief.trimEnd(),
    ...(lines.length > 0 ? ["", "Warm for you, the nearest first:", ...lines] : []),
    "",
    "Your turn does not end while a warm follow-on that you filed lies there unclaimed: claim it, or name why not " +
      'as capacity, handoff or expertise: `longwatch turn close --reason-class capacity --reason "…"`.',
    "",
  ].join("\n");
}
