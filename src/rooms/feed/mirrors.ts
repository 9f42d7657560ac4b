import { z } from "zod";
import type { Transaction } from "../../kernel/database.ts";
import { command, query, type Role, text } from "../../kernel/operation.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { statements } from "../../kernel/sql.ts";
import { entriesOf } from "../ledger/index.ts";
import { KEEPERS } from "../seats/index.ts";

/**
 * Feed files that agents append to and a program mirrors into the feed. The posts come in by `post.import`; here is
 * how far each file was read, its bytes, and whether it is still the file that was read (J45, J46). A file is known by
 * its name alone, and a copy of it in another place by the name of its mirror.
 */
const sql = statements(
  "feed",
  ...(["mirror", "mirrors", "mirror_halted", "mirror_take", "mirror_beat", "mirror_halt"] as const),
  ...(["mirror_resume", "segments"] as const),
);

/** A mirror says a beat every ten seconds, and is not counted on when three were missed. */
const SILENT_SECONDS = 30;

/** A segment with everything in it escaped still fits an entry. */
const SEGMENT_CHARACTERS_MAX = 48_000;

const File = text(200)
  .min(1)
  .refine((name) => !/[/\\]/.test(name), "is a file's name without its directory")
  .describe("The file's name.");
const Mirror = text(60).min(1).describe("The name of the mirror of one copy of the file.");
const Size = z.int().min(0);
const Digest = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .describe("SHA-256 in hexadecimal.");

type Row = {
  file: string;
  mirror: string;
  size: number;
  digest: string;
  whole_size: number;
  halted_at: Date | null;
  halt_reason: string | null;
  found_size: number | null;
  heard_at: Date;
  behind_seconds: number;
  lagged_at: Date | null;
  silent: boolean;
};

export const take = command({
  name: "feed.take",
  summary: "Remember that a mirror has read a feed file's next bytes, and what they were.",
  input: z.object({
    file: File,
    mirror: Mirror,
    from: Size.describe("The file's size up to which it was read before."),
    size: Size.describe("Its size with these bytes."),
    digest: Digest.describe("SHA-256 of the whole file up to that size."),
    text: text(SEGMENT_CHARACTERS_MAX).describe("The bytes."),
    encoding: z.enum(["utf8", "base64"]).default("utf8").describe("How the bytes are told."),
    whole: z.boolean().default(true).describe("False when the last post of these bytes goes on behind them."),
    posts: Size.default(0).describe("How many posts were in them."),
    refused: Size.default(0).describe("How many pieces of them were no posts."),
  }),
  output: z.object({ size: Size }),
  may: KEEPERS,
  events: ["feed.mirrored"],
  refuses: ["mirror.moved", "mirror.halted", "segment.malformed"],
  async run({ db }, { input }) {
    const { file, mirror, from, size, digest, whole } = input;
    if (Buffer.from(input.text, input.encoding).length !== size - from) throw segmentMalformed(size - from);
    await refuseHalted(db, file);
    const [row] = await db.all<Row>(sql.mirror, { file, mirror });
    if ((row?.size ?? 0) !== from) throw moved(file, row?.size ?? 0, from);
    const whole_size = whole ? size : (row?.whole_size ?? 0);
    db.send(sql.mirror_take, { file, mirror, size, digest, whole_size });
    const { file: _, ...data } = input;
    return { output: { size }, events: [{ kind: "feed.mirrored", subject: file, data }] };
  },
});

export const beat = command({
  name: "feed.beat",
  summary: "Say that a mirror of a feed file is alive, and how far it is behind.",
  input: z.object({
    file: File,
    mirror: Mirror,
    behind_seconds: Size.describe("For how long the oldest bytes have waited that are not taken in."),
    budget_seconds: z.int().min(1).describe("More is an alert."),
  }),
  output: z.object({ lagging: z.boolean().describe("Whether it is further behind than its budget.") }),
  may: KEEPERS,
  events: ["feed.lagged", "feed.caught_up"],
  refuses: ["mirror.unknown", "mirror.halted"],
  unrecorded: "A beat that changes nothing says only that the mirror is alive; lagging and catching up are entries.",
  async run({ db }, { input: { file, mirror, behind_seconds, budget_seconds } }) {
    await refuseHalted(db, file);
    const row = await known(db, file, mirror);
    const lagging = behind_seconds > budget_seconds;
    db.send(sql.mirror_beat, { file, mirror, behind_seconds, lagging });
    const data = { mirror, behind_seconds, budget_seconds };
    const kind = lagging ? "feed.lagged" : "feed.caught_up";
    return { output: { lagging }, events: lagging === (row.lagged_at !== null) ? [] : [{ kind, subject: file, data }] };
  },
});

export const halt = command({
  name: "feed.halt",
  summary: "Say that a feed file is no longer the file that was read: everybody who mirrors one of its name halts.",
  input: z.object({
    file: File,
    mirror: Mirror,
    found_size: Size.describe("The size that it has now."),
    reason: text(500).trim().min(1).describe("What was found."),
  }),
  output: z.object({ expected_size: Size }),
  may: KEEPERS,
  events: ["feed.halted"],
  refuses: ["mirror.unknown", "mirror.halted"],
  async run({ db }, { input: { file, mirror, found_size, reason } }) {
    const { size: expected_size, halted_at } = await known(db, file, mirror);
    if (halted_at !== null) await refuseHalted(db, file);
    db.send(sql.mirror_halt, { file, mirror, found_size, reason });
    const data = { mirror, expected_size, found_size, reason };
    return { output: { expected_size }, events: [{ kind: "feed.halted", subject: file, data }] };
  },
});

export const resume = command({
  name: "feed.resume",
  summary: "Say that a feed file is whole again, to its last byte that was read: its mirrors go on.",
  input: z.object({
    file: File,
    mirror: Mirror,
    size: Size.describe("Up to which size it was held against the ledger."),
    digest: Digest.describe("SHA-256 of the file up to that size."),
  }),
  output: z.object({ size: Size }),
  may: KEEPERS,
  events: ["feed.restored"],
  refuses: ["mirror.unknown", "mirror.moved"],
  async run({ db }, { input: { file, mirror, size, digest } }) {
    const row = await known(db, file, mirror);
    if (row.size !== size || row.digest !== digest) throw moved(file, row.size, size);
    db.send(sql.mirror_resume, { file, mirror });
    return { output: { size }, events: [{ kind: "feed.restored", subject: file, data: { mirror, size, digest } }] };
  },
});

const READERS = [...KEEPERS, "auditor", "witness", "sentinel", "strategist"] as const satisfies readonly Role[];

export const mirrors = query({
  name: "feed.mirrors",
  summary: "List the feed files that are mirrored: how far each was read, how far behind it is, which are halted.",
  input: z.object({ file: File.optional() }),
  output: z.object({
    mirrors: z.array(
      z.object({
        file: z.string(),
        mirror: z.string(),
        state: z.enum(["following", "lagging", "silent", "halted"]),
        size: Size,
        digest: z.string(),
        whole_size: Size,
        behind_seconds: Size,
        heard_at: z.iso.datetime(),
        halted_at: z.iso.datetime().nullable(),
        reason: z.string().nullable(),
        found_size: Size.nullable(),
      }),
    ),
  }),
  may: READERS,
  refuses: [],
  async read({ db }, { file }) {
    const rows = await db.all<Row>(sql.mirrors, { file: file ?? null, silent_seconds: SILENT_SECONDS });
    const told = rows.map((row) => {
      const { mirror, size, digest, whole_size, behind_seconds, halt_reason: reason, found_size } = row;
      const [heard_at, halted_at] = [row.heard_at.toISOString(), row.halted_at?.toISOString() ?? null];
      const beside = { whole_size, behind_seconds, heard_at, halted_at, reason, found_size };
      return { file: row.file, mirror, state: stateOf(row), size, digest, ...beside };
    });
    return { mirrors: told };
  },
});

export const segments = query({
  name: "feed.segments",
  summary: "Read the bytes of a mirrored feed file out of the ledger, in order.",
  input: z.object({
    file: File,
    mirror: Mirror,
    after: z.int().min(0).default(0).describe("Only those of entries after this number."),
    limit: z.int().min(1).max(100).default(50).describe("At most this many entries, of all mirrors of the file."),
  }),
  output: z.object({
    segments: z.array(
      z.object({ seq: z.int(), from: Size, size: Size, digest: z.string(), text: z.string(), encoding: z.string() }),
    ),
    next: z.int().nullable().describe("Where to read on; null at the end."),
  }),
  may: READERS,
  refuses: [],
  async read({ db }, { file, mirror, after, limit }) {
    const entries = await entriesOf(db, await db.all<{ leaf: Buffer }>(sql.segments, { file, after, limit }));
    const own = entries.filter(({ data }) => data.mirror === mirror);
    const told = own.map(({ seq, data }) => {
      const { from, size, digest, text, encoding } = data as z.output<typeof take.input>;
      return { seq, from, size, digest, text, encoding };
    });
    return { segments: told, next: entries.length < limit ? null : entries.at(-1)!.seq };
  },
});

function stateOf({ halted_at, silent, lagged_at }: Row) {
  if (halted_at !== null) return "halted" as const;
  if (silent) return "silent" as const;
  return lagged_at === null ? ("following" as const) : ("lagging" as const);
}

async function known(db: Transaction, file: string, mirror: string): Promise<Row> {
  const [row] = await db.all<Row>(sql.mirror, { file, mirror });
  if (row) return row;
  throw new Refusal("missing", "mirror.unknown", `No mirror ${mirror} of ${file} is known.`, {
    hint: "feed.mirrors lists the mirrors.",
  });
}

/** One copy that lost bytes stops the writers of all (J45): what they read may have lost the same. */
async function refuseHalted(db: Transaction, file: string): Promise<void> {
  const [row] = await db.all<Row>(sql.mirror_halted, { file });
  if (!row) return;
  const { mirror, size: expected_size, found_size, halt_reason: reason, halted_at } = row;
  const told = `${file} was halted at ${halted_at!.toISOString()}: ${reason}.`;
  throw new Refusal("conflict", "mirror.halted", told, {
    hint: `Write it anew from the ledger where it was found so: longwatch feed restore ${file}`,
    facts: { mirror, expected_size, found_size, reason },
  });
}

function moved(file: string, size: number, from: number): Refusal {
  const told = `${file} was read up to ${size} bytes by this mirror, not up to ${from}.`;
  return new Refusal("conflict", "mirror.moved", told, {
    hint: "Another process mirrors it under the same name. Read the mirror's state anew with feed.mirrors.",
    facts: { size },
  });
}

function segmentMalformed(bytes: number): Refusal {
  return new Refusal("invalid", "segment.malformed", `text: is not ${bytes} bytes`, {
    fields: [{ field: "text", message: `is not the ${bytes} bytes between from and size` }],
  });
}
