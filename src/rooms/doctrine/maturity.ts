import { z } from "zod";
import { command, instant, query, roles, text } from "../../kernel/operation.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { statements } from "../../kernel/sql.ts";
import { factsAsOf, factsFor } from "./facts.ts";
import { GIVERS } from "./filing.ts";
import { ceilingOf, levelsOf } from "./gates.ts";
import { levelOf, RecordId } from "./record.ts";
import { findRecord, keep, refuseSuperseded } from "./registry.ts";

const sql = statements("doctrine", "maturity_set", "instant");

const levels = ["M0", "M1", "M2", "M3", "M4"] as const;
const Level = z.enum(levels);

const Outcome = z.object({
  level: z.int(),
  gate: z.string(),
  holds: z.boolean(),
  because: z.string().describe("What the ledger says."),
});

export const evaluate = query({
  name: "doctrine.evaluate",
  summary: "Compute a record's promotion gates from the ledger, now or as it stood at an instant.",
  input: z.object({
    id: RecordId,
    as_of: instant().optional().describe("Count back from here instead of from now."),
  }),
  output: z.object({
    id: z.string(),
    as_of: z.iso.datetime(),
    maturity: z.string().describe("The level that it has been given."),
    reached: z.string().describe("The highest level up to which every gate holds."),
    keeps: z.string().describe("The highest level that no broken gate forbids."),
    gates: z.array(Outcome),
  }),
  may: roles,
  said_by: "programs",
  refuses: ["record.unknown"],
  async read({ db, operations }, { id, as_of }) {
    const record = await findRecord(db, id);
    const [{ at: now }] = (await db.all<{ at: Date }>(sql.instant)) as [{ at: Date }];
    const at = as_of === undefined ? now : new Date(as_of);
    const facts = await factsAsOf(db, operations(), record, at);
    const { outcomes, reached } = levelsOf(record, facts);
    const maturity = levelOf(record.maturity);
    const keeps = levelOf(ceilingOf(outcomes));
    return { id, as_of: at.toISOString(), maturity, reached: levelOf(reached), keeps, gates: outcomes };
  },
});

const Given = z.object({ id: z.string(), maturity: z.string(), was: z.string() });

export const promote = command({
  name: "doctrine.promote",
  summary: "Give a record a higher level. Its gates up to there have to hold; M3 and M4 have to have one.",
  input: z.object({
    id: RecordId,
    to: Level.optional().describe("The level; without it, the one that was proposed."),
    reason: text(2000).trim().min(1).optional().describe("Why. A level without a gate is given by judgement only."),
  }),
  output: Given,
  may: GIVERS,
  said_by: "programs",
  events: ["doctrine.promoted"],
  refuses: ["record.unknown", "record.superseded", "maturity.as_it_is", "gate.none", "gate.broken", "gate.unreasoned"],
  async run(world, { input: { id, to, reason } }) {
    const record = await findRecord(world.db, id);
    refuseSuperseded(record);
    const wanted = to === undefined ? record.proposed : levels.indexOf(to);
    if (wanted === null || wanted <= record.maturity) throw asItIs(id, record.maturity);
    const at = await world.at();
    const { outcomes } = levelsOf(record, await factsFor(world.db, world.operations(), [record], at));
    const broken = outcomes.filter(({ level, holds }) => level <= wanted && !holds);
    if (broken.length > 0) throw gateBroken(id, wanted, broken);
    const hasGate = outcomes.some(({ level }) => level === wanted);
    if (!hasGate && wanted >= 3)
      throw new Refusal(
        "conflict",
        "gate.none",
        `${id} has no gate for M${wanted}, and nobody gives that by judgement.`,
        {
          hint: `File a record that supersedes it, with a gate: --gates "M${wanted}: no_violation window=P7D".`,
        },
      );
    if (!hasGate && reason === undefined)
      throw new Refusal("invalid", "gate.unreasoned", `reason: ${id} has no gate for M${wanted}, so say why`, {
        fields: [{ field: "reason", message: "is needed where no gate decides" }],
      });
    keep(world.db, [record], at);
    world.db.send(sql.maturity_set, { id, maturity: wanted, held_down: false, at });
    const [maturity, was] = [levelOf(wanted), levelOf(record.maturity)];
    const gates = outcomes.filter(({ level }) => level <= wanted);
    const data = { id, maturity, was, by: "person", reason: reason ?? null, gates };
    return { output: { id, maturity, was }, events: [{ kind: "doctrine.promoted", subject: id, data }] };
  },
});

export const demote = command({
  name: "doctrine.demote",
  summary: "Take a record's level back by judgement. A broken gate does so by itself.",
  input: z.object({ id: RecordId, to: Level, reason: text(2000).trim().min(1).describe("Why.") }),
  output: Given,
  may: GIVERS,
  said_by: "programs",
  events: ["doctrine.taken_back"],
  refuses: ["record.unknown", "record.superseded", "maturity.as_it_is"],
  async run(world, { input: { id, to, reason } }) {
    const record = await findRecord(world.db, id);
    refuseSuperseded(record);
    const level = levels.indexOf(to);
    if (level >= record.maturity) throw asItIs(id, record.maturity);
    const at = await world.at();
    keep(world.db, [record], at);
    world.db.send(sql.maturity_set, { id, maturity: level, held_down: true, at });
    const was = levelOf(record.maturity);
    const data = { id, maturity: to, was, by: "person", because: [reason] };
    return { output: { id, maturity: to, was }, events: [{ kind: "doctrine.taken_back", subject: id, data }] };
  },
});

function asItIs(id: string, maturity: number): Refusal {
  return new Refusal("conflict", "maturity.as_it_is", `${id} is ${levelOf(maturity)}.`, {
    hint: `\`longwatch doctrine evaluate ${id}\` says which level its gates allow; name one with --to.`,
    facts: { id, maturity: levelOf(maturity) },
  });
}

function gateBroken(id: string, level: number, gates: readonly z.output<typeof Outcome>[]): Refusal {
  const said = gates.map(({ gate, because }) => `${gate}: ${because}`).join("; ");
  return new Refusal("conflict", "gate.broken", `${id} is not ${levelOf(level)}: ${said}.`, {
    hint: `\`longwatch doctrine evaluate ${id}\` computes it again. No word of anybody stands for a gate.`,
    facts: { id, gates },
  });
}
