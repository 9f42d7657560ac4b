import { z } from "zod";
import { APPENDED, type FeedRecord, IMPORTED, type Words } from "./record.ts";

/** What a piece of a feed file turned out to be. */
export type Read = { record: FeedRecord } | { words: Words } | { problem: string } | { nothing: true };

const Said = z.iso.datetime({ offset: true, error: "is not an instant such as 2026-04-18T10:34:00Z" });
const Name = z.string().min(1).max(120);

const Whole = z.strictObject({
  seq: z.int().min(1),
  at: Said,
  kind: z.enum([APPENDED, IMPORTED]),
  actor: Name,
  incarnation: z.string().nullable(),
  command: z.string(),
  subject: z.string().nullable(),
  data: z.looseObject({
    subject: z.string().min(1).optional(),
    body: z.string().min(1).optional(),
    item: z.string().min(1).max(200).optional(),
    erased: z.literal(true).optional(),
  }),
});

const ImportedData = z.looseObject({ source_ref: z.string().min(1).max(200), author: Name, said_at: Said });

/** What an agent writes that only knows the file. */
const Plain = z.strictObject({
  at: Said,
  actor: Name,
  subject: z.string().trim().min(1).max(500),
  body: z.string().optional(),
  item: z.string().min(1).max(200).optional(),
});

/** Reads a line of a JSON Lines feed: a post as `feed export` wrote it, or {at, actor, subject, body, item}. */
export function readLine(text: string): Read {
  if (text.trim() === "") return { nothing: true };
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch (error) {
    return { problem: `it is not JSON (${(error as Error).message})` };
  }
  if (typeof found !== "object" || found === null || Array.isArray(found))
    return { problem: "it is not a JSON object" };
  if (!("seq" in found)) return plainOf(found);
  return checked(found);
}

/** Holds a record to what every post of a ledger is. */
export function checked(found: unknown): { record: FeedRecord } | { problem: string } {
  const whole = Whole.safeParse(found);
  if (!whole.success) return { problem: reason(whole.error) };
  const record = whole.data;
  if (record.kind === IMPORTED) {
    const imported = ImportedData.safeParse(record.data);
    if (!imported.success) return { problem: `data.${reason(imported.error)}` };
  }
  if (record.data.subject === undefined && record.data.erased !== true)
    return { problem: "data.subject: a post says what it is about" };
  return { record };
}

function plainOf(found: object): Read {
  const plain = Plain.safeParse(found);
  if (!plain.success) return { problem: reason(plain.error) };
  const { at, actor, subject, body, item } = plain.data;
  return { words: { author: actor, said_at: at, item, subject, body: body ?? "" } };
}

function reason(error: z.ZodError): string {
  return error.issues
    .map(({ path, message }) => (path.length > 0 ? `${path.join(".")}: ${message}` : message))
    .join("; ");
}
