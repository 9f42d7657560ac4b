import { z } from "zod";
import type { Reader } from "../../kernel/database.ts";
import { type Operation, query, roles, text } from "../../kernel/operation.ts";
import { statements } from "../../kernel/sql.ts";
import { existing } from "./mechanisms.ts";
import { type DoctrineRecord, levelOf, modes, recordTypes, RecordId, said } from "./record.ts";
import { findRecord, recordsOf } from "./registry.ts";

const sql = statements(
  "doctrine",
  "firings_of",
  "readers",
  "violations_newest",
  "links_to",
  "sightings_of",
  "bypasses_of",
  "reviews_of",
  "instant",
);

/** What of a record's history is shown; the ledger has all of it. */
const SHOWN_MAX = 20;

const Instant = z.iso.datetime().nullable();

/** How a rule stands, honestly (J48): a rule whose mechanism is not there is a text, whatever it says of itself. */
const Standing = z.object({
  held_by: z.enum(["text only", "a running mechanism", "a mechanism that is not there"]),
  mode: z.enum(modes),
  mechanisms: z.array(
    z.object({
      name: z.string(),
      exists: z.boolean(),
      fired: z.int().describe("How often, as far as the last survey read the ledger."),
      last_fired_at: Instant,
    }),
  ),
  last_fired_at: Instant.describe("Null: never, or it is a constraint, which fires without a word."),
  last_violated_at: Instant,
  readers: z.int().describe("How many have acknowledged exactly these words."),
  sunset_on: z.string().nullable(),
  past_sunset: z.boolean(),
  review_on: z.string().nullable(),
});

const Stood = z.object({
  id: z.string(),
  type: z.enum(recordTypes),
  title: z.string(),
  rule: z.string(),
  tags: z.array(z.string()),
  maturity: z.string(),
  proposed: z.string().nullable().describe("A level whose gates hold and that waits for a person."),
  observations: z.int(),
  shipped: z.boolean(),
  superseded_by: z.string().nullable(),
  ...Standing.shape,
});

/** A line of a list: how sure, how held, when it was last at work. */
const Short = Stood.omit({
  ...({ rule: true, tags: true, mechanisms: true } as const),
  ...({ observations: true, shipped: true, review_on: true } as const),
});

export const list = query({
  name: "doctrine.list",
  summary: "List the records of what was learned, with how each rule is really held and when it was last broken.",
  input: z.object({
    type: z.enum(recordTypes).optional().describe("Only records of this type."),
    tag: text(60).optional().describe("Only records with this tag."),
    all: z.boolean().default(false).describe("Those too that were superseded."),
    after: text(20).default("").describe("Only ids after this one: the `next` of the page before."),
    limit: z.int().min(1).max(500).default(100).describe("At most this many are looked at."),
  }),
  output: z.object({
    records: z.array(Short),
    next: z.string().nullable().describe("Give this as `after` for the next page; null at the end."),
  }),
  may: roles,
  said_by: "programs",
  refuses: [],
  async read({ db, operations }, { type, tag, all, after, limit }) {
    const page = await recordsOf(db, { after, limit });
    const wanted = page.filter(
      (one) =>
        (type === undefined || one.type === type) &&
        (tag === undefined || one.tags.includes(tag)) &&
        (all || one.superseded_by === null),
    );
    return {
      records: (await standingsOf(db, operations(), wanted)).map(shortOf),
      next: page.length === limit ? page.at(-1)!.id : null,
    };
  },
});

function shortOf(stood: z.output<typeof Stood>): z.output<typeof Short> {
  const { rule: _, tags: __, mechanisms: ___, observations: ____, shipped: _____, review_on: ______, ...short } = stood;
  return short;
}

async function standingsOf(db: Reader, operations: Iterable<Operation>, records: readonly DoctrineRecord[]) {
  const mechanisms = [...new Set(records.flatMap((one) => one.mechanisms))];
  const ids = records.map(({ id }) => id);
  const [[now], there, fired, readers] = await Promise.all([
    db.all<{ at: Date }>(sql.instant),
    existing(db, operations, mechanisms),
    db.all<{ mechanism: string; times: number; last_at: Date }>(sql.firings_of, { mechanisms }),
    db.all<{ record_id: string; readers: number }>(sql.readers, { ids, digests: records.map((one) => one.digest) }),
  ]);
  const as_of = now!.at;
  const violated = await db.all<{ record_id: string; at: Date }>(sql.violations_newest, { ids, as_of });
  const today = as_of.toISOString().slice(0, 10);
  const newest = (ats: readonly (string | null)[]) => ats.reduce((a, b) => ((b ?? "") > (a ?? "") ? b : a), null);
  return records.map((record): z.output<typeof Stood> => {
    const named = record.mechanisms.map((name) => {
      const firing = fired.find(({ mechanism }) => mechanism === name);
      const last_fired_at = firing?.last_at.toISOString() ?? null;
      return { name, exists: there.has(name), fired: firing?.times ?? 0, last_fired_at };
    });
    const { id, type, title, rule, tags, mode, observations, shipped, superseded_by, sunset_on, review_on } = record;
    const isThere = named.length > 0 && named.every(({ exists }) => exists);
    return {
      ...{ id, type, title, rule, tags: [...tags], maturity: levelOf(record.maturity), observations, shipped },
      proposed: record.proposed === null ? null : levelOf(record.proposed),
      superseded_by,
      held_by: named.length === 0 ? "text only" : isThere ? "a running mechanism" : "a mechanism that is not there",
      ...{ mode, mechanisms: named, sunset_on, review_on },
      last_fired_at: newest(named.map(({ last_fired_at }) => last_fired_at)),
      last_violated_at: violated.find(({ record_id }) => record_id === id)?.at.toISOString() ?? null,
      readers: readers.find(({ record_id }) => record_id === id)?.readers ?? 0,
      past_sunset: sunset_on !== null && sunset_on <= today,
    };
  });
}

const { type: _, title: __, rule: ___, tags: ____, ...rest } = said;
const Whole = z.object({ ...Stood.shape, dated: z.string(), digest: z.string(), ...z.object(rest).shape });

export const show = query({
  name: "doctrine.show",
  summary: "Show one record whole: its words, how it stands, what was seen of it, and what became of it.",
  input: z.object({ id: RecordId }),
  output: Whole.extend({
    extra: z.record(z.string(), z.unknown()),
    linked_from: z.array(z.object({ id: z.string(), relation: z.string() })),
    sightings: z.array(
      z.object({
        kind: z.string(),
        at: z.iso.datetime(),
        by: z.string().nullable(),
        evidence: z.string(),
        entry: z.int().nullable(),
      }),
    ),
    bypasses: z.array(
      z.object({
        at: z.iso.datetime(),
        by: z.string(),
        reason: z.string(),
        consent: z.int().nullable(),
        decision: z.int().nullable(),
        entry: z.int().nullable(),
      }),
    ),
    reviews: z.array(
      z.object({
        because: z.string(),
        ticket: z.string().nullable(),
        opened_at: z.iso.datetime(),
        settled_at: Instant,
        note: z.string().nullable(),
      }),
    ),
  }),
  may: roles,
  said_by: "programs",
  refuses: ["record.unknown"],
  async read({ db, operations }, { id }) {
    const record = await findRecord(db, id);
    const limit = SHOWN_MAX;
    const [standing, linked_from, sightings, bypasses, reviews] = await Promise.all([
      standingsOf(db, operations(), [record]),
      db.all(sql.links_to, { id }),
      db.all(sql.sightings_of, { id, limit }),
      db.all(sql.bypasses_of, { id, limit }),
      db.all(sql.reviews_of, { id, limit }),
    ]);
    const words = Object.fromEntries(Object.keys(rest).map((field) => [field, record[field as keyof typeof record]]));
    return {
      ...(words as z.output<z.ZodObject<typeof rest>>),
      ...standing[0]!,
      ...{ dated: record.dated, digest: record.digest, extra: record.extra },
      linked_from: linked_from.map(({ record_id, relation }) => ({ id: record_id, relation })),
      sightings: sightings.map(({ at, seq, ...row }) => ({ ...row, at: at.toISOString(), entry: seq })),
      bypasses: bypasses.map(({ at, ...row }) => ({ ...row, at: at.toISOString() })),
      reviews: reviews.map(({ n: _, opened_at, settled_at, ...row }) => ({
        ...row,
        opened_at: opened_at.toISOString(),
        settled_at: settled_at?.toISOString() ?? null,
      })),
    };
  },
});
