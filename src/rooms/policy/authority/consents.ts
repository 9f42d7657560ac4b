import { z } from "zod";
import { type Caller, command, query, text } from "../../../kernel/operation.ts";
import type { Reader } from "../../../kernel/database.ts";
import { Refusal } from "../../../kernel/refusal.ts";
import { statements } from "../../../kernel/sql.ts";
import { resolveName } from "../../seats/index.ts";
import { Id } from "./approvals.ts";
import { Action, OVERSEERS, Reason } from "./rungs.ts";

const sql = statements("policy/authority", "consents_give", "consents_list", "consents_revoke");

/** An hour is one sitting; beyond thirty days it would be a general policy, which never suffices (origins C7). */
const CONSENT_SECONDS = { least: 60, normal: 3600, most: 30 * 86_400 } as const;
/** Shorter words (“ok”, “yes do it”) fit anything, and so say nothing of what was meant. */
const WORDS_CHARACTERS_MIN = 10;

/** As long as a decision's. */
const RESOURCE_CHARACTERS_MAX = 2000;

const exact = (what: string) =>
  text(RESOURCE_CHARACTERS_MAX).regex(/^(?![*\s]*$)/, `must name one ${what}: a consent without a scope is none`);

/** What a guard could not read has no name; a request for it is granted with its command before one's eyes. */
const UNREADABLE = "must name the thing itself, not one that could not be read: grant its request with approval.decide";

export const giveConsent = command({
  name: "consent.give",
  summary: "Consent to one act of one seat on one thing, in your own words, which are kept letter for letter.",
  input: z.object({
    words: text(2000)
      .refine((words) => [...words.trim()].length >= WORDS_CHARACTERS_MIN, {
        message: `must be at least ${WORDS_CHARACTERS_MIN} characters: what you would say to the seat`,
      })
      .describe("Your words, kept exactly as they are; a paraphrase of them counts for nothing."),
    subject: exact("seat").describe("The seat that may do it, or its sub-agent."),
    action: Action,
    resource_type: exact("type").describe("What it is done to: environment, branch, package, database, path …"),
    resource_id: exact("resource")
      .refine((id) => !/(^|[/:])unknown$/.test(id), UNREADABLE)
      .describe("Which one exactly: production, origin/main …"),
    single_use: z.boolean().default(true).describe("Used up by the first act; else it holds until it expires."),
    lasts_seconds: z
      .int()
      .min(CONSENT_SECONDS.least)
      .max(CONSENT_SECONDS.most)
      .default(CONSENT_SECONDS.normal)
      .describe("For how long; an hour unless you say otherwise, at most thirty days."),
  }),
  output: z.object({
    id: z.int(),
    words: z.string().describe("Letter for letter what counts."),
    subject: z.string(),
    action: z.string(),
    resource_type: z.string(),
    resource_id: z.string(),
    single_use: z.boolean(),
    expires_at: z.iso.datetime(),
  }),
  may: ["operator"],
  events: ["consent.given"],
  refuses: ["consent.not_a_person", "seat.unknown", "seat.ambiguous", "seat.retired"],
  async run(world, { caller, input }) {
    await refuseProxy(world.db, caller);
    const subject = await wholeName(world.db, input.subject);
    const { lasts_seconds, ...scope } = { ...input, subject };
    const [given] = await world.db.all<{ id: number; expires_at: Date }>(sql.consents_give, {
      ...scope,
      given_by: caller.principal_id,
      seconds: lasts_seconds,
      at: await world.at(),
    });
    const output = { ...scope, id: given!.id, expires_at: given!.expires_at.toISOString() };
    return { output, events: [{ kind: "consent.given", subject: subjectOf(output.id), data: output }] };
  },
});

/** Consent is a person's own: no seat, no service and not the server itself gives it in somebody's name. */
async function refuseProxy(db: Reader, caller: Caller): Promise<void> {
  const { kind } = await resolveName(db, caller.name);
  if (kind === "person" && !caller.inside) return;
  const who = caller.inside ? "The server" : `${caller.name} is a ${kind}; it`;
  throw new Refusal("denied", "consent.not_a_person", `${who} cannot consent: only the operator himself does.`, {
    hint: "He says consent.give with his own token.",
  });
}

/** The whole name of the seat that is meant; of a sub-agent, that of its seat with its suffix. */
async function wholeName(db: Reader, name: string): Promise<string> {
  const [parent, ...suffix] = name.split("/");
  const seat = await resolveName(db, parent!);
  if (seat.retired_at)
    throw new Refusal("conflict", "seat.retired", `${seat.name} is retired; nobody acts under that name.`, {
      hint: "seat.list shows who is here.",
    });
  return [seat.name, ...suffix].join("/");
}

const subjectOf = (id: number) => `consent-${id}`;

type Row = {
  id: number;
  words: string;
  subject: string;
  action: string;
  resource_type: string;
  resource_id: string;
  single_use: boolean;
  giver: string;
  given_at: Date;
  expires_at: Date;
  revoked_at: Date | null;
  revoked_because: string | null;
  used_by: number[] | null;
  now: Date;
};

const states = ["live", "used", "expired", "revoked"] as const;

function stateOf(row: Row): (typeof states)[number] {
  if (row.revoked_at) return "revoked";
  if (row.single_use && row.used_by) return "used";
  return row.expires_at > row.now ? "live" : "expired";
}

export const listConsents = query({
  name: "consent.list",
  summary: "What the operator consented to, word for word, newest first, with the decisions that used it.",
  input: z.object({
    subject: text(300).min(1).optional().describe("Only for this seat, by its whole name."),
    state: z.enum(states).optional(),
    limit: z.int().min(1).max(500).default(50).describe("How many are looked through."),
  }),
  output: z.object({
    consents: z.array(
      z.object({
        id: z.int(),
        state: z.enum(states),
        words: z.string().describe("Letter for letter."),
        subject: z.string(),
        action: z.string(),
        resource_type: z.string(),
        resource_id: z.string(),
        single_use: z.boolean(),
        given_by: z.string(),
        given_at: z.iso.datetime(),
        expires_at: z.iso.datetime(),
        revoked_because: z.string().nullable(),
        used_by: z.array(z.int()).describe("Decisions."),
      }),
    ),
  }),
  may: OVERSEERS,
  refuses: [],
  async read({ db }, { subject, state, limit }) {
    const rows = await db.all<Row>(sql.consents_list, { subject: subject ?? null, id: null, limit });
    const consents = rows.map((row) => ({
      id: row.id,
      state: stateOf(row),
      words: row.words,
      subject: row.subject,
      action: row.action,
      resource_type: row.resource_type,
      resource_id: row.resource_id,
      single_use: row.single_use,
      given_by: row.giver,
      given_at: row.given_at.toISOString(),
      expires_at: row.expires_at.toISOString(),
      revoked_because: row.revoked_because,
      used_by: row.used_by ?? [],
    }));
    return { consents: consents.filter((one) => state === undefined || one.state === state) };
  },
});

export const revokeConsent = command({
  name: "consent.revoke",
  summary: "Take a consent back: from now on nothing rests on it.",
  input: z.object({ id: Id.describe("The consent's number."), reason: Reason }),
  output: z.object({ id: z.int(), was: z.enum(states) }),
  may: ["operator"],
  events: ["consent.revoked"],
  refuses: ["consent.unknown", "consent.revoked"],
  async run({ db }, { caller, input: { id, reason } }) {
    const [row] = await db.all<Row>(sql.consents_list, { subject: null, id, limit: 1 });
    if (!row)
      throw new Refusal("missing", "consent.unknown", `There is no consent ${id}.`, {
        hint: "consent.list shows them all.",
        fields: [{ field: "id", message: `there is no consent ${id}` }],
      });
    const was = stateOf(row);
    if (was === "revoked")
      throw new Refusal("conflict", "consent.revoked", `Consent ${id} is revoked already: ${row.revoked_because}`);
    db.send(sql.consents_revoke, { id, reason, revoked_by: caller.principal_id });
    const data = { id, was, reason };
    return { output: { id, was }, events: [{ kind: "consent.revoked", subject: subjectOf(id), data }] };
  },
});
