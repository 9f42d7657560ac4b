import { z } from "zod";
import { type Act, type Caller, command, type Event, roles, text, type World } from "../../kernel/operation.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { statements } from "../../kernel/sql.ts";
import { CYCLES, idle, IDLE_SECONDS } from "./idling.ts";
import { followOf, type Near, type Nearby, nearbyOf, oneLine, refuseSeatless, standingOf } from "./nearby.ts";
import { beginTurn } from "./opening.ts";

const sql = statements("turns", "turn_write", "reasons_write", "cycles_delete");

/**
 * So often in a row a hook turns a model around; then it lets go, and the entry says what was left. The database holds
 * the same (turned_around_bounded). Claude itself gives up after eight.
 */
const TURNAROUNDS_MAX = 3;
const CLASSES = ["capacity", "handoff", "expertise"] as const;
/** A refusal is read by a model; what it does first is what counts. */
const NAMED_MAX = 5;

const Closed = z.object({
  seat: z.string(),
  closed: z.boolean().describe("False when no turn was on, or an idle cycle came too soon."),
  left: z.array(z.string()).describe("Warm follow-ons of the seat's own that stay unclaimed, with a named reason."),
  let_go: z.boolean().describe(`True when a hook was let go after ${TURNAROUNDS_MAX} turnarounds, without a reason.`),
  cycle: z.int().nullable().describe(`With empty: which idle cycle in a row this was; ${CYCLES} retire the seat.`),
  again_seconds: z.int().nullable().describe("With empty: after how many seconds the next cycle counts."),
  retired: z.boolean().describe("Whether the seat has retired; its token is worth nothing any more."),
});
type Closed = z.output<typeof Closed>;
const STAYS: Omit<Closed, "seat"> = {
  ...{ closed: false, left: [], let_go: false, cycle: null, again_seconds: null, retired: false },
};

export const close = command({
  name: "turn.close",
  summary: "End the turn. Refused while a warm follow-on that you filed lies there unclaimed without a named reason.",
  input: z.object({
    reason_class: z
      .enum(CLASSES)
      .optional()
      .describe("Why follow-ons are left: no capacity, handed on, or another's expertise."),
    reason: text(1000).trim().min(1).optional().describe("The same in your words; needed with reason_class."),
    note: text(2000).optional().describe("What the next session should know."),
    empty: z
      .boolean()
      .default(false)
      .describe(`An idle cycle: you looked and found nothing. Every ${IDLE_SECONDS} s; ${CYCLES} in a row retire you.`),
    hook: z
      .enum(["first", "again"])
      .optional()
      .describe("Said by a Stop hook: the model stops for the first time, or was turned around before."),
  }),
  output: Closed,
  may: roles,
  said_by: "programs",
  events: ["turn.closed", "turn.idled", "post.appended", "seat.retired"],
  refuses: ["turn.unfinished", "turn.not_empty", "seat.not_adopted", "seat.not_a_seat"],
  unrecorded: "A turn that is over already, and an idle cycle that comes too soon, are answered and change nothing.",
  async run(world, { caller, input }): Promise<Act<Closed> | Refusal> {
    refuseSeatless(caller);
    refuseHalf(input);
    const nearby = await nearbyOf(world.db, caller.principal_id, await standingOf(world.db, caller.principal_id));
    if (input.empty) return idling(world, caller, nearby);
    const { unfinished } = nearby;
    if (unfinished.length === 0 || input.reason !== undefined) return ended(world, caller, nearby, input);
    if (input.hook === undefined) throw turnUnfinished(unfinished);
    return turnedAround(world, caller, nearby, input);
  },
});

type Input = z.output<typeof close.input>;

/** A reason is a class and words; and who found nothing leaves nothing. */
function refuseHalf({ reason, reason_class, empty, hook }: Input): void {
  const wrong = (field: string, message: string) => {
    throw new Refusal("invalid", "input.invalid", `${field}: ${message}`, { fields: [{ field, message }] });
  };
  if (reason_class !== undefined && reason === undefined) wrong("reason", "is needed with reason_class");
  if (reason !== undefined && reason_class === undefined)
    wrong("reason_class", `is needed with reason: one of ${CLASSES.join(", ")}`);
  if (empty && reason !== undefined) wrong("empty", "leaves nothing, so it takes no reason");
  if (empty && hook !== undefined) wrong("empty", "is said by the seat itself, not by a hook");
}

async function idling(world: World, caller: Caller, nearby: Nearby): Promise<Act<Closed> | Refusal> {
  const idled = await idle(world, caller, nearby);
  if (idled instanceof Refusal) return idled;
  return { output: { ...STAYS, seat: caller.name, ...idled.output }, events: idled.events };
}

/** Refuses a hook's stop, which keeps the turn on, until it was turned around often enough. */
async function turnedAround(
  world: World,
  caller: Caller,
  nearby: Nearby,
  input: Input,
): Promise<Act<Closed> | Refusal> {
  const { standing, unfinished } = nearby;
  // Whatever the CLI says of it: some call every stop the first (gemini-cli, issue 20426).
  const before = standing.turned_around;
  if (before >= TURNAROUNDS_MAX) return ended(world, caller, nearby, input);
  const turn = standing.turn === null ? beginTurn(world, caller.principal_id, standing, standing.now) : standing;
  world.db.send(sql.turn_write, {
    ...{ seat_id: caller.principal_id, turn: turn.turn, incarnation: caller.incarnation, opened_at: turn.opened_at },
    ...{ closed_at: null, turned_around: before + 1 },
  });
  // Returned and not thrown: the count stays.
  return turnUnfinished(unfinished);
}

async function ended(
  world: World,
  caller: Caller,
  { standing, unfinished, held }: Nearby,
  { reason, reason_class, note, hook }: Input,
): Promise<Act<Closed>> {
  const at = await world.at();
  const seat_id = caller.principal_id;
  const left = unfinished.map(({ id }) => id);
  const isOn = standing.turn !== null && standing.closed_at === null;
  if (reason !== undefined && left.length > 0)
    world.db.send(sql.reasons_write, {
      ...{ seat_id, incarnation: caller.incarnation, class: reason_class, reason, at, ids: left },
    });
  const let_go = left.length > 0 && reason === undefined;
  const output = { ...STAYS, seat: caller.name, left, let_go };
  if (!isOn && reason === undefined && !let_go) return { output, events: [] };
  const { turn, opened_at } = isOn
    ? { turn: standing.turn!, opened_at: standing.opened_at! }
    : beginTurn(world, seat_id, standing, standing.closed_at ?? at);
  world.db.send(sql.turn_write, {
    ...{ seat_id, turn, incarnation: caller.incarnation, opened_at, closed_at: at, turned_around: 0 },
  });
  // A turn in which somebody did something is no idle cycle; those before it do not count any more.
  world.db.send(sql.cycles_delete, { seat_id });
  const data = {
    ...{ seat: caller.name, turn, opened_at: opened_at.toISOString(), held: held.map(({ id }) => id), left },
    ...(reason === undefined ? {} : { reason_class, reason }),
    ...(let_go ? { let_go, turned_around: TURNAROUNDS_MAX } : {}),
    ...(note === undefined ? {} : { note }),
    ...(hook === undefined ? {} : { hook }),
  };
  const event: Event = { kind: "turn.closed", subject: caller.name, data };
  return { output: { ...output, closed: true }, events: [event] };
}

/** What the model reads when it is turned around: which tickets, why these, and what to say now. */
function turnUnfinished(unfinished: readonly Near[]): Refusal {
  const follows = unfinished.map(followOf);
  const [first, ...others] = follows.slice(0, NAMED_MAX);
  const named = follows
    .slice(0, NAMED_MAX)
    .map(({ id, title, because }) => `${id} “${oneLine(title)}” (${because.join("; ")})`);
  const more = follows.length > NAMED_MAX ? ` and ${follows.length - NAMED_MAX} more` : "";
  const them =
    follows.length === 1 ? "A follow-on that you filed lies" : `${follows.length} follow-ons that you filed lie`;
  const also = others.length > 0 ? ` (then ${others.map(({ id }) => id).join(", ")} likewise)` : "";
  return new Refusal(
    "conflict",
    "turn.unfinished",
    `${them} there unclaimed and warm for you: ${named.join(", ")}${more}.`,
    {
      hint:
        `Claim it now: ${first!.command}${also}. Or name why not, as capacity, handoff or expertise: ` +
        `longwatch turn close --reason-class capacity --reason "…"`,
      facts: { unfinished: follows, classes: CLASSES },
    },
  );
}
