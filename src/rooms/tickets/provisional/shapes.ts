import { z } from "zod";
import { instant, text } from "../../../kernel/operation.ts";
import type { Refusal } from "../../../kernel/refusal.ts";
import { holdable, holdableText } from "./holdable.ts";

/**
 * Protocol B: what a seat files while the server cannot be reached. Its spool numbers the posts and gives each filing a
 * provisional id, the id that it expects with a tag of its own: `CMB-0036~k3f9q`, or `CMB-?~k3f9q` where the spool
 * knows nothing of the namespace (docs/decisions/0021-protocol-b.md).
 */
const PROVISIONAL = /^([A-Z][A-Z0-9]{0,11})-(\?|[0-9]{1,20}(?:-[0-9]{1,20})?)~[a-z0-9]{5,16}$/;
/** Finds provisional ids in a text. */
export const PROVISIONALS: RegExp = /\b[A-Z][A-Z0-9]{0,11}-(?:\?|[0-9]{1,20}(?:-[0-9]{1,20})?)~[a-z0-9]{5,16}\b/g;

/** What a provisional id says: its namespace, and the id that was expected, if one was. */
export function readProvisional(provisional: string): { namespace: string; expected: string | null } {
  const [, namespace, number] = PROVISIONAL.exec(provisional)!;
  return { namespace: namespace!, expected: number === "?" ? null : `${namespace}-${number}` };
}

const POSTS_MAX = 200;
/** What can be filed into a spool. */
const OPERATIONS = ["ticket.file", "post.append"] as const;

export const SpoolName = text(64)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, "must be letters, digits, dots, hyphens and underscores")
  .describe("The spool's own name, random, made once with the spool. It belongs to the seat that first hands in.");
const Instant = instant();
const Provisional = text(64).regex(PROVISIONAL, "must be like CMB-0036~k3f9q or CMB-?~k3f9q");

export const Post = z.strictObject({
  n: z.int().min(1).describe("Its number in the spool: 1, 2, 3 … without a gap."),
  operation: z.enum(OPERATIONS),
  provisional: Provisional.nullable()
    .default(null)
    .describe("Of a ticket.file: CMB-0036~k3f9q, the id expected with a tag of 5 to 16 small letters and digits."),
  key: text(200)
    .regex(/^[\x21-\x7e]+$/)
    .nullable()
    .default(null)
    .describe("The Idempotency-Key under which it was said to the server before, without an answer."),
  input: z.record(z.string(), z.unknown()).overwrite(holdable).default({}).describe("As the operation takes it."),
  posted_at: Instant.describe("When it was posted, by the machine's own clock."),
  contact_at: Instant.nullable().default(null).describe("The server's time at the spool's last contact before it."),
  elapsed_ms: z.int().min(0).nullable().default(null).describe("Monotonic, since that contact; null after a restart."),
  lost: text(300).min(1).nullable().default(null).describe("Why there is nothing behind this number but this record."),
});

export const HandIn = z.object({
  spool: SpoolName,
  posts: z.array(Post).max(POSTS_MAX).describe("In order, at most 200; none only asks how the spool stands."),
  sent_at: Instant.describe("Now, by the machine's own clock: how far it is off is told by this."),
});

const REASON_CHARACTERS_MAX = 1_000;

/** Why a post was refused, in words that a row and an entry can hold whatever was said. */
export function whyOf({ message }: Refusal): string {
  return holdableText(message.slice(0, REASON_CHARACTERS_MAX)).replaceAll("\0", "\ufffd");
}

const outcomes = ["confirmed", "amended", "posted", "refused", "lost"] as const;

export const Outcome = z.object({
  n: z.int(),
  provisional: z.string().nullable(),
  id: z.string().nullable().describe("The ticket's final id, or the ticket that the post is about."),
  outcome: z
    .enum(outcomes)
    .describe("confirmed: it has the number expected. amended: it has another. posted: a post was appended."),
  reason: z.string().nullable().describe("Why it was amended, refused or lost."),
  code: z.string().nullable().describe("Of a refusal."),
});
export type Outcome = z.output<typeof Outcome>;

export const HandedIn = z.object({
  received_upto: z.int().describe("Every post up to this number is with the server; send the ones after it."),
  settled_upto: z.int().describe("Every post up to this number has its outcome."),
  settled: z.array(Outcome).describe("The outcomes of those of the posts that have one by now."),
  settle_by: z.iso.datetime().nullable().describe("When the numbers of the rest are given; null when nothing waits."),
  answered_at: z.iso.datetime().describe("The server's time: the contact_at of what is posted from now on."),
});

export const Outcomes = z.object({
  spool: z.string(),
  received_upto: z.int(),
  settled_upto: z.int(),
  outcomes: z.array(Outcome).describe("In the order of their numbers, without a gap."),
  settle_by: z.iso.datetime().nullable(),
  answered_at: z.iso.datetime(),
});
