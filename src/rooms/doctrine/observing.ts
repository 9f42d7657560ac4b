import { z } from "zod";
import { command, text } from "../../kernel/operation.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { statements } from "../../kernel/sql.ts";
import { resolveName } from "../seats/index.ts";
import { GIVERS, WRITERS } from "./filing.ts";
import { refuseUnreal } from "./mechanisms.ts";
import { Day, held, RecordId } from "./record.ts";
import { findRecord, keep, recordSightings, refuseSuperseded } from "./registry.ts";
import { dayAfter } from "./reviews.ts";

const sql = statements("doctrine", "observed", "enforce", "bypass_insert", "proofs");

const Evidence = text(4000).trim().min(1).describe("What was seen, and where it can be looked up.");

export const observe = command({
  name: "doctrine.observe",
  summary: "Add an observation to a record: it was seen again.",
  input: z.object({ id: RecordId, evidence: Evidence }),
  output: z.object({ id: z.string(), observations: z.int() }),
  may: WRITERS,
  said_by: "programs",
  events: ["doctrine.observed"],
  refuses: ["record.unknown", "record.superseded"],
  async run(world, { caller, input: { id, evidence } }) {
    const record = await findRecord(world.db, id);
    refuseSuperseded(record);
    const at = await world.at();
    keep(world.db, [record], at);
    const [{ observations }] = (await world.db.all(sql.observed, { id })) as [{ observations: number }];
    recordSightings(world.db, [
      { record_id: id, kind: "observation", at, principal_id: caller.principal_id, evidence },
    ]);
    const data = { id, evidence, observations };
    return { output: { id, observations }, events: [{ kind: "doctrine.observed", subject: id, data }] };
  },
});

export const violate = command({
  name: "doctrine.violate",
  summary: "Report that a rule was broken, by whom and where. What the ledger shows is counted without being reported.",
  input: z.object({
    id: RecordId,
    evidence: Evidence,
    seat: text(120).min(1).optional().describe("Who broke it, if it is known here."),
  }),
  output: z.object({ id: z.string() }),
  may: WRITERS,
  said_by: "programs",
  events: ["doctrine.violated"],
  refuses: ["record.unknown", "record.superseded", "seat.unknown", "seat.ambiguous"],
  async run(world, { input: { id, evidence, seat } }) {
    const record = await findRecord(world.db, id);
    refuseSuperseded(record);
    const by = seat === undefined ? null : await resolveName(world.db, seat);
    const at = await world.at();
    keep(world.db, [record], at);
    recordSightings(world.db, [{ record_id: id, kind: "violation", at, principal_id: by?.id ?? null, evidence }]);
    const data = { id, evidence, seat: by?.name ?? null };
    return { output: { id }, events: [{ kind: "doctrine.violated", subject: id, data }] };
  },
});

export const enforce = command({
  name: "doctrine.enforce",
  summary: "Say how a rule is held: text, warn or reject; by which mechanism; and until when.",
  input: z.object({
    id: RecordId,
    mode: held.mode.unwrap().optional(),
    mechanisms: held.mechanisms.unwrap().optional().describe("In place of those that it names."),
    sunset_on: Day.nullish().describe("When it ends or is renewed. A reject needs one."),
    reason: text(2000).trim().min(1).describe("Why."),
  }),
  output: z.object({ id: z.string(), mode: z.string(), mechanisms: z.array(z.string()), sunset_on: Day.nullable() }),
  may: GIVERS,
  said_by: "programs",
  events: ["doctrine.enforced"],
  refuses: ["record.unknown", "record.superseded", "mechanism.unreal", "sunset.missing"],
  async run(world, { input: { id, reason, ...wanted } }) {
    const record = await findRecord(world.db, id);
    refuseSuperseded(record);
    const { mode = record.mode, mechanisms = [...record.mechanisms] } = wanted;
    const sunset_on = wanted.sunset_on === undefined ? record.sunset_on : wanted.sunset_on;
    await refuseUnreal(world.db, world.operations(), { mode, mechanisms, sunset_on });
    const at = await world.at();
    // Nobody would be told of it: a review opens once for each sunset, on its day.
    if (wanted.sunset_on && wanted.sunset_on < dayAfter(at, 1)) throw sunsetPast(wanted.sunset_on);
    keep(world.db, [record], at);
    world.db.send(sql.enforce, { id, mode, mechanisms, sunset_on });
    world.authorityChanged();
    const now = { mode, mechanisms, sunset_on };
    const was = { mode: record.mode, mechanisms: record.mechanisms, sunset_on: record.sunset_on };
    return {
      output: { id, ...now },
      events: [{ kind: "doctrine.enforced", subject: id, data: { id, ...now, was, reason } }],
    };
  },
});

function sunsetPast(day: string): Refusal {
  const message = `${day} is not after today`;
  return new Refusal("invalid", "input.invalid", `sunset_on: ${message}`, {
    fields: [{ field: "sunset_on", message }],
  });
}

export const bypass = command({
  name: "doctrine.bypass",
  summary: "Record that a hard rule was gone past, with the proof that this was allowed. Without proof there is none.",
  input: z.object({
    id: RecordId,
    reason: text(2000).trim().min(1).describe("Why it had to be."),
    consent: z.int().min(1).optional().describe("The operator's consent in his own words."),
    decision: z.int().min(1).optional().describe("The decision that allowed it."),
    entry: z.int().min(1).optional().describe("The ledger's entry of the act."),
  }),
  output: z.object({ id: z.string() }),
  may: WRITERS,
  said_by: "programs",
  events: ["doctrine.bypassed"],
  refuses: ["record.unknown", "record.superseded", "bypass.unproven", "bypass.soft"],
  async run(world, { caller, input: { id, reason, consent = null, decision = null, entry = null } }) {
    const record = await findRecord(world.db, id);
    refuseSuperseded(record);
    if (record.mode !== "reject")
      throw new Refusal("conflict", "bypass.soft", `${id} is held as ${record.mode}: nothing has to be gone past.`, {
        hint: "If it was broken, say so: `longwatch doctrine violate`.",
      });
    const proofs = { consent_id: consent, decision_id: decision, seq: entry };
    const [found] = await world.db.all<{ [proof: string]: boolean }>(sql.proofs, proofs);
    const missing = Object.entries({ consent, decision, entry }).filter(([name, id]) => id !== null && !found![name]);
    if (missing.length > 0 || (consent ?? decision ?? entry) === null) throw unproven(missing.map(([name]) => name));
    const at = await world.at();
    keep(world.db, [record], at);
    world.db.send(sql.bypass_insert, { id, at, said_by: caller.principal_id, reason, ...proofs });
    const data = { id, reason, consent, decision, entry };
    return { output: { id }, events: [{ kind: "doctrine.bypassed", subject: id, data }] };
  },
});

function unproven(missing: readonly string[]): Refusal {
  const fields = missing.length === 0 ? ["consent", "decision", "entry"] : missing;
  const message = missing.length === 0 ? "one of them is needed" : "is not here, or did not allow it";
  return new Refusal("invalid", "bypass.unproven", `${fields.join(", ")}: ${message}`, {
    fields: fields.map((field) => ({ field, message })),
    hint: "A bypass rests on the operator's consent, on a decision that allowed it, or on the entry of the act.",
  });
}
