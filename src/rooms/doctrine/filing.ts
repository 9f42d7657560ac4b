import { z } from "zod";
import type { Reader } from "../../kernel/database.ts";
import { type Caller, command, type Role } from "../../kernel/operation.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { statements } from "../../kernel/sql.ts";
import { refuseUnreal } from "./mechanisms.ts";
import { digestOf, type DoctrineRecord, held, type Said, said } from "./record.ts";
import { insertRecord, keep, principlesOf, recordsOf, recordUnknown, refuseSuperseded } from "./registry.ts";

const sql = statements("doctrine", "number_take", "supersede");

/** Those who write down what was learned. Whoever lands, watches or answers learns. */
export const WRITERS = [
  ...(["operator", "strategist", "implementer", "coordinator", "gatekeeper"] as const),
  ...(["steward", "sentinel", "auditor", "witness"] as const),
] as const satisfies readonly Role[];

/** Those on whose word a rule holds others. */
export const GIVERS = ["operator", "strategist"] as const satisfies readonly Role[];

const Filed = z.object({ id: z.string(), digest: z.string(), maturity: z.string() });

export const file = command({
  name: "doctrine.file",
  summary: "Write down what was learned: an observation, a failure, a pattern, a decision, a rule.",
  input: z.object({ ...said, ...held }),
  output: Filed,
  may: WRITERS,
  said_by: "programs",
  allocates: true,
  events: ["doctrine.filed"],
  refuses: [
    ...["record.unknown", "record.superseded", "record.incomplete", "pattern.unfounded"],
    ...["mechanism.unreal", "sunset.missing", "enforcement.not_yours", "entry.oversized"],
  ],
  async run(world, { caller, input }) {
    const { mode, mechanisms, sunset_on = null, ...words } = input;
    refuseIncomplete(words);
    if (mode !== "text" && !isGiver(caller)) throw notYours("mode", `lets a rule ${mode}`);
    if (words.adopts && !isGiver(caller)) throw notYours("adopts", "lets a rule take its own levels");
    await refuseUnreal(world.db, world.operations(), { mode, mechanisms, sunset_on });
    const named = [...words.supersedes, ...words.amends];
    const targets = named.length === 0 ? [] : await recordsOf(world.db, { ids: named });
    const missing = named.find((id) => !targets.some((one) => one.id === id));
    if (missing !== undefined) throw recordUnknown(missing);
    for (const one of targets) refuseSuperseded(one);
    await refuseEnding(world.db, caller, words.supersedes, targets);
    const at = await world.at();
    const year = at.getUTCFullYear();
    const [{ number }] = (await world.db.all(sql.number_take, { year })) as [{ number: number }];
    const id = `ORA-${year}-${String(number).padStart(4, "0")}`;
    const dated = at.toISOString().slice(0, 10);
    const digest = digestOf({ ...words, id, dated }, {});
    keep(world.db, targets, at);
    insertRecord(
      world.db,
      fresh({ ...words, id, dated, digest, mode, mechanisms, sunset_on }),
      at,
      caller.principal_id,
    );
    if (words.supersedes.length > 0) world.db.send(sql.supersede, { ids: words.supersedes, by_id: id });
    // What is told beside refusals changed, and what it took the place of is told no more.
    if (mechanisms.length > 0 || words.supersedes.length > 0) world.authorityChanged();
    const data = { ...filled(words), id, dated, digest, mode, mechanisms, sunset_on };
    return {
      output: { id, digest, maturity: "M0" },
      events: [{ kind: "doctrine.filed", subject: id, data }],
    };
  },
});

/** What nobody has been sure of yet. */
export function fresh(
  words: Said & Pick<DoctrineRecord, "id" | "dated" | "digest" | "mode" | "mechanisms" | "sunset_on">,
): DoctrineRecord {
  return {
    ...words,
    ...{
      shipped: false,
      maturity: 0,
      maturity_since: null,
      held_down: false,
      watched_since: null,
      proposed: null,
      extra: {},
    },
    ...{ observations: words.evidence.length, review_on: null, reviewed_at: null, superseded_by: null },
  };
}

/** Fields that say nothing are left out of an entry, which is kept for ever. */
export function filled(words: object): { [field: string]: unknown } {
  const says = ([, value]: [string, unknown]) =>
    value !== "" && value !== undefined && value !== false && !(Array.isArray(value) && value.length === 0);
  return Object.fromEntries(Object.entries(words).filter(says));
}

/** Each type has what makes it one. */
export function refuseIncomplete({ type, rule, evidence, hypothesis_test, gates, activation_test }: Said): void {
  const { size } = new Set(evidence);
  if (type === "pattern" && size < 2)
    throw new Refusal("invalid", "pattern.unfounded", "evidence: a pattern rests on two observations or more", {
      fields: [{ field: "evidence", message: `has ${size}; a pattern rests on two observations or more` }],
      hint: "Name each in --evidence; a record's id will do. Seen once, it is an observation until it is seen again.",
    });
  const missing = [
    ...(type === "doctrine" && rule === "" ? ["rule"] : []),
    ...(type === "doctrine" && activation_test === "" ? ["activation_test"] : []),
    ...(type === "hypothesis" && hypothesis_test === "" ? ["hypothesis_test"] : []),
    ...(type !== "doctrine" && type !== "decision" && gates.length > 0 && rule === "" ? ["rule"] : []),
  ];
  if (missing.length === 0) return;
  const message = `is missing: a ${type} is none without it`;
  throw new Refusal("invalid", "record.incomplete", `${missing.join(", ")}: ${message}`, {
    fields: missing.map((field) => ({ field, message })),
  });
}

export const isGiver = ({ role }: Pick<Caller, "role">): boolean => (GIVERS as readonly Role[]).includes(role);

/** What holds others, or is told to everybody, ends on the word of those on whose word it does. */
export async function refuseEnding(
  db: Reader,
  caller: Caller,
  supersedes: readonly string[],
  records: readonly DoctrineRecord[],
): Promise<void> {
  if (supersedes.length === 0 || isGiver(caller)) return;
  const principles = await principlesOf(db);
  const held = records.find(
    ({ id, mode }) => supersedes.includes(id) && (mode !== "text" || principles.some((one) => one.id === id)),
  );
  if (held) throw notYours("supersedes", `ends ${held.id}, which holds every seat`);
}

export function notYours(field: "mode" | "adopts" | "supersedes", what: string): Refusal {
  const instead = {
    mode: "File it with mode text; who may sets the mode with doctrine.enforce.",
    adopts: "File it without; what its gates reach is proposed, and who may gives it with doctrine.promote.",
    supersedes: "File it as one that amends it, and ask for the other: `longwatch question ask`.",
  };
  return new Refusal("denied", "enforcement.not_yours", `Only an operator or a strategist ${what}.`, {
    hint: instead[field],
    fields: [{ field, message: "is for an operator or a strategist to say" }],
  });
}
