import type { Reader } from "../../kernel/database.ts";
import type { Operation } from "../../kernel/operation.ts";
import { DENIALS } from "../../kernel/permission.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { statements } from "../../kernel/sql.ts";
import { activeRules } from "../policy/index.ts";

const sql = statements("doctrine", "constraints");

/**
 * Which of these mechanisms really exist in this server: a refusal that an operation can answer with, a rule of the
 * active policy, a constraint, unique index or trigger of the database, an event that an operation can leave. Names are
 * compared whole, since a mechanism of a similar name enforces something else (origins E, 0022).
 */
export async function existing(
  db: Reader,
  operations: Iterable<Operation>,
  mechanisms: readonly string[],
): Promise<Set<string>> {
  const names = (kind: string) =>
    mechanisms.filter((one) => one.startsWith(`${kind}:`)).map((one) => one.slice(kind.length + 1));
  const [constraints, rules] = await Promise.all([
    names("constraint").length === 0 ? [] : db.all<{ name: string }>(sql.constraints, { names: names("constraint") }),
    names("policy").length === 0 ? [] : activeRules(db),
  ]);
  const all = [...operations];
  const known = new Set([
    ...DENIALS.map((code) => `refusal:${code}`),
    ...all.flatMap(({ refuses }) => refuses.map((code) => `refusal:${code}`)),
    ...all.flatMap((one) => (one.kind === "command" ? one.events.map((kind) => `event:${kind}`) : [])),
    ...rules.filter(({ effect }) => effect === "forbid").map(({ name }) => `policy:${name}`),
    ...constraints.map(({ name }) => `constraint:${name}`),
  ]);
  return new Set(mechanisms.filter((one) => known.has(one)));
}

/** Refuses to write down that something holds a rule which this server does not have, or which only tells of it. */
export async function refuseUnreal(
  db: Reader,
  operations: Iterable<Operation>,
  { mode, mechanisms, sunset_on }: { mode: string; mechanisms: readonly string[]; sunset_on: string | null },
): Promise<void> {
  const there = await existing(db, operations, mechanisms);
  const missing = mechanisms.filter((one) => !there.has(one));
  if (missing.length > 0) throw unreal("mechanisms", `this server has no ${missing.join(", ")}`, { missing });
  if (mode !== "text" && mechanisms.length === 0)
    throw unreal("mechanisms", `are missing: a ${mode} that nothing holds is a text`, {});
  if (mode === "reject" && mechanisms.every((one) => one.startsWith("event:")))
    throw unreal("mode", "is reject, and an event only tells of it: that is a warn", {});
  if (mode === "reject" && sunset_on === null)
    throw new Refusal("invalid", "sunset.missing", "sunset_on: a hard rule ends or is renewed, so it needs a date", {
      fields: [{ field: "sunset_on", message: "a hard rule needs a date on which it ends or is renewed" }],
      hint: "Say --sunset-on YYYY-MM-DD. A review opens by itself on that day.",
    });
}

function unreal(field: string, message: string, facts: { missing?: readonly string[] }): Refusal {
  return new Refusal("invalid", "mechanism.unreal", `${field}: ${message}`, {
    fields: [{ field, message }],
    hint: "Name it as it is called: refusal:CODE, policy:RULE, constraint:NAME or event:KIND. Else say mode text.",
    facts,
  });
}
