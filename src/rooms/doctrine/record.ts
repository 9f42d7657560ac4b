import { hash } from "node:crypto";
import canonicalize from "canonicalize";
import { z } from "zod";
import { unencodable } from "../../kernel/encoding.ts";
import { day, text } from "../../kernel/operation.ts";
import { GATE_FORMS, gateProblem, predicateProblem } from "./gates.ts";

/** The eight types of origins E. */
export const recordTypes = [
  ...(["failure", "observation", "pattern", "hypothesis"] as const),
  ...(["experiment", "synthesis", "decision", "doctrine"] as const),
] as const;

/** How a rule is held: said, said where it was broken, or refused. */
export const modes = ["text", "warn", "reject"] as const;
export type Mode = (typeof modes)[number];

export const RecordId = text(20)
  .regex(/^ORA-\d{4}-\d{4,9}$/, "must look like ORA-2026-0001")
  .describe("The record's id, ORA-YYYY-NNNN.");

const Line = text(500).trim();
const Paragraph = text(4000).trim();
export const Day = day();
const Term = text(300).trim().min(1);

/** What enforces a rule, named exactly: a similar name is no mechanism (origins E, 0022). */
export const Mechanism = text(100).regex(
  /^(refusal|policy|constraint|event):[a-z][a-z0-9_.-]*$/,
  "must be refusal:CODE, policy:RULE, constraint:NAME or event:KIND",
);

const Gate = text(500).superRefine((words, { addIssue }) => {
  const problem = gateProblem(words);
  if (problem !== null) addIssue({ code: "custom", message: problem });
});
const Trigger = text(500).superRefine((words, { addIssue }) => {
  const problem = predicateProblem(words);
  if (problem !== null) addIssue({ code: "custom", message: problem });
});

/** What a record says, field by field as origins E has them. It is never changed afterwards. */
export const said = {
  type: z.enum(recordTypes).describe("A pattern rests on two observations or more."),
  title: Line.min(1).describe("What it is, in a line."),
  rule: Paragraph.default("").describe("What is to be done or left, and what instead. A doctrine needs one."),
  tags: z
    .array(text(60).regex(/^[a-z0-9][a-z0-9-]*$/, "must be lower-case letters, digits and hyphens"))
    .max(50)
    .default([]),
  source: Line.default("").describe("Where it comes from: a fleet, a ticket, a paper."),
  observed_by: z.array(text(120).trim().min(1)).max(50).default([]).describe("Who saw it first."),
  activation_test: Paragraph.default("").describe("The question by which a reader knows that it applies now."),
  applies: Paragraph.default("").describe("Where it applies."),
  applies_not: Paragraph.default("").describe("Where it does not."),
  rationale: Paragraph.default("").describe("Why."),
  evidence: z.array(Paragraph.min(1)).max(100).default([]).describe("The trail: entries, tickets, commits, dates."),
  exceptions: z.array(Paragraph.min(1)).max(50).default([]).describe("Known exceptions."),
  hypothesis_test: Paragraph.default("").describe("For a hypothesis or experiment: what would show it wrong."),
  review_days: z.int().min(1).max(3650).optional().describe("It is looked at again each so many days."),
  gates: z.array(Gate).max(20).default([]).describe(`What a level needs, each as LEVEL: PREDICATE. ${GATE_FORMS}`),
  review_triggers: z
    .array(Trigger)
    .max(20)
    .default([])
    .describe("Predicates; `not` before one turns it round. A review opens by itself when one is true."),
  violated_by: z
    .array(
      text(60)
        .regex(/^[a-z_]+\.[a-z_]+$/, "must be an event's kind, such as collision.opened")
        // It is what the survey answers such an event with: two records that name it would answer each other for ever.
        .refine((kind) => kind !== "doctrine.violated", "tells of a violation and is none; name what broke the rule"),
    )
    .max(10)
    .default([])
    .describe("Events of the ledger, each of which is a violation."),
  adopts: z.boolean().default(false).describe("A level whose gate holds is taken without a person."),
  supersedes: z.array(RecordId).max(20).default([]).describe("Records that it takes the place of."),
  amends: z.array(RecordId).max(20).default([]).describe("Records that it adds to; they stay."),
  refs: z.array(Term).max(100).default([]).describe("What else it names: records, tickets, addresses."),
  body: text(40_000).default("").describe("The rest, in Markdown."),
} as const;

/** How a record is held when it is filed. */
export const held = {
  mode: z.enum(modes).default("text").describe("text: it is only said. warn, reject: a mechanism holds it."),
  mechanisms: z.array(Mechanism).max(20).default([]).describe("What holds it. Each must really exist in this server."),
  sunset_on: Day.optional().describe("When it ends or is renewed. A reject needs one."),
} as const;

export const Said = z.object(said);
/** All that a record says. */
export type Said = z.output<typeof Said>;
export type Held = { mode: Mode; mechanisms: readonly string[]; sunset_on: string | null };

/** A record as it is kept, or as it ships. */
export type DoctrineRecord = Said &
  Held & {
    id: string;
    dated: string;
    digest: string;
    shipped: boolean;
    maturity: number;
    /** Since when the ledger is watched for it: a window that began earlier is not full. */
    watched_since: Date | null;
    maturity_since: Date | null;
    /** A person took its level back: its gates only propose. */
    held_down: boolean;
    proposed: number | null;
    observations: number;
    review_on: string | null;
    reviewed_at: Date | null;
    superseded_by: string | null;
    /** Fields of an imported record that have no name here. */
    extra: { [field: string]: unknown };
  };

/** The fields that stand in `content`, in the order in which a record is written down. */
const CONTENT = Object.keys(said).filter((field) => !["type", "title", "rule", "tags"].includes(field));

/** What of a record stands in no column of its own. */
export function contentOf(record: Said, extra: { [field: string]: unknown } = {}): { [field: string]: unknown } {
  const told = CONTENT.map((field): [string, unknown] => [field, record[field as keyof Said]]);
  return { ...Object.fromEntries(told.filter(([, value]) => value !== undefined)), extra };
}

/** Under this a reader says what was read: the id, the date and all words. */
export function digestOf(record: Said & { id: string; dated: string }, extra: { [field: string]: unknown }): string {
  const { id, dated, type, title, rule, tags } = record;
  return hash("sha256", canonicalize({ id, dated, type, title, rule, tags, ...contentOf(record, extra) })!);
}

type Row = Pick<DoctrineRecord, "id" | "type" | "title" | "rule" | "tags" | "dated" | "digest" | "shipped"> & {
  [column: string]: unknown;
};

/** A row as a record. What an older release did not know yet has its default. */
export function recordOf({ content, ...row }: Row & { content: { [field: string]: unknown } }): DoctrineRecord {
  const { extra = {}, ...rest } = content;
  const words = Said.parse({ ...rest, type: row.type, title: row.title, rule: row.rule, tags: row.tags });
  return { ...words, ...row, extra } as unknown as DoctrineRecord;
}

/** Fields of somebody else's record that have no name here are kept as they were. */
export const Extra = z
  .record(text(100), z.unknown())
  .default({})
  .superRefine((value, { addIssue }) => {
    const problem = unencodable(value);
    if (problem !== null) addIssue({ code: "custom", message: problem });
  });

export const levelOf = (maturity: number) => `M${maturity}`;
