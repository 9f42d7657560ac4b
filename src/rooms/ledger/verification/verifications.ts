import { z } from "zod";
import type { Reader } from "../../../kernel/database.ts";
import { command, query, text } from "../../../kernel/operation.ts";
import { Refusal } from "../../../kernel/refusal.ts";
import { statements } from "../../../kernel/sql.ts";
import { TILE_WIDTH } from "../../../tlog/tiles.ts";
import { verify } from "./commands.ts";
import { type Check, coverageOf } from "./coverage.ts";
import { newestAnchorOf, openedLog } from "../log/growth.ts";
import { onlyService } from "../log/signing.ts";

/** What the scheduled verifier (src/anchors/verifier.ts) settles, and the figure that comes of it. */
const sql = statements("ledger", "verification_insert", "verifications", "head", "range", "logs");

/** A check counts for so long. */
const HOURS_COUNTED = 24;

type Found = { first_broken: number; first_broken_max: number; reason: string };
type Row = Check & { whole: boolean; told: boolean } & (Found | { first_broken: null });

/** A finding that no later check of the whole ledger has taken back. */
export type Standing = Found & { found_at: Date };

/** What earlier checks left behind; a verifier has no other memory, so that any process can go on with it. */
export type Verifications = {
  entries: number;
  /** Where the next slice begins. */
  next_after: number;
  newest_at: Date | null;
  last_whole_at: Date | null;
  broken: Standing | null;
  /** The database's clock. */
  now: Date;
};

/** How far the open log's newest checkpoint is behind, in entries and by the age of the oldest that it lacks. */
export type Lag = { size: number; lag_entries: number; lag_seconds: number };

export async function verificationsOf(db: Reader): Promise<Verifications> {
  const [rows, [head]] = await Promise.all([readRows(db), db.all<{ seq: number; at: Date }>(sql.head)]);
  const { seq: entries, at: now } = head!;
  const newest = rows.at(-1);
  const end = newest === undefined ? 0 : endOf(newest);
  const next_after = end >= entries ? 0 : end;
  return { entries, next_after, newest_at: newest?.at ?? null, now, ...standingIn(rows) };
}

/** Where the next check goes on: behind what is broken at a full tile, since the tree is read from there. */
function endOf({ after, upto, ...row }: Row): number {
  if (row.first_broken === null) return upto;
  return (Math.floor(Math.max(after, upto, row.first_broken_max) / TILE_WIDTH) + 1) * TILE_WIDTH;
}

export async function lagOf(db: Reader): Promise<Lag> {
  const [log, logs] = await Promise.all([
    openedLog(db),
    db.all<{ epoch: number; opened_at: Date; frozen_at: Date | null }>(sql.logs),
  ]);
  const size = log === null ? 0 : ((await newestAnchorOf(db, log.origin))?.tree_size ?? 0);
  // After a freeze every entry lacks a checkpoint of the new log, and waits for it since the freeze and no longer.
  const last = logs.at(-1);
  const needed = last && (last.frozen_at ?? (last.epoch > 1 ? last.opened_at : null));
  const [[head], [lacking]] = await Promise.all([
    db.all<{ seq: number; at: Date }>(sql.head),
    db.all<{ at: Date }>(sql.range, { after: size, limit: 1 }),
  ]);
  const lag_entries = Math.max(0, head!.seq - size);
  const from = Math.max(lacking?.at.getTime() ?? 0, needed?.getTime() ?? 0);
  const lag_seconds = lag_entries === 0 || !lacking ? 0 : (head!.at.getTime() - from) / 1000;
  return { size, lag_entries, lag_seconds: Math.max(0, lag_seconds) };
}

function standingIn(rows: readonly Row[]): Pick<Verifications, "last_whole_at" | "broken"> {
  let broken: Standing | null = null;
  for (const { at, ...row } of rows)
    if (row.first_broken !== null && (broken === null || row.first_broken < broken.first_broken)) {
      const { first_broken, first_broken_max, reason } = row;
      broken = { first_broken, first_broken_max, reason, found_at: at };
    }
  return { last_whole_at: rows.findLast(({ whole }) => whole)?.at ?? null, broken };
}

const Seq = z.int().min(0);

export const recordVerification = command({
  name: "ledger.record_verification",
  summary: "Record which entries were hashed anew and what was found. The server's verifier says it.",
  input: z.object({
    after: Seq.describe("The entries after this number were checked."),
    upto: Seq.describe("The last entry that was checked."),
    whole: z.boolean().describe("Whether the whole ledger was checked."),
    first_broken: z.int().min(1).optional(),
    first_broken_max: z.int().min(1).optional(),
    reason: text(2000).optional(),
    quietly: z.boolean().default(false).describe("Leave no entry: the ledger is broken where entries are appended."),
  }),
  output: z.object({ told: z.boolean().describe("Whether the finding left an entry.") }),
  may: ["steward"],
  said_by: "programs",
  events: ["ledger.found_broken"],
  refuses: ["service.only"],
  unrecorded:
    "A check changes nothing; the first finding of a broken entry leaves one, a known one would every minute.",
  async run({ db }, { caller, input: { after, upto, whole, quietly, ...input } }) {
    onlyService(caller);
    checkRange({ after, upto, whole });
    const found = foundIn(input);
    const known = (await readRows(db)).filter((row) => row.told);
    // What lies behind a known finding is expected to be wrong as well: a cut tail moves with every new entry.
    const isNews = found !== null && !known.some((row) => row.first_broken! <= found.first_broken);
    const isTold = isNews && !quietly;
    db.send(sql.verification_insert, {
      after,
      upto,
      whole,
      first_broken: found?.first_broken ?? null,
      first_broken_max: found?.first_broken_max ?? null,
      reason: found?.reason ?? null,
      told: isTold,
    });
    const subject = `entry-${found?.first_broken}`;
    const events = isTold ? [{ kind: "ledger.found_broken", subject, data: { ...found } }] : [];
    return { output: { told: isTold }, events };
  },
});

const Behind = { since: z.string().nullable(), reason: z.string().nullable() };
const Signing = z.object({
  state: z.enum(["starting", "signing", "elsewhere", "refused"]),
  origin: z.string().nullable(),
  size: z.int().describe("How many entries it has signed."),
  refused: z.object({ code: z.string(), reason: z.string() }).nullable(),
  witnesses: z
    .array(z.object({ name: z.string(), size: z.int().nullable(), ...Behind }))
    .default([])
    .describe("Those who are asked to cosign; since when one does not, and why."),
  s3: z
    .object({ behind: z.int(), ...Behind })
    .nullable()
    .default(null)
    .describe("The copy in a bucket."),
});

export const coverage = query({
  name: "ledger.coverage",
  summary: "Read how much of the ledger was hashed anew in the last day, what is broken, and how signing stands.",
  input: z.object({}),
  output: z.object({
    entries: z.int().describe("How many entries the ledger has."),
    covered: z.number().min(0).max(1).describe(`The part of them that was hashed anew in the last ${HOURS_COUNTED} h.`),
    oldest: z.string().nullable().describe("When the entry among those that was checked longest ago was checked."),
    last_whole_at: z.string().nullable().describe("When the whole ledger was last checked at once."),
    broken: z
      .object({ first_broken: z.int(), first_broken_max: z.int(), reason: z.string(), found_at: z.string() })
      .nullable()
      .describe("What was found and not taken back by a later check of the whole."),
    anchored: z
      .object({
        size: z.int().describe("The entries of the newest checkpoint."),
        lag_entries: z.int().describe("How many entries it lacks."),
        lag_seconds: z.number().describe("How old the oldest of them is."),
      })
      .describe("How far the signed checkpoints are."),
    signer: Signing.nullable().describe("How this server's signer stands; null where another one signs."),
    at: z.string().describe("The database's clock."),
  }),
  may: verify.may,
  said_by: "programs",
  refuses: [],
  async read({ db, caller, outside }) {
    const [rows, anchored, [head]] = await Promise.all([readRows(db), lagOf(db), db.all(sql.head)]);
    const { seq: entries, at: now } = head as { seq: number; at: Date };
    const { last_whole_at, broken } = standingIn(rows);
    const since = now.getTime() - HOURS_COUNTED * 3_600_000;
    const { covered, oldest } = coverageOf(
      rows.filter(({ at }) => at.getTime() > since),
      entries,
    );
    const signer = outside?.state(caller.tenant) ?? null;
    return {
      entries,
      covered: entries === 0 ? 1 : covered / entries,
      oldest: oldest?.toISOString() ?? null,
      last_whole_at: last_whole_at?.toISOString() ?? null,
      broken: broken && { ...broken, found_at: broken.found_at.toISOString() },
      anchored,
      signer: signer && Signing.parse(signer),
      at: now.toISOString(),
    };
  },
});

/**
 * Every check that still says something, oldest first. A check of the whole that found nothing takes the place of all
 * before it, so that what is found in these rows still stands.
 */
function readRows(db: Reader): Promise<Row[]> {
  return db.all<Row>(sql.verifications);
}

function checkRange({ after, upto, whole }: { after: number; upto: number; whole: boolean }): void {
  if (upto < after) throw badField("upto", `must not be before after, which is ${after}`);
  if (whole && after > 0) throw badField("after", "must be 0 for the whole ledger");
}

function foundIn({ first_broken, first_broken_max = first_broken, reason }: Partial<Found>): Found | null {
  if (first_broken === undefined) return null;
  if (reason !== undefined && first_broken_max! >= first_broken)
    return { first_broken, first_broken_max: first_broken_max!, reason };
  throw badField("first_broken", "needs a reason, and a first_broken_max that is not before it");
}

function badField(field: string, message: string): Refusal {
  return new Refusal("invalid", "input.invalid", `${field}: ${message}`, { fields: [{ field, message }] });
}
