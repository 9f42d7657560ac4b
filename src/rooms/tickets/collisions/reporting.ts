import { z } from "zod";
import { command, instant, text } from "../../../kernel/operation.ts";
import { Body, Title } from "../new_ticket.ts";
import { findTickets, type Row, WORKERS } from "../ticket.ts";
import { amend, type Claimant } from "./amending.ts";
import { type Found, inOrder, openCollisions, type Party, patterns } from "./collision.ts";

const Seat = text(120).min(1);
const At = instant();

/** Two filings of one number: their later content can be filed anew without asking anybody. */
const FILINGS: readonly string[] = patterns.filter((pattern) => pattern !== "surface" && pattern !== "identity");

export const report = command({
  name: "collision.report",
  summary: "Say that two posts want one number, surface or name. First post wins; the later content is filed anew.",
  input: z.object({
    number: text(200).min(1).describe("What both want: a ticket's number, a surface key, a seat's name."),
    pattern: z.enum(patterns).describe("How it came to it."),
    seat: Seat.describe("Who posted."),
    at: At.describe("When it posted there. A time that is yet to come counts as now."),
    title: Title,
    body: Body,
    other_seat: Seat.describe("Who else posted."),
    other_at: At.describe("When that one posted there."),
    other_title: Title,
    other_body: Body,
    source: text(300).min(1).describe("Where it was seen: feed, import or repository, with its name."),
  }),
  output: z.object({
    collision: z.int(),
    number: z.string(),
    keeps: z.string().describe("Whose the number is."),
    moves: z.string().describe("Whose content goes under a number of its own."),
    open: z.boolean().describe("Whether somebody has to settle it: ticket.rule or collision.settle."),
    amended_to: z.string().nullable().describe("The ticket under which this report filed the later content."),
  }),
  may: WORKERS,
  said_by: "programs",
  allocates: true,
  events: ["collision.opened", "collision.settled", "ticket.filed"],
  refuses: ["namespace.unknown", "entry.oversized"],
  unrecorded: "A collision that is here already is left as it is.",
  async run(world, { caller, input }) {
    const now = await world.at();
    const bounded = (at: string) => new Date(Math.min(Date.parse(at), now.getTime())).toISOString();
    const one = { seat: input.seat, at: bounded(input.at), title: input.title, body: input.body };
    const other = { seat: input.other_seat, at: bounded(input.other_at), title: input.other_title };
    const { number, pattern, source } = input;
    const row = (await findTickets(world.db, [number])).get(number);
    const sides = sidesOf(row, number, one, { ...other, body: input.other_body });
    const found: Found = { number, pattern, source, ...namedIn(sides, row) };
    const [opened] = await openCollisions(world, caller, [found]);
    const { id: collision, open, events } = opened!;
    const output = { collision, number, keeps: sides.first.seat, moves: sides.second.seat, open, amended_to: null };
    // It is in doubt what the number is here: not the first one's, or nobody's. That is for a ruling.
    if (!open || !FILINGS.includes(pattern) || row?.title !== sides.first.title) return { output, events };
    const reason = sides.final ? `${number} was given to ${sides.first.seat} here` : `${sides.first.seat} posted first`;
    const amended = await amend(world, caller, row, { collision, ...sides, reason });
    return { output: { ...output, open: false, amended_to: amended.id }, events: [...events, ...amended.events] };
  },
});

type Sides = { first: Claimant; second: Claimant; final: boolean };

/** A number that was given here is its filer's; for any other, first post wins. */
function sidesOf(row: Row | undefined, number: string, one: Claimant, other: Claimant): Sides {
  if (row?.id === number)
    for (const [holder, latecomer] of [
      [one, other],
      [other, one],
    ] as const)
      if (row.title === holder.title && row.title !== latecomer.title)
        return { first: holder, second: latecomer, final: true };
  const [first, second] = inOrder(one, other) as [Claimant, Claimant];
  return { first, second, final: false };
}

function namedIn({ first, second, final }: Sides, row: Row | undefined): Pick<Found, "first" | "second" | "final"> {
  const party = ({ seat, at, title }: Claimant): Party => ({
    ...{ seat, at, title },
    ...(row?.title === title ? { ticket: row.id } : {}),
  });
  return { first: party(first), second: party(second), ...(final ? { final } : {}) };
}
