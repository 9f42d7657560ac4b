import { z } from "zod";
import { batchCommand, command, type Event, query, roles, text, type World } from "../../../kernel/operation.ts";
import { Refusal } from "../../../kernel/refusal.ts";
import { statements } from "../../../kernel/sql.ts";
import { credentialsIn } from "../../feed/index.ts";
import { type Entry, pageOfKinds } from "../../ledger/index.ts";

const sql = statements(
  "landing/findings",
  ...(["survey_from", "survey_to", "registered", "insert", "findings"] as const),
  ...(["settle", "settle_registered", "grants_open"] as const),
);

/** Where people say what they have: each with the fields that hold words. */
const SAID: Record<string, readonly string[]> = {
  "post.appended": ["subject", "body"],
  "ticket.filed": ["title", "body"],
  "ticket.blocked": ["reason"],
  "ticket.released": ["reason"],
  "question.asked": ["question", "details"],
  "question.answered": ["answer", "reason"],
};
const ENTRIES_MAX = 1000;
/** The alarm of `/health`: a credential is said to be in somebody's hands, and nothing keeps it in bounds. */
const UNREGISTERED_ALARM = "credential.unregistered";

const kinds = ["unregistered_grant", "unregistered_reference"] as const;
type Finding = { name: string; kind: (typeof kinds)[number]; seq: number; said_by: string; said_at: string };

export const survey = batchCommand({
  name: "credential.survey",
  summary: "Find the credentials that posts and tickets speak of and the register does not know. The clock says it.",
  input: z.object({}),
  output: z.object({ found: z.array(z.string()), alarms: z.array(z.string()) }),
  may: ["steward", "operator"],
  said_by: "programs",
  events: ["credential.found", "credential.cleared"],
  refuses: [],
  unrecorded: "Each finding is told once when it is made and once when the register knows it; else nothing changed.",
  async run(world, calls) {
    const at = await world.at();
    const cleared = await world.db.all<{ name: string; kind: string }>(sql.settle_registered, { at });
    const found = await findings(world);
    const [open] = await world.db.all<{ count: number }>(sql.grants_open);
    const output = { found: found.map(({ name }) => name), alarms: open!.count > 0 ? [UNREGISTERED_ALARM] : [] };
    const events: Event[] = [
      ...cleared.map(({ name, kind }) => ({ kind: "credential.cleared", subject: name, data: { name, was: kind } })),
      ...found.map(({ name, kind, ...one }) => ({
        kind: "credential.found",
        subject: name,
        data: { name, finding: kind, ...one },
      })),
    ];
    return calls.map((_, index) => ({ output, events: index === 0 ? events : [] }));
  },
});

/** What was said since the last look and is new. */
async function findings(world: World): Promise<Finding[]> {
  const [look] = await world.db.all<{ after: number | null; head: number }>(sql.survey_from);
  if (!look || look.after === look.head) return [];
  const entries = await pageOfKinds(world.db, Object.keys(SAID), look.after ?? look.head, ENTRIES_MAX);
  world.db.send(sql.survey_to, { seq: entries.length === ENTRIES_MAX ? entries.at(-1)!.seq : look.head });
  const mentions = entries.flatMap((entry) => credentialsIn(wordsOf(entry)).map((mention) => ({ ...mention, entry })));
  if (mentions.length === 0) return [];
  const names = [...new Set(mentions.map(({ name }) => name))];
  const rows = await world.db.all<{ name: string }>(sql.registered, { names });
  const known = new Set(rows.map(({ name }) => name));
  const unknown = mentions
    .filter(({ name }) => !known.has(name))
    .map(({ name, how, entry }) => {
      const kind: Finding["kind"] = how === "granted" ? "unregistered_grant" : "unregistered_reference";
      return { name, kind, seq: entry.seq, said_by: entry.actor, said_at: entry.at, subject: entry.subject };
    });
  // One of each name and kind: the first who said it.
  const first = [...new Map(unknown.toReversed().map((one) => [`${one.kind} ${one.name}`, one])).values()].toReversed();
  const column = <Name extends keyof (typeof first)[number]>(name: Name) => first.map((one) => one[name]);
  const written = await world.db.all<{ name: string; kind: string }>(sql.insert, {
    ...{ names: column("name"), kinds: column("kind"), seqs: column("seq") },
    ...{ said_bys: column("said_by"), said_ats: column("said_at"), subjects: column("subject") },
  });
  return first
    .filter((one) => written.some(({ name, kind }) => name === one.name && kind === one.kind))
    .map(({ subject: _, ...one }) => one);
}

/** The words of an entry. Personal ones can be erased, so nothing is written down of them. */
function wordsOf({ kind, data }: Entry): string {
  if (data.personal !== undefined) return "";
  return SAID[kind]!.map((field) => data[field] ?? "").join("\n");
}

export const list = query({
  name: "credential.findings",
  summary: "Credentials that somebody speaks of and the register does not know, oldest first.",
  input: z.object({
    kind: z.enum(kinds).optional(),
    limit: z.int().min(1).max(500).default(100).describe("At most this many."),
  }),
  output: z.object({
    findings: z.array(
      z.object({
        name: z.string(),
        kind: z.enum(kinds).describe("unregistered_grant: somebody says that it was granted."),
        seq: z.int().describe("The entry that says so."),
        said_by: z.string(),
        said_at: z.iso.datetime(),
        subject: z.string().nullable().describe("What that entry is about."),
      }),
    ),
  }),
  may: roles,
  said_by: "programs",
  refuses: [],
  async read({ db }, { kind = null, limit }) {
    const rows = await db.all(sql.findings, { kind, limit });
    return { findings: rows.map(({ said_at, ...row }) => ({ ...row, said_at: said_at.toISOString() })) };
  },
});

export const explain = command({
  name: "credential.explain",
  summary: "Settle what was found about a credential: say why it needs no row in the register.",
  input: z.object({
    name: text(120).min(1).describe("The credential's name, as credential.findings shows it."),
    reason: text(500).trim().min(1).describe("Why it is no credential, or where it is kept instead."),
  }),
  output: z.object({ name: z.string() }),
  may: ["operator", "strategist", "coordinator", "steward"],
  said_by: "programs",
  events: ["credential.explained"],
  refuses: ["finding.unknown"],
  async run(world, { caller, input: { name, reason } }) {
    const at = await world.at();
    const rows = await world.db.all<{ kind: string }>(sql.settle, { name, reason, at, by: caller.principal_id });
    if (rows.length === 0)
      throw new Refusal("missing", "finding.unknown", `Nothing is found about a credential ${name}.`, {
        hint: "credential.findings shows what is.",
      });
    const data = { name, reason, findings: rows.map(({ kind }) => kind) };
    return { output: { name }, events: [{ kind: "credential.explained", subject: name, data }] };
  },
});
