import { createHash } from "node:crypto";
import canonicalize from "canonicalize";
import { z } from "zod";
import { type Act, batchCommand, type Call, instant, text, type World } from "../../kernel/operation.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { statements } from "../../kernel/sql.ts";
import { type Entry, entriesOf } from "../ledger/index.ts";
import { KEEPERS } from "../seats/index.ts";
import { findTickets, idsIn, isOfAuth, readMarkers, type Row, withoutSecretValues, WORKERS } from "../tickets/index.ts";
import { moveByPost, postStates, TICKET_EVENTS, TICKET_REFUSALS } from "./actionable.ts";
import { tellOddities } from "./oddities.ts";
import { credentialWarnings } from "./credential_words.ts";
import { adopts, clears, narrativeWarnings } from "./narrative.ts";
import { adopt, carriedBy } from "./pitches/adopting.ts";

const sql = statements("feed", "imports_find", "imports_insert", "posts");

/** A warning names no more tickets than a reader looks at. */
const NAMED_MAX = 5;

const Subject = text(500).trim().min(1).describe("What it is about, in a line. {{ITEM_ID}} becomes the ticket's id.");
const Body = text(60_000).default("").describe("The text. Field markers such as WORK_PROOF: are read at line starts.");

const Posted = z.object({
  item: z.string().nullable().describe("The ticket's id."),
  state: z.string().nullable().describe("The state that the ticket has now, if the post moved it."),
  claim_token: z.string().nullable().describe("Proves the claim, if the post made one."),
  warnings: z.array(z.string()).describe("What the post seems to want and did not do."),
});

export const append = batchCommand({
  name: "post.append",
  summary: "Post to the feed: a narrative moves nothing; an actionable post moves one ticket.",
  input: z.object({
    kind: z.enum(["narrative", "actionable"]).default("narrative").describe("Only an actionable post moves a ticket."),
    subject: Subject,
    body: Body,
    item: text(200).min(1).optional().describe("The ticket that it is about."),
    reserve: text(12).optional().describe("actionable: file a new ticket in this namespace."),
    state: z.enum(postStates).optional().describe("actionable: the state that the item gets."),
    lane: text(60).min(1).optional().describe("actionable with reserve: the ticket's lane."),
    queue: text(60).min(1).optional().describe("Where it queues, when that is not its lane."),
    owner: text(120).optional().describe("actionable with reserve: who may claim it; UNCLAIMED is anyone."),
    priority: text(20).optional().describe("actionable with reserve: URGENT, HIGH, NORMAL, LOW, LOWEST or 0 to 4."),
    amends: z
      .int()
      .min(1)
      .optional()
      .describe("The number of the post that this one corrects. Posts are never edited."),
    personal: z
      .boolean()
      .default(false)
      .describe("The subject and body are personal data: they can be erased later without breaking a proof."),
  }),
  output: Posted,
  may: WORKERS,
  allocates: ({ reserve }: { reserve?: string | undefined }) => reserve !== undefined,
  events: ["post.appended", "adoption.made", "adoption.carried", ...TICKET_EVENTS],
  refuses: [
    "post.unknown",
    "post.needs_item",
    "post.needs_state",
    "post.not_narrative",
    "state.needs_proof",
    ...TICKET_REFUSALS,
  ],
  async run(world, said) {
    const calls = said.map((call) => ({ ...call, input: withoutItsSecrets(call.input) }));
    const found = await findTickets(
      world.db,
      calls.flatMap(({ input }) => refsOf(input)),
    );
    const amended = calls.flatMap(({ input }) => (input.amends ? [input.amends] : []));
    const rows = amended.length === 0 ? [] : await world.db.all<{ leaf: Buffer }>(sql.posts, { seqs: amended });
    const posts = new Map((await entriesOf(world.db, rows)).map((entry) => [entry.seq, entry]));
    const outcomes: (Act<z.output<typeof Posted>> | Refusal)[] = [];
    for (const call of calls) {
      const { input } = call;
      if (input.amends && !posts.has(input.amends)) outcomes.push(postUnknown(input.amends));
      else if (input.item && !found.has(input.item)) outcomes.push(ticketUnknown(input.item));
      else if (input.personal && input.kind === "actionable") outcomes.push(notNarrative());
      else if (input.kind === "actionable") outcomes.push(await actionable(world, call));
      else outcomes.push(await narrative(world, call, found, posts.get(input.amends ?? 0)));
    }
    return outcomes;
  },
});

type Posting = Call<z.output<typeof append.input>>;
type Said = Posting["input"];

const wordsOf = ({ subject, body }: Said): string => `${subject}\n${body}`;

/** What is posted about missing access is kept without the secrets that were written into it (J34). */
function withoutItsSecrets(input: Said): Said {
  const { kind, state, subject, body } = input;
  const words = wordsOf(input);
  const isBlocker = kind === "actionable" && state === "BLOCKED" && isOfAuth(words);
  if (!isBlocker && !words.includes("AUTH_BLOCKER_CLASS:")) return input;
  return { ...input, subject: withoutSecretValues(subject), body: withoutSecretValues(body) };
}

/** The tickets that a post is about: its item; of a narrative that clears something, those that it names. */
function refsOf({ kind, item, subject, body }: Said): string[] {
  if (item) return [item];
  return kind === "narrative" && clears({ subject, body }) ? idsIn(`${subject}\n${body}`).slice(0, NAMED_MAX) : [];
}

async function narrative(
  world: World,
  { caller, input }: Posting,
  found: ReadonlyMap<string, Row>,
  amended: Entry | undefined,
) {
  const about = refsOf(input).flatMap((ref) => found.get(ref) ?? []);
  const item = input.item ? found.get(input.item)!.id : null;
  const words = { subject: input.personal ? null : input.subject, item, pitch: null };
  // What the narrative that this one corrects adopted is owed already; no other post adopts.
  const isOwed = amended?.data.kind === "narrative" && adopts(spoken(amended));
  const adopted = adopts(input) && !isOwed ? await adopt(world, caller, words) : null;
  const warnings = [...narrativeWarnings(input, about, adopted?.id), ...credentialWarnings(wordsOf(input))];
  return posted(input, item, null, { events: adopted?.events ?? [], warnings });
}

/** An erased post says nothing any more. */
function spoken({ data: { subject = "", body = "" } }: Entry): { subject: string; body: string } {
  return { subject: String(subject), body: String(body) };
}

async function actionable(world: World, { caller, input }: Posting) {
  const moved = await moveByPost(world, caller, input);
  if (moved instanceof Refusal) return moved;
  const carried = input.reserve === undefined ? [] : await carriedBy(world, [{ id: moved.item, words: input.body }]);
  return posted(input, moved.item, moved, {
    events: [...moved.events, ...carried],
    warnings: [...moved.warnings, ...credentialWarnings(wordsOf(input))],
  });
}

/** The act of a narrative that another command says in its caller's name. */
export function narrated(words: { subject: string; body: string; item: string | null }): Act<unknown>["events"] {
  const input = { kind: "narrative" as const, personal: false, subject: words.subject, body: words.body };
  return posted(input, words.item, null, { events: [], warnings: [] }).events;
}

/** The act of a post. The moved ticket's own entries come first, the post that moved it after them. */
function posted(
  input: Said,
  item: string | null,
  moved: { state: string; claim_token: string | null } | null,
  { events, warnings }: { events: Act<unknown>["events"]; warnings: string[] },
): Act<z.output<typeof Posted>> {
  const filled = (words: string) => (item === null ? words : words.replaceAll("{{ITEM_ID}}", item));
  const subject = filled(input.subject);
  const body = filled(input.body);
  const markers = readMarkers(body);
  const { kind, queue, amends } = input;
  const told = { kind, ...given({ item: item ?? undefined, queue, amends }) };
  const words = {
    subject,
    ...given({
      body: body || undefined,
      markers: markers.length > 0 ? markers : undefined,
      warnings: warnings.length > 0 ? warnings : undefined,
    }),
  };
  const parts = input.personal ? { data: told, personal: words } : { data: { ...told, ...words } };
  return {
    output: { item, state: moved?.state ?? null, claim_token: moved?.claim_token ?? null, warnings },
    events: [...events, { kind: "post.appended", subject: item, ...parts }],
  };
}

function given(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** Of a personal post's data, what stays for ever. */
const WORDLESS = new Set(["kind", "item", "queue", "amends", "personal", "erased"]);

const ImportedPost = z.object({
  source_ref: z.string(),
  imported: z.boolean().describe("False when it was here already."),
});

export const importPost = batchCommand({
  name: "post.import",
  summary: "Bring in a post of another tracker with its original time and author. It moves nothing.",
  input: z.object({
    source_ref: text(200).min(1).describe("Its id there; the same one is brought in once."),
    author: text(120).min(1).describe("Who said it there."),
    said_at: instant().describe("When it was said there."),
    item: text(200).min(1).optional().describe("The ticket that it is about, by its old id or its id here."),
    subject: Subject,
    body: Body,
    original: text(20_000)
      .refine(isEntry, "is not what feed export tells of a post beside its words")
      .optional()
      .describe("What else its entry said in the ledger that it came out of, as JSON: feed export gives it back."),
    personal: z.boolean().default(false).describe("The subject and body are personal data, as in post.append."),
  }),
  output: ImportedPost,
  may: KEEPERS,
  events: ["post.imported", "actor.sighted", "collision.opened"],
  refuses: ["ticket.unknown", "import.contradicts", "entry.oversized"],
  unrecorded: "A post that is here already is left as it is; only new ones are written, each with its entry.",
  async run(world, calls) {
    const [found, known] = await Promise.all([
      findTickets(
        world.db,
        calls.flatMap(({ input }) => (input.item ? [input.item] : [])),
      ),
      world.db.all(sql.imports_find, { refs: calls.map(({ input }) => input.source_ref) }),
    ]);
    const here = new Map<string, string>(known.map((row) => [row.source_ref, row.digest]));
    const fresh: { ref: string; digest: string }[] = [];
    const outcomes = calls.map(({ input }): Act<z.output<typeof ImportedPost>> | Refusal => {
      const { source_ref, author, said_at, subject, body, original } = input;
      if (input.item && !found.has(input.item)) return ticketUnknown(input.item);
      const digest = digestOf(input);
      const before = here.get(source_ref);
      if (before === digest) return { output: { source_ref, imported: false }, events: [] };
      if (before !== undefined) return contradicts(source_ref);
      here.set(source_ref, digest);
      fresh.push({ ref: source_ref, digest });
      const item = input.item ? found.get(input.item)!.id : null;
      // Read from the words, or too long for their place, some of them may stand in there: they are to be erased too.
      const [kept, erasable] = input.personal && hasWords(original) ? [undefined, original] : [original, undefined];
      const told = { source_ref, author, said_at, ...given({ item: item ?? undefined, original: kept }) };
      const words = { subject, ...given({ body: body || undefined, original: erasable }) };
      const parts = input.personal ? { data: told, personal: words } : { data: { ...told, ...words } };
      return { output: { source_ref, imported: true }, events: [{ kind: "post.imported", subject: item, ...parts }] };
    });
    if (fresh.length > 0)
      world.db.send(sql.imports_insert, {
        refs: fresh.map(({ ref }) => ref),
        digests: fresh.map(({ digest }) => digest),
      });
    await tellOddities(
      world,
      calls.flatMap(({ caller, input }, index) => {
        const outcome = outcomes[index]!;
        return outcome instanceof Refusal || !outcome.output.imported ? [] : [{ caller, input, outcome }];
      }),
    );
    return outcomes;
  },
});

/**
 * By this an import knows a post again. Not by what it was in another ledger, which is no part of what was said; and
 * not by the words of a personal one, since a hash of them would stay when they are erased.
 */
function digestOf({ original: _, personal, ...said }: z.output<typeof importPost.input>): string {
  const known = personal ? { ...said, subject: "", body: "" } : said;
  return createHash("sha256").update(canonicalize(known)!).digest("base64url");
}

function isEntry(original: string): boolean {
  try {
    const { seq, data } = JSON.parse(original);
    return Number.isSafeInteger(seq) && typeof data === "object" && data !== null && !Array.isArray(data);
  } catch {
    return false;
  }
}

/** Whether an original tells more of its post than what stays when the post's words are erased. */
function hasWords(original: string | undefined): boolean {
  if (original === undefined) return false;
  return Object.keys(JSON.parse(original).data).some((field) => !WORDLESS.has(field));
}

function ticketUnknown(ref: string): Refusal {
  return new Refusal("missing", "ticket.unknown", `There is no ticket ${ref}.`, { hint: "ticket.list finds tickets." });
}

/** What moves a ticket is told in the ticket's own entries and rows, which keep their words for ever. */
function notNarrative(): Refusal {
  return new Refusal("invalid", "post.not_narrative", "personal: only a narrative can be personal", {
    fields: [{ field: "personal", message: "only a narrative can be personal: an actionable post's words are kept" }],
    hint: "Move the ticket with words that may stay for ever, and post the personal ones as a narrative about it.",
  });
}

function postUnknown(seq: number): Refusal {
  return new Refusal("missing", "post.unknown", `Entry ${seq} is not a post.`, {
    hint: "feed.read shows posts with their numbers.",
  });
}

function contradicts(ref: string): Refusal {
  return new Refusal("conflict", "import.contradicts", `${ref} is here with other content.`, {
    hint: "Posts are never edited; what is here was left as it is.",
  });
}
