import { createHash } from "node:crypto";
import canonicalize from "canonicalize";
import { z } from "zod";
import { unencodable } from "../../../kernel/encoding.ts";
import { type Act, batchCommand, type Call, type Event, roles, text, type World } from "../../../kernel/operation.ts";
import { Refusal } from "../../../kernel/refusal.ts";
import { statements } from "../../../kernel/sql.ts";
import type { Range } from "./completeness.ts";

const sql = statements("ledger", "productions_insert", "productions_met");

/** Sent by whoever writes productions; its constraint decides what comes in. */
export const insertion = sql.productions_insert;

/** Events of one entry, and what they may take of its 65,535 bytes: the rest is for the names around them. */
export const EVENTS_MAX = 1_000;
export const EVENTS_BYTES_MAX = 60_000;
const OVERLAPS_TOLD_MAX = 10;

export const ProducerName = text(120)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._@/-]*$/, "must be letters, digits and . _ @ / -")
  .describe("The producer's name: a node, a hook, a spool.");
export const Epoch = z.int().min(1).max(2_147_483_647).describe("The epoch that producer.open gave.");
const Position = z.int().min(1).max(Number.MAX_SAFE_INTEGER);
const Reason = text(60).regex(/^[a-z][a-z0-9_]*$/, "must be a word in snake_case, such as buffer_full");
const Told = z.object({
  producer: z.string(),
  epoch: z.int(),
  first: z.int().describe("The first number that this accounts for."),
  last: z.int().describe("The last number that this accounts for."),
});

const Data = z
  .record(z.string(), z.unknown())
  .superRefine((value, context) => {
    const problem = unencodable(value);
    if (problem) context.addIssue({ code: "custom", message: problem });
  })
  .default({});

export const record = batchCommand({
  name: "telemetry.record",
  summary: "Record a producer's events, numbered from `first` on, as one ledger entry.",
  input: z.object({
    producer: ProducerName,
    epoch: Epoch,
    first: Position.max(Number.MAX_SAFE_INTEGER - EVENTS_MAX).describe("The first event's number; the rest follow on."),
    events: z
      .array(z.strictObject({ kind: text(100).min(1).describe("What happened."), data: Data }))
      .min(1)
      .max(EVENTS_MAX)
      .describe('The events in order, each {"kind": text, "data": object}.'),
  }),
  output: Told,
  may: roles,
  said_by: "programs",
  events: ["telemetry.recorded"],
  refuses: ["epoch.unknown", "production.overlaps", "entry.oversized"],
  unrecorded: "A repeat of the same words under the same numbers changes nothing; it was recorded the first time.",
  run: (world, calls) =>
    produce(world, "recorded", calls, ({ first, events }) => {
      const canonical = canonicalize(events)!;
      const bytes = Buffer.byteLength(canonical);
      if (bytes > EVENTS_BYTES_MAX) return oversized(bytes);
      return { last: first + events.length - 1, reason: null, digest: digestOf(canonical), data: { first, events } };
    }),
});

export const drop = batchCommand({
  name: "telemetry.drop",
  summary: "Record that a producer's events were lost: their numbers, and why.",
  input: z.object({
    producer: ProducerName,
    epoch: Epoch,
    first: Position.describe("The first number that was lost."),
    last: Position.describe("The last number that was lost."),
    reason: Reason.describe("Why, in a word: buffer_full, unencodable, oversized, crashed …"),
  }),
  output: Told,
  may: roles,
  said_by: "programs",
  events: ["telemetry.dropped"],
  refuses: ["epoch.unknown", "production.overlaps"],
  unrecorded: "A repeat of the same words under the same numbers changes nothing; it was recorded the first time.",
  run: (world, calls) =>
    produce(world, "dropped", calls, ({ first, last, reason }) => {
      if (last < first) return backwards(first);
      return { last, reason, digest: digestOf(reason), data: { first, last, reason } };
    }),
});

export type Production = Range & {
  producer: string;
  epoch: number;
  principal_id: number;
  reason: string | null;
  digest: string;
};
type Said = { last: number; reason: string | null; digest: string; data: Record<string, unknown> };

/** One set-based insert for all calls. What the constraint kept out is looked at once more, to say why. */
async function produce<I extends { producer: string; epoch: number; first: number }>(
  world: World,
  outcome: "recorded" | "dropped",
  calls: readonly Call<I>[],
  read: (input: I) => Said | Refusal,
): Promise<(Act<z.output<typeof Told>> | Refusal)[]> {
  const said = calls.map(({ input }) => read(input));
  const rows = calls.flatMap(({ caller, input }, index): (Production & { index: number })[] => {
    const one = said[index]!;
    if (one instanceof Refusal) return [];
    const { producer, epoch, first } = input;
    const { last, reason, digest } = one;
    return [{ index, producer, epoch, principal_id: caller.principal_id, first, last, reason, digest }];
  });
  const taken = rows.length === 0 ? [] : await world.db.all<Production>(sql.productions_insert, columns(outcome, rows));
  const inserted = new Set(taken.map(rowKey));
  // Of two that say the same in one batch, the first came in.
  const fresh = new Set(rows.filter((row) => inserted.delete(rowKey(row))));
  const left = rows.filter((row) => !fresh.has(row));
  const problems = await problemsOf(world, outcome, left);
  const outcomes: (Act<z.output<typeof Told>> | Refusal)[] = said.map((one) => one as Refusal);
  for (const row of rows) {
    const { producer, epoch, first, last } = row;
    const problem = problems.get(row);
    const { data } = said[row.index] as Said;
    outcomes[row.index] = problem ?? {
      output: { producer, epoch, first, last },
      events: fresh.has(row) ? [told(`telemetry.${outcome}`, producer, { epoch, ...data })] : [],
    };
  }
  return outcomes;
}

function rowKey({ producer, epoch, principal_id, first, last, digest }: Production): string {
  return JSON.stringify([producer, epoch, principal_id, first, last, digest]);
}

/** Rows as the insertion takes them. */
export function columns(outcome: "recorded" | "dropped", rows: readonly Production[]) {
  return {
    outcome,
    producers: rows.map(({ producer }) => producer),
    epochs: rows.map(({ epoch }) => epoch),
    principal_ids: rows.map(({ principal_id }) => principal_id),
    firsts: rows.map(({ first }) => first),
    lasts: rows.map(({ last }) => last),
    reasons: rows.map(({ reason }) => reason),
    digests: rows.map(({ digest }) => digest),
  };
}

type Met = { call: number; principal_id: number; first: number | null; last: number; outcome: string; digest: string };

/** Why rows did not come in. A row that says what is there already is no problem, and is left out. */
async function problemsOf(
  world: World,
  outcome: string,
  left: readonly Production[],
): Promise<Map<Production, Refusal>> {
  const problems = new Map<Production, Refusal>();
  if (left.length === 0) return problems;
  const { producers, epochs, firsts, lasts } = columns("recorded", left);
  const rows = await world.db.all<Met>(sql.productions_met, {
    producers,
    epochs,
    firsts,
    lasts,
    limit: OVERLAPS_TOLD_MAX,
  });
  const met = Map.groupBy(rows, ({ call }) => left[call]!);
  for (const row of left) {
    const those = met.get(row) ?? [];
    const [one] = those;
    if (one?.principal_id !== row.principal_id) problems.set(row, epochUnknown(row.producer, row.epoch));
    else if (one.first === row.first && one.last === row.last && one.outcome === outcome && one.digest === row.digest)
      continue;
    else problems.set(row, overlaps(row, those as (Met & Range)[]));
  }
  return problems;
}

/** What the ledger is told of a producer. */
export function told(kind: string, producer: string, data: Record<string, unknown>): Event {
  return { kind, subject: producer, data: { producer, ...data } };
}

/** Tells a repeat from other words under the same numbers. */
export function digestOf(words: string): string {
  return createHash("sha256").update(words).digest("base64url");
}

export function epochUnknown(producer: string, epoch: number | null): Refusal {
  const which = epoch === null ? `an epoch of ${producer}` : `epoch ${epoch} of ${producer}`;
  return new Refusal("missing", "epoch.unknown", `There is no ${which} that is yours.`, {
    hint: "producer.open begins one and answers its number.",
  });
}

function overlaps({ producer, epoch, first, last }: Production, those: readonly (Met & Range)[]): Refusal {
  const named = those.map((one) => `${one.first} to ${one.last} (${one.outcome})`).join(", ");
  return new Refusal(
    "conflict",
    "production.overlaps",
    `Of the numbers ${first} to ${last} of ${producer}, epoch ${epoch}, some are told of: ${named}.`,
    {
      hint: "Each number is recorded or lost once. Only the same words under the same numbers may be repeated.",
      facts: { overlaps: those.map((one) => ({ first: one.first, last: one.last, outcome: one.outcome })) },
    },
  );
}

function oversized(bytes: number): Refusal {
  const message = `take ${bytes} bytes; the limit is ${EVENTS_BYTES_MAX}`;
  return new Refusal("oversized", "entry.oversized", `The events ${message}.`, {
    hint: "Send fewer at once. One that is too long alone is lost: say so with telemetry.drop and reason oversized.",
    fields: [{ field: "events", message }],
  });
}

function backwards(first: number): Refusal {
  const message = `must be ${first} or more`;
  return new Refusal("invalid", "input.invalid", `last: ${message}`, { fields: [{ field: "last", message }] });
}
