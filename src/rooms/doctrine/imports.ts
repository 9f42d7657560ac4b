import { z } from "zod";
import type { Reader } from "../../kernel/database.ts";
import { type Act, batchCommand, type Caller } from "../../kernel/operation.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { statements } from "../../kernel/sql.ts";
import { KEEPERS } from "../seats/index.ts";
import { filled, fresh, isGiver, notYours, refuseEnding, refuseIncomplete } from "./filing.ts";
import { gatesOf } from "./gates.ts";
import { existing } from "./mechanisms.ts";
import { Day, digestOf, type DoctrineRecord, Extra, held, RecordId, said } from "./record.ts";
import { insertRecord, keep, recordsOf } from "./registry.ts";

const sql = statements("doctrine", "number_pass", "supersede", "superseder");

const Imported = z.object({
  id: z.string(),
  imported: z.boolean().describe("False when it was here already."),
  mode: z.string().describe("How it is held here; text where this server has not what should hold it."),
  warnings: z.array(z.string()),
});

/** The next record filed here has the next number, and no id has more than nine digits. */
const ID_LENGTH_MAX = "ORA-2026-".length + 8;

/** Records of this year ship with Longwatch. */
const SHIPPED_YEAR = 0;

export const importRecord = batchCommand({
  name: "doctrine.import",
  summary: "Bring in a record of another registry: it keeps its id, its date and its words.",
  input: z.object({
    id: RecordId,
    dated: Day.describe("Its own date."),
    maturity: z
      .int()
      .min(0)
      .max(4)
      .default(0)
      .describe("As it was there. A gate that does not hold here takes it back."),
    ...said,
    ...held,
    extra: Extra.describe("Its other fields, kept as they are."),
  }),
  output: Imported,
  may: KEEPERS,
  said_by: "programs",
  allocates: true,
  events: ["doctrine.imported"],
  refuses: [
    ...["import.contradicts", "import.shipped", "pattern.unfounded", "record.incomplete"],
    ...["enforcement.not_yours", "entry.oversized"],
  ],
  unrecorded: "A record that is here already is left as it is; only new ones are written, each with its entry.",
  async run(world, calls) {
    const ended = calls.flatMap(({ input }) => input.supersedes);
    const [known, there] = await Promise.all([
      recordsOf(world.db, { ids: [...calls.map(({ input }) => input.id), ...ended] }),
      existing(
        world.db,
        world.operations(),
        calls.flatMap(({ input }) => input.mechanisms),
      ),
    ]);
    const here = new Map(known.map(({ id, digest, mode }) => [id, { digest, mode: mode as string }]));
    const at = await world.at();
    keep(
      world.db,
      known.filter(({ id }) => ended.includes(id)),
      at,
    );
    const outcomes: (Act<z.output<typeof Imported>> | Refusal)[] = [];
    for (const { caller, input } of calls) {
      const { id, dated, maturity, extra, mode, mechanisms, sunset_on = null, ...words } = input;
      const digest = digestOf({ ...words, id, dated }, extra);
      const before = here.get(id);
      const problem = before ? null : await problemOf(world.db, caller, input, known);
      if (before?.digest === digest)
        outcomes.push({ output: { id, imported: false, mode: before.mode, warnings: [] }, events: [] });
      else if (before || problem) outcomes.push(problem ?? contradicts(id));
      else {
        // A mechanism of another registry is no promise of this server's, and its word is none of those who may.
        const missing = mechanisms.filter((one) => !there.has(one));
        const isReal = mechanisms.length > 0 && missing.length === 0 && (mode !== "reject" || sunset_on);
        const isHeld = mode === "text" || (isReal && isGiver(caller));
        const kept = isHeld ? { mode, mechanisms, sunset_on } : { mode: "text" as const, mechanisms, sunset_on };
        const level = given(maturity, words.gates);
        const record = { ...fresh({ ...words, id, dated, digest, ...kept }), maturity: level, extra };
        here.set(id, { digest, mode: kept.mode });
        insertRecord(world.db, record, at, caller.principal_id);
        world.db.send(sql.number_pass, { year: Number(id.slice(4, 8)), number: Number(id.slice(9)) });
        if (words.supersedes.length > 0) world.db.send(sql.supersede, { ids: words.supersedes, by_id: id });
        const [later] = await world.db.all<{ record_id: string }>(sql.superseder, { id });
        if (later) world.db.send(sql.supersede, { ids: [id], by_id: later.record_id });
        if (mechanisms.length > 0 || words.supersedes.length > 0) world.authorityChanged();
        const why = isReal ? "only an operator or a strategist says more" : reasonOf(missing, mechanisms);
        const warnings = [
          ...(isHeld ? [] : [`held as text, not ${mode}: ${why}`]),
          ...(level === maturity ? [] : [`it is M${level}, not M${maturity}: it has no gate for that`]),
        ];
        const told = { ...filled(words), ...filled({ extra: Object.keys(extra).length > 0 ? extra : undefined }) };
        const data = { ...told, id, dated, digest, maturity: `M${level}`, ...kept };
        outcomes.push({
          output: { id, imported: true, mode: kept.mode, warnings },
          events: [{ kind: "doctrine.imported", subject: id, data }],
        });
      }
    }
    return outcomes;
  },
});

type Input = z.output<typeof importRecord.input>;

/** The level that a record keeps here: M3 and M4 have to have a gate, whoever gave them (0023). */
function given(maturity: number, gates: readonly string[]): number {
  const levels = gatesOf({ gates }).map(({ level }) => level);
  for (let level = maturity; level > 2; level--) if (levels.includes(level)) return level;
  return Math.min(maturity, 2);
}

async function problemOf(
  db: Reader,
  caller: Caller,
  input: Input,
  known: readonly DoctrineRecord[],
): Promise<Refusal | null> {
  if (Number(input.id.slice(4, 8)) === SHIPPED_YEAR)
    return new Refusal("conflict", "import.shipped", `${input.id} is of the records that ship with Longwatch.`, {
      hint: "They are here already. Give a record of your own a year of its own.",
    });
  if (input.id.length > ID_LENGTH_MAX) return invalid("id", "has more digits than a number behind it could have");
  if (input.supersedes.includes(input.id)) return invalid("supersedes", "names the record itself");
  if (input.adopts && !isGiver(caller)) return notYours("adopts", "lets a rule take its own levels");
  try {
    refuseIncomplete(input);
    await refuseEnding(db, caller, input.supersedes, known);
    return null;
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}

function invalid(field: string, message: string): Refusal {
  return new Refusal("invalid", "input.invalid", `${field}: ${message}`, { fields: [{ field, message }] });
}

function reasonOf(missing: readonly string[], mechanisms: readonly string[]): string {
  if (missing.length > 0) return `this server has no ${missing.join(", ")}`;
  return mechanisms.length === 0 ? "it names nothing that holds it" : "a hard rule needs a sunset date";
}

function contradicts(id: string): Refusal {
  return new Refusal("conflict", "import.contradicts", `${id} is here with other words.`, {
    hint: "A record is never edited. File one that amends or supersedes it.",
    facts: { id },
  });
}
