import { z } from "zod";
import { type Act, batchCommand } from "../../kernel/operation.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { statements } from "../../kernel/sql.ts";
import { KEEPERS } from "../seats/index.ts";
import { filled, fresh, refuseIncomplete } from "./filing.ts";
import { existing } from "./mechanisms.ts";
import { Day, digestOf, Extra, held, RecordId, said } from "./record.ts";
import { insertRecord, recordsOf } from "./registry.ts";

const sql = statements("doctrine", "number_pass", "supersede", "superseder");

const Imported = z.object({
  id: z.string(),
  imported: z.boolean().describe("False when it was here already."),
  mode: z.string().describe("How it is held here; text where this server has not what should hold it."),
  warnings: z.array(z.string()),
});

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
  refuses: ["import.contradicts", "import.shipped", "pattern.unfounded", "record.incomplete", "entry.oversized"],
  unrecorded: "A record that is here already is left as it is; only new ones are written, each with its entry.",
  async run(world, calls) {
    const [known, there] = await Promise.all([
      recordsOf(world.db, { ids: calls.map(({ input }) => input.id) }),
      existing(
        world.db,
        world.operations(),
        calls.flatMap(({ input }) => input.mechanisms),
      ),
    ]);
    const here = new Map(known.map(({ id, digest, mode }) => [id, { digest, mode: mode as string }]));
    const at = await world.at();
    const outcomes: (Act<z.output<typeof Imported>> | Refusal)[] = [];
    for (const { caller, input } of calls) {
      const { id, dated, maturity, extra, mode, mechanisms, sunset_on = null, ...words } = input;
      const digest = digestOf({ ...words, id, dated }, extra);
      const before = here.get(id);
      const problem = before ? null : problemOf(input);
      if (before?.digest === digest)
        outcomes.push({ output: { id, imported: false, mode: before.mode, warnings: [] }, events: [] });
      else if (before || problem) outcomes.push(problem ?? contradicts(id));
      else {
        // A mechanism of another registry is no promise of this server's.
        const missing = mechanisms.filter((one) => !there.has(one));
        const isHeld =
          mode === "text" || (mechanisms.length > 0 && missing.length === 0 && (mode !== "reject" || sunset_on));
        const kept = isHeld ? { mode, mechanisms, sunset_on } : { mode: "text" as const, mechanisms, sunset_on };
        const record = { ...fresh({ ...words, id, dated, digest, ...kept }), maturity, extra };
        here.set(id, { digest, mode: kept.mode });
        insertRecord(world.db, record, at, caller.principal_id);
        world.db.send(sql.number_pass, { year: Number(id.slice(4, 8)), number: Number(id.slice(9)) });
        if (words.supersedes.length > 0) world.db.send(sql.supersede, { ids: words.supersedes, by_id: id });
        const [later] = await world.db.all<{ record_id: string }>(sql.superseder, { id });
        if (later) world.db.send(sql.supersede, { ids: [id], by_id: later.record_id });
        if (mechanisms.length > 0 || words.supersedes.length > 0) world.authorityChanged();
        const warnings = isHeld ? [] : [`held as text, not ${mode}: ${reasonOf(missing, mechanisms)}`];
        const told = { ...filled(words), ...filled({ extra: Object.keys(extra).length > 0 ? extra : undefined }) };
        const data = { ...told, id, dated, digest, maturity: `M${maturity}`, ...kept };
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

function problemOf(input: Input): Refusal | null {
  if (Number(input.id.slice(4, 8)) === SHIPPED_YEAR)
    return new Refusal("conflict", "import.shipped", `${input.id} is of the records that ship with Longwatch.`, {
      hint: "They are here already. Give a record of your own a year of its own.",
    });
  try {
    refuseIncomplete(input);
    return null;
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
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
