import { z } from "zod";
import { actionNames } from "../../guard/vocabulary.ts";
import type { Reader } from "../../kernel/database.ts";
import { type Caller, query, roles, text } from "../../kernel/operation.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { statements } from "../../kernel/sql.ts";
import { standingFor } from "./authority/index.ts";
import { decide } from "./decide.ts";
import type { Prepared } from "./engine.ts";
import { type Asked, Facts, inputOf, lookUp, type Named, named, PRINCIPAL_TYPES } from "./facts.ts";
import { askKnown, askOf, judge } from "./judging.ts";
import { Turns } from "./turns.ts";
import { activePolicy } from "./versions.ts";

const sql = statements("policy", "instant", "names_of_kind", "resources_decided");

/** Resources come from the policy's own entities and from so many of the newest decisions. */
const DECISIONS_LOOKED_AT = 2000;

const { subject_type, subject_id, action, resource_id, ...said } = decide.input.shape;

const Wanted = z.object({
  for: z.enum(["subject", "resource", "action"]).describe("What is looked for. The two others have to be named."),
  subject_type,
  subject_id: subject_id.unwrap().optional().describe("Who acts: me, me/suffix for a sub-agent."),
  action: action.optional(),
  resource_id: resource_id.optional(),
  ...said,
  after: text(2000).optional().describe("Only what comes after this one in order."),
  limit: z.int().min(1).max(1000).default(100).describe("At most this many."),
});
type Wanted = z.output<typeof Wanted>;

export const search = query({
  name: "policy.search",
  summary: "Ask who may do an act, on what it may be done, or what may be done: whatever is found is allowed now.",
  input: Wanted,
  output: z.object({
    results: z.array(z.string()).describe("Ids or names, in order."),
    next: z.string().nullable().describe("Say this as after to read on; null at the end."),
  }),
  may: roles,
  said_by: "programs",
  refuses: ["search.incomplete", "identity.mismatch", "seat.unknown", "seat.ambiguous"],
  async read({ db, caller }, input) {
    const policy = await activePolicy(db);
    const found = await candidatesFor[input.for](db, policy, caller, complete(input));
    const ordered = found
      .filter(({ label }) => input.after === undefined || label > input.after)
      .sort((a, b) => (a.label < b.label ? -1 : Number(a.label > b.label)));
    return allowed(db, policy, ordered, input.limit);
  },
});

/** Something that may be the answer: a whole request, and what it would be called. */
type Candidate = { label: string; asked: Asked; names: Named };
type Finder = (db: Reader, policy: Prepared, caller: Caller, asked: Asked) => Promise<Candidate[]>;

/** The request with its open place empty. */
function complete(input: Wanted): Asked {
  const needed = { subject: "subject_id", action: "action", resource: "resource_id" } as const;
  const missing = (["subject", "action", "resource"] as const).filter(
    (one) => one !== input.for && input[needed[one]] === undefined,
  );
  if (missing.length === 0)
    return {
      ...input,
      subject_id: input.for === "subject" ? "me" : input.subject_id!,
      action: input.for === "action" ? "" : input.action!,
      resource_id: input.for === "resource" ? "" : input.resource_id!,
    };
  const fields = missing.map((one) => ({ field: needed[one], message: `is needed to look for a ${input.for}` }));
  throw new Refusal("invalid", "search.incomplete", fields.map((one) => `${one.field} ${one.message}`).join("; "), {
    fields,
  });
}

const candidatesFor: Record<Wanted["for"], Finder> = {
  async subject(db, policy, caller, asked) {
    const { resource } = await namesIn(db, caller, asked);
    return (await known(db, policy, asked.subject_type)).map(({ id, isPrincipal }) => ({
      label: id,
      asked: { ...asked, subject_id: id },
      names: { subject: isPrincipal ? id : null, resource },
    }));
  },

  async resource(db, policy, caller, asked) {
    const { subject } = await namesIn(db, caller, { ...asked, resource_type: "" });
    const decided = await db.all<{ id: string }>(sql.resources_decided, {
      type: asked.resource_type,
      newest: DECISIONS_LOOKED_AT,
    });
    const all = await known(db, policy, asked.resource_type);
    const ids = new Set(all.map(({ id }) => id));
    const others = decided.filter(({ id }) => !ids.has(id)).map(({ id }) => ({ id, isPrincipal: false }));
    return [...all, ...others].map(({ id, isPrincipal }) => ({
      label: id,
      asked: { ...asked, resource_id: id },
      names: { subject, resource: isPrincipal ? id : null },
    }));
  },

  async action(db, policy, caller, asked) {
    const names = await namesIn(db, caller, asked);
    const actions = [...new Set([...policy.actions, ...actionNames])];
    return actions.map((name) => ({ label: name, asked: { ...asked, action: name }, names }));
  },
};

async function namesIn(db: Reader, caller: Caller, asked: Asked): Promise<Named> {
  const [names] = (await named(db, [{ caller, input: asked }])) as [Named | Refusal];
  if (names instanceof Refusal) throw names;
  return names;
}

/** Everything of a type that is known by its name: those who are here, and what the policy knows by itself. */
async function known(db: Reader, { source }: Prepared, type: string): Promise<{ id: string; isPrincipal: boolean }[]> {
  const rows = PRINCIPAL_TYPES.includes(type) ? await db.all<{ name: string }>(sql.names_of_kind, { kind: type }) : [];
  const here = new Set(rows.map(({ name }) => name));
  const told = (source.entities ?? []).filter((entity) => entity.type === type && !here.has(entity.id));
  return [
    ...rows.map(({ name }) => ({ id: name, isPrincipal: true })),
    ...told.map(({ id }) => ({ id, isPrincipal: false })),
  ];
}

/** Asks the engine for each candidate what a decision would ask it (POL-ROUNDTRIP), until the page is full. */
async function allowed(db: Reader, policy: Prepared, candidates: readonly Candidate[], limit: number) {
  const [[now], rows, standings] = await Promise.all([
    db.all<{ at: Date }>(sql.instant),
    lookUp(
      db,
      candidates.flatMap(({ names }) => [names.subject ?? [], names.resource ?? []].flat()),
    ),
    standingFor(
      db,
      candidates.map(({ asked, names }) => askKnown(policy, askOf(asked, names))),
    ),
  ]);
  const facts = new Facts(rows, now!.at);
  const results: string[] = [];
  const turns = new Turns();
  for (const [index, { label, asked, names }] of candidates.entries()) {
    if (results.length === limit) return { results, next: results.at(-1)! };
    if (index > 0 && !(await turns.next())) return { results, next: candidates[index - 1]!.label };
    const standing = standings[index]!;
    if (standing.refusal) continue;
    const { known: _, ...wanted } = inputOf(asked, names, facts);
    if (judge(policy, wanted, standing).verdict.effect === "allow") results.push(label);
  }
  return { results, next: null };
}
