import { z } from "zod";
import { type Caller, command, type World } from "../../../kernel/operation.ts";
import { Refusal } from "../../../kernel/refusal.ts";
import { statements } from "../../../kernel/sql.ts";
import { KEEPERS } from "../../seats/index.ts";
import { claim } from "../claims.ts";
import { rule } from "../collisions/rulings.ts";
import { finish } from "../done/finish.ts";
import { release } from "../endings.ts";
import { file } from "../filing.ts";
import { block, cancel, park } from "../moves.ts";
import { takeNumbers } from "../numbers/numbers.ts";
import { carryOut, POSTS_A_RUN } from "./carrying_out.ts";
import { type Contender, give, type Given } from "./contest.ts";
import { whyOf } from "./shapes.ts";

const sql = statements("tickets/provisional", "contest", "contest_rule", "contenders", "give");

/** What a post that is carried out can leave: all that the commands behind it can. */
export const EVENTS: readonly string[] = [
  ...new Set([
    ...["spool.handed_in", "spool.refused", "spool.lost", "ticket.pending", "ticket.confirmed", "ticket.amended"],
    ...["collision.opened", "collision.settled", "post.appended", "post.held"],
    ...["adoption.made", "adoption.carried"],
    ...["producer.opened", "telemetry.recorded", "telemetry.dropped"],
    ...[file, claim, release, finish, block, park, cancel, rule].flatMap(({ events }) => events),
  ]),
];

/** Ends the contest if it is time, and carries out the posts whose turn it is; answers how many. */
export async function settlePending(world: World, caller: Caller, early: boolean): Promise<number> {
  const [contest] = await world.db.all<{ over: boolean }>(sql.contest);
  if (contest && (contest.over || early)) await endContest(world);
  return carryOut(world, caller);
}

type Row = Omit<Contender, "held"> & { held: string | null };

async function endContest(world: World): Promise<void> {
  const rows = await world.db.all<Row>(sql.contenders);
  const without = rows.filter(({ held }) => held === null);
  const taken =
    without.length === 0
      ? []
      : await takeNumbers(
          world.db,
          without.map(({ namespace }) => namespace),
        );
  const refused: { row: Row; refusal: Refusal }[] = [];
  for (const [index, number] of taken.entries())
    if (number instanceof Refusal) refused.push({ row: without[index]!, refusal: number });
    else without[index]!.held = number.id;
  const given = give(rows.filter((row): row is Contender => row.held !== null));
  const winners = new Map(given.map((one) => [one.id, one]));
  const verdicts = [
    ...given.map((one) => {
      const { contender, id, outcome } = one;
      const reason = outcome === "amended" ? reasonOf(contender, winners) : null;
      return { ...contender, final_id: id as string | null, outcome: outcome as string, reason, code: null };
    }),
    ...refused.map(({ row, refusal }) => {
      const reason: string | null = whyOf(refusal);
      return { ...row, final_id: null, outcome: "refused", reason, code: refusal.code };
    }),
  ];
  world.db.send(sql.give, {
    ...{ spools: verdicts.map(({ spool }) => spool), ns: verdicts.map(({ n }) => n) },
    ...{ final_ids: verdicts.map(({ final_id }) => final_id), outcomes: verdicts.map(({ outcome }) => outcome) },
    ...{ reasons: verdicts.map(({ reason }) => reason), codes: verdicts.map(({ code }) => code) },
  });
}

function reasonOf({ expected }: Contender, winners: ReadonlyMap<string, Given>): string {
  const winner = winners.get(expected!)?.contender;
  if (!winner) return `${expected} was not there to be won any more: a number that is given does not move.`;
  return `${expected} is that of ${winner.seat}, which posted first, at ${winner.effective_at.toISOString()}.`;
}

export const settle = command({
  name: "spool.settle",
  summary: "Give the numbers of the contest that is over, and carry out the posts that waited. The clock says it.",
  input: z.object({
    early: z.boolean().default(false).describe("End the contest now, although filings may still come in for it."),
  }),
  output: z.object({
    settled: z.int().describe("How many posts got their outcome."),
    waiting: z.boolean().describe("Whether more are to be carried out at once: say it again."),
  }),
  may: ["steward", "operator"],
  said_by: "programs",
  allocates: true,
  events: EVENTS,
  refuses: [],
  unrecorded: "Each post that is settled leaves its entries; when none was, nothing was written.",
  async run(world, { caller, input }) {
    const settled = await settlePending(world, caller, input.early);
    return { output: { settled, waiting: settled === POSTS_A_RUN }, events: [] };
  },
});

export const configure = command({
  name: "spool.configure",
  summary: "Say how long a contest for numbers stays open for filings that were made without the server.",
  input: z.object({
    contest_seconds: z
      .int()
      .min(0)
      .max(20)
      .describe("After the first of them was handed in; 15 unless it is said, 0 gives each its number at once."),
  }),
  output: z.object({ contest_seconds: z.int() }),
  may: KEEPERS,
  said_by: "programs",
  events: ["spool.configured"],
  refuses: [],
  async run(world, { input }) {
    world.db.send(sql.contest_rule, input);
    return { output: input, events: [{ kind: "spool.configured", subject: null, data: input }] };
  },
});
