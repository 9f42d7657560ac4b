import { z } from "zod";
import type { Reader } from "../../../kernel/database.ts";
import { type Act, batchCommand, type Call, query, roles, type World } from "../../../kernel/operation.ts";
import { Refusal } from "../../../kernel/refusal.ts";
import { statements } from "../../../kernel/sql.ts";
import { CHECKERS } from "../log/checkers.ts";
import { type Completeness, completenessOf, type EpochReport, GAPS_TOLD_MAX, type Range } from "./completeness.ts";

import {
  columns,
  digestOf,
  Epoch,
  epochUnknown,
  insertion,
  ProducerName,
  type Production,
  told,
} from "./productions.ts";

const sql = statements("ledger", "producers_newest", "producers_insert", "productions_missing", "completeness");

/** Each is an entry of the same transaction. More of them are not the work of a crash. */
const CRASHED_RANGES_MAX = 1_000;
/** Names that only the servers themselves may open: what they could not record is told under these. */
export const NODE_PREFIX = "node/";

const Opened = z.object({
  producer: z.string(),
  epoch: z.int(),
  crashed: z.int().describe("How many numbers of the epoch before were recorded as lost."),
});

export const open = batchCommand({
  name: "producer.open",
  summary: "Begin a producer's next epoch; what the epoch before gave out and never told is recorded as lost.",
  input: z.object({
    name: ProducerName,
    previous_last: z.int().min(0).max(Number.MAX_SAFE_INTEGER).optional().describe("The last number given out before."),
    previous_epoch: Epoch.optional().describe("The epoch that previous_last was given out in; without it, the newest."),
  }),
  output: Opened,
  may: roles,
  said_by: "programs",
  events: ["producer.opened", "telemetry.dropped"],
  refuses: ["producer.held", "epoch.unknown", "epoch.scattered"],
  async run(world, calls) {
    const names = calls.map(({ input }) => input.name);
    const newest = await world.db.all<{ name: string; epoch: number; principal_id: number }>(sql.producers_newest, {
      names,
    });
    const known = new Map(newest.map((row) => [row.name, row]));
    const wanted = calls.map((call): Opening | Refusal => {
      const before = known.get(call.input.name);
      const opening = openingOf(call, before);
      if (!(opening instanceof Refusal)) known.set(call.input.name, { ...opening, name: opening.producer });
      return opening;
    });
    const missing = await missingIn(world, wanted);
    return finishOpening(world, wanted, missing);
  },
});

type Opening = {
  producer: string;
  epoch: number;
  principal_id: number;
  previous_epoch: number | null;
  previous_last: number | null;
};

function openingOf(
  { caller, input }: Call<z.output<typeof open.input>>,
  before: { epoch: number; principal_id: number } | undefined,
): Opening | Refusal {
  const { name, previous_last = null } = input;
  const isReserved = name.startsWith(NODE_PREFIX) && caller.inside !== true;
  if (isReserved || (before && before.principal_id !== caller.principal_id))
    return new Refusal("conflict", "producer.held", `The producer ${name} belongs to another principal.`, {
      hint: `Open one under a name of your own, such as ${caller.name.replaceAll(/[^A-Za-z0-9._@/-]/g, "-")}/hook.`,
    });
  const previous_epoch = previous_last === null ? null : (input.previous_epoch ?? before?.epoch ?? null);
  if (previous_last !== null && (previous_epoch === null || previous_epoch > (before?.epoch ?? 0)))
    return epochUnknown(name, previous_epoch);
  return {
    producer: name,
    epoch: (before?.epoch ?? 0) + 1,
    principal_id: caller.principal_id,
    previous_epoch,
    previous_last,
  };
}

type Missing = Range & { call: number };

async function missingIn(world: World, wanted: readonly (Opening | Refusal)[]): Promise<Map<Opening, Missing[]>> {
  const ending = wanted.filter((one): one is Opening => !(one instanceof Refusal) && (one.previous_last ?? 0) > 0);
  if (ending.length === 0) return new Map();
  const rows = await world.db.all<Missing>(sql.productions_missing, {
    names: ending.map(({ producer }) => producer),
    epochs: ending.map(({ previous_epoch }) => previous_epoch),
    lasts: ending.map(({ previous_last }) => previous_last),
    limit: CRASHED_RANGES_MAX + 1,
  });
  return Map.groupBy(rows, ({ call }) => ending[call]!);
}

async function finishOpening(
  world: World,
  wanted: readonly (Opening | Refusal)[],
  missing: Map<Opening, Missing[]>,
): Promise<(Act<z.output<typeof Opened>> | Refusal)[]> {
  const outcomes = wanted.map((opening): Act<z.output<typeof Opened>> | Refusal => {
    if (opening instanceof Refusal) return opening;
    const ranges = missing.get(opening) ?? [];
    const { producer, epoch, previous_epoch, previous_last } = opening;
    if (ranges.length > CRASHED_RANGES_MAX) return scattered(producer, previous_epoch!);
    const events = ranges.map(({ first, last }) =>
      told("telemetry.dropped", producer, { epoch: previous_epoch!, first, last, reason: "crashed" }),
    );
    const before = previous_epoch === null ? {} : { previous_epoch, previous_last };
    const crashed = ranges.reduce((sum, { first, last }) => sum + last - first + 1, 0);
    events.push(told("producer.opened", producer, { epoch, ...before }));
    return { output: { producer, epoch, crashed }, events };
  });
  const opened = wanted.flatMap((one, index) =>
    one instanceof Refusal || outcomes[index] instanceof Refusal ? [] : [one],
  );
  if (opened.length === 0) return outcomes;
  world.db.send(sql.producers_insert, {
    names: opened.map(({ producer }) => producer),
    epochs: opened.map(({ epoch }) => epoch),
    principal_ids: opened.map(({ principal_id }) => principal_id),
    previous_epochs: opened.map(({ previous_epoch }) => previous_epoch),
    previous_lasts: opened.map(({ previous_last }) => previous_last),
  });
  const crashed = opened.flatMap((opening): Production[] =>
    (missing.get(opening) ?? []).map(({ first, last }) => ({
      producer: opening.producer,
      epoch: opening.previous_epoch!,
      principal_id: opening.principal_id,
      first,
      last,
      reason: "crashed",
      digest: digestOf("crashed"),
    })),
  );
  if (crashed.length > 0) {
    const rows = await world.db.all(insertion, columns("dropped", crashed));
    if (rows.length !== crashed.length) throw new Error("two openings of one batch ended the same epoch");
  }
  return outcomes;
}

export const completenessQuery = query({
  name: "ledger.completeness",
  summary: "Tell for each producer and epoch what was recorded, what was lost and why, and what nobody told of.",
  input: z.object({
    producer: ProducerName.optional().describe("Only this producer."),
    limit: z.int().min(1).max(10_000).default(1_000).describe("At most this many epochs, those with gaps first."),
  }),
  output: z.object({
    whole: z.boolean().describe("Whether recorded and lost numbers together leave no gap, in any epoch."),
    epochs: z.int().describe("How many epochs were looked at."),
    producers: z.array(
      z.object({
        producer: z.string(),
        epoch: z.int(),
        recorded: z.int().describe("How many numbers have an entry."),
        dropped: z.record(z.string(), z.int()).describe("How many were recorded as lost, by reason."),
        last: z.int().describe("The highest number that was told of."),
        missing: z.int().describe("How many numbers up to it nothing is known of."),
        first_gap: z.int().nullable().describe("The first of these."),
        gaps: z.array(z.object({ first: z.int(), last: z.int() })).describe("The first 100 gaps."),
        whole: z.boolean(),
      }),
    ),
  }),
  may: CHECKERS,
  refuses: [],
  async read({ db }, { producer, limit }) {
    const { whole, producers } = await completeness(db, producer);
    const told = [...producers.filter((one) => !one.whole), ...producers.filter((one) => one.whole)].slice(0, limit);
    return {
      whole,
      epochs: producers.length,
      producers: told.map((one) => ({ ...one, first_gap: one.gaps[0]?.first ?? null })),
    };
  },
});

/** AUD-COMPLETE by the tables. `CompletenessFold` tells the same from entries alone. */
export async function completeness(db: Reader, producer: string | null = null): Promise<Completeness> {
  const rows = await db.all<Omit<EpochReport, "whole">>(sql.completeness, { producer, gaps_max: GAPS_TOLD_MAX });
  return completenessOf(rows.map((row) => ({ ...row, whole: row.missing === 0 })));
}

function scattered(producer: string, epoch: number): Refusal {
  return new Refusal("conflict", "epoch.scattered", `Epoch ${epoch} of ${producer} has too many gaps to be a crash.`, {
    hint: `Say telemetry.drop for what is missing until at most ${CRASHED_RANGES_MAX} ranges are left.`,
  });
}
